//! Changing which chain of the room counts: by a reset, by its undoing, or following another tab.

use wire::live::HeldUp;

use super::wait::Wait;
use crate::between::generation::Generation;
use crate::door::{LockId, Ticket};
use crate::planted::{Bug, is_planted};

/// What is to become of the room's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It is put away.
    Reset,
    /// The one that was put away comes back.
    Undo,
    /// Another tab says that this counts, although storage does not.
    Follow(Generation),
    /// What storage said is lost, and another tab is on this, or this tab guessed it: one chain
    /// counts for all.
    Restore(Generation),
}

/// A renewal under way.
pub struct Renewing {
    /// The ask that is answered when it is done; `None`: nobody asked here.
    pub ask: Option<u32>,
    /// What is to happen.
    pub renewal: Renewal,
    /// What counted when it was asked for.
    pub seen: Generation,
    /// How far it has come.
    pub step: Step,
    /// The present step's deadline, in milliseconds.
    pub until: u64,
}

/// The steps, in order.
pub enum Step {
    /// Waiting for the room's lock.
    Lock(Wait),
    /// Reading what storage says counts.
    Read(Option<LockId>, Ticket),
    /// Checking whether anything was saved of the chain that counts.
    Count(Option<LockId>, Ticket, Generation),
    /// Writing the new generation; until that is done, other tabs are told the one before.
    Write(Option<LockId>, Generation),
}

/// Why the room's chain stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRenewed {
    /// No reset can be undone.
    NothingToUndo,
    /// Somebody else holds the room's lock.
    HeldUp(HeldUp),
    /// The tab has left the room.
    Left,
}

impl Renewal {
    /// What counts afterwards, where `now` counts and `seen` counted when it was asked for.
    ///
    /// # Errors
    /// Why nothing changes.
    pub fn apply(
        self,
        now: Generation,
        seen: Generation,
        is_empty: bool,
    ) -> Result<Generation, NotRenewed> {
        match self {
            // Another reset would destroy what the last one put away, for nothing.
            Self::Reset
                if now.undo.is_some()
                    && (is_empty || (now != seen && !is_planted(Bug::ResetOfUnseenChain)))
                    && !is_planted(Bug::ResetOfEmptyChain) =>
            {
                Ok(now)
            }
            Self::Reset => Ok(now.reset()),
            Self::Undo => now.undone().ok_or(NotRenewed::NothingToUndo),
            Self::Follow(next) => Ok(next.max(now)),
            Self::Restore(other) if is_empty && other.current != now.current => {
                Ok(now.taking_back(other.current))
            }
            Self::Restore(_) => Ok(now),
        }
    }
}
