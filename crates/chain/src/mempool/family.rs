//! Which of the waiting transactions need which, and the sums that are kept over them.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use rpds::RedBlackTreeSetSync as Set;

use super::{Admission, Arrival, Mempool, Pending, Refusal, Score, Totals, named};
use crate::hash::{Txid, Wtxid};
use crate::transaction::OutPoint;
use crate::units::Time;

/// A set of them: inserted one by one, since collecting sorts first, which is a lot of code for few.
pub(super) fn gather(txids: impl IntoIterator<Item = Txid>) -> BTreeSet<Txid> {
    let mut set = BTreeSet::new();
    set.extend(txids);
    set
}

impl Mempool {
    /// These in an order in which each stands behind all that it needs: whoever needs another one needs all
    /// that that one needs, and so more.
    pub(super) fn parents_first(
        &self,
        txids: impl IntoIterator<Item = Txid>,
    ) -> Set<(Score, Txid)> {
        let mut order = Set::new_sync();
        for txid in txids {
            let count = self.known(&txid).above.count;
            order.insert_mut((Score::plain(count.into()), txid));
        }
        order
    }

    /// The waiting transactions that one which spends this needs directly.
    pub(super) fn parents(&self, spends: &[OutPoint]) -> BTreeSet<Txid> {
        let txids = spends.iter().map(|spend| spend.txid);
        gather(txids.filter(|txid| self.pending.contains_key(txid)))
    }

    /// The waiting transactions that spend any of this.
    pub(super) fn rivals(&self, spends: &[OutPoint]) -> BTreeSet<Txid> {
        let spenders = spends.iter().filter_map(|spend| self.spenders.get(spend));
        gather(spenders.copied())
    }

    /// The waiting transactions that spend from one.
    pub(super) fn children(&self, txid: &Txid) -> BTreeSet<Txid> {
        let at = |vout| OutPoint { txid: *txid, vout };
        let outputs = at(0)..=at(u32::MAX);
        let spenders = self.spenders.range::<OutPoint, _>(outputs);
        gather(spenders.map(|(_, spender)| *spender))
    }

    /// All that one which spends this needs; `None` if they are more than `limit`.
    fn ancestors(&self, spends: &[OutPoint], limit: usize) -> Option<BTreeSet<Txid>> {
        let mut found = BTreeSet::new();
        let mut next: Vec<Txid> = self.parents(spends).into_iter().collect();
        while let Some(txid) = next.pop() {
            if found.insert(txid) {
                if found.len() > limit {
                    return None;
                }
                next.extend(self.parents(&self.known(&txid).admission.spends));
            }
        }
        Some(found)
    }

    /// All that a waiting transaction needs.
    pub(super) fn ancestors_of(&self, txid: &Txid) -> BTreeSet<Txid> {
        let spends = &self.known(txid).admission.spends;
        self.ancestors(spends, usize::MAX).unwrap_or_default()
    }

    /// All that need a waiting transaction.
    pub(super) fn descendants(&self, txid: &Txid) -> BTreeSet<Txid> {
        let mut found = BTreeSet::new();
        let mut next = vec![*txid];
        while let Some(txid) = next.pop() {
            let children = self.children(&txid);
            next.extend(children.into_iter().filter(|child| found.insert(*child)));
        }
        found
    }

    /// What a transaction needs, if that is not too much, and if it would not be too much for those.
    pub(super) fn check_chain(
        &self,
        tx: &Admission,
        arrival: Arrival,
    ) -> Result<BTreeSet<Txid>, Refusal> {
        let (limit, size_limit) = match arrival {
            Arrival::New => (self.limits.chain, self.limits.chain_size),
            Arrival::Returning { chain, .. } => (chain, u64::MAX),
        };
        let too_long = Refusal::TooLongChain { limit };
        let others = limit.saturating_sub(1) as usize;
        let ancestors = self.ancestors(&tx.spends, others).ok_or(too_long)?;
        let size = u64::from(tx.size);
        let sizes = ancestors
            .iter()
            .map(|txid| u64::from(self.known(txid).admission.size));
        let is_long = sizes.sum::<u64>() + size > size_limit;
        let is_crowded = ancestors.iter().any(|txid| {
            let below = self.known(txid).below;
            below.count >= limit || below.size + size > size_limit
        });
        if is_long || is_crowded {
            return Err(too_long);
        }
        Ok(ancestors)
    }

    /// Adds a transaction, nothing of which waits yet that needs it.
    pub(super) fn link(
        &mut self,
        since: Time,
        bytes: Arc<[u8]>,
        wtxid: Wtxid,
        admission: Admission,
        ancestors: &BTreeSet<Txid>,
    ) {
        let txid = admission.txid;
        let mut tx = Pending {
            bytes,
            wtxid,
            admission,
            since,
            above: Totals::default(),
            below: Totals::default(),
        };
        let own = tx.own();
        (tx.above, tx.below) = (own, own);
        for ancestor in ancestors {
            tx.above.add(self.known(ancestor).own());
            self.change(ancestor, |tx| tx.below.add(own));
        }
        self.size += own.size;
        self.by_wtxid.insert_mut(named(&wtxid), txid);
        self.by_age.insert_mut((Score::plain(since.0), txid));
        for spend in &tx.admission.spends {
            self.spenders.insert_mut(*spend, txid);
        }
        self.put(tx.into());
    }

    /// Removes one transaction; what needs it stays.
    pub(super) fn unlink(&mut self, txid: &Txid) -> Arc<Pending> {
        let tx = self.known(txid).clone();
        let own = tx.own();
        for ancestor in self.ancestors_of(txid) {
            self.change(&ancestor, |tx| tx.below.remove(own));
        }
        for descendant in self.descendants(txid) {
            self.change(&descendant, |tx| tx.above.remove(own));
        }
        self.take(&tx);
        self.pending.remove_mut(txid);
        self.by_wtxid.remove_mut(&named(&tx.wtxid));
        self.by_age.remove_mut(&(Score::plain(tx.since.0), *txid));
        for spend in &tx.admission.spends {
            self.spenders.remove_mut(spend);
        }
        self.size -= own.size;
        tx
    }

    /// Removes a transaction, if it is here, and all that need it; returns them, parents first.
    pub(super) fn remove_with_descendants(&mut self, txid: &Txid) -> Vec<Arc<Pending>> {
        if !self.pending.contains_key(txid) {
            return Vec::new();
        }
        let mut all = self.descendants(txid);
        all.insert(*txid);
        self.remove_all(all)
    }

    /// Removes transactions, among them all that need any of them; returns them, parents first.
    pub(super) fn remove_all(&mut self, all: BTreeSet<Txid>) -> Vec<Arc<Pending>> {
        let order = self.parents_first(all);
        let children_first = order.iter().rev();
        let mut gone: Vec<_> = children_first.map(|(_, txid)| self.unlink(txid)).collect();
        gone.reverse();
        gone
    }

    /// Changes a transaction's sums, and its place in the orders by them.
    fn change(&mut self, txid: &Txid, change: impl FnOnce(&mut Pending)) {
        let tx = self.known(txid).clone();
        self.take(&tx);
        let mut tx = Arc::unwrap_or_clone(tx);
        change(&mut tx);
        self.put(tx.into());
    }

    fn put(&mut self, tx: Arc<Pending>) {
        let txid = tx.admission.txid;
        self.best.insert_mut((tx.above.score(), txid));
        self.worst.insert_mut((tx.below.score(), txid));
        self.pending.insert_mut(txid, tx);
    }

    fn take(&mut self, tx: &Pending) {
        let txid = tx.admission.txid;
        self.best.remove_mut(&(tx.above.score(), txid));
        self.worst.remove_mut(&(tx.below.score(), txid));
    }
}
