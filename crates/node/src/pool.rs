//! Transactions that wait for a block: how they come in, follow the chain, and leave.
//!
//! What waits is valid on top of the best block. When that changes, the mempool follows it: blocks that
//! connect take out what they carry and what conflicts with it; of blocks that are undone, transactions
//! come back, parents first, and whatever depended on what is gone is judged again.

use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use chain::mempool::{Arrival, Departure, Limits, Mempool, Orphan, Orphans, Pending};
use chain::{Amount, BlockId, ChainParams, Height, PeerId, Reject, Txid, Wtxid, sha256d};
use ledger::{Carried, Checked, Chosen, Inadmissible, NoneChecked, Waiting};
use protocol::{AskId, Event, Output};

use crate::intake::Source;
use crate::limits;
use crate::node::{Node, Turn};
use crate::view::Branch;

/// What waits at a node, and who asked for it here.
#[derive(Clone)]
pub(crate) struct Pool {
    pub waiting: Mempool,
    /// Copied when a fork of the node first changes it.
    pub orphans: Arc<Orphans>,
    /// Transactions that were submitted here and are not settled, until they are or leave.
    submitted: Arc<Vec<(Txid, Submitted)>>,
}

/// A transaction that was submitted here.
#[derive(Clone, Copy)]
struct Submitted {
    ask: AskId,
    fee: Amount,
    /// The block that it came into.
    at: Option<Height>,
}

impl Pool {
    pub fn new(params: &ChainParams) -> Self {
        Self {
            waiting: Mempool::new(pool_limits(params)),
            orphans: Arc::new(Orphans::new(
                limits::ORPHANS,
                limits::ORPHAN_BYTES,
                limits::ORPHAN_PATIENCE,
            )),
            submitted: Arc::default(),
        }
    }

    /// The block that a transaction which was submitted here is in now.
    fn note_block(&mut self, txid: &Txid, at: Option<Height>) {
        if self.submitted.iter().any(|(known, _)| known == txid) {
            for (known, submitted) in Arc::make_mut(&mut self.submitted) {
                if known == txid {
                    submitted.at = at;
                }
            }
        }
    }

    /// Takes out those of the submitted transactions for which an answer is due.
    fn take_submitted(&mut self, is_due: impl Fn(&(Txid, Submitted)) -> bool) -> Vec<Submitted> {
        if !self.submitted.iter().any(&is_due) {
            return Vec::new();
        }
        let submitted = Arc::make_mut(&mut self.submitted);
        let due = submitted.extract_if(.., |one| is_due(one));
        due.map(|(_, submitted)| submitted).collect()
    }

    /// What a block of this chain is drafted with.
    pub fn chosen(&self, params: &ChainParams) -> Vec<Chosen> {
        let room = u64::from(params.max_block_size).saturating_sub(limits::COINBASE_ROOM);
        let template = self.waiting.template(room);
        let choose = |tx: &Arc<Pending>| Chosen {
            bytes: tx.bytes.clone(),
            fee: tx.admission.fee,
        };
        template.iter().map(choose).collect()
    }
}

fn pool_limits(params: &ChainParams) -> Limits {
    let block = u64::from(params.max_block_size);
    Limits {
        size: block * limits::POOL_BLOCKS,
        transaction: u32::try_from(block / 10).unwrap_or(u32::MAX),
        rate: limits::RELAY_RATE,
        step: limits::RELAY_RATE,
        chain: limits::CHAIN,
        chain_size: block / 10,
        replaced: limits::REPLACED,
        patience: chain::Micros::from_secs(
            u64::from(params.spacing_secs) * u64::from(limits::PATIENCE_BLOCKS),
        ),
        half_life: limits::FLOOR_HALF_LIFE,
    }
}

impl Waiting for Pool {
    fn transaction(&self, txid: &Txid) -> Option<&[u8]> {
        self.waiting.get(txid).map(|tx| &tx.bytes[..])
    }
}

/// Whatever waits was checked when it came.
impl Checked for Pool {
    fn is_checked(&self, wtxid: &Wtxid) -> bool {
        self.waiting.by_wtxid(wtxid).is_some()
    }
}

/// What was valid before is only judged anew by where it stands.
struct AllChecked;

impl Checked for AllChecked {
    fn is_checked(&self, _wtxid: &Wtxid) -> bool {
        true
    }
}

/// Why a transaction is not taken.
enum Refused {
    Ledger(Inadmissible),
    Mempool(chain::mempool::Refusal),
}

impl Refused {
    fn name(&self) -> &'static str {
        match self {
            Self::Ledger(reason) => reason.name(),
            Self::Mempool(reason) => reason.name(),
        }
    }
}

impl Node {
    /// Somebody here wants a transaction to come into a block.
    pub(crate) fn submit(&mut self, turn: &mut Turn<'_>, ask: AskId, tx: &Arc<[u8]>) {
        let is_full = self.pool.submitted.len() >= limits::SUBMITTED;
        let result = match is_full {
            true => Err("too-many-submitted"),
            false => self.take_transaction(turn, Source::Own, tx),
        };
        turn.out.push(Output::Admitted { ask, result });
        match result {
            Ok(txid) => {
                let fee = self.fee_of(&txid);
                let submitted = Submitted { ask, fee, at: None };
                Arc::make_mut(&mut self.pool.submitted).push((txid, submitted));
            }
            Err(_) => turn.out.push(Output::Answer { ask, receipt: None }),
        }
    }

    /// Takes in a transaction, and orphans that waited for it. Returns its id if it waits now, or why it does
    /// not.
    pub(crate) fn take_transaction(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        tx: &Arc<[u8]>,
    ) -> Result<Txid, &'static str> {
        let txid = self.take_one(turn, source, tx)?;
        self.take_orphans(turn, txid);
        Ok(txid)
    }

    /// Takes in orphans that waited for a transaction, and so on.
    fn take_orphans(&mut self, turn: &mut Turn<'_>, txid: Txid) {
        let mut next = alloc::vec![txid];
        while let Some(txid) = next.pop() {
            if self.pool.orphans.is_empty() {
                return;
            }
            for orphan in Arc::make_mut(&mut self.pool.orphans).waiting_for(&txid) {
                next.extend(self.take_one(turn, Source::Peer(orphan.from), &orphan.bytes));
            }
        }
    }

    fn take_one(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        tx: &Arc<[u8]>,
    ) -> Result<Txid, &'static str> {
        let wtxid = Wtxid::from_bytes(sha256d(tx));
        if let Some(known) = self.pool.waiting.by_wtxid(&wtxid) {
            return Ok(known.admission.txid);
        }
        match self.try_take(turn, tx, wtxid, Arrival::New, &NoneChecked) {
            Ok((txid, gone)) => {
                self.tell_taken(turn, source, txid);
                self.tell_gone(turn, &gone);
                self.offer_soon(turn, wtxid);
                Ok(txid)
            }
            Err(reason) => {
                self.refuse_transaction(turn, source, tx, wtxid, &reason);
                Err(reason.name())
            }
        }
    }

    fn try_take(
        &mut self,
        turn: &Turn<'_>,
        tx: &Arc<[u8]>,
        wtxid: Wtxid,
        arrival: Arrival,
        checked: &dyn Checked,
    ) -> Result<(Txid, Vec<Departure>), Refused> {
        let index = &self.books.index;
        let tip = index.tree.best();
        let branch = Branch::stored(index, tip).expect("the tree knows its best block");
        let place = branch.next_place(None).expect("its ancestors are all here");
        let state = self.books.state_at(&tip);
        let ledger = &self.books.ledger;
        let admission = ledger
            .admit(&state, place, tx, &self.pool, checked)
            .map_err(Refused::Ledger)?;
        let txid = admission.txid;
        let pool = &mut self.pool.waiting;
        let gone = pool
            .insert(turn.now, tx.clone(), wtxid, admission, arrival)
            .map_err(Refused::Mempool)?;
        Ok((txid, gone))
    }

    fn refuse_transaction(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        tx: &Arc<[u8]>,
        wtxid: Wtxid,
        reason: &Refused,
    ) {
        let from = source.peer();
        match (reason, from) {
            (Refused::Ledger(Inadmissible::Missing { outpoint }), Some(from)) => {
                let orphan = Orphan {
                    bytes: tx.clone(),
                    missing: outpoint.txid,
                    from,
                    since: turn.now,
                };
                Arc::make_mut(&mut self.pool.orphans).insert(wtxid, orphan);
                return self.ask_for_parent(turn, from, outpoint.txid);
            }
            (Refused::Ledger(Inadmissible::Invalid(reject)), Some(_)) if is_offence(reject) => {
                self.blame(turn, source, 50, reject);
            }
            _ => {}
        }
        self.tables_mut().offers.note_refused(wtxid);
    }

    /// The best block changed: what waits follows it.
    pub(crate) fn follow_chain(&mut self, turn: &mut Turn<'_>, before: &BlockId, tip: &BlockId) {
        let Some(route) = self.books.index.tree.route(before, tip) else {
            return;
        };
        self.tables_mut().offers.forget_refused();
        if self.pool.waiting.is_empty()
            && route.disconnect.is_empty()
            && self.pool.orphans.is_empty()
        {
            return self.settle_submitted(turn, &route.connect);
        }
        let (returning, detached) = self.undo(&route.disconnect);
        let mut arrived = BTreeSet::new();
        for id in &route.connect {
            let carried = self.carried(id);
            let spent = carried.iter().map(|tx| (tx.txid, &tx.spends[..]));
            let gone = self.pool.waiting.connect(spent);
            self.tell_gone(turn, &gone);
            arrived.extend(carried.iter().map(|tx| tx.txid));
        }
        self.settle_submitted(turn, &route.connect);
        for tx in returning.iter().filter(|tx| !arrived.contains(&tx.txid)) {
            if let Some(bytes) = &tx.bytes {
                self.readmit(turn, tx.txid, bytes, None);
            }
        }
        for tx in detached {
            if !arrived.contains(&tx.admission.txid) {
                self.readmit(turn, tx.admission.txid, &tx.bytes, Some(&tx));
            }
        }
        let gone = self.pool.waiting.expire(turn.now);
        self.tell_gone(turn, &gone);
        for txid in arrived {
            self.take_orphans(turn, txid);
        }
        self.offer_again(turn);
    }

    /// Undoes blocks, the highest first. Returns their transactions in the order in which they stood,
    /// and what waited and has to be judged again, parents first.
    fn undo(&mut self, blocks: &[BlockId]) -> (Vec<Carried>, Vec<Arc<Pending>>) {
        let lowest_first = blocks.iter().rev();
        let returning: Vec<Carried> = lowest_first.flat_map(|id| self.carried(id)).collect();
        if blocks.is_empty() {
            return (returning, Vec::new());
        }
        for tx in &returning {
            self.pool.note_block(&tx.txid, None);
        }
        let txids = returning.iter().map(|tx| tx.txid);
        let detached = self.pool.waiting.detach(txids);
        (returning, detached)
    }

    /// Takes back a transaction that was in a block which was undone, or that waited.
    fn readmit(
        &mut self,
        turn: &mut Turn<'_>,
        txid: Txid,
        bytes: &Arc<[u8]>,
        waited: Option<&Arc<Pending>>,
    ) {
        let since = waited.map_or(turn.now, |tx| tx.since);
        let wtxid = waited.map_or_else(|| Wtxid::from_bytes(sha256d(bytes)), |tx| tx.wtxid);
        let arrival = Arrival::Returning {
            since,
            chain: limits::RETURNING_CHAIN,
        };
        match self.try_take(turn, bytes, wtxid, arrival, &AllChecked) {
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

    /// Notes which submitted transactions came into these blocks, and answers for those that are deep enough.
    fn settle_submitted(&mut self, turn: &mut Turn<'_>, connected: &[BlockId]) {
        if self.pool.submitted.is_empty() {
            return;
        }
        for id in connected {
            let height = self.books.index.height(id);
            for tx in self.carried(id) {
                self.pool.note_block(&tx.txid, height);
            }
        }
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

    /// What a transaction that waits pays.
    fn fee_of(&self, txid: &Txid) -> Amount {
        let tx = self.pool.waiting.get(txid);
        tx.map(|tx| tx.admission.fee).unwrap_or_default()
    }

    fn tell_taken(&self, turn: &mut Turn<'_>, source: Source, txid: Txid) {
        let (fee, from) = (self.fee_of(&txid), source.peer());
        turn.tell(Event::TxAccepted { txid, fee, from });
    }

    fn tell_gone(&mut self, turn: &mut Turn<'_>, gone: &[Departure]) {
        for (tx, why) in gone {
            let (reason, by) = why.name();
            self.drop_transaction(turn, tx.admission.txid, reason, by);
        }
    }

    /// A transaction waits no longer, and has not come into a block.
    fn drop_transaction(
        &mut self,
        turn: &mut Turn<'_>,
        txid: Txid,
        reason: &str,
        by: Option<Txid>,
    ) {
        let reason = reason.to_string();
        turn.tell(Event::TxDropped { txid, reason, by });
        for Submitted { ask, .. } in self.pool.take_submitted(|(known, _)| *known == txid) {
            turn.out.push(Output::Answer { ask, receipt: None });
        }
    }

    /// Forgets what a peer sent that nobody could judge.
    pub(crate) fn drop_orphans(&mut self, peer: &PeerId) {
        if !self.pool.orphans.is_empty() {
            Arc::make_mut(&mut self.pool.orphans).drop_peer(peer);
        }
    }
}

/// Whether a transaction can never have been valid anywhere, so that no correct node sends it.
fn is_offence(reject: &Reject) -> bool {
    !matches!(
        reject,
        Reject::NonFinal { .. } | Reject::PrematureSpendOfCoinbase { .. } | Reject::Bip30 { .. }
    )
}
