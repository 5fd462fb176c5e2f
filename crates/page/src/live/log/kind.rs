//! The kinds of lines, by which the log is filtered.

use kit::lang::{Word, word};
use protocol::Event;
use wire::Happening;

/// A kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Blocks,
    Switches,
    Transactions,
    Peers,
    Mining,
    Trouble,
}

impl Kind {
    /// All kinds, in the order of their filters.
    pub const ALL: [Self; 6] = [
        Self::Blocks,
        Self::Switches,
        Self::Transactions,
        Self::Peers,
        Self::Mining,
        Self::Trouble,
    ];

    /// The kinds of lines that are written in a room: where slots are decided, nobody mines and no
    /// branches compete.
    pub fn all(slots: bool) -> impl Iterator<Item = Self> {
        let of_forks = |kind: &Self| !matches!(kind, Self::Peers | Self::Trouble);
        let all = Self::ALL.into_iter();
        all.filter(move |kind| !(slots && of_forks(kind)))
    }

    pub fn of(what: &Happening) -> Self {
        match what {
            Happening::InNode { event, .. } => Self::of_event(event),
            Happening::TabJoined { .. }
            | Happening::TabLeft { .. }
            | Happening::TabOnline { .. }
            | Happening::NodeOnline { .. }
            | Happening::Resumed
            | Happening::Reset
            | Happening::ResetUndone => Self::Peers,
            Happening::MiningStarted | Happening::MiningStopped => Self::Mining,
            Happening::Damaged(_)
            | Happening::LockStolen
            | Happening::WorkerRestarted
            | Happening::Garbage { .. } => Self::Trouble,
        }
    }

    fn of_event(event: &Event) -> Self {
        match event {
            Event::Found { .. } | Event::Extended { .. } | Event::Rival { .. } => Self::Blocks,
            Event::Reorganised { .. } => Self::Switches,
            Event::TxAccepted { .. } | Event::TxReturned { .. } | Event::TxDropped { .. } => {
                Self::Transactions
            }
            Event::Retargeted { .. } => Self::Mining, // how hard it is to find a block
            Event::SyncStarted { .. }
            | Event::SyncDone { .. }
            | Event::Restored { .. }
            | Event::Leads { .. }
            | Event::SnapshotTaken { .. }
            | Event::SnapshotInstalled { .. }
            | Event::StepsDown { .. }
            | Event::Reconfigures { .. } => Self::Peers,
            Event::Rejected { .. } | Event::Misbehaved { .. } | Event::Damaged { .. } => {
                Self::Trouble
            }
        }
    }

    /// The words on its filter.
    pub fn words(self) -> Word {
        match self {
            Self::Blocks => word("Blocks", "区块"),
            Self::Switches => word("Switches", "重组"),
            Self::Transactions => word("Transactions", "交易"),
            Self::Peers => word("Tabs and nodes", "标签页与节点"),
            Self::Mining => word("Mining", "挖矿"),
            Self::Trouble => word("Trouble", "异常"),
        }
    }

    /// The class of its lines.
    pub fn class(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Switches => "switches",
            Self::Transactions => "transactions",
            Self::Peers => "peers",
            Self::Mining => "mining",
            Self::Trouble => "trouble",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn only_rooms_with_blocks_to_find_have_filters_for_them() {
        assert!(Kind::all(false).eq(Kind::ALL));
        assert!(Kind::all(true).eq([Kind::Peers, Kind::Trouble]));
    }
}
