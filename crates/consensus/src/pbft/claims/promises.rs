//! Claims about what replicas say: once, and not before it is durable.

use alloc::{boxed::Box, format, string::String};

use chain::{Encode as _, PeerId, Seat, decode_exact, sha256};
use protocol::{Claim, Death, Deed, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::disks::Disk;
use super::{Act, Members, acts, trim};
use crate::pbft::message::{Checkpoint, Digest, Kind, Message, NewView, Slot, Stable, View, Vote};
use crate::pbft::saved::STABLE;

/// A stable checkpoint has been said by a quorum.
#[derive(Clone)]
pub(super) struct StableHasQuorum {
    members: Members,
    said: Map<Slot, Map<Seat, Digest>>,
    forgotten: Slot,
}

impl StableHasQuorum {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            said: Map::new_sync(),
            forgotten: Slot(0),
        }
    }

    fn judge(&self, peer: PeerId, stable: &Stable) -> Result<(), String> {
        let Checkpoint { slot, digest } = stable.checkpoint;
        if slot <= self.forgotten {
            return Ok(());
        }
        let said = self.said.get(&slot).cloned().unwrap_or_default();
        let by = said.iter().filter(|(_, said)| **said == digest);
        let alone = self.members.0.len() == 1; // nobody to say it to
        if by.count() >= self.members.quorum() || alone {
            return Ok(());
        }
        Err(format!(
            "{peer} takes checkpoint {} as stable, and no quorum does",
            slot.0
        ))
    }
}

impl Claim for StableHasQuorum {
    fn name(&self) -> &'static str {
        "pbft/stable-has-quorum"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = self.members.seat(seen.peer) else {
            return Ok(());
        };
        for act in acts(seen) {
            match act {
                Act::Said(Message::Checkpoint(Checkpoint { slot, digest }, _)) => {
                    let said = self.said.get(&slot).cloned().unwrap_or_default();
                    self.said.insert_mut(slot, said.insert(seat, digest));
                    self.forgotten = trim(&mut self.said).unwrap_or(self.forgotten);
                }
                Act::Deed(Deed::Put { name, value }) if name == STABLE => {
                    let stable = decode_exact(value);
                    stable.map_or(Ok(()), |stable| self.judge(seen.peer, &stable))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// Nobody says two things where one is allowed: one pre-prepare, prepare and commit a view and slot, one
/// checkpoint a slot, one view change and one new view a view; in all lives together.
#[derive(Clone)]
pub(super) struct OneStatement {
    members: Members,
    of_slots: Map<(Slot, View, u8, Seat), Digest>,
    of_views: Map<(View, u8, Seat), Digest>,
}

impl OneStatement {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            of_slots: Map::new_sync(),
            of_views: Map::new_sync(),
        }
    }

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
    fn on_new_view(&mut self, new_view: &NewView) -> Result<(), String> {
        let view = new_view.view;
        let mut seats = (0..).map(Seat).take(self.members.0.len());
        let Some(primary) = seats.find(|seat| self.members.leads(*seat, view)) else {
            return Ok(());
        };
        self.on_view(primary, Kind::NewView, view, &new_view.to_vec())?;
        let stable = new_view
            .changes
            .iter()
            .map(|change| change.stable.checkpoint.slot);
        let slots = stable.max().unwrap_or(Slot(0)).until(Slot(u64::MAX));
        for (slot, (digest, _)) in slots.zip(&new_view.pre_prepares) {
            let digest = *digest;
            self.on_slot(primary, Kind::PrePrepare, Vote { view, slot, digest })?;
        }
        Ok(())
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

    fn on_message(&mut self, seat: Seat, message: &Message) -> Result<(), String> {
        match message {
            Message::PrePrepare {
                view, slot, batch, ..
            } => {
                let (view, slot, digest) = (*view, *slot, batch.digest());
                if !self.members.leads(seat, view) {
                    return Err(format!(
                        "member {} speaks for the primary of view {}",
                        seat.0, view.0
                    ));
                }
                self.on_slot(seat, Kind::PrePrepare, Vote { view, slot, digest })
            }
            Message::Prepare(vote, _) => self.on_slot(seat, Kind::Prepare, *vote),
            Message::Commit(vote, _) => self.on_slot(seat, Kind::Commit, *vote),
            Message::Checkpoint(Checkpoint { slot, digest }, _) => {
                let (view, slot, digest) = (View(0), *slot, *digest);
                self.on_slot(seat, Kind::Checkpoint, Vote { view, slot, digest })
            }
            Message::ViewChange(change) => {
                self.on_view(seat, Kind::ViewChange, change.view, &change.to_vec())
            }
            Message::NewView(new_view) => self.on_new_view(new_view),
            _ => Ok(()),
        }
    }
}

impl Claim for OneStatement {
    fn name(&self) -> &'static str {
        "pbft/one-statement"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = self.members.seat(seen.peer) else {
            return Ok(());
        };
        for act in acts(seen) {
            if let Act::Said(message) = act {
                self.on_message(seat, &message)?;
            }
        }
        Ok(())
    }

    /// Messages wait until what they promise is durable: what rests on a save that was lost never left.
    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        if let (Some(remains), Some(seat)) = (&death.remains, self.members.seat(death.peer)) {
            self.retract(seat, &Disk::of(remains));
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// What a replica says is covered by its disk before it says it, and within its view and water marks.
/// Promises are never taken back.
#[derive(Clone)]
pub(super) struct PromisesAreDurable {
    members: Members,
    window: u64,
    disks: Map<PeerId, Disk>,
}

impl PromisesAreDurable {
    pub fn new(members: &Members, window: u64) -> Self {
        Self {
            members: members.clone(),
            window,
            disks: Map::new_sync(),
        }
    }

    fn is_covered(&self, disk: &Disk, seat: Seat, message: &Message) -> bool {
        let is_in_place = |vote: Vote| {
            vote.view == disk.view
                && disk.stable < vote.slot
                && vote.slot <= disk.stable.plus(self.window)
        };
        match message {
            Message::PrePrepare {
                view, slot, batch, ..
            } => {
                let (view, slot, digest) = (*view, *slot, batch.digest());
                let vote = Vote { view, slot, digest };
                is_in_place(vote) && disk.accepts(vote)
            }
            Message::Prepare(vote, _) => {
                let is_primary = self.members.leads(seat, vote.view);
                is_in_place(*vote) && disk.accepts(*vote) && !is_primary
            }
            Message::Commit(vote, _) => {
                is_in_place(*vote) && disk.prepared.get(&vote.slot) == Some(vote)
            }
            Message::Checkpoint(Checkpoint { slot, .. }, _) => disk.has_decided(*slot),
            Message::ViewChange(change) => Disk::has_said(disk.view_change.as_ref(), &**change),
            Message::NewView(new_view) => Disk::has_said(disk.new_view.as_ref(), &**new_view),
            _ => true,
        }
    }
}

impl Claim for PromisesAreDurable {
    fn name(&self) -> &'static str {
        "pbft/promises-are-durable"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let peer = seen.peer;
        let Some(seat) = self.members.seat(peer) else {
            return Ok(());
        };
        let mut disk = self.disks.get(&peer).cloned().unwrap_or_default();
        for act in acts(seen) {
            match act {
                Act::Deed(deed) if !disk.apply(&deed) => {
                    return Err(format!("{peer} takes back a promise: {deed:?}"));
                }
                Act::Said(message) if !self.is_covered(&disk, seat, &message) => {
                    return Err(format!("{peer} says what it has not saved: {message:?}"));
                }
                _ => {}
            }
        }
        self.disks.insert_mut(peer, disk);
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        if let Some(remains) = &death.remains {
            self.disks.insert_mut(death.peer, Disk::of(remains));
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
