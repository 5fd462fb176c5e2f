//! Which chain of a room counts.

use serde::{Deserialize, Serialize};

/// Which chain of a room counts: resetting a room begins another one. Of two, the one that was
/// written later holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation {
    /// Counts resets and their undoing.
    pub stamp: u32,
    /// The chain that counts.
    pub current: u32,
    /// The one that the last reset put away.
    pub undo: Option<u32>,
}

impl Generation {
    /// A new empty chain; the present one is put away.
    #[must_use]
    pub fn reset(self) -> Self {
        let stamp = self.stamp.saturating_add(1);
        // Stamps never come again, so a chain's number is never used twice.
        Self {
            stamp,
            current: stamp,
            undo: Some(self.current),
        }
    }

    /// The chain that was put away, if there is one.
    #[must_use]
    pub fn undone(self) -> Option<Self> {
        Some(Self {
            stamp: self.stamp.saturating_add(1),
            current: self.undo?,
            undo: None,
        })
    }

    /// Whether data of this generation is still wanted.
    #[must_use]
    pub fn keeps(self, generation: u32) -> bool {
        generation == self.current || Some(generation) == self.undo
    }

    /// Whether both say, after as many resets, that the same chain counts.
    #[must_use]
    pub fn is_same_chain(self, other: Self) -> bool {
        (self.stamp, self.current) == (other.stamp, other.current)
    }

    /// Whether a tab whose chain is on this generation can go over to `next` without losing it: it
    /// is the same chain, can be brought back, or comes back.
    #[must_use]
    pub fn survives(self, next: Self) -> bool {
        next.keeps(self.current)
    }
}
