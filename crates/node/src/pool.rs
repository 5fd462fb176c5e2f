//! Transactions that wait for a block: how they come in and leave. What waits is valid on top of the best
//! block; how it follows that is in [`follow`].

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;

use chain::mempool::{Arrival, Departure, Limits, Mempool, Orphan, Orphans, Pending, Refusal};
use chain::{Amount, ChainParams, Height, Micros, PeerId, Reject, Txid, Wtxid, sha256d};
use ledger::{Checked, Chosen, Inadmissible, NoneChecked, Place, State, Waiting};
use protocol::{AskId, Event, Output};

mod follow;

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

    /// Whether there is nothing that would have to follow the chain.
    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.orphans.is_empty() && self.submitted.is_empty()
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
        patience: Micros::from_secs(
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

/// What the next block stands on, for many transactions at once.
struct Next {
    state: State,
    place: Place,
}

/// The hash of a transaction's bytes.
pub(crate) fn wtxid_of(tx: &[u8]) -> Wtxid {
    Wtxid::from_bytes(sha256d(tx))
}

/// Why a transaction is not taken.
enum Refused {
    Ledger(Inadmissible),
    Mempool(Refusal),
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
            false => self.take_transaction(turn, Source::Own, wtxid_of(tx), tx),
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
        wtxid: Wtxid,
        tx: &Arc<[u8]>,
    ) -> Result<Txid, &'static str> {
        let txid = self.take_one(turn, source, wtxid, tx)?;
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
                let (source, wtxid) = (Source::Peer(orphan.from), wtxid_of(&orphan.bytes));
                next.extend(self.take_one(turn, source, wtxid, &orphan.bytes));
            }
        }
    }

    fn take_one(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        wtxid: Wtxid,
        tx: &Arc<[u8]>,
    ) -> Result<Txid, &'static str> {
        if let Some(known) = self.pool.waiting.by_wtxid(&wtxid) {
            return Ok(known.admission.txid);
        }
        let next = self.next_block();
        match self.try_take(turn, &next, tx, wtxid, Arrival::New, &NoneChecked) {
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

    /// What the next block stands on.
    fn next_block(&self) -> Next {
        let index = &self.books.index;
        let tip = index.tree.best();
        let branch = Branch::stored(index, tip).expect("the tree knows its best block");
        Next {
            state: self.books.state_at(&tip),
            place: branch.next_place(None).expect("its ancestors are all here"),
        }
    }

    fn try_take(
        &mut self,
        turn: &Turn<'_>,
        next: &Next,
        tx: &Arc<[u8]>,
        wtxid: Wtxid,
        arrival: Arrival,
        checked: &dyn Checked,
    ) -> Result<(Txid, Vec<Departure>), Refused> {
        let ledger = &self.books.ledger;
        let admission = ledger
            .admit(&next.state, next.place, tx, &self.pool, checked)
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
