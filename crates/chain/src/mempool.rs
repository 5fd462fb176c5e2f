//! Transactions that wait for a block.
//!
//! What a transaction means is its ledger's to say: the mempool sees an [`Admission`] and opaque bytes.
//! It keeps who spends what, so that no two that wait spend the same; each transaction's fee together with
//! that of everything it needs, so that miners can take the best first; and each together with everything
//! that needs it, so that the worst gives way when there is too much.
//!
//! Rules and names follow Bitcoin Core's mempool policy as of 2024: a minimum fee rate that rises when something was evicted,
//! at most 25 transactions in a chain, replacement by fee as in BIP125. A persistent value: a clone costs O(1).

mod family;
mod orphans;
mod rate;
mod refusal;
mod replace;
mod template;

use alloc::sync::Arc;
use alloc::vec::Vec;

use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use crate::fee::FeeRate;
use crate::hash::{Txid, Wtxid};
use crate::transaction::OutPoint;
use crate::units::{Amount, Micros, Time};

pub use orphans::{Orphan, Orphans};
pub use rate::Totals;
pub use refusal::Refusal;

use family::gather;
use rate::Score;

/// What a ledger says of a transaction that may come into the next block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Its id, by which others spend from it.
    pub txid: Txid,
    /// Its size in virtual bytes: what counts against the limit of a block.
    pub size: u32,
    /// What it pays whoever puts it into a block.
    pub fee: Amount,
    /// What it uses up: nothing else that does may come into the same chain. A ledger without outputs names
    /// whatever can be used once.
    pub spends: Vec<OutPoint>,
    /// Whether its sender agrees that another one takes its place for a higher fee (BIP125).
    pub replaceable: bool,
    /// Whether it may stop being valid when blocks are undone, though all that it spends is still there:
    /// it has a lock time or spends a young coinbase.
    pub is_frail: bool,
}

/// A transaction that waits.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its bytes, as the ledger reads them.
    pub bytes: Arc<[u8]>,
    /// The hash of its bytes, by which peers offer it to each other.
    pub wtxid: Wtxid,
    /// What its ledger says of it.
    pub admission: Admission,
    /// When it came.
    pub since: Time,
    /// Itself and everything waiting that it needs.
    pub above: Totals,
    /// Itself and everything waiting that needs it.
    pub below: Totals,
}

impl Pending {
    /// Its own part of [`Self::above`] and [`Self::below`].
    fn own(&self) -> Totals {
        Totals {
            count: 1,
            size: self.admission.size.into(),
            fee: self.admission.fee.to_sat(),
        }
    }
}

/// What a mempool holds at most, and asks for at least.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// All transactions together, in virtual bytes.
    pub size: u64,
    /// One transaction, in virtual bytes.
    pub transaction: u32,
    /// The least fee rate that is taken.
    pub rate: FeeRate,
    /// By how much a replacement's rate must exceed the floor of what it replaces, and by how much the floor rises above
    /// what was evicted.
    pub step: FeeRate,
    /// A transaction and what it needs, or what needs it: how many.
    pub chain: u32,
    /// The same in virtual bytes.
    pub chain_size: u64,
    /// Transactions that one replacement may evict.
    pub replaced: usize,
    /// How long a transaction waits at most.
    pub patience: Micros,
    /// How long a floor that rose takes to fall by half.
    pub half_life: Micros,
}

/// Why a transaction waits no longer, besides having come into a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// A replacement pays more.
    Replaced {
        /// Which.
        by: Txid,
    },
    /// A block spends what it spends, or something that it needs is gone for that reason.
    Conflict {
        /// The transaction in the block.
        by: Txid,
    },
    /// Others pay more, and there is no room for all.
    Evicted,
    /// It waited too long.
    Expired,
}

impl Gone {
    /// All names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &["replaced", "conflict", "evicted", "expired"];

    /// Its name, and the transaction that spends the same instead.
    #[must_use]
    pub const fn name(&self) -> (&'static str, Option<Txid>) {
        match self {
            Self::Replaced { by } => (Self::NAMES[0], Some(*by)),
            Self::Conflict { by } => (Self::NAMES[1], Some(*by)),
            Self::Evicted => (Self::NAMES[2], None),
            Self::Expired => (Self::NAMES[3], None),
        }
    }
}

/// A transaction that left, and why.
pub type Departure = (Arc<Pending>, Gone);

/// How a transaction comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// For the first time.
    New,
    /// From a block that was undone, or because something that it needs was. It was taken before, so no fee is asked for,
    /// and chains may be longer, up to this many transactions.
    Returning {
        /// When it came for the first time.
        since: Time,
        /// The longest chain.
        chain: u32,
    },
}

/// The hash of a transaction's bytes as a key of the same kind as what is spent.
const fn named(wtxid: &Wtxid) -> OutPoint {
    OutPoint {
        txid: Txid::from_bytes(*wtxid.as_bytes()),
        vout: u32::MAX,
    }
}

/// The transactions that wait at one node.
#[derive(Clone, Debug)]
pub struct Mempool {
    limits: Limits,
    pending: Map<Txid, Arc<Pending>>,
    /// Which transaction has bytes of this hash ([`named`]), and which spends an output. One kind of map for both, and
    /// one kind of set for all orders below: each kind is code that every visitor downloads.
    by_wtxid: Map<OutPoint, Txid>,
    spenders: Map<OutPoint, Txid>,
    /// By what a miner gains from taking it with all that it needs.
    best: Set<(Score, Txid)>,
    /// By what is lost with it and all that needs it.
    worst: Set<(Score, Txid)>,
    /// By when it came ([`Score::plain`]).
    by_age: Set<(Score, Txid)>,
    size: u64,
    /// The rate of what was evicted last, and when: it halves as time goes by.
    floor: (FeeRate, Time),
}

impl Mempool {
    /// An empty mempool.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            pending: Map::new_sync(),
            by_wtxid: Map::new_sync(),
            spenders: Map::new_sync(),
            best: Set::new_sync(),
            worst: Set::new_sync(),
            by_age: Set::new_sync(),
            size: 0,
            floor: (FeeRate::ZERO, Time::ZERO),
        }
    }

    /// How many transactions wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.size()
    }

    /// Whether none does.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The size of all together in virtual bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The transaction with this id.
    #[must_use]
    pub fn get(&self, txid: &Txid) -> Option<&Arc<Pending>> {
        self.pending.get(txid)
    }

    /// The transaction whose bytes have this hash.
    #[must_use]
    pub fn by_wtxid(&self, wtxid: &Wtxid) -> Option<&Arc<Pending>> {
        self.pending.get(self.by_wtxid.get(&named(wtxid))?)
    }

    /// The transaction that spends this.
    #[must_use]
    pub fn spender(&self, of: &OutPoint) -> Option<&Arc<Pending>> {
        self.pending.get(self.spenders.get(of)?)
    }

    /// All of them, those with the best fee rate first, each counted together with what it needs.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Pending>> {
        self.best.iter().rev().map(|(_, txid)| self.known(txid))
    }

    /// All of them, each behind all that it needs.
    #[must_use]
    pub fn in_order(&self) -> Vec<Arc<Pending>> {
        let order = self.parents_first(self.pending.keys().copied());
        order
            .iter()
            .map(|(_, txid)| self.known(txid).clone())
            .collect()
    }

    /// The least fee rate that is taken now.
    #[must_use]
    pub fn min_rate(&self, now: Time) -> FeeRate {
        let (floor, since) = self.floor;
        let halvings = now.saturating_since(since).0 / self.limits.half_life.0.max(1);
        let shift = u32::try_from(halvings).unwrap_or(u32::MAX);
        floor.halved(shift).max(self.limits.rate)
    }

    /// Takes in a transaction that its ledger admits on top of the chain and of what waits. Returns what had to leave for it.
    ///
    /// # Errors
    /// Why it is not taken; then nothing has changed.
    pub fn insert(
        &mut self,
        now: Time,
        bytes: Arc<[u8]>,
        wtxid: Wtxid,
        admission: Admission,
        arrival: Arrival,
    ) -> Result<Vec<Departure>, Refusal> {
        let txid = admission.txid;
        if self.pending.contains_key(&txid) {
            return Err(Refusal::AlreadyKnown { txid });
        }
        self.check_alone(now, &admission, arrival)?;
        let rivals = self.check_replacement(&admission)?;
        let since = match arrival {
            Arrival::New => now,
            Arrival::Returning { since, .. } => since,
        };
        if rivals.is_empty() && self.size + u64::from(admission.size) <= self.limits.size {
            let ancestors = self.check_chain(&admission, arrival)?;
            self.link(since, bytes, wtxid, admission, &ancestors);
            return Ok(Vec::new());
        }
        // Others have to leave before it is sure that it stays.
        let mut next = self.clone();
        let mut gone = next.lose(rivals, Gone::Replaced { by: txid });
        let ancestors = next.check_chain(&admission, arrival)?;
        next.link(since, bytes, wtxid, admission, &ancestors);
        gone.extend(next.trim(now));
        if !next.pending.contains_key(&txid) {
            let rate = next.min_rate(now);
            return Err(Refusal::Full { rate });
        }
        *self = next;
        Ok(gone)
    }

    /// Size and fee.
    fn check_alone(&self, now: Time, tx: &Admission, arrival: Arrival) -> Result<(), Refusal> {
        let (size, limit) = (tx.size, self.limits.transaction);
        if size > limit {
            return Err(Refusal::TxSize { size, limit });
        }
        let least = self.min_rate(now).fee(size.into());
        if arrival == Arrival::New && tx.fee < least {
            let fee = tx.fee;
            return Err(if least == self.limits.rate.fee(size.into()) {
                Refusal::BelowRelayFee { fee, least }
            } else {
                Refusal::BelowPoolFee { fee, least }
            });
        }
        Ok(())
    }

    /// Removes what pays least until the limit is kept.
    fn trim(&mut self, now: Time) -> Vec<Departure> {
        let mut gone = Vec::new();
        while self.size > self.limits.size {
            let Some((score, txid)) = self.worst.first().copied() else {
                break;
            };
            let rate = score.rate().saturating_add(self.limits.step);
            self.floor = (rate.max(self.min_rate(now)), now);
            gone.extend(self.lose([txid], Gone::Evicted));
        }
        gone
    }

    /// Removes transactions, as far as they are here, and all that need them.
    fn lose(&mut self, txids: impl IntoIterator<Item = Txid>, why: Gone) -> Vec<Departure> {
        let fallen = txids.into_iter();
        let fallen = fallen.flat_map(|txid| self.remove_with_descendants(&txid));
        fallen.map(|tx| (tx, why)).collect()
    }

    /// A block connects: its transactions leave, and so does what spends the same as they. Returns what had
    /// to leave without having come into the block.
    pub fn connect<'a>(
        &mut self,
        block: impl IntoIterator<Item = (Txid, &'a [OutPoint])>,
    ) -> Vec<Departure> {
        let mut gone = Vec::new();
        for (txid, spends) in block {
            if self.pending.contains_key(&txid) {
                self.unlink(&txid);
                continue;
            }
            let rivals = self.rivals(spends);
            gone.extend(self.lose(rivals, Gone::Conflict { by: txid }));
        }
        gone
    }

    /// Blocks are undone: takes out, parents first, all that spends from their transactions, what is frail, and all that
    /// needs any of it, to be judged again.
    pub fn detach(&mut self, undone: impl IntoIterator<Item = Txid>) -> Vec<Arc<Pending>> {
        let children = undone.into_iter().flat_map(|txid| self.children(&txid));
        let frail = self.pending.values().filter(|tx| tx.admission.is_frail);
        let roots = gather(children.chain(frail.map(|tx| tx.admission.txid)));
        let mut all = roots.clone();
        all.extend(roots.iter().flat_map(|txid| self.descendants(txid)));
        self.remove_all(all)
    }

    /// Removes what has waited too long, and what needs it.
    pub fn expire(&mut self, now: Time) -> Vec<Departure> {
        let mut gone = Vec::new();
        while let Some((_, txid)) = self.by_age.first().copied() {
            if now.saturating_since(self.known(&txid).since) < self.limits.patience {
                break;
            }
            gone.extend(self.lose([txid], Gone::Expired));
        }
        gone
    }

    /// A transaction of which one of our own indexes speaks.
    fn known(&self, txid: &Txid) -> &Arc<Pending> {
        self.pending
            .get(txid)
            .expect("the indexes name what is here")
    }
}
