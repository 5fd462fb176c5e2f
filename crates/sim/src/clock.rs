//! A node's clock: ahead or behind, too fast or too slow, and never going back while somebody looks at it.

use chain::Time;

/// So many parts of a second are one.
const MILLION: i128 = 1_000_000;

/// A clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// By how many microseconds it is ahead at `since` ...
    ahead: i64,
    /// ... and by how many millionths it is too fast from then on.
    drift: i32,
    since: Time,
    /// What it showed last.
    shown: Time,
}

impl Clock {
    /// Sets it wrong.
    pub(crate) fn set(&mut self, now: Time, ahead_ms: i32, drift_ppm: i32) {
        self.ahead = i64::from(ahead_ms) * 1_000;
        (self.drift, self.since) = (drift_ppm, now);
    }

    /// Whoever looks at it from now on has not seen what it showed.
    pub(crate) fn restart(&mut self) {
        self.shown = Time::ZERO;
    }

    /// What it shows.
    pub(crate) fn read(&mut self, now: Time) -> Time {
        self.shown = self.shown.max(self.at(now));
        self.shown
    }

    /// What it would show, had nobody looked at it.
    fn at(&self, now: Time) -> Time {
        if (self.ahead, self.drift) == (0, 0) {
            return now;
        }
        let passed = i128::from(now.saturating_since(self.since).0);
        let drifted = passed * i128::from(self.drift) / MILLION;
        let shows = i128::from(now.0) + i128::from(self.ahead) + drifted;
        Time(u64::try_from(shows.max(0)).unwrap_or(u64::MAX))
    }

    /// When it will show a time, if nobody sets it; now, if it has.
    pub(crate) fn when(&self, now: Time, shows: Time) -> Time {
        if (self.ahead, self.drift) == (0, 0) {
            return shows.max(now);
        }
        let left = i128::from(shows.saturating_since(self.at(now)).0);
        let speed = MILLION + i128::from(self.drift);
        let wait = (left * MILLION + speed - 1) / speed; // rounded up: not before its time
        Time(
            now.0
                .saturating_add(u64::try_from(wait).unwrap_or(u64::MAX)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_clock_shows_the_time() {
        let mut clock = Clock::default();
        assert_eq!(clock.read(Time(7)), Time(7));
        assert_eq!(clock.when(Time(7), Time(9)), Time(9));
        assert_eq!(clock.when(Time(7), Time(5)), Time(7), "it is past");
    }

    #[test]
    fn a_wrong_clock_wakes_when_it_shows_the_time_and_hardly_later() {
        for (ahead, drift) in [(5, 0), (-5, 0), (0, 400_000), (3, -400_000), (-5, 7)] {
            let mut clock = Clock::default();
            clock.set(Time(20_000), ahead, drift);
            for wanted in [26_000, 30_001, 55_555] {
                let at = clock.when(Time(20_000), Time(wanted));
                assert!(clock.at(at) >= Time(wanted), "{ahead} {drift} {wanted}");
                let before = clock.at(Time(at.0 - 3)); // fractions are lost in between
                assert!(before < Time(wanted), "{ahead} {drift} {wanted}");
            }
        }
    }

    #[test]
    fn it_never_goes_back_while_somebody_looks() {
        let mut clock = Clock::default();
        clock.set(Time(0), 50, 0);
        assert_eq!(clock.read(Time(10)), Time(50_010));
        clock.set(Time(20), -50, 0);
        assert_eq!(clock.read(Time(30)), Time(50_010));
        clock.restart();
        assert_eq!(clock.read(Time(60_000)), Time(10_000));
    }
}
