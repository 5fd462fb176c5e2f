//! Transactions that spend what is not known yet: what they need may still come.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::hash::{Txid, Wtxid};
use crate::keys::PeerId;
use crate::units::{Micros, Time};

/// A transaction whose parent is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// The transaction that it spends from and that is not here.
    pub missing: Txid,
    /// Who sent it.
    pub from: PeerId,
    /// When it came.
    pub since: Time,
}

/// The orphans of one node. When there are too many, whoever sent most loses its oldest, so nobody can push out
/// those of others.
#[derive(Clone, Debug)]
pub struct Orphans {
    most: usize,
    most_bytes: usize,
    patience: Micros,
    map: BTreeMap<Wtxid, Orphan>,
    by_missing: BTreeSet<(Txid, Wtxid)>,
    bytes: usize,
}

impl Orphans {
    /// At most so many with so many bytes together, each for so long.
    #[must_use]
    pub const fn new(most: usize, most_bytes: usize, patience: Micros) -> Self {
        Self {
            most,
            most_bytes,
            patience,
            map: BTreeMap::new(),
            by_missing: BTreeSet::new(),
            bytes: 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// Whether it is here.
    #[must_use]
    pub fn contains(&self, wtxid: &Wtxid) -> bool {
        self.map.contains_key(wtxid)
    }

    /// Keeps an orphan, unless it is here already.
    pub fn insert(&mut self, wtxid: Wtxid, orphan: Orphan) {
        let now = orphan.since;
        if self.map.contains_key(&wtxid) {
            return;
        }
        self.bytes += orphan.bytes.len();
        self.by_missing.insert((orphan.missing, wtxid));
        self.map.insert(wtxid, orphan);
        self.expire(now);
        while self.map.len() > self.most || self.bytes > self.most_bytes {
            let Some(loser) = self.loser() else { break };
            self.remove(&loser);
        }
    }

    /// The oldest of whoever sent most bytes.
    fn loser(&self) -> Option<Wtxid> {
        let mut sent: BTreeMap<PeerId, usize> = BTreeMap::new();
        for orphan in self.map.values() {
            *sent.entry(orphan.from).or_default() += orphan.bytes.len();
        }
        let (most, _) = sent.into_iter().max_by_key(|(_, bytes)| *bytes)?;
        let its = self.map.iter().filter(|(_, orphan)| orphan.from == most);
        its.min_by_key(|(wtxid, orphan)| (orphan.since, **wtxid))
            .map(|(wtxid, _)| *wtxid)
    }

    /// Takes out those that waited for this transaction.
    pub fn waiting_for(&mut self, txid: &Txid) -> Vec<Orphan> {
        let last = Wtxid::from_bytes([u8::MAX; 32]);
        let range = (*txid, Wtxid::ZERO)..=(*txid, last);
        let wtxids: Vec<Wtxid> = self.by_missing.range(range).map(|(_, id)| *id).collect();
        wtxids.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// Forgets those that have waited too long.
    pub fn expire(&mut self, now: Time) {
        let old = |orphan: &Orphan| now.saturating_since(orphan.since) >= self.patience;
        let old = self.map.iter().filter(|(_, orphan)| old(orphan));
        let old: Vec<Wtxid> = old.map(|(wtxid, _)| *wtxid).collect();
        for wtxid in old {
            self.remove(&wtxid);
        }
    }

    /// Forgets what a peer sent.
    pub fn drop_peer(&mut self, peer: &PeerId) {
        let its = self.map.iter().filter(|(_, orphan)| orphan.from == *peer);
        let its: Vec<Wtxid> = its.map(|(wtxid, _)| *wtxid).collect();
        for wtxid in its {
            self.remove(&wtxid);
        }
    }

    fn remove(&mut self, wtxid: &Wtxid) -> Option<Orphan> {
        let orphan = self.map.remove(wtxid)?;
        self.by_missing.remove(&(orphan.missing, *wtxid));
        self.bytes -= orphan.bytes.len();
        Some(orphan)
    }
}
