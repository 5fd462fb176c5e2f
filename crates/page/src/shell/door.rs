//! The interface between the rooms and the frame: the language, the numbers, the engine, and the
//! few things that a room may ask of the page as a whole.

use std::rc::Rc;

use chain::BlockId;
use kit::lang::{Lang, Words};
use kit::numbers::Numbers;
use wire::Question;
use yew::prelude::*;

use super::model::{Action, Model};
use crate::bridge::Bridge;
use crate::live::Change;

pub use kit::focus;

pub use super::model::{Dialog, Toast};
pub use super::notices::words::failure;
pub use super::route::room_of_address;

/// The context of all components.
#[derive(Clone)]
pub struct Ui {
    pub lang: Lang,
    pub n: Rc<Numbers>,
    pub bridge: Bridge,
    pub(super) dispatch: UseReducerDispatcher<Model>,
}

impl PartialEq for Ui {
    fn eq(&self, other: &Self) -> bool {
        self.lang == other.lang
    }
}

impl Ui {
    /// A group of words in the current language.
    pub fn words<W: Words>(&self) -> &'static W {
        W::of(self.lang)
    }

    /// Asks the engine to do something, and shows a message if that fails.
    pub fn ask(&self, question: impl Question) {
        let ui = self.clone();
        self.bridge.ask(question, move |result| {
            if let Err(failure) = result {
                ui.say(Some(Toast::Failed(failure.code, failure.message)));
            }
        });
    }

    /// A callback that asks the engine for the same thing each time.
    pub fn asking(&self, question: impl Question + Clone + 'static) -> Callback<MouseEvent> {
        let ui = self.clone();
        Callback::from(move |_| ui.ask(question.clone()))
    }

    /// Shows a short message, or removes it.
    pub fn say(&self, toast: Option<Toast>) {
        self.dispatch.dispatch(Action::Toast(toast));
    }

    /// Changes something in the live room.
    pub fn change(&self, change: Change) {
        self.dispatch.dispatch(Action::Live(change));
    }

    /// A callback that selects a block.
    pub fn selecting(&self, block: BlockId) -> Callback<MouseEvent> {
        let ui = self.clone();
        Callback::from(move |_| ui.change(Change::Select(Some(block))))
    }

    /// A callback that opens or closes a dialog.
    pub fn opening(&self, dialog: Option<Dialog>) -> Callback<MouseEvent> {
        let dispatch = self.dispatch.clone();
        Callback::from(move |_| dispatch.dispatch(Action::Dialog(dialog)))
    }
}

/// The context.
#[hook]
pub fn use_ui() -> Ui {
    use_context::<Ui>().expect("the root provides it")
}
