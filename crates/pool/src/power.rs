//! How much of the machine.

use serde::{Deserialize, Serialize};

/// Workers and the share of the time that they work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// Workers, 1..=64.
    pub workers: u8,
    /// Share of the time that each works, in percent, 1..=100.
    pub duty: u8,
}

impl Power {
    /// Where everybody starts.
    pub const GENTLE: Self = Self {
        workers: 1,
        duty: 50,
    };

    /// Nothing: the share of a tab that does not mine.
    pub const NONE: Self = Self {
        workers: 0,
        duty: 0,
    };

    /// Whether it is a setting that a person can make.
    #[must_use]
    pub fn is_sane(self) -> bool {
        self == self.clamped(Self::MOST_WORKERS)
    }

    /// The nearest setting for a machine of so many cores.
    #[must_use]
    pub fn clamped(self, cores: u8) -> Self {
        Self {
            workers: self.workers.clamp(1, cores.clamp(1, Self::MOST_WORKERS)),
            duty: self.duty.clamp(1, 100),
        }
    }

    /// More workers than this help nobody.
    pub const MOST_WORKERS: u8 = 64;
}
