//! The stream between the page and the engine worker: `postcard` bytes, both ways.
//!
//! The page holds no truth. The engine sends a [`Frame`] when something changed, at most ten a
//! second, and the next only after the page has acknowledged the one before.

use serde::{Deserialize, Serialize};

/// Changes with every incompatible change of this file or of a worker's protocol.
pub const STREAM_VERSION: u32 = 3;

/// From the page to the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToEngine {
    /// The first message.
    Start(Start),
    /// The frame of this number is on the screen.
    Ack(u32),
    /// A wish, answered by [`FromEngine::Reply`] with the same number.
    Call {
        /// Chosen by the page.
        id: u32,
        /// The wish.
        call: Call,
    },
    /// Say [`FromEngine::Pong`], busy or not; an engine that hangs does not.
    Ping,
    /// The page is about to be frozen: keep what there is, leave the room.
    Freeze,
    /// The page is back from freeze or from the back-forward cache: restart every node.
    Resume,
}

/// What the engine must know to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// [`STREAM_VERSION`] of the page; an engine of another version answers
    /// [`FromEngine::OtherVersion`].
    pub version: u32,
    /// Path of the deployment, part of every channel, lock and database name.
    pub deployment: String,
    /// Where the mining worker's loader is, absolute.
    pub miner_url: String,
    /// The room of the link in the address bar; `None` opens the room used last, or a new one.
    pub room: Option<String>,
    /// Identities that this tab had before it was reloaded, as [`NodeView::id`]; those that
    /// another tab holds by now are replaced by free or new ones.
    pub identities: Vec<String>,
    /// How many nodes the tab had (1..=16).
    pub nodes: u8,
    /// Whether an engine of this tab has just died or left: it may hold its identities a while
    /// longer, and they are worth waiting for.
    pub replaces: bool,
    /// Power setting that was remembered.
    pub power: Option<Power>,
}

/// How much of the machine all mining tabs of this browser may use together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// Workers, 1..=64.
    pub workers: u8,
    /// Share of the time that each works, in percent, 1..=100.
    pub duty: u8,
}

impl Power {
    /// Where everybody starts.
    pub const GENTLE: Self = Self {
        workers: 1,
        duty: 50,
    };
}

/// A wish of the page or of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// [`Reply::Status`].
    Status,
    /// Mine in this tab; a missing power means the remembered one. [`Reply::Done`].
    StartMining(Option<Power>),
    /// Stop mining in this tab. [`Reply::Done`].
    StopMining,
    /// Set the shared power budget without starting or stopping. [`Reply::Done`].
    SetPower(Power),
    /// Cut this tab's nodes off, or let them join again. [`Reply::Done`].
    SetOnline(bool),
    /// The same for another tab, by [`TabView::id`]. [`Reply::Done`].
    SetTabOnline {
        /// Which tab.
        tab: String,
        /// Joined or cut.
        online: bool,
    },
    /// The same for one node anywhere, by [`NodeView::id`]. [`Reply::Done`].
    SetNodeOnline {
        /// Which node.
        node: String,
        /// Joined or cut.
        online: bool,
    },
    /// One more node in this tab. [`Reply::Node`].
    AddNode,
    /// Remove a node of this tab; its identity stays for later. [`Reply::Done`].
    RemoveNode(String),
    /// [`Reply::Block`].
    Block(BlockKey),
    /// Blocks of the best chain between two heights, both included, at most 2,000.
    /// [`Reply::Blocks`].
    Blocks {
        /// First height.
        from: u32,
        /// Last height.
        to: u32,
    },
    /// Forget this room's chain in every tab of the browser; can be undone. [`Reply::Done`].
    Reset,
    /// Bring back what the last reset put away. [`Reply::Done`].
    UndoReset,
    /// The whole chain of this tab's first node as raw block hex, a line each, oldest first.
    /// [`Reply::Text`].
    Export,
}

/// Which block is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKey {
    /// The one of the best chain at this height.
    Height(u32),
    /// The one with this id (64 hex digits, as shown).
    Hash(String),
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
    /// The room's link is not usable; nothing was opened.
    BadRoom {
        /// A code for the text to show, such as `spacing-range`.
        code: String,
        /// The offending part.
        value: String,
    },
    /// The whole picture.
    Frame(Box<Frame>),
    /// The answer to a call.
    Reply {
        /// The call's number.
        id: u32,
        /// What came of it.
        result: Result<Reply, Failure>,
    },
    /// The engine's code panicked; the instance is lost, saved state is not.
    Panicked {
        /// What to put into a report.
        report: String,
    },
}

/// Why a call did not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code: `bad-argument`, `unknown-block`, `unknown-node`, `unknown-tab`,
    /// `too-many-nodes`, `last-node`, `nothing-to-undo`, `not-ready`.
    pub code: String,
    /// A sentence in English for developers.
    pub message: String,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// It is so now.
    Done,
    /// Where things stand.
    Status(StatusView),
    /// The node that was added, as [`NodeView::id`].
    Node(String),
    /// One block.
    Block(Box<BlockDetail>),
    /// Several blocks, lowest first.
    Blocks(Vec<BlockView>),
    /// A text to save.
    Text(String),
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

/// The picture that the page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Counts frames; to be acknowledged.
    pub number: u32,
    /// The room.
    pub room: RoomView,
    /// Every tab, this one first, then by label.
    pub tabs: Vec<TabView>,
    /// Every node, this tab's first, then by tab and seat.
    pub nodes: Vec<NodeView>,
    /// The last heights of the block tree (at most 48 heights, 256 blocks), lowest first, parents
    /// before children; the first height's parents are outside.
    pub tree: Vec<BlockView>,
    /// Best tip of this tab's first node.
    pub tip: TipView,
    /// What the next block must meet, seen from that tip.
    pub target: TargetView,
    /// This tab's mining.
    pub mining: MiningView,
    /// Log entries since the last frame, oldest first.
    pub log: Vec<LogEntry>,
    /// Where the chain is kept.
    pub storage: StorageView,
    /// Whether a reset can still be undone.
    pub undo_reset: bool,
    /// Envelopes of another version of Tabchain heard on this room's channel.
    pub other_version: bool,
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
    /// Who it is, hex.
    pub id: String,
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
    /// Its peer id, 64 hex digits.
    pub id: String,
    /// Its seat: serial number of the identity in this browser, from 0; names, shapes and colours
    /// follow from it.
    pub seat: u32,
    /// [`TabView::id`] of its tab.
    pub tab: String,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipView {
    /// Height.
    pub height: u32,
    /// Block id, 64 hex digits as shown.
    pub hash: String,
    /// Cumulative work, hexadecimal.
    pub work: String,
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

/// Which saved data was damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Damage {
    /// What a node says of its blocks.
    Node(String),
    /// Which chain of the room counts.
    Generation,
    /// So many identities of the browser.
    Identities(u32),
}

/// A block in the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockView {
    /// Id, 64 hex digits as shown.
    pub hash: String,
    /// The parent's.
    pub parent: String,
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
    /// The 80 bytes of the header, hex.
    pub header: String,
    /// The whole block, hex; absent while only the header is known.
    pub raw: Option<String>,
    /// Version field.
    pub version: i32,
    /// Merkle root as shown.
    pub merkle_root: String,
    /// Nonce.
    pub nonce: u32,
    /// The target that `bits` stands for, 64 hex digits.
    pub target: String,
    /// How far the hash is below the target, in thousandths: 2100 means 2.1 times.
    pub margin_milli: u64,
    /// Expected tries for one block at this target.
    pub expected_tries: u64,
    /// Cumulative work up to here, hexadecimal; absent while only other tabs have the block.
    pub work: Option<String>,
    /// The block on top of it in the best chain; absent off the best chain and at its end.
    pub child: Option<String>,
    /// Transactions, coinbase first.
    pub transactions: Vec<TransactionView>,
    /// Blocks on top in the best chain; absent off the best chain.
    pub confirmations: Option<u32>,
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
    /// This tab's part of it: workers and duty in percent.
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

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Counts entries.
    pub number: u32,
    /// Unix milliseconds.
    pub at: u64,
    /// Seat of the node that it happened in; absent for the tab itself.
    pub seat: Option<u32>,
    /// What happened.
    pub what: Happening,
}

/// What can happen. Texts are made by the page, so that they follow its language.
#[allow(missing_docs, reason = "each field is named for what it is")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// This node found a block.
    Found { hash: String, height: u32 },
    /// A block by another node became this node's tip.
    Extended {
        hash: String,
        height: u32,
        miner: Option<u32>,
    },
    /// A rival block arrived.
    Rival {
        hash: String,
        height: u32,
        miner: Option<u32>,
    },
    /// The node switched branch.
    Reorganised {
        hash: String,
        height: u32,
        undone: u32,
        applied: u32,
    },
    /// A block was refused.
    Rejected { hash: String, reason: String },
    /// A peer sent nonsense.
    Misbehaved { peer: String, reason: String },
    /// The target changed; `harder_milli` is new difficulty over old, in thousandths.
    Retargeted { height: u32, harder_milli: u64 },
    /// The node began to catch up.
    SyncStarted { goal: u32 },
    /// The node caught up.
    SyncDone { height: u32 },
    /// The node came back from storage.
    Restored { height: u32 },
    /// Saved data was damaged.
    Damaged { what: Damage },
    /// A tab appeared.
    TabJoined { label: u32 },
    /// A tab is gone.
    TabLeft { label: u32 },
    /// A tab was cut off or joined again.
    TabOnline { label: u32, online: bool },
    /// A node was cut off or joined again.
    NodeOnline { seat: u32, online: bool },
    /// Mining began in a tab.
    MiningStarted,
    /// Mining stopped in a tab.
    MiningStopped,
    /// A mining worker died and was replaced.
    WorkerRestarted,
    /// The tab was frozen and is back.
    Resumed,
    /// The room was reset.
    Reset,
    /// The reset was undone.
    ResetUndone,
    /// Garbage on the channel was dropped: how many messages since the last such line.
    Garbage { count: u32 },
}
