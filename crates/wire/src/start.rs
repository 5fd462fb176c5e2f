//! How a page and its engine meet, and what they say besides asks and frames.

use chain::PeerId;
use pool::Power;
use scenario::Room;
use serde::{Deserialize, Serialize};

use crate::{Answer, Ask, Failure, Frame};

/// From the page to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToEngine {
    /// The first message.
    Start(Start),
    /// The frame of this number was taken in.
    Ack(u32),
    /// Answered by exactly one [`FromEngine::Answer`] with the same number.
    Ask {
        /// Chosen by the page; never used twice for one engine.
        id: u32,
        /// What is asked.
        ask: Ask,
    },
    /// Say [`FromEngine::Pong`], busy or not; an engine that hangs does not.
    Ping,
    /// The page is about to be frozen: keep what there is, leave the room.
    Freeze,
    /// The page is back from a freeze or from the back-forward cache: restart every node.
    Resume,
}

/// What the engine must know to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// [`crate::VERSION`] of the page; an engine of another version answers
    /// [`FromEngine::OtherVersion`].
    pub version: u32,
    /// Path of the deployment, part of every channel, lock and database name.
    pub deployment: String,
    /// Where the mining worker's loader is, absolute.
    pub miner_url: String,
    /// The room of the link in the address bar; `None` opens the room used last, or a new one.
    pub room: Option<Room>,
    /// Identities that this tab had before it was reloaded; those that another tab holds by now are
    /// replaced by free or new ones.
    pub identities: Vec<PeerId>,
    /// How many nodes the tab had (1..=16).
    pub nodes: u8,
    /// Whether an engine of this tab has just died or left: it may hold its identities a while
    /// longer, and they are worth waiting for.
    pub replaces: bool,
    /// Logical processors of the machine: no setting, whoever made it, uses more workers.
    pub cores: u8,
    /// Power setting that was remembered.
    pub power: Option<Power>,
}

/// From the engine to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromEngine {
    /// The engine's code is up and listens; send [`ToEngine::Start`] now, if it is of the same
    /// build.
    Ready {
        /// The build of the engine's files.
        build: String,
    },
    /// The engine is alive.
    Pong,
    /// Page, engine and miners do not belong together: reload.
    OtherVersion(u32),
    /// What has changed in the picture.
    Frame(Box<Frame>),
    /// The answer to an ask.
    Answer {
        /// The ask's number.
        id: u32,
        /// What came of it.
        result: Result<Answer, Failure>,
    },
    /// The engine's code panicked; the instance is lost, saved state is not.
    Panicked {
        /// What to put into a report.
        report: String,
    },
}
