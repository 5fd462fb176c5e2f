//! Which seats of a room a tab takes, where seats are fixed: free ones, each under a lock.
//!
//! A seat's key follows from the room, so all that has to be settled is whose turn it is. Where that
//! cannot be told, or what the seat's server promises cannot be kept, none is taken: a server that
//! lives twice, or forgets what it said, breaks its protocol.

use std::collections::VecDeque;

use chain::{PeerId, PublicKey, SecretKey};
use protocol::envelope::RoomId;
use wire::live::NoSeat;

use super::claim::{Claimed, PATIENCE_MS, PAUSE_MS, UNLOCKED_SEATS, Wanted};
use super::wait;
use crate::cx::Cx;
use crate::door::{LockAnswer, LockId};
use crate::names::Names;
use crate::storage::identities::{Identity, MOST_SEATS};

/// A seat of a room.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Whoever has it goes by this name.
    pub id: PeerId,
    /// Its key ...
    pub secret: SecretKey,
    /// ... and the half of it that others know.
    pub key: PublicKey,
}

/// Seats being taken.
pub struct Seating {
    names: Names,
    room: RoomId,
    /// Seats to try next, and whether this tab had them before.
    candidates: VecDeque<(Identity, bool)>,
    count: usize,
    stage: Stage,
    taken: Vec<(Identity, LockId)>,
    /// Whether the tab needs a client, too.
    client: bool,
    patient_until: u64,
    why_none: NoSeat,
}

enum Stage {
    Begun,
    Asking(LockId, Identity, bool, u64),
    /// A seat that the tab had is held by an engine that may be dying; when to ask for it again.
    Pausing(Identity, u64),
}

impl Seating {
    /// Begins to take seats: those that the tab had, then from the lowest. `may_sit` says whether
    /// what a server saves is kept.
    pub fn begin(
        cx: &mut Cx<'_>,
        (names, room): (&Names, RoomId),
        seats: &[Seat],
        may_sit: bool,
        (wanted, client): (&Wanted, bool),
    ) -> Self {
        let had = |seat: &Seat| wanted.ids.contains(&seat.id);
        let besides = |number: u32| wanted.besides.contains(&number);
        let all = (0_u32..).zip(seats).filter(|(number, _)| !besides(*number));
        let mut candidates: Vec<_> = all
            .map(|(number, seat)| {
                let identity = Identity {
                    seat: number,
                    secret: seat.secret.clone(),
                    incarnation: 1,
                };
                (identity, had(seat))
            })
            .collect();
        candidates.sort_by_key(|(_, had)| !had); // stable
        let had = seats.iter().filter(|seat| had(seat)).count();
        let patience = if wanted.patient { PATIENCE_MS } else { 0 };
        Self {
            names: names.clone(),
            room,
            candidates: if may_sit {
                candidates.into()
            } else {
                VecDeque::new()
            },
            count: had.max(1),
            stage: Stage::Begun,
            taken: Vec::new(),
            client,
            patient_until: cx.ms() + patience,
            why_none: if may_sit {
                NoSeat::AllTaken
            } else {
                NoSeat::NoStorage
            },
        }
    }

    /// The browser says what became of a lock. Returns what was taken, once that is complete.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) -> Option<Claimed> {
        match std::mem::replace(&mut self.stage, Stage::Begun) {
            Stage::Asking(asked, identity, had, _) if asked == id => match answer {
                LockAnswer::Granted => {
                    self.taken.push((identity, id));
                    self.seek(cx)
                }
                LockAnswer::Refused => {
                    self.why_none = NoSeat::NoLocks;
                    Some(self.finish(cx))
                }
                LockAnswer::Taken | LockAnswer::Stolen => {
                    if had && cx.ms() < self.patient_until {
                        self.stage = Stage::Pausing(identity, cx.ms() + PAUSE_MS);
                        return None;
                    }
                    self.seek(cx)
                }
            },
            other => {
                self.stage = other;
                // Granted before, and stolen before anybody sits there.
                self.taken.retain(|(_, lock)| *lock != id);
                None
            }
        }
    }

    /// Does what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<Claimed> {
        match &self.stage {
            Stage::Begun => self.seek(cx),
            Stage::Asking(lock, _, _, until) if cx.ms() >= *until => {
                cx.unlock([*lock]);
                self.seek(cx)
            }
            Stage::Pausing(identity, at) if cx.ms() >= *at => {
                self.candidates.push_front((identity.clone(), true));
                self.seek(cx)
            }
            Stage::Asking(..) | Stage::Pausing(..) => None,
        }
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match &self.stage {
            Stage::Begun => 0,
            Stage::Asking(.., at) | Stage::Pausing(_, at) => *at,
        }
    }

    /// Gives back what was taken.
    pub fn abandon(&mut self, cx: &mut Cx<'_>) {
        if let Stage::Asking(id, ..) = std::mem::replace(&mut self.stage, Stage::Begun) {
            cx.unlock([id]);
        }
        cx.unlock(self.taken.drain(..).map(|(_, lock)| lock));
    }

    /// Asks for the next seat, or is done.
    fn seek(&mut self, cx: &mut Cx<'_>) -> Option<Claimed> {
        let missing = self.taken.len() < self.count;
        match self.candidates.pop_front().filter(|_| missing) {
            Some((identity, had)) => {
                let id = cx.lock(self.names.member_lock(self.room, identity.seat), false);
                self.stage = Stage::Asking(id, identity, had, cx.ms() + wait::PATIENCE_MS);
                None
            }
            None => Some(self.finish(cx)),
        }
    }

    fn finish(&mut self, cx: &mut Cx<'_>) -> Claimed {
        let seats = self.taken.drain(..).map(|(one, lock)| (one, Some(lock)));
        let mut taken: Vec<_> = seats.collect();
        let no_seat = taken.is_empty().then_some(self.why_none);
        if self.client {
            taken.push((client(cx), None));
        }
        Claimed::seated(taken, no_seat)
    }
}

/// A client's identity, for one life: nothing that a client numbers has to outlast it.
pub fn client(cx: &mut Cx<'_>) -> Identity {
    Identity {
        seat: MOST_SEATS + (cx.number() % UNLOCKED_SEATS) as u32,
        secret: cx.source.key(),
        incarnation: 1,
    }
}
