//! What waits follows the best block: blocks that connect take out what they carry and what conflicts with it;
//! of blocks that are undone, transactions come back, parents first, and whatever depended on what is gone is
//! judged again.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;

use chain::mempool::{Arrival, Pending};
use chain::{BlockId, Height, Txid, Wtxid};
use ledger::{Carried, Checked};
use protocol::{Event, Output};

use super::{Next, Submitted, wtxid_of};
use crate::limits;
use crate::node::{Node, Turn};

/// What was valid before is only judged anew by where it stands.
struct AllChecked;

impl Checked for AllChecked {
    fn is_checked(&self, _wtxid: &Wtxid) -> bool {
        true
    }
}

/// What has to be judged again after blocks were undone.
struct Undone {
    /// Their transactions that can wait, in the order in which they stood.
    returning: Vec<(Txid, Arc<[u8]>)>,
    /// What waited, parents first.
    detached: Vec<Arc<Pending>>,
}

impl Node {
    /// The best block changed: what waits follows it.
    pub(crate) fn follow_chain(&mut self, turn: &mut Turn<'_>, before: &BlockId, tip: &BlockId) {
        let Some(route) = self.books.index.tree.route(before, tip) else {
            return;
        };
        self.tables_mut().offers.forget_refused();
        if self.pool.is_empty() && route.disconnect.is_empty() {
            return;
        }
        let Undone {
            returning,
            detached,
        } = self.undo(&route.disconnect);
        let mut arrived = BTreeSet::new();
        for id in &route.connect {
            let (height, carried) = (self.books.index.height(id), self.carried(id));
            for tx in &carried {
                self.pool.note_block(&tx.txid, height);
            }
            let spent = carried.iter().map(|tx| (tx.txid, &tx.spends[..]));
            let gone = self.pool.waiting.connect(spent);
            self.tell_gone(turn, &gone);
            arrived.extend(carried.iter().map(|tx| tx.txid));
        }
        self.settle_submitted(turn);
        let next = self.next_block();
        for (txid, bytes) in returning.iter().filter(|(txid, _)| !arrived.contains(txid)) {
            self.readmit(turn, &next, *txid, bytes, None);
        }
        for tx in detached {
            if !arrived.contains(&tx.admission.txid) {
                self.readmit(turn, &next, tx.admission.txid, &tx.bytes, Some(&tx));
            }
        }
        let gone = self.pool.waiting.expire(turn.now);
        self.tell_gone(turn, &gone);
        for txid in arrived {
            self.take_orphans(turn, txid);
        }
        self.offer_again(turn);
    }

    /// Undoes blocks, the highest first.
    fn undo(&mut self, blocks: &[BlockId]) -> Undone {
        let (mut returning, mut undone) = (Vec::new(), Vec::new());
        for id in blocks.iter().rev() {
            let carried = self.carried(id);
            let body = self.books.index.body(id).unwrap_or_default();
            for tx in carried {
                let bytes = tx.bytes.and_then(|place| body.get(place));
                returning.extend(bytes.map(|bytes| (tx.txid, Arc::from(bytes))));
                undone.push(tx.txid);
            }
        }
        for txid in &undone {
            self.pool.note_block(txid, None);
        }
        // What is frail is judged again only if there is another branch.
        let detached = match undone.is_empty() {
            true => Vec::new(),
            false => self.pool.waiting.detach(undone),
        };
        Undone {
            returning,
            detached,
        }
    }

    /// Takes back a transaction that was in a block which was undone, or that waited.
    fn readmit(
        &mut self,
        turn: &mut Turn<'_>,
        next: &Next,
        txid: Txid,
        bytes: &Arc<[u8]>,
        waited: Option<&Arc<Pending>>,
    ) {
        let since = waited.map_or(turn.now, |tx| tx.since);
        let wtxid = waited.map_or_else(|| wtxid_of(bytes), |tx| tx.wtxid);
        let arrival = Arrival::Returning {
            since,
            chain: limits::RETURNING_CHAIN,
        };
        match self.try_take(turn, next, bytes, wtxid, arrival, &AllChecked) {
            Ok((txid, gone)) => {
                if waited.is_none() {
                    turn.tell(Event::TxReturned { txid });
                    // Others may never have heard of it.
                    self.offer_soon(turn, wtxid);
                }
                self.tell_gone(turn, &gone);
            }
            Err(reason) => self.drop_transaction(turn, txid, reason.name(), None),
        }
    }

    /// The transactions of a block that is here.
    fn carried(&self, id: &BlockId) -> Vec<Carried> {
        let body = self.books.index.body(id).unwrap_or_default();
        self.books.ledger.carried(body)
    }

    /// Answers for submitted transactions whose blocks are deep enough.
    fn settle_submitted(&mut self, turn: &mut Turn<'_>) {
        let settled = self.books.index.tip().1.saturating_sub(limits::SETTLED - 1);
        let is_deep = |at: Option<Height>| at.is_some_and(|at| at <= settled);
        let done = self
            .pool
            .take_submitted(|(_, submitted)| is_deep(submitted.at));
        for Submitted { ask, fee, .. } in done {
            let receipt = Some(self.books.ledger.settled(fee));
            turn.out.push(Output::Answer { ask, receipt });
        }
    }
}
