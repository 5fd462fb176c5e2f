//! A node's time, from the browser's two clocks: the wall clock, which people and sleep move, and
//! the steady one, which stands still while the machine sleeps.
//!
//! Time never goes back within an incarnation. When the two clocks drift too far apart, or nothing
//! ran for a long while, nodes are restarted instead of being fed a made-up time.

use chain::Time;
use chain::params::TABCHAIN_GENESIS_TIME;

/// If nothing ran for this long, the tab was frozen or the machine slept. In microseconds.
const PAUSE: u64 = 60_000_000;
/// How far the wall clock may fall behind before time starts over from it, in microseconds.
const BEHIND: u64 = 60_000_000;

/// Both clocks at one moment, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Since 1970, by the wall clock.
    pub wall: u64,
    /// Since the worker began, by the steady clock.
    pub steady: u64,
}

/// What the clocks mean for nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since the room's epoch.
    pub now: Time,
    /// Whether nodes should be restarted, on a fresh clock.
    pub broken: bool,
}

/// Tells the time of one incarnation.
#[derive(Clone, Debug)]
pub struct Clock {
    last: Time,
    reading: Reading,
}

impl Clock {
    /// Starts by the wall clock.
    #[must_use]
    pub fn start(reading: Reading) -> Self {
        Self {
            last: since_epoch(reading.wall),
            reading,
        }
    }

    /// The time at this reading, never before that of an earlier one.
    pub fn read(&mut self, reading: Reading) -> Moment {
        let wall = since_epoch(reading.wall);
        let passed = reading.steady.saturating_sub(self.reading.steady);
        let steady = Time(self.last.0.saturating_add(passed));
        let paused = passed.max(reading.wall.saturating_sub(self.reading.wall)) > PAUSE;
        let now = steady.max(wall);
        let behind = now.0.saturating_sub(wall.0) > BEHIND;
        self.last = now;
        self.reading = reading;
        Moment {
            now,
            broken: paused || behind,
        }
    }

    /// The time last read.
    #[must_use]
    pub fn last(&self) -> Time {
        self.last
    }
}

fn since_epoch(wall: u64) -> Time {
    Time(wall.saturating_sub(u64::from(TABCHAIN_GENESIS_TIME.0) * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: u64 = 1_767_225_600_000_000;
    const SECOND: u64 = 1_000_000;

    fn at(wall: i64, steady: u64) -> Reading {
        Reading {
            wall: EPOCH.checked_add_signed(wall * 1_000_000).unwrap(),
            steady: steady * SECOND,
        }
    }

    #[test]
    fn time_counts_from_the_epoch_of_rooms() {
        assert_eq!(Clock::start(at(5, 0)).last(), Time(5 * SECOND));
        assert_eq!(Clock::start(at(-5, 0)).last(), Time(0));
    }

    #[test]
    fn a_wall_clock_that_goes_back_does_not_take_time_with_it() {
        let mut clock = Clock::start(at(100, 0));
        assert_eq!(
            clock.read(at(70, 1)),
            Moment {
                now: Time(101 * SECOND),
                broken: false
            }
        );
        assert_eq!(
            clock.read(at(71, 2)),
            Moment {
                now: Time(102 * SECOND),
                broken: false
            }
        );
        assert_eq!(
            clock.read(at(-3600, 3)),
            Moment {
                now: Time(103 * SECOND),
                broken: true
            }
        );
    }

    #[test]
    fn after_sleep_time_follows_the_wall_clock_and_nodes_restart() {
        let mut clock = Clock::start(at(0, 0));
        assert_eq!(
            clock.read(at(30, 1)),
            Moment {
                now: Time(30 * SECOND),
                broken: false
            }
        );
        assert_eq!(
            clock.read(at(28_830, 2)),
            Moment {
                now: Time(28_830 * SECOND),
                broken: true
            }
        );
        assert!(!clock.read(at(28_831, 3)).broken);
    }

    #[test]
    fn a_freeze_shows_on_the_steady_clock_too() {
        let mut clock = Clock::start(at(0, 0));
        assert!(clock.read(at(0, 61)).broken);
    }
}
