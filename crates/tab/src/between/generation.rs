//! Which chain of a room counts.

use serde::{Deserialize, Serialize};

/// Which chain of a room counts: a reset begins another one. Of two generations, the one written
/// later wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation {
    /// Counts resets and their undoing.
    pub stamp: u32,
    /// The chain that counts.
    pub current: u32,
    /// The chain that the last reset put away, if it can be brought back.
    pub undo: Option<u32>,
}

impl Generation {
    /// Begins an empty chain; the present one is put away.
    #[must_use]
    pub fn reset(self) -> Self {
        let stamp = self.stamp.saturating_add(1);
        // Stamps only rise, so a chain's number is never used twice.
        Self {
            stamp,
            current: stamp,
            undo: Some(self.current),
        }
    }

    /// Brings back the chain that was put away, if there is one.
    #[must_use]
    pub fn undone(self) -> Option<Self> {
        Some(self.taking_back(self.undo?))
    }

    /// Gives up the present chain for one that was there before.
    #[must_use]
    pub fn taking_back(self, chain: u32) -> Self {
        Self {
            stamp: self.stamp.saturating_add(1),
            current: chain,
            undo: None,
        }
    }

    /// Whether this chain's data is still wanted.
    #[must_use]
    pub fn keeps(self, generation: u32) -> bool {
        generation == self.current || Some(generation) == self.undo
    }

    /// Whether both say, after equally many resets, that the same chain counts.
    #[must_use]
    pub fn is_same_chain(self, other: Self) -> bool {
        (self.stamp, self.current) == (other.stamp, other.current)
    }

    /// Whether a tab on this generation can go over to `next` without losing its chain: it stays
    /// the one that counts, or can be brought back.
    #[must_use]
    pub fn survives(self, next: Self) -> bool {
        next.keeps(self.current)
    }
}
