//! What the page shows at the moment: one root reducer over the engine's frames and the person's
//! choices. It holds no truth; all of it can be thrown away and comes again with the next frame.

use std::rc::Rc;

use chain::BlockId;
use protocol::Event;
use yew::Reducible;

use super::bridge::{News, Phase, Picture, Shown};
use super::log::{Line, Log};
use super::route::Route;
use super::texts::Lang;
use wire::{Happening, LogEntry};

/// The panel that a small screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    Mine,
    Chain,
    Peers,
    Log,
}

/// A dialog that is open.
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
    /// A wish failed: code and message of the failure.
    Failed(String, String),
}

/// A crash that the person has not closed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// What the engine said.
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
    pub log: Rc<Log>,
    pub route: Route,
    pub panel: Panel,
    pub dialog: Option<Dialog>,
    pub toast: Option<Toast>,
    /// The undo of a reset was waved away.
    pub undo_dismissed: bool,
    pub crash: Option<Crash>,
    /// The block that is looked at; `None` follows the newest.
    pub selected: Option<BlockId>,
    /// How often nodes here have switched branches: what is below the picture may have changed.
    pub switches: u32,
    /// What a screen reader should say.
    pub spoken: Option<Rc<Line>>,
    pub lang: Lang,
    pub dark: bool,
    /// Whether the person chose the colours; if not, the system does.
    pub dark_chosen: bool,
}

/// What can change it.
pub enum Action {
    News(News),
    Route(Route),
    Panel(Panel),
    Dialog(Option<Dialog>),
    Toast(Option<Toast>),
    DismissUndo,
    CloseCrash,
    Select(Option<BlockId>),
    Lang(Lang),
    Dark(bool),
    /// The system changed its colours.
    SystemDark(bool),
}

impl Model {
    /// The state before anything was heard.
    pub fn new(lang: Lang, dark: bool, dark_chosen: bool) -> Self {
        Self {
            phase: Phase::Starting,
            frame: 0,
            picture: None,
            log: Rc::default(),
            route: Route::now(),
            panel: Panel::Mine,
            dialog: None,
            toast: None,
            undo_dismissed: false,
            crash: None,
            selected: None,
            switches: 0,
            spoken: None,
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
        let elsewhere = self
            .picture
            .as_ref()
            .is_some_and(|p| p.room.link != shown.picture.room.link);
        if elsewhere {
            self.log = Rc::default();
            self.selected = None;
            self.undo_dismissed = false;
            self.dialog = None; // it spoke of the other room
        }
        self.frame = shown.frame;
        self.picture = Some(shown.picture.clone());
        self.write(&shown.log);
    }

    fn write(&mut self, entries: &[LogEntry]) {
        if entries.is_empty() {
            return;
        }
        for line in Rc::make_mut(&mut self.log).write(entries) {
            match line.entry.what {
                Happening::InNode {
                    event: Event::Found { .. },
                    ..
                } => self.spoken = Some(line),
                Happening::InNode {
                    event: Event::Reorganised { .. },
                    ..
                } => {
                    self.spoken = Some(line);
                    self.switches = self.switches.wrapping_add(1);
                }
                Happening::Reset => {
                    self.selected = None;
                    self.undo_dismissed = false; // another chain to bring back
                }
                Happening::ResetUndone => self.selected = None,
                _ => {}
            }
        }
    }
}

impl Reducible for Model {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut next = (*self).clone();
        match action {
            Action::News(news) => next.hear(news),
            Action::Route(route) => next.route = route,
            Action::Panel(panel) => next.panel = panel,
            Action::Dialog(dialog) => next.dialog = dialog,
            Action::Toast(toast) => next.toast = toast,
            Action::DismissUndo => next.undo_dismissed = true,
            Action::CloseCrash => next.crash = None,
            Action::Select(selected) => {
                if selected.is_some() {
                    next.panel = Panel::Chain;
                }
                next.selected = selected;
            }
            Action::Lang(lang) => next.lang = lang,
            Action::Dark(dark) => (next.dark, next.dark_chosen) = (dark, true),
            Action::SystemDark(dark) => next.dark = if next.dark_chosen { next.dark } else { dark },
        }
        Rc::new(next)
    }
}
