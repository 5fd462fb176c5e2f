//! The supervisor's inputs and outputs.

use scenario::{Room, RoomError};
use wire::{Answer, Ask, Failure, FromEngine, ToEngine};

use crate::bridge::picture::{Picture, Shown};

/// The failure code of an ask whose engine died or left before it answered.
pub const ENGINE_LOST: &str = "engine-lost";
/// The failure code of an ask when no engine is running or about to start.
pub const NOT_READY: &str = "not-ready";

/// The room that a link names: `None` is the last used room, an error is what is wrong with the
/// link.
pub type Wanted = Result<Option<Room>, RoomError>;

/// The state of the engine, as people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is loading, opening its storage or reading its chain.
    Starting,
    /// It has sent its first picture.
    Running,
    /// The link in the address bar does not name a valid room.
    BadRoom(RoomError),
    /// Page and engine, or engine and miners, are of different builds.
    OtherVersion,
    /// It died.
    Crashed {
        /// Its last words, for a bug report.
        report: String,
        /// Whether a new one will start; if not, engines died too often.
        again: bool,
    },
}

/// What the supervisor takes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// Open a room, even if it is already open.
    Open(Wanted),
    /// The address bar names a room: open it unless it is already open.
    Follow(Wanted),
    /// The person wants an engine after the supervisor has given up.
    StartAgain,
    /// Someone asks something; the number has not been used before and is not 0.
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
    /// The page was hidden or shown, so missed heartbeats may be due to throttled timers.
    Seen,
    /// Time has passed.
    Tick,
}

/// What the supervisor wants done, in this order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Start the engine of this number.
    Start(u32),
    /// Terminate the running engine.
    End,
    /// Send [`ToEngine::Start`] to the running engine.
    Greet {
        /// The room to open.
        room: Option<Room>,
        /// Whether the previous engine may still hold identities.
        replaces: bool,
    },
    /// Send this to the running engine.
    Post(ToEngine),
    /// Answer the ask of this number.
    Answer(u32, Result<Answer, Failure>),
    /// Tell all listeners the engine's phase.
    Tell(Phase),
    /// Show a new picture.
    Show {
        /// The picture.
        shown: Shown,
        /// The previous picture, from this engine or an earlier one.
        before: Option<Picture>,
        /// Whether this is its engine's first picture.
        first: bool,
    },
}

/// The failure of an ask that no engine will answer.
pub fn failure(code: &str, message: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        message: message.to_owned(),
    }
}
