//! A database that is slow for a while, for one tab or for all.

use super::Life;

/// For a while everything takes longer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slow {
    /// By this many microseconds.
    pub by: u64,
    /// Until this time.
    pub until: u64,
    /// For whom; `None`: for all.
    pub only: Option<Life>,
}

impl Slow {
    /// How much longer than usual an engine waits now.
    #[must_use]
    pub fn wait(self, life: Life, now: u64) -> u64 {
        let meant = self.only.is_none_or(|only| only == life);
        if meant && now < self.until {
            self.by
        } else {
            0
        }
    }
}
