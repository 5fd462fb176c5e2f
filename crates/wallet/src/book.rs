//! What a wallet has: its coins, the payments under way, and what came of them. It is told of blocks and pending
//! transactions, keeps those that pay or spend the account's addresses, and has no key in it.
//!
//! When a block is taken back, its payments are pending again, but for its reward, which is gone.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use chain::{Amount, Height, OutPoint, Script, Transaction, TxOut, Txid};

use crate::addresses::Addresses;
use crate::keys::{Branch, DeriveError, KeyPath, Viewer};

/// A coin of the wallet's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCoin {
    /// Where it is.
    pub outpoint: OutPoint,
    /// What it is worth.
    pub amount: Amount,
    /// The script that it pays to.
    pub script: Script,
    /// The key that spends it.
    pub path: KeyPath,
    /// The height of its block; `None` while it is pending.
    pub height: Option<Height>,
    /// Whether a block's reward created it, so that it has to ripen.
    pub coinbase: bool,
}

impl OwnCoin {
    /// The output that it is.
    #[must_use]
    pub fn output(&self) -> TxOut {
        TxOut::new(self.amount, self.script.clone())
    }
}

/// What the wallet is worth; every coin is in exactly one of the three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What the next block may spend.
    pub spendable: Amount,
    /// Rewards that have to wait for more blocks.
    pub ripening: Amount,
    /// What pending payments bring, change included.
    pub pending: Amount,
}

/// What one transaction did to the wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The transaction.
    pub txid: Txid,
    /// The height of its block; `None` while it is pending.
    pub height: Option<Height>,
    /// What it pays to the wallet, change included.
    pub received: Amount,
    /// What it spends of the wallet's.
    pub spent: Amount,
    /// Its fee, if all that it spends is the wallet's.
    pub fee: Option<Amount>,
    /// Whether it is a block's reward.
    pub coinbase: bool,
}

/// A payment that is pending, as far as it takes to replace it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The transaction.
    pub tx: Transaction,
    /// What it spends, in the order of its inputs.
    pub spent: Vec<OwnCoin>,
    /// Which of its outputs is change.
    pub change: Option<u32>,
}

/// A block that does not follow the last one, or none to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The block follows another one than the last.
    #[error("block {given} does not follow block {tip}")]
    Gap {
        /// The height of the last block.
        tip: Height,
        /// The height of the one given.
        given: Height,
    },
    /// Nothing before the wallet's first block can be taken back.
    #[error("block {0} was there before the wallet")]
    Before(Height),
    /// See [`DeriveError`].
    #[error(transparent)]
    Derive(#[from] DeriveError),
}

/// A confirmed transaction of the wallet's, and what it spent.
#[derive(Clone, Debug)]
struct Confirmed {
    tx: Transaction,
    spent: Vec<OwnCoin>,
}

/// The coins and payments of one account.
#[derive(Clone, Debug)]
pub struct Book {
    addresses: Addresses,
    maturity: u32,
    /// The last block before the wallet's first one.
    before: Height,
    tip: Height,
    coins: BTreeMap<OutPoint, OwnCoin>,
    blocks: BTreeMap<Height, Vec<Confirmed>>,
    pending: BTreeMap<Txid, Transaction>,
}

impl Book {
    /// The book of an account of which nothing is known after the block at `tip`, on a chain on which coinbases
    /// ripen for `maturity` blocks.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn new(viewer: Viewer, tip: Height, maturity: u32) -> Result<Self, DeriveError> {
        Ok(Self {
            addresses: Addresses::new(viewer)?,
            maturity,
            before: tip,
            tip,
            coins: BTreeMap::new(),
            blocks: BTreeMap::new(),
            pending: BTreeMap::new(),
        })
    }

    /// The account's addresses.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The same, to tell some.
    pub fn addresses_mut(&mut self) -> &mut Addresses {
        &mut self.addresses
    }

    /// The height of the last block that it was told of.
    #[must_use]
    pub fn tip(&self) -> Height {
        self.tip
    }

    /// The next block. Returns the pending transactions that can never be confirmed after it, as it spends what
    /// they spend.
    ///
    /// # Errors
    /// [`BookError::Gap`], [`BookError::Derive`].
    pub fn connect(
        &mut self,
        height: Height,
        transactions: &[Transaction],
    ) -> Result<Vec<Txid>, BookError> {
        if height != self.tip.next() {
            let tip = self.tip;
            return Err(BookError::Gap { tip, given: height });
        }
        let mut confirmed = Vec::new();
        let mut taken = BTreeSet::new();
        for tx in transactions {
            let spent: Vec<OwnCoin> = tx
                .inputs
                .iter()
                .filter_map(|input| self.coins.remove(&input.prevout))
                .collect();
            taken.extend(tx.inputs.iter().map(|input| input.prevout));
            let txid = tx.txid();
            self.pending.remove(&txid);
            let received = self.outputs_of(txid, tx, Some(height))?;
            if spent.is_empty() && received.is_empty() {
                continue;
            }
            let received = received.into_iter().map(|coin| (coin.outpoint, coin));
            self.coins.extend(received);
            let tx = tx.clone();
            confirmed.push(Confirmed { tx, spent });
        }
        if !confirmed.is_empty() {
            self.blocks.insert(height, confirmed);
        }
        self.tip = height;
        Ok(self.drop_spending(taken))
    }

    /// Takes the last block back. Returns the transactions of the wallet that are pending again.
    ///
    /// # Errors
    /// [`BookError::Before`].
    pub fn disconnect(&mut self) -> Result<Vec<Txid>, BookError> {
        if self.tip == self.before {
            return Err(BookError::Before(self.tip));
        }
        let confirmed = self.blocks.remove(&self.tip).unwrap_or_default();
        let mut back = Vec::new();
        let mut gone = BTreeSet::new();
        for Confirmed { tx, spent } in confirmed.into_iter().rev() {
            let txid = tx.txid();
            for at in outpoints(txid, &tx) {
                self.coins.remove(&at);
            }
            let spent = spent.into_iter().map(|coin| (coin.outpoint, coin));
            self.coins.extend(spent);
            if tx.is_coinbase() {
                gone.extend(outpoints(txid, &tx));
            } else {
                self.pending.insert(txid, tx);
                back.push(txid);
            }
        }
        self.tip = self.tip.saturating_sub(1);
        let lost = self.drop_spending(gone);
        back.retain(|txid| !lost.contains(txid));
        back.reverse();
        Ok(back)
    }

    /// A transaction that is not in a block yet. Returns the pending ones that it replaces.
    ///
    /// # Errors
    /// [`DeriveError`].
    pub fn expect(&mut self, tx: &Transaction) -> Result<Vec<Txid>, DeriveError> {
        let txid = tx.txid();
        let is_ours = !self.outputs_of(txid, tx, None)?.is_empty()
            || tx
                .inputs
                .iter()
                .any(|input| self.find(&input.prevout).is_some());
        if !is_ours || self.pending.contains_key(&txid) {
            return Ok(Vec::new());
        }
        let replaced = self.drop_spending(tx.inputs.iter().map(|input| input.prevout).collect());
        self.pending.insert(txid, tx.clone());
        Ok(replaced)
    }

    /// A pending transaction is given up, and with it those that spend what it pays. Returns all of them.
    pub fn forget(&mut self, txid: Txid) -> Vec<Txid> {
        let Some(tx) = self.pending.remove(&txid) else {
            return Vec::new();
        };
        let mut gone = self.drop_spending(outpoints(txid, &tx).collect());
        gone.insert(0, txid);
        gone
    }

    /// What the wallet is worth.
    ///
    /// # Panics
    /// If the chain has more than 21 million coins.
    #[must_use]
    pub fn balance(&self) -> Balance {
        let mut balance = Balance::default();
        let spent = self.spent_by_pending();
        let unspent = |coin: &&OwnCoin| !spent.contains(&coin.outpoint);
        let pending = self.pending_coins();
        for coin in self.coins.values().chain(&pending).filter(unspent) {
            let part = match coin.height {
                None => &mut balance.pending,
                Some(_) if self.is_ripe(coin) => &mut balance.spendable,
                Some(_) => &mut balance.ripening,
            };
            let sum = part.checked_add(coin.amount);
            *part = sum.expect("all coins together are at most 21 million");
        }
        balance
    }

    /// The coins that the next block may spend and no pending payment does.
    #[must_use]
    pub fn spendable(&self) -> Vec<OwnCoin> {
        let spent = self.spent_by_pending();
        let coins = self.coins.values();
        coins
            .filter(|coin| self.is_ripe(coin) && !spent.contains(&coin.outpoint))
            .cloned()
            .collect()
    }

    /// The change of the wallet's own pending payments: to be spent where [`Book::spendable`] is not enough. It
    /// goes if the payment does.
    #[must_use]
    pub fn pending_change(&self) -> Vec<OwnCoin> {
        let spent = self.spent_by_pending();
        let is_own = |coin: &OwnCoin| {
            let tx = self.pending.get(&coin.outpoint.txid);
            let mut inputs = tx.iter().flat_map(|tx| &tx.inputs);
            coin.path.branch == Branch::Change
                && inputs.all(|input| self.find(&input.prevout).is_some())
        };
        let coins = self.pending_coins().into_iter();
        coins
            .filter(|coin| !spent.contains(&coin.outpoint) && is_own(coin))
            .collect()
    }

    /// A pending payment of which all inputs are the wallet's, so that it can be replaced.
    #[must_use]
    pub fn sent(&self, txid: Txid) -> Option<Sent> {
        let tx = self.pending.get(&txid)?;
        let spent: Option<Vec<_>> = tx
            .inputs
            .iter()
            .map(|input| self.find(&input.prevout))
            .collect();
        let is_change = |output: &TxOut| {
            let path = self.addresses.find(&output.script_pubkey);
            path.is_some_and(|path| path.branch == Branch::Change)
        };
        let change = tx.outputs.iter().position(is_change);
        Some(Sent {
            tx: tx.clone(),
            spent: spent?,
            change: change.and_then(|index| u32::try_from(index).ok()),
        })
    }

    /// All payments, those that are pending first, then the latest.
    #[must_use]
    pub fn history(&self) -> Vec<Entry> {
        let pending = self.pending.iter().map(|(txid, tx)| {
            let spent = tx
                .inputs
                .iter()
                .filter_map(|input| self.find(&input.prevout));
            self.entry(*txid, None, tx, &spent.collect::<Vec<_>>())
        });
        let blocks = self.blocks.iter().rev();
        let confirmed = blocks.flat_map(|(height, block)| {
            let entries = block.iter().rev();
            entries.map(|Confirmed { tx, spent }| self.entry(tx.txid(), Some(*height), tx, spent))
        });
        pending.chain(confirmed).collect()
    }

    fn entry(
        &self,
        txid: Txid,
        height: Option<Height>,
        tx: &Transaction,
        spent: &[OwnCoin],
    ) -> Entry {
        let ours = tx.outputs.iter().filter(|output| self.is_ours(output));
        let received = Amount::sum(ours.filter_map(|output| output.amount().ok()));
        let total = Amount::sum(spent.iter().map(|coin| coin.amount)).unwrap_or_default();
        let is_all_ours = !spent.is_empty() && spent.len() == tx.inputs.len();
        let fee = tx
            .output_total()
            .ok()
            .and_then(|paid| total.checked_sub(paid));
        Entry {
            txid,
            height,
            received: received.unwrap_or_default(),
            spent: total,
            fee: fee.filter(|_| is_all_ours),
            coinbase: tx.is_coinbase(),
        }
    }

    fn is_ours(&self, output: &TxOut) -> bool {
        self.addresses.find(&output.script_pubkey).is_some()
    }

    /// Whether the next block may spend it.
    fn is_ripe(&self, coin: &OwnCoin) -> bool {
        coin.height.is_some_and(|height| {
            let ripe = height.0.saturating_add(self.maturity);
            !coin.coinbase || self.tip.next() >= Height(ripe)
        })
    }

    /// The outputs of a transaction that are the wallet's. Their addresses count as paid, so that more are
    /// looked for: then earlier outputs are looked at again.
    fn outputs_of(
        &mut self,
        txid: Txid,
        tx: &Transaction,
        height: Option<Height>,
    ) -> Result<Vec<OwnCoin>, DeriveError> {
        loop {
            let coins = self.own_outputs(txid, tx, height);
            let mut more = false;
            for coin in &coins {
                more |= self.addresses.mark_paid(coin.path)?;
            }
            if !more {
                return Ok(coins);
            }
        }
    }

    fn own_outputs(&self, txid: Txid, tx: &Transaction, height: Option<Height>) -> Vec<OwnCoin> {
        let own = |(vout, output): (u32, &TxOut)| {
            Some(OwnCoin {
                outpoint: OutPoint { txid, vout },
                amount: output.amount().ok()?,
                path: self.addresses.find(&output.script_pubkey)?,
                script: output.script_pubkey.clone(),
                height,
                coinbase: tx.is_coinbase(),
            })
        };
        (0..).zip(&tx.outputs).filter_map(own).collect()
    }

    /// What pending transactions pay the wallet, whoever spends it.
    fn pending_coins(&self) -> Vec<OwnCoin> {
        let pending = self.pending.iter();
        pending
            .flat_map(|(txid, tx)| self.own_outputs(*txid, tx, None))
            .collect()
    }

    fn spent_by_pending(&self) -> BTreeSet<OutPoint> {
        let inputs = self.pending.values().flat_map(|tx| &tx.inputs);
        inputs.map(|input| input.prevout).collect()
    }

    /// A coin of the wallet's that is there, if no pending payment is counted, or that a pending one brings.
    fn find(&self, at: &OutPoint) -> Option<OwnCoin> {
        if let Some(coin) = self.coins.get(at) {
            return Some(coin.clone());
        }
        let tx = self.pending.get(&at.txid)?;
        let mut coins = self.own_outputs(at.txid, tx, None).into_iter();
        coins.find(|coin| coin.outpoint == *at)
    }

    /// Gives up the pending transactions that spend one of these, and those that spend what they pay.
    fn drop_spending(&mut self, mut gone: BTreeSet<OutPoint>) -> Vec<Txid> {
        let mut dropped = Vec::new();
        loop {
            let spends =
                |tx: &Transaction| tx.inputs.iter().any(|input| gone.contains(&input.prevout));
            let next = self.pending.iter().find(|(_, tx)| spends(tx));
            let Some(txid) = next.map(|(txid, _)| *txid) else {
                return dropped;
            };
            if let Some(tx) = self.pending.remove(&txid) {
                gone.extend(outpoints(txid, &tx));
            }
            dropped.push(txid);
        }
    }
}

/// Where the outputs of a transaction are.
fn outpoints(txid: Txid, tx: &Transaction) -> impl Iterator<Item = OutPoint> {
    let outputs = (0..).zip(&tx.outputs);
    outputs.map(move |(vout, _)| OutPoint { txid, vout })
}
