//! The picture of a room, as the tab sees it and the page draws it.
//!
//! The page holds no state of record. When something changes, the engine sends a [`Frame`] with the
//! parts that differ: at most ten a second, and each only after the page has acknowledged the last.

use chain::{BitcoinHeader, BlockId, Height, PeerId, Target, Work};
use serde::{Deserialize, Serialize};

use pool::Power;

use crate::{FormView, LogEntry, SlotsView};

/// What is new since the previous frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Serial number of the frame, which the page acknowledges.
    pub number: u32,
    /// The parts that have changed; all of them in an engine's first frame.
    pub parts: Vec<Part>,
    /// Log entries since the last frame, oldest first.
    pub log: Vec<LogEntry>,
}

/// A part of the picture, which replaces its previous version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The room.
    Room(RoomView),
    /// Every tab, this one first, then by label.
    Tabs(Vec<TabView>),
    /// Every node, this tab's first, then by tab and seat.
    Nodes(Vec<NodeView>),
    /// Blocks that left the window, and blocks that entered it or changed.
    Tree {
        /// No longer drawn.
        gone: Vec<BlockId>,
        /// New or changed, in the order of the window.
        blocks: Vec<BlockView>,
    },
    /// The best tip of this tab's first node.
    Tip(TipView),
    /// What the next block must meet, and what waits for it.
    Target(TargetView),
    /// Servers and decided slots.
    Slots(SlotsView),
    /// This tab's mining.
    Mining(MiningView),
    /// Where the chain is kept.
    Storage(StorageView),
    /// What people must be told for as long as it lasts.
    Notices(Vec<Notice>),
}

/// The whole picture, assembled from the parts of all frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The room.
    pub room: RoomView,
    /// Every tab, this one first, then by label.
    pub tabs: Vec<TabView>,
    /// Every node, this tab's first, then by tab and seat.
    pub nodes: Vec<NodeView>,
    /// The top of the block tree (at most 48 heights, 256 blocks), by height, then by id; the
    /// parents of the lowest height lie outside.
    pub tree: Vec<BlockView>,
    /// The best tip of this tab's first node.
    pub tip: TipView,
    /// What the next block must meet, seen from that tip, and what waits for it.
    pub target: TargetView,
    /// Servers and decided slots.
    pub slots: SlotsView,
    /// This tab's mining.
    pub mining: MiningView,
    /// Where the chain is kept.
    pub storage: StorageView,
    /// What people must be told for as long as it lasts.
    pub notices: Vec<Notice>,
}

/// Something that people must be told for as long as it lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// A reset can still be undone.
    UndoReset,
    /// A tab that runs another version of Tabchain talks on this room's channel.
    OtherVersion,
    /// Another page holds a lock that the tab waited for; the tab went on without it.
    HeldUp(HeldUp),
    /// A write to the database has been waiting for a while: another page blocks it.
    SlowStorage {
        /// Whole seconds so far.
        seconds: u32,
    },
    /// The chain's tip is dated ahead of this machine's clock: either everybody refuses what is
    /// mined now, or the clock is wrong.
    Future {
        /// Seconds ahead of the clock.
        ahead: u32,
        /// Blocks of the best chain that are dated ahead of the clock.
        blocks: u32,
    },
    /// Saved data was damaged: what survived, and what was set aside.
    Damaged {
        /// Height of the chain that could be read.
        height: Height,
        /// Records that could not be read and were set aside.
        records: u32,
    },
    /// This tab has no seat in a room in which slots are decided: it can ask, but has no say.
    NoSeat(NoSeat),
}

/// Why a tab has no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoSeat {
    /// Other tabs have them all.
    AllTaken,
    /// The browser refuses locks, so no tab can tell which seats are free.
    NoLocks,
    /// What a server promises could not be kept.
    NoStorage,
}

/// What a tab went on without because somebody else held a lock for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HeldUp {
    /// The default room: this tab opened a new room instead.
    DefaultRoom,
    /// The tab's own name: it goes by a new one.
    Tab,
    /// The list of identities: this tab's nodes use new ones, which are not kept.
    Identities,
    /// A reset, which was not carried out.
    Reset,
}

/// The answer of `tabchain.status()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The room.
    pub room: RoomView,
    /// All known nodes, this tab's first.
    pub nodes: Vec<NodeView>,
    /// The best tip of this tab's first node.
    pub tip: TipView,
    /// How many nodes of other tabs are reachable.
    pub peers: u32,
    /// This tab's hashes per second of wall-clock time.
    pub hash_rate: u64,
    /// Whether this tab mines.
    pub mining: bool,
    /// Whether this tab is connected, not cut off.
    pub online: bool,
}

/// A room's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// Its name.
    pub name: String,
    /// The part of its link after `#`, such as `/live?room=maple-river&spacing=10...`.
    pub link: String,
    /// Its protocol's short name.
    pub protocol: String,
    /// Whether slots are decided in it; if not, blocks are mined.
    pub slots: bool,
    /// Its parameters and their values, in the order of its link.
    pub params: Vec<(String, u64)>,
    /// What people can ask of its ledger.
    pub forms: Vec<FormView>,
}

impl RoomView {
    /// A parameter's value; `None` if the room does not have it.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<u64> {
        let found = self.params.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| *value)
    }
}

/// A tab of this room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabView {
    /// Its peer id.
    pub id: PeerId,
    /// A small number for people to use: tab 1, tab 2, in order of appearance in the room.
    pub label: u32,
    /// Whether it is this tab.
    pub me: bool,
    /// Whether its nodes are connected, not cut off.
    pub online: bool,
    /// Whether it mines.
    pub mining: bool,
    /// Hashes per second.
    pub hash_rate: u64,
    /// Whether it has been silent for over 5 s although it still exists (frozen or very busy).
    pub silent: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Its peer id.
    pub id: PeerId,
    /// Its seat: the serial number of its identity in this browser, from 0, which determines its
    /// name, shape and colour.
    pub seat: u32,
    /// [`TabView::id`] of its tab.
    pub tab: PeerId,
    /// Whether it lives in this tab.
    pub here: bool,
    /// The node's own switch: whether it is connected, provided that its tab is too.
    pub online: bool,
    /// Its best tip.
    pub tip: TipView,
    /// Its progress while it catches up: blocks it has, blocks it wants.
    pub sync: Option<(u32, u32)>,
    /// Its progress while it reads its own saved blocks: blocks read, all blocks.
    pub loading: Option<(u32, u32)>,
}

/// The tip of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipView {
    /// Height.
    pub height: u32,
    /// Block id.
    pub id: BlockId,
    /// Cumulative work.
    pub work: Work,
}

/// The state of a block, as this tab's first node sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockState {
    /// On that node's best chain.
    Best,
    /// On a branch that is the best chain of another node: still competing.
    Rival,
    /// On a branch that is no node's best chain any more.
    Stale,
    /// Its header or body breaks a rule.
    Invalid,
    /// Only other tabs' nodes have it so far (seen by the page, not by this tab's nodes).
    Unseen,
}

/// A block in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its id.
    pub id: BlockId,
    /// Its parent's id.
    pub parent: BlockId,
    /// Height.
    pub height: u32,
    /// Unix seconds.
    pub time: u32,
    /// Compact target.
    pub bits: u32,
    /// Seat of the node that found it, if known.
    pub miner: Option<u32>,
    /// Its state.
    pub state: BlockState,
}

/// A block with every detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDetail {
    /// Its entry in the tree.
    pub block: BlockView,
    /// Its header: the 80 bytes that are hashed.
    pub header: BitcoinHeader,
    /// The whole serialized block; absent while only the header is known.
    pub raw: Option<Vec<u8>>,
    /// The target that `bits` stands for.
    pub target: Target,
    /// How many times the hash fits into the target, in thousandths: 2100 means 2.1 times.
    pub margin_milli: u64,
    /// Expected tries to find a block at this target.
    pub expected_tries: u64,
    /// Cumulative work up to this block; absent while only other tabs have the block.
    pub work: Option<Work>,
    /// The block on top of it in the best chain; absent at the tip and off the best chain.
    pub child: Option<BlockId>,
    /// Transactions, coinbase first.
    pub transactions: Vec<TransactionView>,
}

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Its id, in display order.
    pub txid: String,
    /// Whether it creates the block's reward.
    pub coinbase: bool,
    /// Size in bytes.
    pub size: u32,
    /// Outputs: address (or script in hex), and amount in the smallest unit as a decimal string.
    pub outputs: Vec<(String, String)>,
}

/// What the next block must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// Compact target.
    pub bits: u32,
    /// Expected tries to find a block.
    pub expected_tries: u64,
    /// Blocks until the next retarget.
    pub retarget_in: u32,
    /// Transactions that wait for a block.
    pub waiting: u32,
}

/// This tab's mining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiningView {
    /// Whether it mines.
    pub on: bool,
    /// The budget that all tabs share.
    pub power: Power,
    /// This tab's share of the budget: workers and duty in percent; zeros while it has none.
    pub share: Power,
    /// How many tabs of this browser are mining.
    pub tabs: u32,
    /// Hashes per second of wall-clock time, over the last few seconds; 0 when off.
    pub rate: u64,
    /// Past values of `rate`, one per second, oldest first, at most 60.
    pub history: Vec<u64>,
    /// Blocks of the best chain found by this tab's nodes.
    pub found: u32,
    /// Workers that have died and been replaced since the start.
    pub restarts: u32,
}

/// Where the chain is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageView {
    /// In the browser's database.
    Kept,
    /// In memory only, because storage is refused, full or damaged; says why.
    Memory(String),
    /// Another version's data is in the way: it is left alone, and this session stays in memory.
    OtherVersion(u32),
}
