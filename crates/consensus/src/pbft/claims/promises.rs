//! Claims about what replicas say: once, and not before it is durable.

use alloc::{format, string::String};

use chain::{Encode as _, PeerId, Seat, sha256};
use protocol::Seen;
use rpds::{RedBlackTreeMapSync as Map, RedBlackTreeSetSync as Set};

use super::Members;
use super::disks::Disk;
use super::new_views::proposed;
use super::observer::{Act, Observer};
use crate::claims::{Rule, trim};
use crate::members::seats;
use crate::pbft::message::{Checkpoint, Digest, Kind, Message, NewView, Slot, Stable, View, Vote};

/// A stable checkpoint has been said by a quorum.
#[derive(Clone, Default)]
pub(super) struct StableHasQuorum {
    /// By whom what was said; liars say several things.
    said: Map<Slot, Set<(Seat, Digest)>>,
    forgotten: Slot,
}

impl StableHasQuorum {
    fn on_checkpoint(&mut self, seat: Seat, message: &Message) {
        if let Message::Checkpoint(Checkpoint { slot, digest }, _) = message {
            let said = self.said.get(slot).cloned().unwrap_or_default();
            self.said.insert_mut(*slot, said.insert((seat, *digest)));
            self.forgotten = trim(&mut self.said).unwrap_or(self.forgotten);
        }
    }

    fn judge(&self, members: &Members, peer: PeerId, stable: &Stable) -> Result<(), String> {
        let Checkpoint { slot, digest } = stable.checkpoint;
        if slot <= self.forgotten {
            return Ok(());
        }
        let said = self.said.get(&slot).cloned().unwrap_or_default();
        let by = said.iter().filter(|(_, said)| *said == digest);
        let alone = members.0.len() == 1; // nobody to say it to
        if by.count() >= members.quorum() || alone {
            return Ok(());
        }
        Err(format!(
            "{peer} takes checkpoint {} as stable, and no quorum does",
            slot.0
        ))
    }
}

impl Rule for StableHasQuorum {
    type Observer = Observer;

    const NAME: &'static str = "pbft/stable-has-quorum";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = observer.latest.seat else {
            return Ok(());
        };
        for act in &observer.latest.acts {
            match act {
                Act::Said { message, .. } => self.on_checkpoint(seat, message),
                Act::Stable(stable) => self.judge(&observer.members, seen.peer, stable)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn after_twisted(&mut self, observer: &Observer, _seen: &Seen<'_>) {
        for (seat, act) in observer.latest.by_member() {
            if let Act::Said { message, .. } = act {
                self.on_checkpoint(seat, message);
            }
        }
    }
}

/// Nobody says two things where one is allowed: one pre-prepare, prepare and commit a view and slot, one
/// checkpoint a slot, one view change and one new view a view; in all lives together.
#[derive(Clone, Default)]
pub(super) struct OneStatement {
    of_slots: Map<(Slot, View, u8, Seat), Digest>,
    of_views: Map<(View, u8, Seat), Digest>,
    /// Who lies on purpose: others may pass on its new views, and not all the same.
    liars: Set<Seat>,
}

impl OneStatement {
    fn on_slot(&mut self, seat: Seat, kind: Kind, vote: Vote) -> Result<(), String> {
        let key = (vote.slot, vote.view, kind as u8, seat);
        let before = self.of_slots.get(&key).copied();
        self.of_slots.insert_mut(key, vote.digest);
        trim(&mut self.of_slots);
        if before.is_some_and(|before| before != vote.digest) {
            let (seat, slot, view) = (seat.0, vote.slot.0, vote.view.0);
            return Err(format!(
                "member {seat} says two things ({kind:?}) of slot {slot} in view {view}"
            ));
        }
        Ok(())
    }

    fn on_view(&mut self, seat: Seat, kind: Kind, view: View, bytes: &[u8]) -> Result<(), String> {
        let (key, digest) = ((view, kind as u8, seat), Digest(sha256(bytes)));
        let before = self.of_views.get(&key).copied();
        self.of_views.insert_mut(key, digest);
        trim(&mut self.of_views);
        if before.is_some_and(|before| before != digest) {
            let (seat, view) = (seat.0, view.0);
            return Err(format!(
                "member {seat} says two things ({kind:?}) of view {view}"
            ));
        }
        Ok(())
    }

    /// A new view is its primary's word, whoever passes it on, and so are the pre-prepares in it.
    fn on_new_view(&mut self, members: &Members, new_view: &NewView) -> Result<(), String> {
        let view = new_view.view;
        let primary = seats(&members.0).find(|seat| members.leads(*seat, view));
        let Some(primary) = primary.filter(|seat| !self.liars.contains(seat)) else {
            return Ok(());
        };
        self.on_view(primary, Kind::NewView, view, &new_view.to_vec())?;
        proposed(new_view).try_for_each(|vote| self.on_slot(primary, Kind::PrePrepare, vote))
    }

    /// Forgets what a member cannot have said.
    fn retract(&mut self, seat: Seat, disk: &Disk) {
        let is_said = |(slot, view, kind, by): &(Slot, View, u8, Seat), digest: &Digest| {
            let (view, slot, digest) = (*view, *slot, *digest);
            let is_commit = *kind == Kind::Commit as u8;
            let vote = Vote { view, slot, digest };
            *by != seat || *kind == Kind::Checkpoint as u8 || disk.may_have_said(vote, is_commit)
        };
        let said = self
            .of_slots
            .iter()
            .filter(|(key, digest)| is_said(key, digest));
        self.of_slots = said.map(|(key, digest)| (*key, *digest)).collect();
        let is_said = |(view, _, by): &(View, u8, Seat)| *by != seat || *view < disk.view;
        let said = self.of_views.iter().filter(|(key, _)| is_said(key));
        self.of_views = said.map(|(key, digest)| (*key, *digest)).collect();
    }

    fn on_pre_prepare(&mut self, members: &Members, seat: Seat, vote: Vote) -> Result<(), String> {
        if !members.leads(seat, vote.view) {
            return Err(format!(
                "member {} speaks for the primary of view {}",
                seat.0, vote.view.0
            ));
        }
        self.on_slot(seat, Kind::PrePrepare, vote)
    }

    fn on_message(
        &mut self,
        members: &Members,
        seat: Seat,
        message: &Message,
    ) -> Result<(), String> {
        match message {
            Message::Prepare(vote, _) => self.on_slot(seat, Kind::Prepare, *vote),
            Message::Commit(vote, _) => self.on_slot(seat, Kind::Commit, *vote),
            Message::Checkpoint(Checkpoint { slot, digest }, _) => {
                let (view, slot, digest) = (View(0), *slot, *digest);
                self.on_slot(seat, Kind::Checkpoint, Vote { view, slot, digest })
            }
            Message::ViewChange(change) => {
                self.on_view(seat, Kind::ViewChange, change.view, &change.to_vec())
            }
            Message::NewView(new_view) => self.on_new_view(members, new_view),
            _ => Ok(()),
        }
    }
}

impl Rule for OneStatement {
    type Observer = Observer;

    const NAME: &'static str = "pbft/one-statement";

    fn after(&mut self, observer: &Observer, _seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = observer.latest.seat else {
            return Ok(());
        };
        observer.latest.acts.iter().try_for_each(|act| match act {
            Act::PrePrepared(vote) => self.on_pre_prepare(&observer.members, seat, *vote),
            Act::Said { message, .. } => self.on_message(&observer.members, seat, message),
            _ => Ok(()),
        })
    }

    fn after_twisted(&mut self, observer: &Observer, _seen: &Seen<'_>) {
        if let Some(seat) = observer.latest.seat {
            self.liars.insert_mut(seat);
        }
    }

    /// Messages wait until what they promise is durable: what rests on a save that was lost never left.
    fn after_loss(&mut self, observer: &Observer, peer: PeerId) -> Result<(), String> {
        if let Some(seat) = observer.members.seat(peer) {
            self.retract(seat, observer.disk(seat));
        }
        Ok(())
    }
}

/// What a replica says is covered by its disk before it says it, and within its view and water marks.
/// Promises are never taken back.
#[derive(Clone)]
pub(super) struct PromisesAreDurable;

impl Rule for PromisesAreDurable {
    type Observer = Observer;

    const NAME: &'static str = "pbft/promises-are-durable";

    fn after(&mut self, observer: &Observer, _seen: &Seen<'_>) -> Result<(), String> {
        observer.latest.trouble.clone().map_or(Ok(()), Err)
    }
}
