//! Waiting for a lock, but not for ever: anything of the same origin may hold it.

use crate::cx::Cx;
use crate::door::{Effect, LockAnswer, LockId};

/// How long the tab waits for a lock before it goes on without, in milliseconds.
pub const PATIENCE_MS: u64 = 5_000;

/// A lock that was asked for.
#[derive(Debug)]
pub struct Wait {
    id: LockId,
    until: u64,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// The lock is held.
    Held(LockId),
    /// The browser refuses locks here.
    Refused,
    /// Somebody else held it for too long.
    HeldUp,
}

impl Wait {
    /// Asks for a lock.
    pub fn begin(cx: &mut Cx<'_>, name: String) -> Self {
        let id = cx.lock(name, true);
        let until = cx.ms() + PATIENCE_MS;
        Self { id, until }
    }

    /// The browser says what became of a lock; `None` if it is not this one.
    pub fn answered(&self, id: LockId, answer: LockAnswer) -> Option<Waited> {
        (id == self.id).then_some(match answer {
            LockAnswer::Granted => Waited::Held(id),
            LockAnswer::Refused => Waited::Refused,
            LockAnswer::Taken | LockAnswer::Stolen => Waited::HeldUp,
        })
    }

    /// Gives up when it has lasted too long.
    pub fn turn(&self, cx: &mut Cx<'_>) -> Option<Waited> {
        if cx.ms() < self.until {
            return None;
        }
        self.abandon(cx);
        Some(Waited::HeldUp)
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        self.until
    }

    /// Stops waiting.
    pub fn abandon(&self, cx: &mut Cx<'_>) {
        cx.act(Effect::Unlock(self.id));
    }
}
