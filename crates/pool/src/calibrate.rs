//! How fast this machine hashes, measured in the thread that asks.
#![allow(
    clippy::disallowed_types,
    reason = "a browser's clock is a float; nothing replays a measurement"
)]

use miner::Found;

/// Hashes a second of one worker at full duty, measured for about `ms` milliseconds (at least 20)
/// on a meaningless header. The search finds nothing: no hash meets a target of zero.
///
/// `clock` returns milliseconds; its ticks may be coarse.
pub fn measure_rate(ms: u32, clock: impl Fn() -> f64) -> u64 {
    measure(f64::from(ms.max(20)), clock)
}

/// Lengthens the run until a clock with coarse ticks can time it.
fn measure(ms: f64, clock: impl Fn() -> f64) -> u64 {
    const MOST: u64 = 1 << 32;
    let mut count = 1 << 12;
    loop {
        let begun = clock();
        let tried = miner::search(&[0x55; 80], &[0; 32], 0, count, &mut Found::new());
        let lasted = clock() - begun;
        if lasted >= ms / 2.0 || count >= MOST {
            return (tried as f64 * 1000.0 / lasted.max(1.0)) as u64;
        }
        let fitting = if lasted > 0.0 {
            count as f64 * ms / lasted
        } else {
            f64::MAX
        };
        count = (count * 8).min(fitting as u64).clamp(count, MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn the_rate_is_hashes_over_time() {
        // By this clock each run lasts 100 ms.
        let time = Cell::new(0.0);
        let rate = measure(100.0, || time.replace(time.get() + 100.0));
        assert_eq!(rate, (1 << 12) * 10);
    }

    #[test]
    fn a_clock_with_coarse_ticks_still_gives_a_rate() {
        // Ticks of 100 ms, one every third reading.
        let readings = Cell::new(0u32);
        let clock = || {
            readings.set(readings.get() + 1);
            f64::from(readings.get() / 3) * 100.0
        };
        assert!(measure(100.0, clock) > 0);
    }
}
