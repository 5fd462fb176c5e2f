//! The event log. One type from the node that tells to the script that hears; texts are made by the
//! page, so that they follow its language.

use protocol::Event;
use serde::{Deserialize, Serialize};

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Counts entries.
    pub number: u32,
    /// Unix milliseconds.
    pub at: u64,
    /// What happened.
    pub what: Happening,
}

/// What can happen in a tab.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// Something inside a node of this tab, in the node's own words.
    InNode {
        /// The node's seat.
        seat: u32,
        /// What it tells.
        event: Event,
        /// Seat of the node that found the block that it tells of, if known.
        miner: Option<u32>,
    },
    /// Saved data was damaged; what could be read was kept.
    Damaged(Damage),
    /// A tab appeared.
    TabJoined {
        /// What people call it.
        label: u32,
    },
    /// A tab is gone.
    TabLeft {
        /// What people called it.
        label: u32,
    },
    /// A tab was cut off or joined again.
    TabOnline {
        /// What people call it.
        label: u32,
        /// Joined.
        online: bool,
    },
    /// A node was cut off or joined again.
    NodeOnline {
        /// Its seat.
        seat: u32,
        /// Joined.
        online: bool,
    },
    /// Mining began in this tab.
    MiningStarted,
    /// Mining stopped in this tab.
    MiningStopped,
    /// A mining worker died and was replaced.
    WorkerRestarted,
    /// The tab was frozen and is back.
    Resumed,
    /// Another page took this tab's lock away: it left and came back as somebody else.
    LockStolen,
    /// The room was reset.
    Reset,
    /// The reset was undone.
    ResetUndone,
    /// Garbage on the channel was dropped.
    Garbage {
        /// How many messages since the last such line.
        count: u32,
    },
}

/// Which saved data was damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Damage {
    /// Which chain of the room counts.
    Generation,
    /// So many identities of the browser.
    Identities(u32),
}
