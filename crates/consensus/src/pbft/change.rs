//! View changes (paper section 4.4): a primary that does not serve is replaced, and whatever may have
//! been decided stays as it is.

use alloc::{sync::Arc, vec, vec::Vec};

use chain::{Micros, Seat, Signature};
use protocol::planted::is_planted;
use protocol::{Cx, Event};
use rpds::RedBlackTreeMapSync as Map;

use super::message::{Batch, Digest, Kind, Message, NewView, Slot, View, ViewChange, Vote};
use super::order::start;
use super::saved::{Accepted, NEW_VIEW, VIEW_CHANGE, earlier_name, forget_batch, forget_name};
use super::state::{Patience, Phase, Place, REMEMBERED, Replica};
use super::step::PATIENCE;
use super::twists::Evil;

/// However often views change, the time for one is at most doubled so often.
const MOST_DOUBLINGS: u32 = 16;

impl Replica {
    /// Looks after the timer: as long as requests wait, the one that has waited longest is to be
    /// executed in time. It keeps its time whatever is executed meanwhile, so that no primary can
    /// leave out a single client.
    pub fn watch(&mut self, cx: &mut Cx<'_>) {
        let is_watched = match self.patience {
            Patience::Request(client, number) => self.pool.waits(client, number),
            Patience::Idle | Patience::View => false,
        };
        if !self.is_active() || is_watched {
            return;
        }
        if let Some((client, number)) = self.pool.oldest() {
            self.be_patient(cx, Patience::Request(client, number));
        } else if self.patience != Patience::Idle {
            self.patience = Patience::Idle;
            cx.disarm(PATIENCE);
        }
    }

    fn be_patient(&mut self, cx: &mut Cx<'_>, patience: Patience) {
        let factor = 1 << self.attempts.min(MOST_DOUBLINGS);
        let wait = Micros(self.setup.timeout.0.saturating_mul(factor));
        self.patience = patience;
        cx.arm(PATIENCE, cx.now.saturating_add(wait));
    }

    /// Patience is at an end.
    pub fn on_impatience(&mut self, cx: &mut Cx<'_>) {
        let patience = core::mem::replace(&mut self.patience, Patience::Idle);
        match patience {
            // Others have executed what this one lacks, so the primary is not to blame.
            Patience::Request(..) if self.executed < self.low() => self.watch(cx),
            Patience::Request(client, number) if !self.pool.waits(client, number) => self.watch(cx),
            Patience::Request(..) | Patience::View => {
                if let Some(view) = self.view.next() {
                    self.leave(cx, view);
                }
            }
            Patience::Idle => {}
        }
    }

    /// Leaves for a later view: from now on, nothing is accepted in earlier ones.
    pub fn leave(&mut self, cx: &mut Cx<'_>, view: View) {
        self.step_down(cx);
        self.attempts = self.attempts.saturating_add(1);
        let prepared = self.log.values().filter_map(|place| place.prepared.clone());
        let mut change = ViewChange {
            view,
            seat: self.setup.me,
            stable: self.stable.clone(),
            prepared: prepared.collect(),
            pre_prepared: self.pre_prepared(),
            signature: Signature::from_bytes([0; 64]),
        };
        if self.is_evil(Evil::ForgetPrepared) || is_planted("pbft/prepared-forgotten") {
            change.prepared.clear();
            change.pre_prepared.clear();
        }
        change.signature = self.setup.ring.sign(Kind::ViewChange, &change.statement());
        if !is_planted("pbft/view-change-not-saved") {
            self.keep(VIEW_CHANGE.to_vec(), &change);
        }
        let change = Arc::new(change);
        self.view = view;
        self.phase = Phase::Changing(change.clone());
        self.changes.insert_mut(self.setup.me, change.clone());
        self.forget_votes();
        self.patience = Patience::Idle;
        cx.disarm(PATIENCE);
        self.broadcast(cx, &Message::ViewChange(change));
        self.gather(cx);
    }

    /// The votes of a view that is over are worth nothing.
    fn forget_votes(&mut self) {
        let without_votes = |(slot, place): (&Slot, &Place)| {
            let place = Place {
                accepted: place.accepted,
                prepared: place.prepared.clone(),
                earlier: place.earlier.clone(),
                batches: place.batches.clone(),
                ..Place::default()
            };
            (*slot, place)
        };
        self.log = self.log.iter().map(without_votes).collect();
    }

    fn step_down(&mut self, cx: &mut Cx<'_>) {
        if self.leads() {
            let epoch = self.view.0;
            cx.tell(Event::StepsDown { epoch });
        }
    }

    /// A member leaves for a view. Its latest view change counts.
    pub fn on_view_change(&mut self, cx: &mut Cx<'_>, from: Seat, change: Arc<ViewChange>) {
        let is_late = change.view < self.view || change.view == self.view && self.is_active();
        let known = self.changes.get(&from);
        let is_known = known.is_some_and(|known| known.view >= change.view);
        if from != change.seat || is_late || is_known {
            return;
        }
        if !self
            .setup
            .group()
            .is_view_change(&change, self.setup.window())
        {
            return;
        }
        self.changes.insert_mut(from, change);
        self.follow(cx);
        self.gather(cx);
    }

    /// Joins f + 1 others that have left, of whom one at least is correct; in the earliest of their views
    /// (paper section 4.5.2).
    fn follow(&mut self, cx: &mut Cx<'_>) {
        let views = self.changes.values().map(|change| change.view);
        let later: Vec<View> = views.filter(|view| *view > self.view).collect();
        if later.len() > self.setup.group().faults()
            && let Some(earliest) = later.into_iter().min()
        {
            self.leave(cx, earliest);
        }
    }

    /// Once a quorum has left for the view, its primary begins it. It has to begin in time from when a
    /// quorum has left for it or a later one: who has gone on will not come back to make up the quorum, and
    /// if f others say nothing, all would wait for ever.
    pub fn gather(&mut self, cx: &mut Cx<'_>) {
        let Phase::Changing(_) = self.phase else {
            return;
        };
        let same = self
            .changes
            .values()
            .filter(|change| change.view == self.view);
        let changes: Vec<Arc<ViewChange>> = same.cloned().collect();
        let quorum = self.setup.group().quorum();
        let have_left = self.changes.values();
        let have_left = have_left.filter(|change| change.view >= self.view);
        if have_left.count() < quorum {
            return;
        }
        let is_primary = self.setup.group().primary(self.view) == self.setup.me;
        if is_primary
            && changes.len() >= quorum
            && let Some(new_view) = self.new_view(changes)
        {
            self.begin(cx, Arc::new(new_view));
        } else if self.patience != Patience::View {
            self.be_patient(cx, Patience::View);
        }
    }

    /// What view changes come to; `None` if it takes further ones to tell.
    fn new_view(&self, changes: Vec<Arc<ViewChange>>) -> Option<NewView> {
        let (view, group) = (self.view, self.setup.group());
        let (start, digests) = group.order(&changes)?;
        let slots = start.checkpoint.slot.until(Slot(u64::MAX));
        let signed = slots.zip(digests).map(|(slot, digest)| {
            let vote = Vote { view, slot, digest };
            let sign = || self.setup.sign(Kind::PrePrepare, &vote);
            (digest, (!group.has_macs()).then(sign))
        });
        let mut new_view = NewView {
            view,
            pre_prepares: signed.collect(),
            changes,
            signature: Signature::from_bytes([0; 64]),
        };
        if self.is_evil(Evil::ForgetPrepared) {
            new_view.pre_prepares.clear();
        }
        let body = new_view.statement();
        new_view.signature = self.setup.ring.sign(Kind::NewView, &body);
        Some(new_view)
    }

    /// A view begins, says its primary; or somebody who passes that on.
    pub fn on_new_view(&mut self, cx: &mut Cx<'_>, new_view: Arc<NewView>) {
        let view = new_view.view;
        if view < self.view || view == self.view && self.is_active() {
            return;
        }
        let window = self.setup.window();
        let is_valid = |change: &Arc<ViewChange>| {
            self.changes.get(&change.seat) == Some(change)
                || self.setup.group().is_view_change(change, window)
        };
        let is_quorum = new_view.changes.len() >= self.setup.group().quorum();
        if is_quorum
            && new_view.changes.iter().all(is_valid)
            && self.setup.group().is_new_view(&new_view)
        {
            self.begin(cx, new_view);
        }
    }

    /// Enters a view: what its new view says is accepted as if it were pre-prepared now.
    fn begin(&mut self, cx: &mut Cx<'_>, new_view: Arc<NewView>) {
        self.step_down(cx);
        self.keep(NEW_VIEW.to_vec(), &*new_view);
        self.view = new_view.view;
        self.phase = Phase::Active(Some(new_view.clone()));
        let later = self
            .changes
            .iter()
            .filter(|(_, change)| change.view > new_view.view);
        self.changes = later
            .map(|(seat, change)| (*seat, change.clone()))
            .collect();
        self.forget_votes();
        self.pool.release();
        let start = start(&new_view.changes);
        let low = start.checkpoint.slot;
        self.stabilise(cx, start.clone());
        let votes = self.take_over(&new_view, low);
        self.last = low.plus(new_view.pre_prepares.len() as u64);
        if self.leads() {
            let epoch = self.view.0;
            cx.tell(Event::Leads { epoch });
            self.broadcast(cx, &Message::NewView(new_view));
        }
        for vote in votes {
            // What is missing is asked for in the report that follows.
            if let Some(batch) = self.batch_of(vote) {
                self.hold(cx, vote.slot, vote.digest, batch);
                self.prepare(cx, vote);
            }
        }
        self.patience = Patience::Idle;
        self.watch(cx);
        self.report(cx);
        self.propose(cx);
    }

    /// Accepts a new view's pre-prepares, as far as they are in the window.
    fn take_over(&mut self, new_view: &NewView, low: Slot) -> Vec<Vote> {
        let mut votes = vec![];
        let slots = low.until(Slot(u64::MAX));
        for (slot, (digest, signature)) in slots.zip(&new_view.pre_prepares) {
            let (view, digest, signature) = (new_view.view, *digest, *signature);
            let vote = Vote { view, slot, digest };
            if slot > self.low() && !self.contradicts(vote) {
                self.accept(Accepted { vote, signature });
                votes.push(vote);
            }
        }
        votes
    }

    /// What it has pre-prepared in slots after the stable checkpoint, and still has: the Q of view changes
    /// with MACs.
    fn pre_prepared(&self) -> Vec<Vote> {
        let mut all = vec![];
        if self.setup.group().has_macs() {
            for (slot, place) in &self.log {
                let last = place.accepted.map(|accepted| accepted.vote);
                let last = last.filter(|vote| place.batches.contains_key(&vote.digest));
                let last = last.map(|vote| (vote.digest, vote.view));
                let earlier = place.earlier.iter().map(|(digest, view)| (*digest, *view));
                let digests: Map<Digest, View> = earlier.chain(last).collect();
                let vote = |(digest, view): (&Digest, &View)| Vote {
                    view: *view,
                    slot: *slot,
                    digest: *digest,
                };
                all.extend(digests.iter().map(vote));
            }
        }
        all
    }

    /// What was accepted in a slot gives way to something else. With MACs, a few such are remembered, and
    /// of more those of the latest views.
    pub fn remember(&mut self, slot: Slot, next: Vote) {
        if !self.setup.group().has_macs() {
            return;
        }
        let place = self.place(slot);
        let before = place.accepted.map(|accepted| accepted.vote);
        let before = before.filter(|vote| place.batches.contains_key(&vote.digest));
        let mut gone: Vec<Digest> = vec![next.digest];
        if let Some(before) = before.filter(|vote| vote.digest != next.digest) {
            place.earlier.insert_mut(before.digest, before.view);
            self.keep(earlier_name(slot, before.digest), &before);
        }
        let place = self.place(slot);
        if place.earlier.size() > REMEMBERED {
            let oldest = place.earlier.iter().min_by_key(|(_, view)| **view);
            gone.extend(oldest.map(|(digest, _)| *digest));
        }
        for digest in gone {
            if self.place(slot).earlier.remove_mut(&digest) {
                self.unsaved.push(forget_name(earlier_name(slot, digest)));
            }
        }
    }

    /// Forgets batches of a slot that nothing refers to.
    pub fn drop_stale_batches(&mut self, slot: Slot) {
        let place = self.place(slot);
        let accepted = place.accepted.map(|accepted| accepted.vote.digest);
        let prepared = place.prepared.as_ref().map(|prepared| prepared.vote.digest);
        let is_stale = |digest: &&Digest| {
            Some(**digest) != accepted
                && Some(**digest) != prepared
                && !place.earlier.contains_key(*digest)
        };
        let stale: Vec<Digest> = place.batches.keys().filter(is_stale).copied().collect();
        for digest in stale {
            self.place(slot).batches.remove_mut(&digest);
            self.unsaved.push(forget_batch(slot, digest));
        }
    }

    /// The batch of a vote, if this replica has it.
    fn batch_of(&self, vote: Vote) -> Option<Arc<Batch>> {
        if vote.digest == self.setup.null {
            return Some(Arc::new(Batch::null()));
        }
        let held = self.log.get(&vote.slot)?.batches.get(&vote.digest);
        let decided = self.decided.get(&vote.slot);
        // What was decided there is the same: nothing else would have been accepted.
        held.or(decided.map(|decided| &decided.batch)).cloned()
    }
}
