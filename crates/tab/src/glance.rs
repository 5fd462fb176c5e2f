//! What a checker sees of a tab after each step: enough to judge it, cheap enough to look each time.

use chain::{BlockId, PeerId};
use pool::Power;
use protocol::envelope::RoomId;

use crate::between::beacon::Generation;

/// A look at a tab from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// How far it has come.
    pub stage: Stage,
    /// Its own name, once it has one.
    pub me: Option<PeerId>,
    /// Its room, once that is known.
    pub room: Option<RoomId>,
    /// Its nodes that run, or are being started.
    pub nodes: Vec<NodeGlance>,
    /// Which chain of the room counts for it.
    pub generation: Generation,
    /// Whether what it saves goes to the database.
    pub kept: bool,
    /// Whether it is joined.
    pub online: bool,
    /// What its pool may use of the machine now.
    pub share: Option<Power>,
    /// Bytes of everything that others can make it keep: inbox, log, heartbeats.
    pub bytes: usize,
    /// Asks that were taken in and not answered yet.
    pub asks: usize,
}

/// One node of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeGlance {
    /// Who it is.
    pub id: PeerId,
    /// Its seat in the browser.
    pub seat: u32,
    /// Counts its lives.
    pub incarnation: u64,
    /// Its own switch.
    pub online: bool,
    /// Its best block and height; genesis while it loads.
    pub tip: BlockId,
    /// Height of that block.
    pub height: u32,
    /// Whether it still reads what it saved.
    pub loading: bool,
}

/// How far a tab has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Waits for the page, opens databases, looks for its room.
    #[default]
    Opening,
    /// Takes locks and identities.
    Joining,
    /// Has them, and starts its nodes.
    Starting,
    /// Takes part.
    In,
    /// Leaves: what was saved is still being written.
    Leaving,
    /// Has left, until the page is back.
    Frozen,
}
