//! Counts recent crashes of engines, and decides how long to wait before the next start.

use std::collections::VecDeque;

/// How many engines that die within [`WINDOW_MS`] are replaced; the next one is not.
const MOST: usize = 5;
const WINDOW_MS: u64 = 60_000;

/// When engines died, within the last minute.
#[derive(Debug, Default)]
pub struct Crashes {
    times: VecDeque<u64>,
}

impl Crashes {
    /// Records a crash at `now` (milliseconds) and returns how long to wait before the next engine;
    /// `None` means that none is to be started.
    pub fn note(&mut self, now: u64) -> Option<u64> {
        self.times
            .retain(|time| now.saturating_sub(*time) < WINDOW_MS);
        self.times.push_back(now);
        let before = self.times.len() - 1;
        (before < MOST).then(|| 100 << before)
    }

    /// Starts over.
    pub fn forgive(&mut self) {
        self.times.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Crashes;

    #[test]
    fn the_first_new_engine_comes_within_a_second_and_the_sixth_never() {
        let mut crashes = Crashes::default();
        let waits: Vec<_> = (0..7).map(|n| crashes.note(n * 5_000)).collect();
        let expected = [
            Some(100),
            Some(200),
            Some(400),
            Some(800),
            Some(1600),
            None,
            None,
        ];
        assert_eq!(waits, expected);
    }

    #[test]
    fn old_crashes_are_forgotten() {
        let mut crashes = Crashes::default();
        for n in 0..100 {
            assert_eq!(crashes.note(n * 61_000), Some(100));
        }
        for n in 0..6 {
            crashes.note(6_100_000 + n);
        }
        assert_eq!(crashes.note(6_100_010), None);
        crashes.forgive();
        assert_eq!(crashes.note(6_100_020), Some(100));
    }
}
