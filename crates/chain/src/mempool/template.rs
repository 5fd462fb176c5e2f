//! What a miner takes into a block: the best package first, a package being a transaction with all that it
//! needs and that is not taken yet (Bitcoin Core's `addPackageTxs`).

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use rpds::RedBlackTreeSetSync as Set;

use super::{Mempool, Pending, Score, Totals};
use crate::hash::Txid;

/// So many packages in a row that do not fit, and a block that is nearly full is left as it is.
const FAILURES: u32 = 1_000;
/// What is nearly full, in virtual bytes: no transaction is much smaller.
const CRUMBS: u64 = 100;

struct Builder<'a> {
    pool: &'a Mempool,
    left: u64,
    taken: BTreeSet<Txid>,
    failed: BTreeSet<Txid>,
    /// What transactions that need taken ones come to without those.
    rest: BTreeMap<Txid, Totals>,
    by_rest: Set<(Score, Txid)>,
    order: Vec<Arc<Pending>>,
}

impl Mempool {
    /// The transactions for a block with room for so many virtual bytes, in the order in which they have to stand.
    #[must_use]
    pub fn template(&self, room: u64) -> Vec<Arc<Pending>> {
        let mut builder = Builder {
            pool: self,
            left: room,
            taken: BTreeSet::new(),
            failed: BTreeSet::new(),
            rest: BTreeMap::new(),
            by_rest: Set::new_sync(),
            order: Vec::new(),
        };
        builder.fill();
        builder.order
    }
}

impl Builder<'_> {
    fn fill(&mut self) {
        let mut untouched = self.pool.best.iter().rev().peekable();
        let mut failures = 0;
        loop {
            while untouched
                .next_if(|(_, txid)| self.is_touched(txid))
                .is_some()
            {}
            let changed = self.by_rest.last().copied();
            let next = match untouched.peek() {
                Some((score, txid)) if changed.is_none_or(|changed| (*score, *txid) > changed) => {
                    untouched.next();
                    *txid
                }
                _ => match changed {
                    Some((_, txid)) => txid,
                    None => return,
                },
            };
            if self.take(&next) {
                failures = 0;
            } else {
                failures += 1;
                if failures > FAILURES && self.left < CRUMBS {
                    return;
                }
            }
        }
    }

    /// Whether a transaction's place in the mempool's order says nothing any more.
    fn is_touched(&self, txid: &Txid) -> bool {
        self.taken.contains(txid) || self.failed.contains(txid) || self.rest.contains_key(txid)
    }

    /// Takes a transaction and all that it needs, if there is room.
    fn take(&mut self, txid: &Txid) -> bool {
        let above = match self.rest.get(txid) {
            Some(rest) => *rest,
            None => self.pool.known(txid).above,
        };
        if above.size > self.left {
            self.settle(txid);
            self.failed.insert(*txid);
            return false;
        }
        let family = self.pool.ancestors_of(txid).into_iter().chain([*txid]);
        let package = family.filter(|txid| !self.taken.contains(txid));
        let package = self.pool.parents_first(package);
        self.left -= above.size;
        for (_, txid) in &package {
            self.settle(txid);
            self.taken.insert(*txid);
            self.order.push(self.pool.known(txid).clone());
        }
        for (_, txid) in &package {
            self.lighten(txid);
        }
        true
    }

    /// What needs a transaction that is taken now comes to less.
    fn lighten(&mut self, txid: &Txid) {
        let own = self.pool.known(txid).own();
        for other in self.pool.descendants(txid) {
            if self.taken.contains(&other) || self.failed.contains(&other) {
                continue;
            }
            let before = self.settle(&other);
            let mut rest = before.unwrap_or(self.pool.known(&other).above);
            rest.remove(own);
            self.by_rest.insert_mut((rest.score(), other));
            self.rest.insert(other, rest);
        }
    }

    /// Takes a transaction out of those that have changed.
    fn settle(&mut self, txid: &Txid) -> Option<Totals> {
        let rest = self.rest.remove(txid)?;
        self.by_rest.remove_mut(&(rest.score(), *txid));
        Some(rest)
    }
}
