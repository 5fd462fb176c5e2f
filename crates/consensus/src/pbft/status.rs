//! Where replicas stand, and what they say again to those who have missed something: messages get lost,
//! and who was away has to catch up (Castro's dissertation, MIT 2001, section 5.2).

use alloc::{sync::Arc, vec::Vec};

use chain::{Encode as _, Micros, Seat};
use protocol::Cx;

use super::message::{Batch, Decided, Digest, Kind, Message, Progress, Slot, Status, View, Vote};
use super::state::{Phase, Place, Replica};
use super::step::STATUS;

/// Slots that are told at a time to somebody who lacks them ...
const PORTION: usize = 256;
/// ... and about how many bytes at most.
const PORTION_BYTES: usize = 256 * 1024;

impl Replica {
    /// How often a replica says where it stands.
    fn period(&self) -> Micros {
        Micros((self.setup.timeout.0 / 4).max(1))
    }

    /// Says where it stands, and will again.
    pub fn report(&mut self, cx: &mut Cx<'_>) {
        cx.arm(STATUS, cx.now.saturating_add(self.period()));
        let seats = u32::try_from(self.setup.group().seats().count()).unwrap_or(1);
        let next = |seat: Seat| Seat((seat.0 + 1) % seats.max(1));
        self.rest_arrival();
        self.helper = next(self.helper);
        if self.helper == self.setup.me {
            self.helper = next(self.helper);
        }
        let same = self
            .changes
            .iter()
            .filter(|(_, change)| change.view == self.view);
        let heard = same.map(|(seat, _)| *seat).collect();
        let status = Status {
            view: self.view,
            changing: (!self.is_active()).then_some(heard),
            stable: self.low(),
            executed: self.executed,
            progress: self.progress(),
            lacks: self.lacks(),
            helper: self.helper,
        };
        self.broadcast(cx, &Message::Status(status));
    }

    fn progress(&self) -> Vec<Progress> {
        let last = self
            .accepted()
            .min(self.executed.plus(3 * self.setup.window()));
        let of_place = |place: &Place| {
            let holds = |vote: &Vote| place.batches.contains_key(&vote.digest);
            if place.prepared_in(self.view).is_some() {
                Progress::Prepared
            } else if place.accepted_in(self.view).filter(holds).is_some() {
                Progress::PrePrepared
            } else {
                Progress::Nothing
            }
        };
        let of = |slot| match self.log.get(&slot) {
            _ if self.decided.contains_key(&slot) => Progress::Decided,
            Some(place) => of_place(place),
            None => Progress::Nothing,
        };
        self.executed.until(last).map(of).collect()
    }

    /// Slots of which it has accepted a digest in this view, and not the batch.
    fn lacks(&self) -> Vec<(Slot, Digest)> {
        let lack = |(slot, place): (&Slot, &Place)| {
            let vote = place.accepted_in(self.view)?;
            (!place.batches.contains_key(&vote.digest)).then_some((*slot, vote.digest))
        };
        self.log.iter().filter_map(lack).collect()
    }

    /// A member says where it stands: it is told what it lacks, though not more often than it should ask.
    pub fn on_status(&mut self, cx: &mut Cx<'_>, from: Seat, status: &Status) {
        let last = self.helped.get(&from);
        let pause = Micros(self.period().0 / 2);
        if last.is_some_and(|last| cx.now.saturating_since(*last) < pause) {
            return;
        }
        self.helped.insert_mut(from, cx.now);
        self.tell_view(cx, from, status.view, status.changing.as_deref());
        if status.stable < self.low() {
            let stable = self.stable.clone();
            self.send(cx, from, &Message::Stable(stable));
        }
        let checkpoints: Vec<Message> = self.own_checkpoints().collect();
        for checkpoint in checkpoints {
            self.send(cx, from, &checkpoint);
        }
        if self.helps(status.helper) {
            self.tell_state(cx, from, status.executed);
            self.tell_decided(cx, from, status);
            self.tell_batches(cx, from, &status.lacks);
        }
        if status.view == self.view && status.changing.is_none() {
            self.tell_votes(cx, from, status);
        }
    }

    /// Whether this replica is asked for what is decided, where the first to be asked is `first`. With MACs
    /// it takes the word of f + 1; of as many and one more, who asks is one at most.
    fn helps(&self, first: Seat) -> bool {
        let group = self.setup.group();
        let asked = if group.has_macs() {
            group.faults() + 2
        } else {
            1
        };
        let from_first = group.seats().skip_while(|seat| *seat != first);
        let mut asked = from_first.chain(group.seats()).take(asked);
        group.member(first).is_some() && asked.any(|seat| seat == self.setup.me)
    }

    /// Tells how far views have come.
    fn tell_view(&mut self, cx: &mut Cx<'_>, to: Seat, view: View, changing: Option<&[Seat]>) {
        let is_behind = view < self.view || view == self.view && changing.is_some();
        let has_heard =
            view == self.view && changing.is_some_and(|heard| heard.contains(&self.setup.me));
        let message = match &self.phase {
            Phase::Active(Some(new_view)) if is_behind => Message::NewView(new_view.clone()),
            Phase::Changing(change) if is_behind && !has_heard => {
                Message::ViewChange(change.clone())
            }
            _ => return,
        };
        self.send(cx, to, &message);
    }

    /// Tells what is decided, with its proof.
    fn tell_decided(&mut self, cx: &mut Cx<'_>, to: Seat, status: &Status) {
        let first = status.executed.next();
        let known = |slot: Slot| {
            let place = usize::try_from(slot.0 - first.0).ok();
            place.and_then(|place| status.progress.get(place)) == Some(&Progress::Decided)
        };
        let all = self.decided.range(first..);
        let lacking = all.filter(|(slot, _)| !known(**slot)).take(PORTION);
        let lacking: Vec<Arc<Decided>> = lacking.map(|(_, decided)| decided.clone()).collect();
        let mut bytes = 0;
        for decided in lacking {
            bytes += decided.batch.to_vec().len();
            if bytes > PORTION_BYTES && decided.slot > first {
                break;
            }
            self.send(cx, to, &Message::Decided(decided));
        }
    }

    /// Tells batches of which only digests are known.
    fn tell_batches(&mut self, cx: &mut Cx<'_>, to: Seat, lacks: &[(Slot, Digest)]) {
        let window = usize::try_from(self.setup.window()).unwrap_or(usize::MAX);
        for (slot, digest) in lacks.iter().take(window) {
            let held = self
                .log
                .get(slot)
                .and_then(|place| place.batches.get(digest));
            if let Some(batch) = held.cloned() {
                let slot = *slot;
                self.send(cx, to, &Message::Batch { slot, batch });
            }
        }
    }

    /// Says again what it has said in this view about slots that another one is not done with.
    fn tell_votes(&mut self, cx: &mut Cx<'_>, to: Seat, status: &Status) {
        let first = status.executed.next();
        let slots: Vec<Slot> = self.log.range(first..).map(|(slot, _)| *slot).collect();
        for slot in slots {
            let place = usize::try_from(slot.0 - first.0).ok();
            let progress = place.and_then(|place| status.progress.get(place));
            let progress = progress.copied().unwrap_or(Progress::Nothing);
            let needed = |kind: &Kind| match kind {
                Kind::PrePrepare => progress < Progress::PrePrepared,
                Kind::Prepare => progress < Progress::Prepared,
                _ => progress < Progress::Decided,
            };
            let votes = self.own_votes(slot).filter(|(kind, _)| needed(kind));
            for (_, vote) in votes.collect::<Vec<_>>() {
                self.send(cx, to, &vote);
            }
        }
    }

    /// Somebody shows that a slot is decided: so much is proof whoever shows it. With MACs there is no proof,
    /// and f + 1 have to say the same: one of them is correct.
    pub fn on_decided(&mut self, cx: &mut Cx<'_>, from: Seat, decided: Arc<Decided>) {
        let slot = decided.slot;
        let is_near = self.executed < slot && slot <= self.executed.plus(3 * self.setup.window());
        if !is_near || self.decided.contains_key(&slot) {
            return;
        }
        let vote = decided.vote();
        let is_decided = if self.setup.group().has_macs() {
            self.is_told(from, vote) && decided.commits.is_empty()
        } else {
            self.setup.group().is_decided(vote, &decided.commits)
        };
        if is_decided {
            self.provide(cx, slot, vote.digest, &decided.batch);
            self.decide(cx, decided);
        }
    }

    /// Whether f + 1 members say that this is decided, one of them just now.
    fn is_told(&mut self, from: Seat, vote: Vote) -> bool {
        let told = self.told.get(&vote.slot).cloned().unwrap_or_default();
        let told = told.insert(from, vote.digest);
        let same = told.values().filter(|digest| **digest == vote.digest);
        let enough = same.count() > self.setup.group().faults();
        self.told.insert_mut(vote.slot, told);
        enough
    }

    /// Somebody sends a batch whose digest was accepted.
    pub fn on_batch(&mut self, cx: &mut Cx<'_>, slot: Slot, batch: &Arc<Batch>) {
        if self.log.contains_key(&slot) {
            self.provide(cx, slot, batch.digest(), batch);
        }
    }

    /// A batch is here that may have been lacking since the view began.
    fn provide(&mut self, cx: &mut Cx<'_>, slot: Slot, digest: Digest, batch: &Arc<Batch>) {
        let Some(place) = self.log.get(&slot) else {
            return;
        };
        let vote = place
            .accepted_in(self.view)
            .filter(|vote| vote.digest == digest);
        let Some(vote) = vote.filter(|vote| !place.batches.contains_key(&vote.digest)) else {
            return;
        };
        self.hold(cx, slot, digest, batch.clone());
        if self.is_active() {
            self.prepare(cx, vote);
        }
    }
}
