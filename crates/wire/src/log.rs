//! The event log. An entry keeps one type from the node that emits it to the script that hears it;
//! the page words it, so that the words follow the page's language.

use protocol::Event;
use serde::{Deserialize, Serialize};

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Serial number of the entry.
    pub number: u32,
    /// Unix milliseconds.
    pub at: u64,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// Something happened inside a node of this tab.
    InNode {
        /// The node's seat.
        seat: u32,
        /// The event that the node emitted.
        event: Event,
        /// Seat of the node that found the block that the event concerns, if known.
        miner: Option<u32>,
    },
    /// Saved data was damaged; what could be read was kept.
    Damaged(Damage),
    /// A tab joined the room.
    TabJoined {
        /// Its label.
        label: u32,
    },
    /// A tab left the room.
    TabLeft {
        /// The label it had.
        label: u32,
    },
    /// A tab was cut off or reconnected.
    TabOnline {
        /// Its label.
        label: u32,
        /// Whether it is connected now.
        online: bool,
    },
    /// A node was cut off or reconnected.
    NodeOnline {
        /// Its seat.
        seat: u32,
        /// Whether it is connected now.
        online: bool,
    },
    /// Mining started in this tab.
    MiningStarted,
    /// Mining stopped in this tab.
    MiningStopped,
    /// A mining worker died and was replaced.
    WorkerRestarted,
    /// The tab was frozen and is back.
    Resumed,
    /// Another page stole this tab's lock: the tab left and came back under another name.
    LockStolen,
    /// The room was reset.
    Reset,
    /// The reset was undone.
    ResetUndone,
    /// Unreadable messages on the channel were dropped.
    Garbage {
        /// How many messages since the last such entry.
        count: u32,
    },
}

impl Happening {
    /// The seat of the node that it happened in.
    #[must_use]
    pub fn seat(&self) -> Option<u32> {
        match self {
            Self::InNode { seat, .. } => Some(*seat),
            _ => None,
        }
    }
}

/// Which saved data was damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Damage {
    /// The record of which generation is current.
    Generation,
    /// Identities of the browser, this many of them.
    Identities(u32),
}
