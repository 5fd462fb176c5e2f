//! What every component needs: the texts, the numbers, the engine and the way to change the state.

use std::rc::Rc;

use chain::BlockId;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use super::bridge::Bridge;
use super::model::{Action, Dialog, Model, Toast};
use super::numbers::Numbers;
use super::texts::{Lang, Texts};
use wire::Question;

/// The context of all components.
#[derive(Clone)]
pub struct Ui {
    pub lang: Lang,
    pub t: &'static Texts,
    pub n: Rc<Numbers>,
    pub bridge: Bridge,
    pub dispatch: UseReducerDispatcher<Model>,
}

impl PartialEq for Ui {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang
    }
}

impl Ui {
    /// Asks the engine for something that is done or fails; a failure is shown.
    pub fn ask(&self, question: impl Question) {
        let dispatch = self.dispatch.clone();
        self.bridge.ask(question, move |result| {
            if let Err(failure) = result {
                let toast = Toast::Failed(failure.code, failure.message);
                dispatch.dispatch(Action::Toast(Some(toast)));
            }
        });
    }

    /// A callback that asks the engine for the same thing each time.
    pub fn asking(&self, question: impl Question + Clone + 'static) -> Callback<MouseEvent> {
        let ui = self.clone();
        Callback::from(move |_| ui.ask(question.clone()))
    }

    /// A callback that shows a block, on a small screen too.
    pub fn selecting(&self, block: BlockId) -> Callback<MouseEvent> {
        let dispatch = self.dispatch.clone();
        Callback::from(move |_| dispatch.dispatch(Action::Select(Some(block))))
    }

    /// A callback that opens or closes a dialog.
    pub fn opening(&self, dialog: Option<Dialog>) -> Callback<MouseEvent> {
        let dispatch = self.dispatch.clone();
        Callback::from(move |_| dispatch.dispatch(Action::Dialog(dialog)))
    }
}

/// Sets the focus, for what would lose it together with the element that had it.
pub fn focus(id: &str) {
    let document = crate::window().document();
    let element = document.and_then(|document| document.get_element_by_id(id));
    if let Some(element) = element.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// The context.
#[hook]
pub fn use_ui() -> Ui {
    use_context::<Ui>().expect("the root provides it")
}
