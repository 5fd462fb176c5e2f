//! The honest hash rate: hashes that workers reported, over elapsed time.
//!
//! A report covers the time since the worker's last one, so its hashes are spread over that time;
//! otherwise a plot of the rate would show teeth that only reflect when reports arrive.

/// Width of a bucket in milliseconds.
const BUCKET: u64 = 250;
/// Buckets kept: a minute of history, the lag and an incomplete second.
const KEPT: usize = 60 * 4 + 8;
/// Reports come at most this late, in milliseconds: anything more recent may be incomplete.
const LAG: u64 = 500;
/// The rate is the mean over this many milliseconds.
const WINDOW: u64 = 3_000;
/// Seconds of history.
const HISTORY: u64 = 60;

/// Counts hashes by time; all times are milliseconds of one clock that never goes back.
#[derive(Debug)]
pub struct Meter {
    /// Hashes of bucket number `n` at `n % KEPT`.
    buckets: [u64; KEPT],
    /// The newest bucket's number.
    newest: u64,
    /// When counting first began.
    first: Option<u64>,
    /// When mining was last switched on.
    since: u64,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            buckets: [0; KEPT],
            newest: 0,
            first: None,
            since: 0,
        }
    }
}

impl Meter {
    /// Mining was switched on: the rate counts from here.
    pub fn start(&mut self, now: u64) {
        let now = self.advance(now);
        self.since = now;
        self.first.get_or_insert(now);
    }

    /// `hashes` were done between `from` and `now`.
    pub fn add(&mut self, from: u64, now: u64, hashes: u64) {
        let now = self.advance(now);
        let oldest = (now / BUCKET + 1).saturating_sub(KEPT as u64) * BUCKET;
        let from = from.min(now).max(oldest);
        let lasts = u128::from(now - from).max(1);
        let (mut at, mut given) = (from, 0);
        while at < now {
            let end = ((at / BUCKET + 1) * BUCKET).min(now);
            // Cumulative shares, so that the parts add up to exactly `hashes`.
            let share = u128::from(hashes) * u128::from(end - from) / lasts;
            let share = share as u64; // at most `hashes`
            *self.bucket(at / BUCKET) += share - given;
            (at, given) = (end, share);
        }
        *self.bucket(now / BUCKET) += hashes - given; // all of them if no time has passed
    }

    /// Hashes a second over the last seconds, or since the start if that is shorter.
    pub fn rate(&mut self, now: u64) -> u64 {
        let now = self.advance(now);
        let end = now.saturating_sub(LAG) / BUCKET;
        let begin = end
            .saturating_sub(WINDOW / BUCKET)
            .max(self.since.div_ceil(BUCKET));
        if begin >= end {
            return 0;
        }
        let sum: u64 = (begin..end).map(|n| *self.bucket(n)).sum();
        sum * 1000 / ((end - begin) * BUCKET)
    }

    /// One value per second for the last minute, oldest first; only whole seconds since counting
    /// first began.
    pub fn history(&mut self, now: u64) -> Vec<u64> {
        let now = self.advance(now);
        let Some(first) = self.first else {
            return Vec::new();
        };
        let end = now.saturating_sub(LAG) / 1000;
        let begin = end.saturating_sub(HISTORY).max(first.div_ceil(1000));
        let each = 1000 / BUCKET;
        (begin..end)
            .map(|second| (0..each).map(|n| *self.bucket(second * each + n)).sum())
            .collect()
    }

    fn bucket(&mut self, number: u64) -> &mut u64 {
        &mut self.buckets[(number % KEPT as u64) as usize]
    }

    /// Empties the buckets that time has moved past. A time before the newest bucket is taken as
    /// that bucket's.
    fn advance(&mut self, now: u64) -> u64 {
        let newest = now / BUCKET;
        let from = (self.newest + 1).max(newest.saturating_sub(KEPT as u64 - 1));
        for number in from..=newest {
            *self.bucket(number) = 0;
        }
        self.newest = self.newest.max(newest);
        now.max(self.newest * BUCKET)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn steady_work_reads_as_its_rate() {
        let mut meter = Meter::default();
        meter.start(10_000);
        for step in 1..=500 {
            let now = 10_000 + step * 210;
            meter.add(now - 210, now, 210_000);
            if step > 10 {
                assert!(
                    meter.rate(now).abs_diff(1_000_000) < 1_000,
                    "{}",
                    meter.rate(now)
                );
            }
        }
        let history = meter.history(115_000);
        assert_eq!(history.len(), 60);
        assert!(
            history.iter().all(|rate| rate.abs_diff(1_000_000) < 1_000),
            "{history:?}"
        );
    }

    #[test]
    fn the_rate_counts_from_the_start_and_drops_to_zero() {
        let mut meter = Meter::default();
        assert_eq!((meter.rate(5), meter.history(5)), (0, vec![]));
        meter.start(100_000);
        meter.add(100_000, 101_500, 1_500);
        assert_eq!(meter.rate(101_500), 1_000);
        assert_eq!(meter.rate(110_000), 0);
        assert_eq!(meter.history(110_000), [1_000, 500, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_gap_longer_than_the_memory_leaves_nothing_behind() {
        let mut meter = Meter::default();
        meter.start(0);
        meter.add(0, 60_000, 6_000_000);
        assert_eq!(meter.history(10_000_000), [0; 60]);
    }

    proptest! {
        #[test]
        fn no_hash_is_lost_or_invented(start in 0..1_000_000u64, parts in prop::collection::vec((0..900u64, 0..1u64 << 40), 1..60)) {
            let mut meter = Meter::default();
            meter.start(start);
            let (mut now, mut sum) = (start, 0);
            for (lasts, hashes) in parts {
                meter.add(now, now + lasts, hashes);
                now += lasts;
                sum += hashes;
            }
            prop_assert_eq!(meter.buckets.iter().sum::<u64>(), sum);
        }

        #[test]
        fn odd_times_do_no_harm(calls in prop::collection::vec((any::<u32>(), any::<u32>(), any::<u32>()), 0..50)) {
            let mut meter = Meter::default();
            for (from, now, hashes) in calls {
                meter.add(from.into(), now.into(), hashes.into());
                meter.rate(now.into());
                prop_assert!(meter.history(now.into()).len() <= 60);
            }
        }
    }
}
