//! Another chain of the room comes to count: by a reset, by its undoing, or because storage says so.

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
    /// Another tab, which cannot write it down, says that this counts.
    Follow(Generation),
}

/// A renewal under way.
pub struct Renewing {
    /// The ask that is answered when it is done; `None`: nobody asked here.
    pub ask: Option<u32>,
    /// What is to become.
    pub renewal: Renewal,
    /// What counted when it was asked for.
    pub seen: Generation,
    /// How far it has come.
    pub step: Step,
    /// Until when the present step may take, in milliseconds.
    pub until: u64,
}

/// The steps, in their order.
pub enum Step {
    /// Waits for its turn.
    Lock(Wait),
    /// Reads what storage says counts.
    Read(Option<LockId>, Ticket),
    /// Looks whether anything was saved of the chain that counts.
    Count(Option<LockId>, Ticket, Generation),
    /// The new generation is being written; until then other tabs are told of the one before.
    Write(Option<LockId>, Generation),
}

/// Why the room's chain stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotRenewed {
    /// No reset can be undone.
    NothingToUndo,
    /// Somebody else holds the room's lock.
    HeldUp(HeldUp),
    /// The tab has left the room meanwhile.
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
            // Another reset would put away nothing, and lose what the one before put away.
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
        }
    }
}
