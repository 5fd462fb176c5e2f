//! Who may say what to a replica, and what it does about it.

use alloc::sync::Arc;

use chain::{PeerId, decode_exact};
use protocol::planted::is_planted;
use protocol::{Cx, Event, Values};

use super::message::{
    Batch, Decided, Digest, Kind, Message, NewView, Prepared, Stable, View, ViewChange, Vote,
};
use super::saved::{
    Accepted, NEW_VIEW, STABLE, Shelf, VIEW_CHANGE, batch_of, earlier_name, earlier_of, forget_name,
};
use super::state::{Phase, Replica};
use super::twists::Evil;

/// The timer for giving up a primary, or a view that does not begin.
pub(super) const PATIENCE: u16 = 0;
/// The timer for saying where it stands.
pub(super) const STATUS: u16 = 1;

impl Replica {
    /// Somebody says something. Members alone count: of anybody else only a request is heard.
    pub fn hear(&mut self, cx: &mut Cx<'_>, from: PeerId, message: Message) {
        if let Message::Request(request) = message {
            return self.on_request(cx, from, request);
        }
        let Some(from) = self.setup.seat_of(from) else {
            return;
        };
        match message {
            Message::PrePrepare {
                view,
                slot,
                batch,
                seal,
            } => self.on_pre_prepare(cx, from, (view, slot), batch, &seal),
            Message::Prepare(vote, seal) => self.on_vote(cx, from, Kind::Prepare, vote, seal),
            Message::Commit(vote, seal) => self.on_vote(cx, from, Kind::Commit, vote, seal),
            Message::Checkpoint(checkpoint, signature) => {
                self.on_checkpoint(cx, from, checkpoint, signature);
            }
            Message::ViewChange(change) => self.on_view_change(cx, from, change),
            Message::NewView(new_view) => self.on_new_view(cx, new_view),
            Message::Status(status) => self.on_status(cx, from, &status),
            Message::Stable(stable) => self.on_stable(cx, stable),
            Message::Decided(decided) => self.on_decided(cx, from, decided),
            Message::Batch { slot, batch } => self.on_batch(cx, slot, &batch),
            Message::Data {
                slot,
                len,
                offset,
                bytes,
            } => self.on_data(cx, from, (slot, len), offset, bytes),
            Message::Fetch { slot, offset } => self.on_fetch(cx, from, slot, offset),
            Message::Request(_) | Message::Reply { .. } => {}
        }
    }

    /// A timer is due.
    pub fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        match key {
            PATIENCE => self.on_impatience(cx),
            STATUS => self.report(cx),
            _ => {}
        }
    }

    /// Begins, with whatever earlier incarnations saved.
    pub fn wake(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        let nothing = Values::new();
        let is_gone = self.is_evil(Evil::Amnesia) || is_planted("pbft/amnesia");
        let saved = if is_gone { &nothing } else { saved };
        self.restore_view(saved);
        self.restore_state(cx);
        if let Some(view) = self.restore_log(saved) {
            self.leave(cx, view);
        }
        for (slot, decided) in &self.decided {
            cx.decide(slot.0, decided.batch.proposal().into());
        }
        if self.leads() {
            let epoch = self.view.0;
            cx.tell(Event::Leads { epoch });
        }
        if self.cut.slot > self.low() {
            self.take_checkpoint(cx, self.cut);
        }
        self.promise_again(cx);
        self.report(cx);
    }

    /// In which view it is: the last one that began, or the one that it left for.
    fn restore_view(&mut self, saved: &Values) {
        let read = |name: &[u8]| saved.get(name);
        if let Some(new_view) = read(NEW_VIEW).and_then(|bytes| decode_exact::<NewView>(bytes).ok())
        {
            self.view = new_view.view;
            self.phase = Phase::Active(Some(new_view.into()));
        }
        let change = read(VIEW_CHANGE).and_then(|bytes| decode_exact::<ViewChange>(bytes).ok());
        if let Some(change) = change.filter(|change| change.view > self.view) {
            let change = Arc::new(change);
            self.view = change.view;
            self.changes.insert_mut(self.setup.me, change.clone());
            self.phase = Phase::Changing(change);
        }
        let stable = read(STABLE).and_then(|bytes| decode_exact::<Stable>(bytes).ok());
        self.stable = stable.unwrap_or(Stable::GENESIS);
    }

    /// What it has accepted, prepared and decided. Returns a later view, if it had come that far.
    fn restore_log(&mut self, saved: &Values) -> Option<View> {
        for (name, bytes) in saved {
            if let Some(slot) = Shelf::Decided.slot(name)
                && let Ok(decided) = decode_exact::<Decided>(bytes)
            {
                self.decided.insert_mut(slot, decided.into());
                self.replayed = self.replayed.max(slot);
            } else if let Some(slot) = Shelf::Accepted.slot(name) {
                self.place(slot).accepted = decode_exact::<Accepted>(bytes).ok();
            } else if let Some(slot) = Shelf::Prepared.slot(name) {
                self.place(slot).prepared = decode_exact::<Prepared>(bytes).ok();
            } else if let Some((slot, digest)) = batch_of(name)
                && let Ok(batch) = decode_exact::<Batch>(bytes)
            {
                self.place(slot).batches.insert_mut(digest, batch.into());
            } else if let Some((slot, digest)) = earlier_of(name)
                && let Ok(vote) = decode_exact::<Vote>(bytes)
            {
                self.place(slot).earlier.insert_mut(digest, vote.view);
            }
        }
        let later = self.drop_unfounded();
        self.last = self.accepted().max(self.low());
        later
    }

    /// A loss of power may take a write and leave later ones. What rests on one that is gone was never
    /// said, and binds nobody: slots beyond the window, votes of views that were not entered,
    /// certificates without their batches. What such a vote has replaced is gone, however: the view that
    /// it was for is returned, since nothing more may be said in earlier ones.
    fn drop_unfounded(&mut self) -> Option<View> {
        let (low, high) = (self.low(), self.low().plus(self.setup.window()));
        let (view, active) = (self.view, self.is_active());
        let mut later = None;
        let is_entered = |vote: Vote| vote.view < view || active && vote.view == view;
        for (slot, place) in &self.log.clone() {
            let is_near = low < *slot && *slot <= high;
            let is_held = |vote: Vote| place.batches.contains_key(&vote.digest);
            let accepted = place.accepted.filter(|one| is_near && is_entered(one.vote));
            let prepared = place.prepared.clone();
            let prepared =
                prepared.filter(|one| is_near && is_entered(one.vote) && is_held(one.vote));
            if accepted.is_none()
                && let Some(gone) = place.accepted
            {
                later = later.max(Some(gone.vote.view).filter(|gone| *gone > view));
                self.unsaved.push(Shelf::Accepted.forget(*slot));
            }
            if prepared.is_none() && place.prepared.is_some() {
                self.unsaved.push(Shelf::Prepared.forget(*slot));
            }
            let is_founded = |digest: &Digest, view: &View| {
                let (view, slot, digest) = (*view, *slot, *digest);
                let vote = Vote { view, slot, digest };
                is_near && is_entered(vote) && is_held(vote)
            };
            let mut earlier = place.earlier.clone();
            for (digest, view) in &place.earlier {
                if !is_founded(digest, view) {
                    earlier.remove_mut(digest);
                    self.unsaved.push(forget_name(earlier_name(*slot, *digest)));
                }
            }
            let place = self.place(*slot);
            (place.accepted, place.prepared, place.earlier) = (accepted, prepared, earlier);
            self.drop_stale_batches(*slot);
            if !is_near {
                self.log.remove_mut(slot);
            }
        }
        later.filter(|_| active)
    }

    /// Vouches again for what it has promised in this view: the same, since seals are always alike. Goes on
    /// where it stopped.
    fn promise_again(&mut self, cx: &mut Cx<'_>) {
        if !self.is_active() {
            return self.gather(cx);
        }
        let (me, view) = (self.setup.me, self.view);
        let is_primary = self.setup.group().primary(view) == me;
        for (slot, place) in &self.log.clone() {
            let seal = |kind, vote: Vote| (vote.digest, self.setup.seal(kind, vote));
            let holds = |vote: &Vote| place.batches.contains_key(&vote.digest);
            let accepted = place.accepted_in(view).filter(holds);
            let prepare = accepted.filter(|_| !is_primary);
            let prepare = prepare.map(|vote| seal(Kind::Prepare, vote));
            let commit = place.prepared_in(view);
            let commit = commit.map(|vote| seal(Kind::Commit, vote));
            let place = self.place(*slot);
            if let Some(own) = prepare {
                place.prepares.insert_mut(me, own);
            }
            if let Some(own) = commit {
                place.commits.insert_mut(me, own);
            }
            self.advance(cx, *slot);
        }
    }
}
