//! Reads are linearizable (Herlihy and Wing, 1990): each finds what was there at one moment between its
//! question and its answer. So it never misses a write that was answered before it was asked for, nor
//! one that an earlier read has found.
//!
//! The order of writes is that in which slots are executed. Among the moments at which a read may have
//! happened, the earliest is as good as any: it asks the least of later ones. A client's asks are carried
//! out one after the other, so each begins when the one before it is answered, if not later.

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::PeerId;
use ledger::{ReadTouched, Touch, Touched};
use protocol::{Body, Claim, Death, Input, Kin, Output, Proposal, Receipt, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::trim;

/// So many of the last versions of each key are remembered.
const REMEMBERED: usize = 1_000;

/// A place in the history: a slot, and a request in it, counted from 1. What was before all is (0, 0).
type Moment = (u64, u32);

/// What a key's version was, since when.
type Versions = Map<Moment, Option<u64>>;

/// The claim.
#[derive(Clone)]
pub struct LinearizableReads {
    /// What a receipt says that its transaction read and wrote.
    touched: ReadTouched,
    /// The version of each key since some moment; since the beginning, it has no value.
    versions: Map<Vec<u8>, Versions>,
    /// The last slot that anybody executed.
    executed: u64,
    /// The last request of each client that was executed.
    last: BTreeMap<PeerId, Done>,
    clients: BTreeMap<u32, Client>,
    /// All that has been answered happened up to here.
    answered: Moment,
    /// Whether somebody lies on purpose, of whose slots nothing is known.
    is_twisted: bool,
}

/// A request that was executed.
#[derive(Clone)]
struct Done {
    number: u64,
    at: Moment,
    receipt: Arc<[u8]>,
}

/// Somebody who asks.
#[derive(Clone, Copy, Default)]
struct Client {
    /// How many of its asks are open.
    open: u64,
    /// Before the first of them began, all had happened up to here.
    since: Moment,
}

impl LinearizableReads {
    /// The claim about a ledger whose receipts say what was read and written.
    #[must_use]
    pub fn new(touched: ReadTouched) -> Self {
        Self {
            touched,
            versions: Map::new_sync(),
            executed: 0,
            last: BTreeMap::new(),
            clients: BTreeMap::new(),
            answered: (0, 0),
            is_twisted: false,
        }
    }

    /// A slot is executed for the first time.
    fn executes(&mut self, slot: u64, proposal: &Proposal, receipts: &[Receipt]) {
        let Body::Requests(requests) = &proposal.body else {
            return;
        };
        for (place, (request, Receipt { receipt, .. })) in (1..).zip(requests.iter().zip(receipts))
        {
            let before = self.last.get(&request.client);
            if before.is_some_and(|done| done.number >= request.number) {
                continue; // it was decided again, and nothing was done
            }
            let at = (slot, place);
            let done = Done {
                number: request.number,
                at,
                receipt: receipt.clone(),
            };
            self.last.insert(request.client, done);
            let touched = (self.touched)(receipt);
            for Touch { key, version } in touched.into_iter().flat_map(|it| it.writes) {
                self.wrote(at, key, version);
            }
        }
    }

    fn wrote(&mut self, at: Moment, key: Vec<u8>, version: Option<u64>) {
        let mut versions = self.of(&key);
        versions.insert_mut(at, version);
        trim(&mut versions, REMEMBERED);
        self.versions.insert_mut(key, versions);
    }

    fn of(&self, key: &[u8]) -> Versions {
        self.versions.get(key).cloned().unwrap_or_default()
    }

    /// A client is told what came of its oldest ask.
    fn answers(&mut self, seen: &Seen<'_>, receipt: &Arc<[u8]>) -> Result<(), String> {
        let client = self.clients.entry(seen.seat).or_default();
        let since = client.since;
        client.open = client.open.saturating_sub(1);
        if let Some(Touched { reads, writes }) = (self.touched)(receipt) {
            let happened = if writes.is_empty() {
                self.found(since, &reads).ok_or_else(|| {
                    let seat = seen.seat;
                    format!("node {seat} finds what was not there since {since:?}: {reads:?}")
                })?
            } else {
                let done = self.last.get(&seen.peer);
                done.filter(|done| done.receipt == *receipt)
                    .map(|done| done.at)
            };
            self.answered = self.answered.max(happened.unwrap_or_default());
        }
        self.clients.entry(seen.seat).or_default().since = self.answered;
        Ok(())
    }

    /// The earliest moment from another one on at which all these versions were there: `None` if there is
    /// none, and no moment if that cannot be known any more, or yet.
    fn found(&self, since: Moment, reads: &[Touch]) -> Option<Option<Moment>> {
        let of = |read: &Touch| (self.of(&read.key), read.version);
        let reads: Vec<(Versions, Option<u64>)> = reads.iter().map(of).collect();
        let is_known = |(versions, version): &(Versions, Option<u64>)| {
            let first = versions.first().map(|(first, _)| *first);
            let is_forgotten = versions.size() >= REMEMBERED && first > Some(since);
            let is_seen = version.is_none() || versions.values().any(|known| known == version);
            !is_forgotten && (is_seen || !self.is_twisted)
        };
        if !reads.iter().all(is_known) {
            return Some(None);
        }
        let changes = reads
            .iter()
            .flat_map(|(versions, _)| versions.range(since..));
        let mut moments: Vec<Moment> = changes.map(|(moment, _)| *moment).collect();
        moments.push(since);
        moments.sort_unstable();
        let is_there = |moment: Moment, (versions, version): &(Versions, Option<u64>)| {
            let before = versions.range(..=moment).next_back();
            before.and_then(|(_, version)| *version) == *version
        };
        let mut moments = moments.into_iter();
        moments
            .find(|moment| reads.iter().all(|read| is_there(*moment, read)))
            .map(Some)
    }
}

impl Claim for LinearizableReads {
    fn name(&self) -> &'static str {
        "reads-are-linearizable"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if let Input::Submit { .. } = seen.input {
            let client = self.clients.entry(seen.seat).or_default();
            if client.open == 0 {
                client.since = self.answered;
            }
            client.open += 1;
        }
        for output in seen.out {
            match output {
                Output::Executed {
                    slot,
                    proposal,
                    receipts,
                    ..
                } if *slot > self.executed => {
                    self.executed = *slot;
                    self.executes(*slot, proposal, receipts);
                }
                Output::Answer {
                    receipt: Some(receipt),
                    ..
                } => self.answers(seen, receipt)?,
                Output::Answer { receipt: None, .. } => {
                    let client = self.clients.entry(seen.seat).or_default();
                    client.open = client.open.saturating_sub(1); // refused, and never begun
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn after_twisted(&mut self, seen: &Seen<'_>) {
        self.is_twisted = true;
        self.clients.remove(&seen.seat);
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.clients.remove(&death.seat); // who dies forgets what it was asked
        Ok(())
    }

    fn fork(&self, _kin: &mut Kin) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
