//! The page's state: one root reducer over the engine's news and the person's choices. It is not a
//! state of record: the engine's pictures can restore whatever matters.

use std::rc::Rc;

use kit::lang::Lang;
use wire::Happening;
use yew::Reducible;

use super::route::Route;
use crate::bridge::{News, Phase, Picture, Shown};
use crate::live::{Change, Live};

/// The dialogs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialog {
    Share,
    Room,
    Reset,
}

/// A short message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toast {
    /// The reset was undone.
    Undone,
    /// An ask failed: code and message of the failure.
    Failed(String, String),
}

/// A crash that the person has not closed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// The engine's report.
    pub report: String,
    /// Whether a new engine was or is being started.
    pub again: bool,
}

/// The page's state.
#[derive(Clone, PartialEq)]
pub struct Model {
    pub phase: Phase,
    /// Number of the frame that is shown.
    pub frame: u32,
    pub picture: Option<Picture>,
    pub live: Live,
    pub route: Route,
    pub dialog: Option<Dialog>,
    pub toast: Option<Toast>,
    /// Whether the person dismissed the offer to undo a reset.
    pub undo_dismissed: bool,
    pub crash: Option<Crash>,
    pub lang: Lang,
    pub dark: bool,
    /// Whether the person chose the colours; if not, the system does.
    pub dark_chosen: bool,
}

/// What can change it.
pub enum Action {
    News(News),
    Route(Route),
    Live(Change),
    Dialog(Option<Dialog>),
    Toast(Option<Toast>),
    DismissUndo,
    CloseCrash,
    Lang(Lang),
    Dark(bool),
    /// The system changed its colours.
    SystemDark(bool),
}

impl Model {
    /// The state before any news.
    pub fn new(lang: Lang, dark: bool, dark_chosen: bool) -> Self {
        Self {
            phase: Phase::Starting,
            frame: 0,
            picture: None,
            live: Live::default(),
            route: Route::now(),
            dialog: None,
            toast: None,
            undo_dismissed: false,
            crash: None,
            lang,
            dark,
            dark_chosen,
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Shown(shown) => self.show(&shown),
            News::Phase(Phase::Crashed { report, again }) => {
                self.crash = Some(Crash {
                    report: report.clone(),
                    again,
                });
                self.phase = Phase::Crashed { report, again };
            }
            News::Phase(phase) => self.phase = phase,
        }
    }

    fn show(&mut self, shown: &Shown) {
        let before = self.picture.as_ref();
        if before.is_some_and(|before| before.room.link != shown.picture.room.link) {
            self.live.leave();
            self.undo_dismissed = false;
            self.dialog = None; // it was about the other room
        }
        self.frame = shown.frame;
        self.picture = Some(shown.picture.clone());
        if shown.log.iter().any(|entry| entry.what == Happening::Reset) {
            self.undo_dismissed = false; // there is another chain to bring back
        }
        self.live.write(&shown.log);
    }
}

impl Reducible for Model {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::News(news) => next.hear(news),
            Action::Route(route) => next.route = route,
            Action::Live(change) => next.live.change(change),
            Action::Dialog(dialog) => next.dialog = dialog,
            Action::Toast(toast) => next.toast = toast,
            Action::DismissUndo => next.undo_dismissed = true,
            Action::CloseCrash => next.crash = None,
            Action::Lang(lang) => next.lang = lang,
            Action::Dark(dark) => (next.dark, next.dark_chosen) = (dark, true),
            Action::SystemDark(dark) => next.dark = if next.dark_chosen { next.dark } else { dark },
        }
        Rc::new(next)
    }
}
