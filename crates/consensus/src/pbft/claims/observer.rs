//! One look at each step for all claims: messages and saves are read once, and what has become durable
//! where is known from the replicas' saves, applied once more.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use chain::{PeerId, Seat, decode_exact};
use protocol::{Death, Deed, Output, Proposal, Seen, To, said};

use super::Members;
use super::disks::Disk;
use crate::claims;
use crate::pbft::message::{Batch, Checkpoint, Decided, Message, Prepared, Slot, Stable, Vote};
use crate::pbft::saved::{STABLE, Shelf};

/// Something that a machine did.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// It said this as a primary, to somebody or to many.
    PrePrepared(Vote),
    /// It said anything else. What goes to many is told once, as it goes to the first.
    Said { to: PeerId, message: Message },
    /// It saved a prepared certificate.
    Prepared(Vote),
    /// It saved a decision.
    Decided { vote: Vote, batch: Arc<Batch> },
    /// It saved a stable checkpoint.
    Stable(Stable),
    /// It executed a slot.
    Executed { slot: Slot, proposal: Arc<Proposal> },
    /// It took this as the answer to what it had asked.
    Answered(Arc<[u8]>),
}

/// What came of the latest step.
#[derive(Clone, Default)]
pub(super) struct Step {
    /// Whose it was, if it was a member's.
    pub seat: Option<Seat>,
    /// In causal order. Of others than members, no saves are told.
    pub acts: Vec<Act>,
    /// What a member promised without having saved it, or took back.
    pub trouble: Option<String>,
}

impl Step {
    /// What it did, if it is a member.
    pub fn by_member(&self) -> impl Iterator<Item = (Seat, &Act)> {
        let seat = self.seat.into_iter();
        seat.flat_map(|seat| self.acts.iter().map(move |act| (seat, act)))
    }
}

/// What all claims know.
#[derive(Clone)]
pub(super) struct Observer {
    pub members: Members,
    /// How many slots the log may reach beyond the stable checkpoint.
    window: u64,
    /// By seat.
    disks: Vec<Disk>,
    pub latest: Step,
}

impl Observer {
    pub fn new(members: &Members, window: u64) -> Self {
        Self {
            members: members.clone(),
            window,
            disks: members.0.iter().map(|_| Disk::default()).collect(),
            latest: Step::default(),
        }
    }

    /// A member's disk.
    pub fn disk(&self, seat: Seat) -> &Disk {
        &self.disks[seat.0 as usize]
    }

    fn look(&mut self, peer: PeerId, out: &[Output], place: usize) {
        if let Some((to, message)) = spoken(out, place) {
            self.hear(peer, to, message);
        }
        for deed in out[place].deeds() {
            self.learn(peer, &deed);
        }
        match &out[place] {
            Output::Executed { slot, proposal, .. } => {
                let (slot, proposal) = (Slot(*slot), proposal.clone());
                self.latest.acts.push(Act::Executed { slot, proposal });
            }
            Output::Answer {
                receipt: Some(receipt),
                ..
            } => self.latest.acts.push(Act::Answered(receipt.clone())),
            _ => {}
        }
    }

    fn hear(&mut self, peer: PeerId, to: PeerId, message: Message) {
        let pre_prepared = match &message {
            Message::PrePrepare {
                view, slot, batch, ..
            } => {
                let (view, slot, digest) = (*view, *slot, batch.digest());
                Some(Vote { view, slot, digest })
            }
            _ => None,
        };
        if let Some(seat) = self.latest.seat
            && !self.is_covered(seat, pre_prepared, &message)
        {
            let trouble = || format!("{peer} says what it has not saved: {message:?}");
            self.latest.trouble.get_or_insert_with(trouble);
        }
        self.latest.acts.push(match pre_prepared {
            Some(vote) => Act::PrePrepared(vote),
            None => Act::Said { to, message },
        });
    }

    fn learn(&mut self, peer: PeerId, deed: &Deed<'_>) {
        let Some(seat) = self.latest.seat else {
            return;
        };
        if !self.disks[seat.0 as usize].apply(deed) {
            let trouble = || format!("{peer} takes back a promise: {deed:?}");
            self.latest.trouble.get_or_insert_with(trouble);
        }
        self.latest.acts.extend(saved(deed));
    }

    /// Whether a member's disk covers what it says, within its view and water marks.
    fn is_covered(&self, seat: Seat, pre_prepared: Option<Vote>, message: &Message) -> bool {
        let disk = self.disk(seat);
        let is_in_place = |vote: Vote| {
            vote.view == disk.view
                && disk.stable < vote.slot
                && vote.slot <= disk.stable.plus(self.window)
        };
        if let Some(vote) = pre_prepared {
            return is_in_place(vote) && disk.accepts(vote);
        }
        match message {
            Message::Prepare(vote, _) => {
                let is_primary = self.members.leads(seat, vote.view);
                is_in_place(*vote) && disk.accepts(*vote) && !is_primary
            }
            Message::Commit(vote, _) => {
                is_in_place(*vote) && disk.prepared.get(&vote.slot) == Some(vote)
            }
            Message::Checkpoint(Checkpoint { slot, .. }, _) => disk.has_state(*slot),
            Message::ViewChange(change) => Disk::has_said(disk.view_change.as_ref(), &**change),
            Message::NewView(new_view) => Disk::has_said(disk.new_view.as_ref(), &**new_view),
            _ => true,
        }
    }
}

impl claims::Observer for Observer {
    fn see(&mut self, seen: &Seen<'_>) {
        self.latest = Step {
            seat: self.members.seat(seen.peer),
            ..Step::default()
        };
        for place in 0..seen.out.len() {
            self.look(seen.peer, seen.out, place);
        }
    }

    fn see_death(&mut self, death: &Death<'_>) {
        if let (Some(remains), Some(seat)) = (&death.remains, self.members.seat(death.peer)) {
            self.disks[seat.0 as usize] = Disk::of(remains);
        }
    }
}

/// What a machine said in one output; a message to many is taken once, when it goes to the first.
fn spoken(out: &[Output], place: usize) -> Option<(PeerId, Message)> {
    let sent = |place: usize| match out.get(place) {
        Some(Output::Send {
            to: To::Peer(to),
            packet,
        }) => Some((*to, packet)),
        _ => None,
    };
    let (to, packet) = sent(place)?;
    let before = place.checked_sub(1).and_then(sent);
    if before.is_some_and(|(_, before)| Arc::ptr_eq(&before.bytes, &packet.bytes)) {
        return None;
    }
    Some((to, decode_exact(said(packet)?).ok()?))
}

/// What claims make of what was saved.
fn saved(deed: &Deed<'_>) -> Option<Act> {
    let Deed::Put { name, value } = deed else {
        return None;
    };
    if Shelf::Decided.slot(name).is_some() {
        let decided: Decided = decode_exact(value).ok()?;
        let vote = decided.vote();
        let batch = decided.batch;
        return Some(Act::Decided { vote, batch });
    }
    if Shelf::Prepared.slot(name).is_some() {
        let prepared: Prepared = decode_exact(value).ok()?;
        return Some(Act::Prepared(prepared.vote));
    }
    let stable = || decode_exact(value).ok().map(Act::Stable);
    if *name == STABLE { stable() } else { None }
}
