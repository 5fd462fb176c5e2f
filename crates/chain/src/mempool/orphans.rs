//! Transactions that spend what is not known yet: what they need may still come.

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
    /// In the order in which they came: so few that looking through all costs little.
    list: Vec<(Wtxid, Orphan)>,
}

impl Orphans {
    /// At most so many with so many bytes together, each for so long.
    #[must_use]
    pub const fn new(most: usize, most_bytes: usize, patience: Micros) -> Self {
        Self {
            most,
            most_bytes,
            patience,
            list: Vec::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether it is here.
    #[must_use]
    pub fn contains(&self, wtxid: &Wtxid) -> bool {
        self.list.iter().any(|(known, _)| known == wtxid)
    }

    /// Keeps an orphan, unless it is here already.
    pub fn insert(&mut self, wtxid: Wtxid, orphan: Orphan) {
        if self.contains(&wtxid) {
            return;
        }
        self.expire(orphan.since);
        self.list.push((wtxid, orphan));
        while self.list.len() > self.most || self.bytes(|_| true) > self.most_bytes {
            let Some(loser) = self.loser() else { break };
            self.list.remove(loser);
        }
    }

    /// Bytes of some of them together.
    fn bytes(&self, of: impl Fn(&Orphan) -> bool) -> usize {
        let list = self.list.iter().filter(|(_, orphan)| of(orphan));
        list.map(|(_, orphan)| orphan.bytes.len()).sum()
    }

    /// The place of the oldest of whoever sent most bytes.
    fn loser(&self) -> Option<usize> {
        let sent = |from: PeerId| self.bytes(|orphan| orphan.from == from);
        let senders = self.list.iter().map(|(_, orphan)| orphan.from);
        let most = senders.max_by_key(|from| (sent(*from), *from))?;
        self.list.iter().position(|(_, orphan)| orphan.from == most)
    }

    /// Takes out those that waited for this transaction.
    pub fn waiting_for(&mut self, txid: &Txid) -> Vec<Orphan> {
        let found = self
            .list
            .extract_if(.., |(_, orphan)| orphan.missing == *txid);
        found.map(|(_, orphan)| orphan).collect()
    }

    /// Forgets those that have waited too long.
    pub fn expire(&mut self, now: Time) {
        let patience = self.patience;
        self.list
            .retain(|(_, orphan)| now.saturating_since(orphan.since) < patience);
    }

    /// Forgets what a peer sent.
    pub fn drop_peer(&mut self, peer: &PeerId) {
        self.list.retain(|(_, orphan)| orphan.from != *peer);
    }
}
