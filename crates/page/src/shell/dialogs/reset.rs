//! Asks before a room is reset.

use kit::modal::Modal;
use wire::ask::Reset as ResetRoom;
use yew::prelude::*;

use super::words::Reset;
use crate::shell::door::Ui;

/// The question; the reset would set `height` blocks aside.
pub fn reset_dialog(ui: &Ui, height: u32, onclose: Callback<()>) -> Html {
    let t: &Reset = ui.words();
    let confirm = {
        let (ui, onclose) = (ui.clone(), onclose.clone());
        Callback::from(move |_: MouseEvent| {
            ui.ask(ResetRoom);
            onclose.emit(());
        })
    };
    html! {
        <Modal lang={ui.lang} title={t.title} testid="reset-dialog" onclose={onclose.clone()}>
            <p>{ (t.lead)(&ui.n.whole(height)) }{ " " }{ t.undoable }</p>
            <div class="buttons">
                <button type="button" onclick={onclose.reform(|_: MouseEvent| ())}>{ t.cancel }</button>
                <button type="button" class="danger" data-testid="reset-confirm" onclick={confirm}>{ t.confirm }</button>
            </div>
        </Modal>
    }
}
