//! What the scripting interface gives back: the stream's views in JavaScript's manners.

use serde::Serialize;

use crate::seats;
use wire::{
    BlockDetail, BlockState, BlockView, NodeView, RoomView, StatusView, TabView, TipView,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusOut<'a> {
    room: RoomOut<'a>,
    nodes: Vec<NodeOut<'a>>,
    tip: TipOut<'a>,
    peers: u32,
    hash_rate: f64,
    mining: bool,
    online: bool,
}

impl<'a> StatusOut<'a> {
    pub fn of(status: &'a StatusView) -> Self {
        Self {
            room: RoomOut::of(&status.room),
            nodes: status.nodes.iter().map(NodeOut::of).collect(),
            tip: TipOut::of(&status.tip),
            peers: status.peers,
            hash_rate: status.hash_rate as f64,
            mining: status.mining,
            online: status.online,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoomOut<'a> {
    name: &'a str,
    link: &'a str,
    spacing: u32,
    bits: u32,
    window: u32,
    halving: u32,
}

impl<'a> RoomOut<'a> {
    fn of(room: &'a RoomView) -> Self {
        let RoomView {
            name,
            link,
            spacing,
            bits,
            window,
            halving,
        } = room;
        Self {
            name,
            link,
            spacing: *spacing,
            bits: *bits,
            window: *window,
            halving: *halving,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeOut<'a> {
    id: &'a str,
    seat: u32,
    name: String,
    tab: &'a str,
    here: bool,
    online: bool,
    tip: TipOut<'a>,
    /// Blocks that it has and wants, while it catches up.
    sync: Option<(u32, u32)>,
    /// Blocks read and saved, while it reads its own.
    loading: Option<(u32, u32)>,
}

impl<'a> NodeOut<'a> {
    pub fn of(node: &'a NodeView) -> Self {
        Self {
            id: &node.id,
            seat: node.seat,
            name: seats::name(node.seat),
            tab: &node.tab,
            here: node.here,
            online: node.online,
            tip: TipOut::of(&node.tip),
            sync: node.sync,
            loading: node.loading,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TabOut<'a> {
    id: &'a str,
    label: u32,
    me: bool,
    online: bool,
    mining: bool,
    hash_rate: f64,
    silent: bool,
}

impl<'a> TabOut<'a> {
    pub fn of(tab: &'a TabView) -> Self {
        Self {
            id: &tab.id,
            label: tab.label,
            me: tab.me,
            online: tab.online,
            mining: tab.mining,
            hash_rate: tab.hash_rate as f64,
            silent: tab.silent,
        }
    }
}

#[derive(Serialize)]
struct TipOut<'a> {
    height: u32,
    hash: &'a str,
    work: &'a str,
}

impl<'a> TipOut<'a> {
    fn of(tip: &'a TipView) -> Self {
        Self {
            height: tip.height,
            hash: &tip.hash,
            work: &tip.work,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockOut<'a> {
    hash: &'a str,
    parent: &'a str,
    height: u32,
    time: u32,
    bits: u32,
    miner: Option<u32>,
    state: &'static str,
}

impl<'a> BlockOut<'a> {
    pub fn of(block: &'a BlockView) -> Self {
        Self {
            hash: &block.hash,
            parent: &block.parent,
            height: block.height,
            time: block.time,
            bits: block.bits,
            miner: block.miner,
            state: match block.state {
                BlockState::Best => "best",
                BlockState::Rival => "rival",
                BlockState::Stale => "stale",
                BlockState::Invalid => "invalid",
                BlockState::Unseen => "unseen",
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DetailOut<'a> {
    hash: &'a str,
    parent: &'a str,
    height: u32,
    time: u32,
    bits: u32,
    miner: Option<u32>,
    state: &'static str,
    header: &'a str,
    raw: Option<&'a str>,
    version: i32,
    merkle_root: &'a str,
    nonce: u32,
    target: &'a str,
    /// How many times the hash is below the target.
    margin: f64,
    expected_tries: u64,
    work: Option<&'a str>,
    transactions: Vec<TransactionOut<'a>>,
    confirmations: Option<u32>,
}

impl<'a> DetailOut<'a> {
    pub fn of(detail: &'a BlockDetail) -> Self {
        let BlockOut {
            hash,
            parent,
            height,
            time,
            bits,
            miner,
            state,
        } = BlockOut::of(&detail.block);
        Self {
            hash,
            parent,
            height,
            time,
            bits,
            miner,
            state,
            header: &detail.header,
            raw: detail.raw.as_deref(),
            version: detail.version,
            merkle_root: &detail.merkle_root,
            nonce: detail.nonce,
            target: &detail.target,
            margin: detail.margin_milli as f64 / 1000.0,
            expected_tries: detail.expected_tries,
            work: detail.work.as_deref(),
            transactions: detail.transactions.iter().map(TransactionOut::of).collect(),
            confirmations: detail.confirmations,
        }
    }
}

#[derive(Serialize)]
struct TransactionOut<'a> {
    txid: &'a str,
    coinbase: bool,
    size: u32,
    outputs: Vec<PaidOut<'a>>,
}

impl<'a> TransactionOut<'a> {
    fn of(transaction: &'a wire::TransactionView) -> Self {
        let pay = |(to, amount): &'a (String, String)| PaidOut { to, amount };
        Self {
            txid: &transaction.txid,
            coinbase: transaction.coinbase,
            size: transaction.size,
            outputs: transaction.outputs.iter().map(pay).collect(),
        }
    }
}

#[derive(Serialize)]
struct PaidOut<'a> {
    to: &'a str,
    amount: &'a str,
}
