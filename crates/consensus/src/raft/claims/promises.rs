//! The claim that nothing is said before it is durable.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use chain::{PeerId, Seat, decode_exact};
use protocol::{Claim, Death, Deed, Seen};

use super::disks::{Change, Disks};
use crate::raft::message::{Message, Outcome, Stage};
use crate::raft::saved::Promise;

/// What a replica says is covered by its disk before it says it: one vote a term, its own term as a
/// candidate or leader, and the entries that it confirms. Promises are never taken back.
#[derive(Clone)]
pub(super) struct PromisesAreDurable {
    disks: Disks,
}

impl PromisesAreDurable {
    pub fn new(members: &Arc<[PeerId]>) -> Self {
        let disks = Disks::new(members.clone());
        Self { disks }
    }

    /// Whether what is said is durable.
    fn is_covered(&self, peer: PeerId, to: PeerId, message: &Message) -> bool {
        let Some(disk) = self.disks.of(peer) else {
            return true;
        };
        let voted = |term, vote: Option<Seat>| disk.promise == Promise { term, vote };
        match message {
            Message::Voted {
                stage: Stage::Real,
                term,
                granted: true,
            } => voted(*term, self.disks.seat(to)),
            Message::AskVote {
                stage: Stage::Real,
                term,
                ..
            } => voted(*term, self.disks.seat(peer)),
            Message::Append {
                term,
                prev,
                entries,
                ..
            } => {
                let end = prev.index.plus(entries.len() as u64);
                disk.promise.term == *term && end <= disk.last()
            }
            Message::Appended { term, outcome } => {
                let has = match outcome {
                    Outcome::Matched(index) => *index <= disk.last(),
                    Outcome::Conflict { .. } | Outcome::Stale => true,
                };
                disk.promise.term == *term && has
            }
            _ => true,
        }
    }
}

impl Claim for PromisesAreDurable {
    fn name(&self) -> &'static str {
        "raft/promises-are-durable"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let peer = seen.peer;
        for deed in seen.deeds() {
            if let Some(Change::Vowed(before)) = self.disks.apply(peer, &deed) {
                let now = self.disks.of(peer).map(|disk| disk.promise);
                let kept = now.is_some_and(|now| {
                    let same_vote = before.vote.is_none() || before.vote == now.vote;
                    now.term > before.term || now.term == before.term && same_vote
                });
                if !kept {
                    return Err(format!("{peer} takes back a term or a vote"));
                }
            }
            if let Deed::Said { to, bytes } = deed
                && let Ok(message) = decode_exact(bytes)
                && !self.is_covered(peer, to, &message)
            {
                return Err(format!("{peer} says what it has not saved: {message:?}"));
            }
        }
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.disks.see_death(death);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
