//! What the supervisor hears and what it wants done.

use scenario::{Room, RoomError};
use wire::{Answer, Ask, Failure, FromEngine, ToEngine};

use crate::bridge::picture::{Picture, Shown};

/// The code of an ask whose engine died or left before it answered.
pub const ENGINE_LOST: &str = "engine-lost";
/// The code of an ask that no engine is there for, nor on its way.
pub const NOT_READY: &str = "not-ready";

/// The room that a link names: `None` is the one used last, an error is one that cannot be.
pub type Wanted = Result<Option<Room>, RoomError>;

/// How the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It loads, opens its storage, reads its chain.
    Starting,
    /// It has sent its first picture.
    Running,
    /// The link in the address bar names no possible room.
    BadRoom(RoomError),
    /// Page and engine are of different builds.
    OtherVersion,
    /// It died.
    Crashed {
        /// What it said.
        report: String,
        /// Whether a new one is on its way; if not, it died too often.
        again: bool,
    },
}

/// What happens to the supervisor.
#[derive(Clone, Debug)]
pub enum Input {
    /// A room is wanted, even if it is the one that runs.
    Open(Wanted),
    /// The address bar names a room: opened if it is another one.
    Follow(Wanted),
    /// The person wants an engine after the supervisor has given up.
    StartAgain,
    /// Something is asked; the number was not used before and is not 0.
    Ask(u32, Ask),
    /// The frame of this number is on the screen.
    Taken(u32),
    /// An engine said something.
    Heard(u32, Box<FromEngine>),
    /// An engine died, could not be started, or said something unreadable.
    Failed(u32, String),
    /// The browser is about to freeze the tab.
    Freeze,
    /// The tab is back.
    Resume,
    /// The page was hidden or shown: its timers say nothing about the engine.
    Seen,
    /// Time has passed.
    Tick,
}

/// What the supervisor wants done, in this order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Start the engine of this number.
    Start(u32),
    /// End the engine that runs.
    End,
    /// Say [`ToEngine::Start`] to the engine that runs.
    Greet {
        /// The room to open.
        room: Option<Room>,
        /// Whether the engine before may still hold identities.
        replaces: bool,
    },
    /// Say this to the engine that runs.
    Post(ToEngine),
    /// Give the ask of this number its answer.
    Answer(u32, Result<Answer, Failure>),
    /// Tell everybody how the engine is.
    Tell(Phase),
    /// Show a new picture; `first` says whether it is its engine's first.
    Show {
        /// The picture.
        shown: Shown,
        /// The one before, of this engine or a former one.
        before: Option<Picture>,
        /// Whether the engine has just begun.
        first: bool,
    },
}

/// The failure of an ask that no engine answers.
pub fn failure(code: &str, message: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}
