//! The handshake of a page and its engine, and the messages that carry everything else.

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
    /// The page has taken in the frame of this number.
    Ack(u32),
    /// Answered by exactly one [`FromEngine::Answer`] with the same number.
    Ask {
        /// Chosen by the page, never twice for the same engine.
        id: u32,
        /// What is asked.
        ask: Ask,
    },
    /// Answer with [`FromEngine::Pong`], busy or not, so that silence means that the engine hangs.
    Ping,
    /// The page is about to be frozen: save everything and leave the room.
    Freeze,
    /// The page is back from a freeze or from the back-forward cache: restart every node.
    Resume,
}

/// What the engine must know to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// [`crate::VERSION`] of the page; an engine of another version answers
    /// [`FromEngine::OtherVersion`].
    pub version: u32,
    /// Path of the deployment, which is part of every channel, lock and database name.
    pub deployment: String,
    /// Absolute URL of the mining worker's loader.
    pub miner_url: String,
    /// The room of the link in the address bar; `None` opens the last used room, or a new one.
    pub room: Option<Room>,
    /// Identities that this tab had before it was reloaded; any that another tab has taken since
    /// are replaced by free or new ones.
    pub identities: Vec<PeerId>,
    /// How many nodes the tab had (1..=16).
    pub nodes: u8,
    /// Whether an engine of this tab has just died or left: it may hold its identities a little
    /// longer, and they are worth waiting for.
    pub replaces: bool,
    /// Logical processors of the machine: the most workers that any power setting can use.
    pub cores: u8,
    /// The remembered power setting.
    pub power: Option<Power>,
}

/// From the engine to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromEngine {
    /// The engine's code is loaded and listening; send [`ToEngine::Start`] if it is of the same
    /// build.
    Ready {
        /// The build of the engine's files.
        build: String,
    },
    /// The engine is alive.
    Pong,
    /// The versions of page, engine and miners do not match: reload.
    OtherVersion(u32),
    /// What is new in the picture.
    Frame(Box<Frame>),
    /// The answer to an ask.
    Answer {
        /// The ask's number.
        id: u32,
        /// The answer, or why there is none.
        result: Result<Answer, Failure>,
    },
    /// The engine's code panicked; the instance is lost, saved state is not.
    Panicked {
        /// What a bug report should contain.
        report: String,
    },
}
