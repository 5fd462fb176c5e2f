//! Coins, and transactions that wait for a block: what a wallet has to know.

use chain::{Amount, Height, Txid};
use serde::{Deserialize, Serialize};

/// The coins of some addresses after the best block, and what waits that concerns them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinsView {
    /// The height of the best block.
    pub height: Height,
    /// How many blocks later than its own a coinbase may be spent.
    pub maturity: u32,
    /// The least fee that is taken now, in satoshi for a thousand virtual bytes.
    pub min_rate: u64,
    /// The coins, in the order of their transactions' ids.
    pub coins: Vec<CoinView>,
    /// How many coins there are besides.
    pub more: u32,
    /// Transactions that wait and spend these coins, or pay these addresses; each as its bytes.
    pub waiting: Vec<Vec<u8>>,
}

/// One coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoinView {
    /// The transaction that made it.
    pub txid: Txid,
    /// Its place among that transaction's outputs.
    pub vout: u32,
    /// What it is worth.
    pub amount: Amount,
    /// Whose it is: a place in the list of addresses that were asked for.
    pub address: u32,
    /// The height of its block.
    pub height: Height,
    /// Whether a coinbase made it.
    pub coinbase: bool,
}

/// The transactions that wait at this tab's first node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MempoolView {
    /// How many they are.
    pub count: u32,
    /// Their size in virtual bytes.
    pub size: u64,
    /// The least fee that is taken now, in satoshi for a thousand virtual bytes.
    pub min_rate: u64,
    /// Those that a miner gains most from, the best first.
    pub best: Vec<WaitingView>,
}

/// One transaction that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingView {
    /// Its id.
    pub txid: Txid,
    /// Its size in virtual bytes.
    pub size: u32,
    /// What it pays whoever puts it into a block.
    pub fee: Amount,
    /// How many others it needs that wait, too.
    pub needs: u32,
}
