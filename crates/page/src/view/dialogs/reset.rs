//! Asks before a room is reset.

use yew::prelude::*;

use super::Modal;
use crate::ui::Ui;
use wire::ask::Reset;

/// The question; `height` blocks would go.
pub fn reset_dialog(ui: &Ui, height: u32, onclose: Callback<()>) -> Html {
    let t = &ui.t.reset;
    let confirm = {
        let (ui, onclose) = (ui.clone(), onclose.clone());
        Callback::from(move |_: MouseEvent| {
            ui.ask(Reset);
            onclose.emit(());
        })
    };
    html! {
        <Modal title={t.title} testid="reset-dialog" onclose={onclose.clone()}>
            <p>{ (t.lead)(&ui.n.whole(height)) }{ " " }{ t.undoable }</p>
            <div class="buttons">
                <button type="button" onclick={onclose.reform(|_: MouseEvent| ())}>{ ui.t.common.cancel }</button>
                <button type="button" class="danger" data-testid="reset-confirm" onclick={confirm}>{ t.confirm }</button>
            </div>
        </Modal>
    }
}
