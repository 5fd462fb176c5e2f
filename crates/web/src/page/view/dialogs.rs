//! The dialogs, and the frame that they share.

mod crash;
mod reset;
mod room;
mod share;

pub use self::crash::crash_dialog;
pub use self::reset::reset_dialog;
pub use self::room::room_dialog;
pub use self::share::ShareDialog;

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::icon;
use crate::page::ui::use_ui;

#[derive(Properties, PartialEq)]
pub struct ModalProps {
    pub title: AttrValue,
    pub testid: &'static str,
    pub onclose: Callback<()>,
    pub children: Html,
}

/// A modal dialog that is open as long as it is in the tree; afterwards the focus is where it was.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let ui = use_ui();
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let before = crate::page::window()
                .document()
                .and_then(|d| d.active_element());
            if let Some(dialog) = dialog
                .cast::<HtmlDialogElement>()
                .filter(|dialog| !dialog.open())
            {
                let _ = dialog.show_modal();
            }
            move || {
                // While it is open, nothing outside can have the focus.
                if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                    dialog.close();
                }
                if let Some(before) = before.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
                    let _ = before.focus();
                }
            }
        });
    }
    let close = props.onclose.reform(|_: MouseEvent| ());
    let backdrop = {
        let onclose = props.onclose.clone();
        Callback::from(move |event: MouseEvent| {
            let target = event
                .target()
                .and_then(|t| t.dyn_into::<HtmlDialogElement>().ok());
            if target.is_some() {
                onclose.emit(()); // what lies on the dialog are other elements
            }
        })
    };
    html! {
        <dialog ref={dialog} data-testid={props.testid} aria-labelledby="dialog-title" onclick={backdrop}
            onclose={props.onclose.reform(|_: Event| ())}>
            <div class="dialog-body">
                <div class="panel-head">
                    <h2 id="dialog-title">{ &props.title }</h2>
                    <span class="stretch"></span>
                    <button type="button" class="quiet icon-only" aria-label={ui.t.common.close} onclick={close}>{ icon::icon(icon::CLOSE) }</button>
                </div>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
