//! The frame that all dialogs share.

use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::icon;
use super::lang::{Lang, Words};
use super::words::Kit;

/// What a [`Modal`] is about.
#[derive(Properties, PartialEq)]
pub struct ModalProps {
    /// The language of its words.
    pub lang: Lang,
    /// Its heading.
    pub title: AttrValue,
    /// Its mark for tests.
    pub testid: &'static str,
    /// Called when the person closes it.
    pub onclose: Callback<()>,
    /// What stands below the heading.
    pub children: Html,
}

/// A modal dialog that is open for as long as it is in the component tree; then the focus returns
/// to where it was.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let t = Kit::of(props.lang);
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with((), move |()| {
            let before = crate::window().document().and_then(|d| d.active_element());
            if let Some(dialog) = dialog
                .cast::<HtmlDialogElement>()
                .filter(|dialog| !dialog.open())
            {
                let _ = dialog.show_modal();
            }
            move || {
                // Close first: while the dialog is open, nothing outside it can take the focus.
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
    // The dialog's content covers it, so a click on the dialog itself is a click on its backdrop.
    // The press must be there too: a selection that starts inside may end outside.
    let is_backdrop = |event: &MouseEvent| {
        let target = event.target();
        target.is_some_and(|target| target.has_type::<HtmlDialogElement>())
    };
    let pressed = use_mut_ref(|| false);
    let press = {
        let pressed = pressed.clone();
        Callback::from(move |event: MouseEvent| *pressed.borrow_mut() = is_backdrop(&event))
    };
    let backdrop = {
        let onclose = props.onclose.clone();
        Callback::from(move |event: MouseEvent| {
            if is_backdrop(&event) && pressed.replace(false) {
                onclose.emit(());
            }
        })
    };
    html! {
        <dialog ref={dialog} data-testid={props.testid} aria-labelledby="dialog-title" onmousedown={press} onclick={backdrop}
            onclose={props.onclose.reform(|_: Event| ())}>
            <div class="dialog-body">
                <div class="panel-head">
                    <h2 id="dialog-title">{ &props.title }</h2>
                    <span class="stretch"></span>
                    <button type="button" class="quiet icon-only" aria-label={t.close} onclick={close}>{ icon::icon(icon::CLOSE) }</button>
                </div>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
