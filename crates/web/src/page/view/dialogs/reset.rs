//! Asks before a room is reset.

use yew::prelude::*;

use super::Modal;
use crate::page::ui::use_ui;
use crate::stream::Call;

#[derive(Properties, PartialEq)]
pub struct Props {
    /// Height of the tip: so many blocks would go.
    pub height: u32,
    pub onclose: Callback<()>,
}

#[component]
pub fn ResetDialog(props: &Props) -> Html {
    let ui = use_ui();
    let t = &ui.t.reset;
    let confirm = {
        let (ui, onclose) = (ui.clone(), props.onclose.clone());
        Callback::from(move |_: MouseEvent| {
            ui.ask(Call::Reset);
            onclose.emit(());
        })
    };
    html! {
        <Modal title={t.title} testid="reset-dialog" onclose={props.onclose.clone()}>
            <p>{ (t.lead)(&ui.n.whole(props.height)) }{ " " }{ t.undoable }</p>
            <div class="buttons">
                <button type="button" onclick={props.onclose.reform(|_: MouseEvent| ())}>{ ui.t.common.cancel }</button>
                <button type="button" class="danger" data-testid="reset-confirm" onclick={confirm}>{ t.confirm }</button>
            </div>
        </Modal>
    }
}
