//! The picture of a room, as the tab sees it and the page draws it.
//!
//! The page holds no truth. The engine sends a [`Frame`] when something changed, at most ten a second,
//! with the parts that are different, and the next only after the page has acknowledged the one before.

use chain::{BitcoinHeader, BlockId, Height, PeerId, Target, Work};
use serde::{Deserialize, Serialize};

use pool::Power;

use crate::LogEntry;

/// What is new since the frame before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Counts frames; to be acknowledged.
    pub number: u32,
    /// The parts that are different now; all of them in an engine's first frame.
    pub parts: Vec<Part>,
    /// Log entries since the last frame, oldest first.
    pub log: Vec<LogEntry>,
}

/// A part of the picture that replaces the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// The room.
    Room(RoomView),
    /// Every tab, this one first, then by label.
    Tabs(Vec<TabView>),
    /// Every node, this tab's first, then by tab and seat.
    Nodes(Vec<NodeView>),
    /// Blocks that left the window, and blocks that are new in it or changed their state.
    Tree {
        /// No longer drawn.
        gone: Vec<BlockId>,
        /// New or different, in the order of the window.
        blocks: Vec<BlockView>,
    },
    /// Best tip of this tab's first node.
    Tip(TipView),
    /// What the next block must meet.
    Target(TargetView),
    /// This tab's mining.
    Mining(MiningView),
    /// Where the chain is kept.
    Storage(StorageView),
    /// What people have to be told for as long as it holds.
    Notices(Vec<Notice>),
}

/// The whole picture, as the parts of all frames make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The room.
    pub room: RoomView,
    /// Every tab, this one first, then by label.
    pub tabs: Vec<TabView>,
    /// Every node, this tab's first, then by tab and seat.
    pub nodes: Vec<NodeView>,
    /// The last heights of the block tree (at most 48 heights, 256 blocks), by height, then by id;
    /// the first height's parents are outside.
    pub tree: Vec<BlockView>,
    /// Best tip of this tab's first node.
    pub tip: TipView,
    /// What the next block must meet, seen from that tip.
    pub target: TargetView,
    /// This tab's mining.
    pub mining: MiningView,
    /// Where the chain is kept.
    pub storage: StorageView,
    /// What people have to be told for as long as it holds.
    pub notices: Vec<Notice>,
}

/// Something that people have to be told for as long as it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// A reset can still be undone.
    UndoReset,
    /// A tab of another version of Tabchain talks on this room's channel.
    OtherVersion,
    /// Another page holds a lock that the tab waited for; it went on without.
    HeldUp(HeldUp),
    /// A write to the database has been waiting for so many seconds: another page blocks it.
    SlowStorage {
        /// Whole seconds so far.
        seconds: u32,
    },
    /// The chain's tip is dated so many seconds ahead of this machine's clock: what is mined now is
    /// refused by everybody, or the clock is wrong.
    Future {
        /// Seconds ahead of the clock.
        ahead: u32,
        /// Blocks of the best chain that are dated ahead of the clock.
        blocks: u32,
    },
    /// Saved data was damaged: what was kept, and what was put aside.
    Damaged {
        /// Height of the chain that could be read.
        height: Height,
        /// Records that could not be read and were put aside.
        records: u32,
    },
}

/// What a tab went on without, because somebody else held a lock for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum HeldUp {
    /// The default room: this tab opened a room of its own.
    DefaultRoom,
    /// The tab's own name.
    Tab,
    /// The list of identities: this tab's nodes live under new ones, which are not kept.
    Identities,
    /// A reset, which did not happen.
    Reset,
}

/// The answer of `tabchain.status()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The room.
    pub room: RoomView,
    /// All nodes known, this tab's first.
    pub nodes: Vec<NodeView>,
    /// Best tip of this tab's first node.
    pub tip: TipView,
    /// Nodes of other tabs that are reachable.
    pub peers: u32,
    /// Hashes a second of this tab, by wall clock.
    pub hash_rate: u64,
    /// Whether this tab mines.
    pub mining: bool,
    /// Whether this tab is joined.
    pub online: bool,
}

/// A room's rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// Its name.
    pub name: String,
    /// The part of its link after `#`, such as `/live?room=maple-river&spacing=10...`.
    pub link: String,
    /// Seconds between blocks that retargeting aims at.
    pub spacing: u32,
    /// Compact target of the first block.
    pub bits: u32,
    /// Blocks between two adjustments.
    pub window: u32,
    /// Blocks between two halvings.
    pub halving: u32,
}

/// A tab of this room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabView {
    /// Who it is.
    pub id: PeerId,
    /// A small number that people can say: tab 1, tab 2, in order of appearance in the room.
    pub label: u32,
    /// Whether it is this one.
    pub me: bool,
    /// Whether its nodes are joined.
    pub online: bool,
    /// Whether it mines.
    pub mining: bool,
    /// Hashes a second.
    pub hash_rate: u64,
    /// Whether it has been silent for over 5 s though it still exists (frozen or very busy).
    pub silent: bool,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    /// Its peer id.
    pub id: PeerId,
    /// Its seat: serial number of the identity in this browser, from 0; names, shapes and colours
    /// follow from it.
    pub seat: u32,
    /// [`TabView::id`] of its tab.
    pub tab: PeerId,
    /// Whether it lives in this tab.
    pub here: bool,
    /// Whether it is joined (its own switch; the tab's comes on top).
    pub online: bool,
    /// Where it stands.
    pub tip: TipView,
    /// Blocks that it has and wants while it catches up.
    pub sync: Option<(u32, u32)>,
    /// Whether it still reads its own saved blocks: (read, all).
    pub loading: Option<(u32, u32)>,
}

/// A tip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipView {
    /// Height.
    pub height: u32,
    /// Block id.
    pub id: BlockId,
    /// Cumulative work.
    pub work: Work,
}

/// What has become of a block, seen from this tab's first node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockState {
    /// On its best chain.
    Best,
    /// On a branch whose tip another node stands on: still competing.
    Rival,
    /// On a branch that nobody stands on any more.
    Stale,
    /// Its header or body broke a rule.
    Invalid,
    /// Only other tabs' nodes have it so far (seen by the page, not by this tab's nodes).
    Unseen,
}

/// A block in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Its id.
    pub id: BlockId,
    /// The parent's.
    pub parent: BlockId,
    /// Height.
    pub height: u32,
    /// Unix seconds.
    pub time: u32,
    /// Compact target.
    pub bits: u32,
    /// Seat of the node that found it, if known.
    pub miner: Option<u32>,
    /// What has become of it.
    pub state: BlockState,
}

/// A block explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockDetail {
    /// The row of the tree.
    pub block: BlockView,
    /// Its header: the 80 bytes that are hashed.
    pub header: BitcoinHeader,
    /// The whole block; absent while only the header is known.
    pub raw: Option<Vec<u8>>,
    /// The target that `bits` stands for.
    pub target: Target,
    /// How far the hash is below the target, in thousandths: 2100 means 2.1 times.
    pub margin_milli: u64,
    /// Expected tries for one block at this target.
    pub expected_tries: u64,
    /// Cumulative work up to here; absent while only other tabs have the block.
    pub work: Option<Work>,
    /// The block on top of it in the best chain; absent off the best chain and at its end.
    pub child: Option<BlockId>,
    /// Transactions, coinbase first.
    pub transactions: Vec<TransactionView>,
}

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransactionView {
    /// Id as shown.
    pub txid: String,
    /// Whether it creates the block's reward.
    pub coinbase: bool,
    /// Bytes.
    pub size: u32,
    /// Outputs: address (or script hex) and amount in the smallest unit, as decimal string.
    pub outputs: Vec<(String, String)>,
}

/// What the next block must meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetView {
    /// Compact target.
    pub bits: u32,
    /// Expected tries for one block.
    pub expected_tries: u64,
    /// Blocks until the next adjustment.
    pub retarget_in: u32,
}

/// This tab's mining.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MiningView {
    /// Whether it mines.
    pub on: bool,
    /// The budget that all tabs share.
    pub power: Power,
    /// This tab's part of it: workers and duty in percent; zeros while it has none.
    pub share: Power,
    /// Tabs of this browser that mine now.
    pub tabs: u32,
    /// Hashes a second by wall clock over the last seconds; 0 when off.
    pub rate: u64,
    /// The same, one value a second, oldest first, at most 60.
    pub history: Vec<u64>,
    /// Blocks of the best chain found by this tab's nodes.
    pub found: u32,
    /// Workers that died and were replaced since the start.
    pub restarts: u32,
}

/// Where the chain is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StorageView {
    /// In the browser's database.
    Kept,
    /// In memory only: storage is refused, full or damaged, and why.
    Memory(String),
    /// There is data of another version; it was left alone, this session is in memory.
    OtherVersion(u32),
}
