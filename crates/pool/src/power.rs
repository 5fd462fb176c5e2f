//! How much of the machine may be used.

use serde::{Deserialize, Serialize};

/// How many workers, and what share of the time they work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// Workers, 1..=64.
    pub workers: u8,
    /// Share of the time each one works, in percent, 1..=100.
    pub duty: u8,
}

impl Power {
    /// What everybody starts with.
    pub const GENTLE: Self = Self {
        workers: 1,
        duty: 50,
    };

    /// Nothing: the share of a tab that does not mine.
    pub const NONE: Self = Self {
        workers: 0,
        duty: 0,
    };

    /// Whether a person can choose this setting.
    #[must_use]
    pub fn is_sane(self) -> bool {
        self == self.clamped(Self::MOST_WORKERS)
    }

    /// The nearest setting for a machine with this many cores.
    #[must_use]
    pub fn clamped(self, cores: u8) -> Self {
        Self {
            workers: self.workers.clamp(1, cores.clamp(1, Self::MOST_WORKERS)),
            duty: self.duty.clamp(1, 100),
        }
    }

    /// Most workers: more help nobody.
    pub const MOST_WORKERS: u8 = 64;
}
