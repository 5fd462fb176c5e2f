//! What the scripting interface returns: the views of `wire` by JavaScript's conventions.

use std::collections::BTreeMap;

use chain::{PeerId, Work};
use kit::numbers::hex;
use kit::seats;
use serde::Serialize;
use wire::coins::{CoinView, CoinsView, MempoolView, WaitingView};
use wire::{
    BlockDetail, BlockState, BlockView, NodeView, RoomView, StatusView, TabView, TipView, ToldView,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusOut<'a> {
    room: RoomOut<'a>,
    nodes: Vec<NodeOut>,
    tip: TipOut,
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
    /// Its protocol's short name; absent where blocks are mined.
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'a str>,
    /// Its parameters by name.
    #[serde(flatten)]
    params: BTreeMap<&'a str, u32>,
}

impl<'a> RoomOut<'a> {
    fn of(room: &'a RoomView) -> Self {
        let RoomView {
            name,
            link,
            protocol,
            slots,
            params,
            forms: _, // drawn by the page
        } = room;
        // Plain numbers, as they have always been: no parameter needs more than 32 bits.
        let narrow = |value: &u64| u32::try_from(*value).unwrap_or(u32::MAX);
        let params = params.iter();
        Self {
            name,
            link,
            protocol: slots.then_some(protocol),
            params: params
                .map(|(name, value)| (&**name, narrow(value)))
                .collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeOut {
    id: String,
    seat: u32,
    name: String,
    tab: String,
    here: bool,
    online: bool,
    tip: TipOut,
    /// Blocks that it has and blocks that it wants, while it catches up.
    sync: Option<(u32, u32)>,
    /// Blocks read and blocks saved, while it reads its own.
    loading: Option<(u32, u32)>,
}

impl NodeOut {
    pub fn of(node: &NodeView) -> Self {
        let NodeView {
            id,
            seat,
            tab,
            here,
            online,
            tip,
            sync,
            loading,
        } = node;
        Self {
            id: peer(id),
            seat: *seat,
            name: seats::name(*seat),
            tab: peer(tab),
            here: *here,
            online: *online,
            tip: TipOut::of(tip),
            sync: *sync,
            loading: *loading,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TabOut {
    id: String,
    label: u32,
    me: bool,
    online: bool,
    mining: bool,
    hash_rate: f64,
    silent: bool,
}

impl TabOut {
    pub fn of(tab: &TabView) -> Self {
        let TabView {
            id,
            label,
            me,
            online,
            mining,
            hash_rate,
            silent,
        } = tab;
        Self {
            id: peer(id),
            label: *label,
            me: *me,
            online: *online,
            mining: *mining,
            hash_rate: *hash_rate as f64,
            silent: *silent,
        }
    }
}

#[derive(Serialize)]
struct TipOut {
    height: u32,
    hash: String,
    work: String,
}

impl TipOut {
    fn of(tip: &TipView) -> Self {
        Self {
            height: tip.height,
            hash: tip.id.to_string(),
            work: work_hex(&tip.work),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockOut {
    hash: String,
    parent: String,
    height: u32,
    time: u32,
    bits: u32,
    miner: Option<u32>,
    state: &'static str,
}

impl BlockOut {
    pub fn of(block: &BlockView) -> Self {
        Self {
            hash: block.id.to_string(),
            parent: block.parent.to_string(),
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
    hash: String,
    parent: String,
    height: u32,
    time: u32,
    bits: u32,
    miner: Option<u32>,
    state: &'static str,
    header: String,
    raw: Option<String>,
    version: i32,
    merkle_root: String,
    nonce: u32,
    target: String,
    /// How many times the hash fits into the target.
    margin: f64,
    expected_tries: u64,
    work: Option<String>,
    transactions: Vec<TransactionOut<'a>>,
    confirmations: Option<u32>,
}

impl<'a> DetailOut<'a> {
    /// `tip` is the height of the best tip, for a block of the best chain.
    pub fn of(detail: &'a BlockDetail, tip: Option<u32>) -> Self {
        let BlockDetail {
            block,
            header,
            raw,
            target,
            margin_milli,
            expected_tries,
            work,
            child: _, // `confirmations` says what is on top of it
            transactions,
        } = detail;
        let BlockOut {
            hash,
            parent,
            height,
            time,
            bits,
            miner,
            state,
        } = BlockOut::of(block);
        Self {
            hash,
            parent,
            height,
            time,
            bits,
            miner,
            state,
            header: hex(&header.encode()),
            raw: raw.as_deref().map(hex),
            version: header.version,
            merkle_root: header.merkle_root.to_string(),
            nonce: header.nonce,
            target: target.to_string(),
            margin: *margin_milli as f64 / 1000.0,
            expected_tries: *expected_tries,
            work: work.as_ref().map(work_hex),
            transactions: transactions.iter().map(TransactionOut::of).collect(),
            confirmations: tip.and_then(|tip| tip.checked_sub(height)),
        }
    }
}

/// A transaction or its receipt.
#[derive(Serialize)]
pub struct ToldOut<'a> {
    what: &'a str,
    values: &'a [String],
}

impl<'a> ToldOut<'a> {
    pub fn of(told: &'a ToldView) -> Self {
        Self {
            what: &told.what,
            values: &told.values,
        }
    }
}

/// A peer's id in full.
fn peer(id: &PeerId) -> String {
    format!("{id:x}")
}

/// Work as a hexadecimal number.
fn work_hex(work: &Work) -> String {
    format!("{:x}", work.0)
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

/// The coins of some addresses.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CoinsOut {
    height: u32,
    maturity: u32,
    min_fee_rate: f64,
    coins: Vec<CoinOut>,
    more: u32,
    waiting: Vec<String>,
}

#[derive(Serialize)]
struct CoinOut {
    txid: String,
    vout: u32,
    amount: String,
    /// The place of its address in the list that was asked for.
    address: u32,
    height: u32,
    coinbase: bool,
}

impl CoinsOut {
    pub fn of(coins: &CoinsView) -> Self {
        let coin = |coin: &CoinView| CoinOut {
            txid: coin.txid.to_string(),
            vout: coin.vout,
            amount: coin.amount.to_sat().to_string(),
            address: coin.address,
            height: coin.height.0,
            coinbase: coin.coinbase,
        };
        Self {
            height: coins.height.0,
            maturity: coins.maturity,
            // Far below 2^53: a rate of all the money is below that, too.
            min_fee_rate: coins.min_rate as f64,
            coins: coins.coins.iter().map(coin).collect(),
            more: coins.more,
            waiting: coins.waiting.iter().map(|tx| hex(tx)).collect(),
        }
    }
}

/// What waits for a block.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MempoolOut {
    count: u32,
    size: f64,
    min_fee_rate: f64,
    best: Vec<WaitingOut>,
}

#[derive(Serialize)]
struct WaitingOut {
    txid: String,
    size: u32,
    fee: String,
    needs: u32,
}

impl MempoolOut {
    pub fn of(pool: &MempoolView) -> Self {
        let waiting = |tx: &WaitingView| WaitingOut {
            txid: tx.txid.to_string(),
            size: tx.size,
            fee: tx.fee.to_sat().to_string(),
            needs: tx.needs,
        };
        Self {
            count: pool.count,
            size: pool.size as f64,
            min_fee_rate: pool.min_rate as f64,
            best: pool.best.iter().map(waiting).collect(),
        }
    }
}
