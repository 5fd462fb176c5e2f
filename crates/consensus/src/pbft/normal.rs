//! The normal case (paper section 4.2): a request gets a slot, and three phases settle it.

use alloc::sync::Arc;

use chain::{Micros, PeerId, Seat};
use protocol::planted::is_planted;
use protocol::{Cx, Executed, pack};

use super::message::{Batch, Decided, Digest, Kind, Message, Prepared, Request, Slot, View, Vote};
use super::saved::{Accepted, Shelf, batch_name};
use super::seals::{Reply, Seal};
use super::state::{Phase, Place, Replica, signatures, votes_for};
use super::twists::Evil;
use crate::asks::{MAX_BYTES, MAX_TX};

/// How many slots a primary has under way at a time: requests that come meanwhile share the next batch.
const UNDER_WAY: u64 = 8;
/// The most requests that any batch has.
pub(super) const MAX_REQUESTS: u64 = 1024;
/// How far ahead of a backup's clock a batch may be dated (paper section 4.6): a liar could otherwise
/// stop the time of the chain.
const AHEAD: Micros = Micros::from_secs(10);

impl Replica {
    /// A request comes from its client, or from a replica that passes it on.
    pub fn on_request(&mut self, cx: &mut Cx<'_>, from: PeerId, request: Request) {
        let (client, number) = (request.wish.client, request.wish.number);
        if number <= served(cx, client) {
            if from == client {
                self.clients.meet(&self.setup.ring, &request);
                self.repeat(cx, client, number);
            }
            return;
        }
        let is_known = self.pool.is_old(&request);
        if is_known || request.wish.tx.len() > MAX_TX || !self.is_genuine(&request) {
            return;
        }
        self.pool.take(&request);
        self.watch(cx);
        if self.leads() {
            self.propose(cx);
        } else if self.is_active() {
            let primary = self.setup.group().primary(self.view);
            self.send(cx, primary, &Message::Request(request));
        }
    }

    /// Whether a request is its client's own, as far as this replica can tell.
    fn is_genuine(&mut self, request: &Request) -> bool {
        let (me, ring) = (self.setup.me, &self.setup.ring);
        self.clients.is_genuine(ring, me, request)
    }

    /// Repeats the reply to a client's last request.
    fn repeat(&mut self, cx: &mut Cx<'_>, client: PeerId, number: u64) {
        let last = cx.chain.served(client);
        if let Some((_, receipt)) = last.filter(|(last, _)| *last == number) {
            let (view, receipt) = (self.view, self.told(receipt));
            let tag = self.clients.tag(
                client,
                &Reply {
                    view,
                    number,
                    receipt: &receipt,
                },
            );
            let reply = Message::Reply {
                view,
                number,
                receipt,
                tag,
            };
            self.flush(cx);
            cx.send(client, &pack(&reply));
        }
    }

    /// A primary gives slots to requests that wait.
    pub fn propose(&mut self, cx: &mut Cx<'_>) {
        while self.leads() {
            self.last = self.last.max(self.low());
            let slot = self.last.next();
            let is_free = slot <= self.executed.plus(UNDER_WAY) && self.is_in_window(slot);
            if !is_free {
                return;
            }
            let requests = self.pool.batch(self.setup.batch);
            if requests.is_empty() {
                return;
            }
            let batch = Arc::new(Batch {
                time: cx.now,
                proposer: self.setup.me,
                requests,
            });
            let vote = Vote {
                view: self.view,
                slot,
                digest: batch.digest(),
            };
            let seal = self.setup.seal(Kind::PrePrepare, vote);
            let signature = seal.signature();
            self.accept(Accepted { vote, signature });
            self.hold(cx, slot, vote.digest, batch.clone());
            if self.is_evil(Evil::Equivocate) {
                self.propose_two(cx, vote, &batch);
            } else {
                self.broadcast(cx, &pre_prepare(vote, batch, seal));
            }
            self.advance(cx, slot);
        }
    }

    /// The primary has put a batch into a slot.
    pub fn on_pre_prepare(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        (view, slot): (View, Slot),
        batch: Arc<Batch>,
        seal: &Seal,
    ) {
        let is_due = self.is_active()
            && view == self.view
            && from == self.setup.group().primary(view)
            && self.is_in_window(slot)
            && self.place(slot).accepted_in(view).is_none();
        if !is_due || !is_acceptable(cx, from, &batch) {
            return;
        }
        let digest = batch.digest();
        let vote = Vote { view, slot, digest };
        if self.contradicts(vote) || !self.setup.has_sealed(from, Kind::PrePrepare, vote, seal) {
            return;
        }
        let signature = seal.signature();
        let accepted = Accepted { vote, signature };
        let mut requests = batch.requests.iter();
        if requests.all(|request| self.pool.has(request) || self.is_genuine(request)) {
            self.back(cx, accepted, batch);
        } else if self.setup.group().has_macs() {
            self.place(slot).offered = Some((accepted, batch));
            self.consider(cx, slot);
        }
    }

    /// Accepts a primary's pre-prepare and says so.
    fn back(&mut self, cx: &mut Cx<'_>, accepted: Accepted, batch: Arc<Batch>) {
        let vote = accepted.vote;
        self.accept(accepted);
        self.hold(cx, vote.slot, vote.digest, batch);
        self.prepare(cx, vote);
        self.watch(cx);
    }

    /// A client that lies makes a MAC that is good for some members only. A batch that f of them have
    /// accepted besides the primary is accepted nevertheless: one of these is correct, and knows its
    /// requests as genuine (Castro's dissertation, chapter 3).
    fn consider(&mut self, cx: &mut Cx<'_>, slot: Slot) {
        let faults = self.setup.group().faults();
        let Place {
            offered, prepares, ..
        } = self.place(slot);
        let is_backed = |(accepted, _): &mut (Accepted, Arc<Batch>)| {
            votes_for(prepares, accepted.vote.digest).count() >= faults
        };
        if let Some((accepted, batch)) = offered.take_if(is_backed) {
            self.back(cx, accepted, batch);
        }
    }

    /// Whether something else was decided there: then too many members are faulty.
    pub fn contradicts(&self, vote: Vote) -> bool {
        let decided = self.decided.get(&vote.slot);
        decided.is_some_and(|decided| decided.batch.digest() != vote.digest)
    }

    /// Accepts a pre-prepare, which binds in its view. A batch that nothing refers to any more is forgotten.
    pub fn accept(&mut self, accepted: Accepted) {
        let slot = accepted.vote.slot;
        self.last = self.last.max(slot);
        self.remember(slot, accepted.vote);
        let place = self.place(slot);
        (place.accepted, place.offered) = (Some(accepted), None);
        if !is_planted("pbft/accepted-not-saved") {
            self.keep(Shelf::Accepted.name(slot), &accepted);
        }
        self.drop_stale_batches(slot);
    }

    /// Keeps a batch that was proposed for a slot. Its requests wait for their execution.
    pub fn hold(&mut self, cx: &Cx<'_>, slot: Slot, digest: Digest, batch: Arc<Batch>) {
        for request in &batch.requests {
            if request.wish.number > served(cx, request.wish.client) {
                self.pool.take(request);
                self.pool.assign(request);
            }
        }
        if !self.place(slot).batches.contains_key(&digest) {
            self.keep(batch_name(slot, digest), &*batch);
            self.place(slot).batches.insert_mut(digest, batch);
        }
    }

    /// Says that it has accepted a pre-prepare whose batch it holds. The primary's pre-prepare says so
    /// for itself.
    pub fn prepare(&mut self, cx: &mut Cx<'_>, vote: Vote) {
        if self.setup.group().primary(vote.view) != self.setup.me {
            let seal = self.setup.seal(Kind::Prepare, vote);
            let own = (vote.digest, seal.clone());
            let me = self.setup.me;
            self.place(vote.slot).prepares.insert_mut(me, own);
            self.broadcast(cx, &Message::Prepare(vote, seal));
        }
        self.advance(cx, vote.slot);
    }

    /// A member votes in one of the two later phases. Its first vote in a view and slot counts.
    pub fn on_vote(&mut self, cx: &mut Cx<'_>, from: Seat, kind: Kind, vote: Vote, seal: Seal) {
        let (view, slot) = (self.view, vote.slot);
        let is_primary = self.setup.group().primary(view) == from;
        if !self.is_active() || vote.view != view || !self.is_in_window(slot) {
            return;
        }
        self.agree(cx, from, vote);
        let is_decided = self.decided.contains_key(&slot);
        let place = self.place(slot);
        let (is_settled, votes) = match kind {
            Kind::Prepare => (
                is_primary || place.prepared_in(view).is_some(),
                &place.prepares,
            ),
            _ => (is_decided, &place.commits),
        };
        let accepted = place.accepted_in(view);
        let is_other = accepted.is_some_and(|accepted| accepted != vote);
        if is_settled || is_other || votes.contains_key(&from) {
            return;
        }
        if !self.setup.has_sealed(from, kind, vote, &seal) {
            return;
        }
        let place = self.place(slot);
        let votes = match kind {
            Kind::Prepare => &mut place.prepares,
            _ => &mut place.commits,
        };
        votes.insert_mut(from, (vote.digest, seal));
        self.consider(cx, slot);
        self.advance(cx, slot);
    }

    /// Takes a slot as far as the votes allow.
    pub fn advance(&mut self, cx: &mut Cx<'_>, slot: Slot) {
        if let Some(prepared) = self.newly_prepared(slot) {
            self.commit(cx, prepared);
        }
        if let Some(decided) = self.newly_decided(slot) {
            self.attempts = 0; // this view works
            self.decide(cx, decided.into());
        }
    }

    fn newly_prepared(&self, slot: Slot) -> Option<Prepared> {
        let place = self.log.get(&slot)?;
        let Accepted { vote, signature } = place.accepted?;
        let is_ready = vote.view == self.view
            && place.prepared_in(self.view).is_none()
            && place.batches.contains_key(&vote.digest);
        let count = is_ready.then(|| votes_for(&place.prepares, vote.digest).count())?;
        (count + 1 >= self.setup.group().quorum()).then(|| Prepared {
            vote,
            pre_prepare: signature,
            prepares: signatures(&place.prepares, vote.digest),
        })
    }

    fn newly_decided(&self, slot: Slot) -> Option<Decided> {
        let place = self.log.get(&slot)?;
        let Vote { view, digest, .. } = place.accepted_in(self.view)?;
        if place.prepared_in(view).is_none() || self.decided.contains_key(&slot) {
            return None;
        }
        let count = votes_for(&place.commits, digest).count();
        let batch = place.batches.get(&digest)?;
        (count >= self.setup.group().quorum()).then(|| Decided {
            view,
            slot,
            commits: signatures(&place.commits, digest),
            batch: batch.clone(),
        })
    }

    /// Says that it has a prepared certificate, which it does not forget in later views.
    fn commit(&mut self, cx: &mut Cx<'_>, prepared: Prepared) {
        let (me, vote) = (self.setup.me, prepared.vote);
        if !is_planted("pbft/prepared-not-saved") {
            self.keep(Shelf::Prepared.name(vote.slot), &prepared);
        }
        let seal = self.setup.seal(Kind::Commit, vote);
        let place = self.place(vote.slot);
        place.prepared = Some(prepared);
        place.commits.insert_mut(me, (vote.digest, seal.clone()));
        self.broadcast(cx, &Message::Commit(vote, seal));
    }

    /// A slot is decided, whatever the order. Its proof is kept, for others to be shown.
    pub fn decide(&mut self, cx: &mut Cx<'_>, decided: Arc<Decided>) {
        let slot = decided.slot;
        for request in &decided.batch.requests {
            self.clients.meet(&self.setup.ring, request);
        }
        self.told.remove_mut(&slot);
        self.keep(Shelf::Decided.name(slot), &*decided);
        self.flush(cx);
        cx.decide(slot.0, Arc::new(decided.batch.proposal()));
        self.decided.insert_mut(slot, decided);
    }

    /// A slot was executed: its clients get their replies, from every replica.
    pub fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        let slot = Slot(done.slot);
        self.executed = self.executed.max(slot);
        for receipt in done.receipts {
            self.pool.executed(receipt);
            if slot > self.replayed {
                self.repeat(cx, receipt.client, receipt.number);
            }
        }
        if slot.0.is_multiple_of(self.setup.interval) {
            self.take_snapshot(cx, slot);
        }
        self.watch(cx);
        self.propose(cx);
    }

    /// The phase's message of this replica for a slot of this view, for somebody who has missed it.
    pub fn own_votes(&self, slot: Slot) -> impl Iterator<Item = (Kind, Message)> {
        let (me, view) = (self.setup.me, self.view);
        let active = matches!(self.phase, Phase::Active(_));
        let place = self.log.get(&slot).filter(|_| active);
        let accepted = place.and_then(|place| place.accepted);
        let accepted = accepted.filter(|accepted| accepted.vote.view == view);
        let message = move |kind| {
            let (place, accepted) = (place?, accepted?);
            let vote = accepted.vote;
            let batch = place.batches.get(&vote.digest);
            Some((
                kind,
                match kind {
                    Kind::PrePrepare if self.leads() => {
                        let sealed = accepted.signature.map(Seal::Signature);
                        let seal = sealed.unwrap_or_else(|| self.setup.seal(kind, vote));
                        pre_prepare(vote, batch?.clone(), seal)
                    }
                    Kind::Prepare => Message::Prepare(vote, place.prepares.get(&me)?.1.clone()),
                    Kind::Commit => Message::Commit(vote, place.commits.get(&me)?.1.clone()),
                    _ => return None,
                },
            ))
        };
        [Kind::PrePrepare, Kind::Prepare, Kind::Commit]
            .into_iter()
            .filter_map(message)
    }
}

/// The number of a client's last request that was executed here; 0 if none is known.
fn served(cx: &Cx<'_>, client: PeerId) -> u64 {
    cx.chain.served(client).map_or(0, |(number, _)| number)
}

/// A primary's message.
pub(super) fn pre_prepare(vote: Vote, batch: Arc<Batch>, seal: Seal) -> Message {
    Message::PrePrepare {
        view: vote.view,
        slot: vote.slot,
        batch,
        seal,
    }
}

/// Whether a primary may propose a batch: its own, not too many requests and no null request, none of
/// which is judged.
fn is_acceptable(cx: &Cx<'_>, from: Seat, batch: &Batch) -> bool {
    let requests = &batch.requests;
    let bytes: usize = requests.iter().map(|request| request.wish.tx.len()).sum();
    batch.proposer == from
        && batch.time <= cx.now.saturating_add(AHEAD)
        && !requests.is_empty()
        && requests.len() as u64 <= MAX_REQUESTS
        && (bytes <= MAX_BYTES || requests.len() == 1 && bytes <= MAX_TX)
}
