//! The event log: what happened, numbered, for the page to put into words.

use std::collections::VecDeque;

use wire::{Happening, LogEntry};

/// Most lines that wait for the page; beyond that the oldest are lost, as their numbers show.
const MOST: usize = 512;
/// Least time between two lines about garbage, in milliseconds.
const GARBAGE_EVERY: u64 = 1_000;

/// Lines that the page has not seen.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<LogEntry>,
    number: u32,
    garbage: u32,
    garbage_told: Option<u64>,
}

impl Log {
    /// Writes a line. `at` is in Unix milliseconds.
    pub fn write(&mut self, at: u64, what: Happening) {
        self.number = self.number.wrapping_add(1);
        self.lines.push_back(LogEntry {
            number: self.number,
            at,
            what,
        });
        while self.lines.len() > MOST {
            self.lines.pop_front();
        }
    }

    /// Counts dropped messages and logs them at most once a second. Returns whether it did.
    pub fn garbage(&mut self, at: u64, count: u32) -> bool {
        self.garbage = self.garbage.saturating_add(count);
        let early = self
            .garbage_told
            .is_some_and(|told| at.saturating_sub(told) < GARBAGE_EVERY);
        if self.garbage == 0 || early {
            return false;
        }
        self.garbage_told = Some(at);
        let count = std::mem::take(&mut self.garbage);
        self.write(at, Happening::Garbage { count });
        true
    }

    /// Up to `most` lines for a frame, oldest first.
    pub fn take(&mut self, most: usize) -> Vec<LogEntry> {
        self.lines.drain(..most.min(self.lines.len())).collect()
    }

    /// Roughly the bytes of what waits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        512 * self.lines.len()
    }

    /// Whether there is anything to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_is_logged_once_a_second_with_its_count() {
        let mut log = Log::default();
        assert!(!log.garbage(0, 0));
        for at in 0..2_500 {
            log.garbage(at, 4);
        }
        let told: Vec<_> = log.take(9).into_iter().map(|line| line.what).collect();
        let garbage = |count| Happening::Garbage { count };
        assert_eq!(told, [garbage(4), garbage(4_000), garbage(4_000)]);
    }

    #[test]
    fn a_frozen_page_does_not_make_the_log_grow() {
        let mut log = Log::default();
        for at in 0..10_000 {
            log.write(at, Happening::Reset);
        }
        let lines = log.take(usize::MAX);
        assert_eq!(
            (lines.len(), lines[0].number),
            (MOST, 10_000 - MOST as u32 + 1)
        );
    }
}
