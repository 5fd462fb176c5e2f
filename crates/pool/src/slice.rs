//! How a mining worker spends its time: short slices of search, and pauses between them.
//!
//! Nothing of the browser in here: the clock and the post box are handed in, in milliseconds and
//! as closures, so that all of it is tested natively. `miner-worker` is the thin rest.

use super::message::{FromMiner, Lease, ToMiner};
use miner::Found;

/// A slice lasts about as long, at most; a new lease or a stop is heard after it, in milliseconds.
const SLICE: f64 = 20.0;
/// Slice and pause together last at most as long, so that a low duty is no long silence.
const PERIOD: f64 = 500.0;
/// Progress is told no more often than this.
const REPORT: f64 = 200.0;
/// How much lateness of timers may be caught up on, so that a duty is kept on average.
const CREDIT: f64 = 50.0;
/// Pause after a slice that found as many nonces as fit: the target is so easy that the node must
/// get a chance to replace the job.
const FULL_PAUSE: f64 = 50.0;
/// The first slice of a lease, in nonces; each further one doubles until it lasts [`SLICE`]: with
/// an easy target the first answer comes at once.
const FIRST: u64 = 1 << 12;
/// Faster than any machine, in nonces a millisecond.
const FASTEST: f64 = 1e7;
/// No slice is longer than this many nonces, whatever the clock says.
const MOST: u64 = 1 << 26;

/// The worker's state.
#[derive(Debug, Default)]
pub struct Searcher {
    active: Option<Active>,
    pace: Pace,
    /// Hashes not told yet.
    hashes: u64,
}

#[derive(Debug)]
struct Active {
    lease: Lease,
    /// Nonces tried.
    done: u64,
    /// Size of the next slice while slices still grow.
    next: u64,
    /// When progress was last told.
    told: f64,
    /// No slice before this.
    not_before: f64,
}

impl Searcher {
    /// Takes an order. What was done of a lease that ends here is told first: were it told later,
    /// its hashes would be counted under a pause.
    pub fn hear(&mut self, order: ToMiner, now: f64, post: &mut impl FnMut(FromMiner)) {
        let lease = match order {
            ToMiner::Duty(duty) => {
                self.pace.duty = duty;
                return;
            }
            ToMiner::Stop => None,
            ToMiner::Lease(lease) => Some(lease),
        };
        if let Some(old) = self.active.take()
            && self.hashes > 0
        {
            post(FromMiner::Progress {
                lease: old.lease.lease,
                done: old.done,
                hashes: core::mem::take(&mut self.hashes),
            });
        }
        self.active = lease.map(|lease| {
            self.pace.duty = lease.duty;
            Active {
                lease,
                done: 0,
                next: FIRST,
                told: now,
                not_before: now,
            }
        });
    }

    /// In how many milliseconds [`Self::step`] is due; `None`: not before the next order.
    pub fn wait(&self, now: f64) -> Option<f64> {
        let active = self.active.as_ref()?;
        Some(self.pace.due.max(active.not_before).max(now) - now)
    }

    /// Searches one slice and tells what came of it.
    pub fn step(&mut self, clock: impl Fn() -> f64, post: &mut impl FnMut(FromMiner)) {
        let Some(active) = self.active.as_mut() else {
            return;
        };
        let Lease {
            header,
            target,
            start,
            count,
            ..
        } = &active.lease;
        let left = count - active.done;
        let size = self.pace.size().min(active.next).min(left);
        let at = u64::from(*start) + active.done; // below 2^32: the lease ends there at the latest
        let mut found = Found::new();

        let begun = clock();
        let tried = miner::search(header, target, at as u32, size, &mut found);
        let now = clock();

        self.pace.worked(begun, now, tried, tried == size);
        active.done += tried;
        self.hashes += tried;
        active.next = active.next.saturating_mul(2);
        if found.is_full() {
            active.not_before = now + FULL_PAUSE;
        }
        for &nonce in found.as_slice() {
            post(FromMiner::Found {
                lease: active.lease.lease,
                job: active.lease.job,
                nonce,
            });
        }
        let finished = tried == left;
        if finished || now - active.told >= REPORT {
            active.told = now;
            post(FromMiner::Progress {
                lease: active.lease.lease,
                done: active.done,
                hashes: core::mem::take(&mut self.hashes),
            });
        }
        if finished {
            self.active = None;
        }
    }
}

/// Keeps a duty: how long a slice may be, and when the next one may begin.
#[derive(Debug)]
struct Pace {
    duty: u8,
    /// No slice before this time. It outlives a lease, or many short ones would exceed the duty.
    due: f64,
    /// Nonces a millisecond while working.
    rate: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            duty: 1,
            due: 0.0,
            rate: 200.0, // slower than any machine; the first slices correct it
        }
    }
}

impl Pace {
    fn size(&self) -> u64 {
        let slice = (PERIOD / 100.0 * f64::from(self.duty)).min(SLICE);
        ((self.rate * slice) as u64).clamp(64, MOST)
    }

    fn worked(&mut self, begun: f64, now: f64, tried: u64, whole: bool) {
        let busy = (now - begun).max(0.0);
        self.due = self.due.max(begun - CREDIT) + busy * 100.0 / f64::from(self.duty);
        // A coarse clock shows 0 for a short slice; a slice that a find cut short says nothing.
        if whole && tried >= FIRST {
            let most = self.rate * 2.0;
            let seen = if busy > 0.0 {
                tried as f64 / busy
            } else {
                most
            };
            // Not `clamp`: its panic on bad bounds would bring the printing of floats with it.
            self.rate = seen.max(self.rate / 2.0).min(most).min(FASTEST);
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use core::cell::Cell;

    const EASY: [u8; 32] = [0xff; 32];
    const HARD: [u8; 32] = [0; 32];

    fn lease(target: [u8; 32], start: u32, count: u64, duty: u8) -> Lease {
        Lease {
            lease: 7,
            job: 9,
            header: [5; 80],
            target,
            start,
            count,
            duty,
        }
    }

    /// Runs a worker against a clock by which each slice lasts `lasts`, and that jumps over each
    /// pause. Returns what it posted, the time worked and the time passed.
    fn run(searcher: &mut Searcher, lasts: f64, steps: usize) -> (Vec<FromMiner>, f64, f64) {
        let time = Cell::new(0.0);
        let second = Cell::new(true);
        let clock = || {
            second.set(!second.get());
            time.set(time.get() + if second.get() { lasts } else { 0.0 });
            time.get()
        };
        let (mut heard, mut busy) = (Vec::new(), 0.0);
        for _ in 0..steps {
            let Some(wait) = searcher.wait(time.get()) else {
                break;
            };
            time.set(time.get() + wait);
            searcher.step(clock, &mut |message| heard.push(message));
            busy += lasts;
        }
        (heard, busy, time.get())
    }

    fn progress(message: &FromMiner) -> (u64, u64) {
        match message {
            FromMiner::Progress {
                lease: 7,
                done,
                hashes,
            } => (*done, *hashes),
            other => panic!("unexpected {other:?}"),
        }
    }

    fn order(searcher: &mut Searcher, order: ToMiner) -> Vec<FromMiner> {
        let mut heard = Vec::new();
        searcher.hear(order, 0.0, &mut |message| heard.push(message));
        heard
    }

    #[test]
    fn a_lease_is_searched_to_its_last_nonce_and_told_done_once() {
        let mut searcher = Searcher::default();
        order(
            &mut searcher,
            ToMiner::Lease(lease(HARD, u32::MAX - 99_999, 100_000, 100)),
        );
        let (heard, ..) = run(&mut searcher, 1.0, 1000);
        let told: Vec<_> = heard.iter().map(progress).collect();
        assert_eq!(told.iter().filter(|(done, _)| *done == 100_000).count(), 1);
        assert_eq!(told.last().map(|(done, _)| *done), Some(100_000));
        assert_eq!(told.iter().map(|(_, hashes)| hashes).sum::<u64>(), 100_000);
        assert_eq!(searcher.wait(0.0), None);
    }

    #[test]
    fn every_winner_is_told_once_and_before_the_progress_that_covers_it() {
        let mut searcher = Searcher::default();
        order(&mut searcher, ToMiner::Lease(lease(EASY, 1000, 40, 100)));
        let (heard, ..) = run(&mut searcher, 0.1, 1000);
        let mut nonces = Vec::new();
        for message in &heard {
            match message {
                FromMiner::Found {
                    lease: 7,
                    job: 9,
                    nonce,
                } => nonces.push(*nonce),
                FromMiner::Progress { done, .. } => assert_eq!(nonces.len() as u64, *done),
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(nonces, (1000..1040).collect::<Vec<_>>());
    }

    #[test]
    fn an_absurdly_easy_target_cannot_flood_the_pool() {
        let mut searcher = Searcher::default();
        order(&mut searcher, ToMiner::Lease(lease(EASY, 0, 1 << 32, 100)));
        let (heard, _, passed) = run(&mut searcher, 0.01, 200);
        let found = |message: &&FromMiner| matches!(message, FromMiner::Found { .. });
        let found = heard.iter().filter(found).count() as f64;
        let most = (passed / FULL_PAUSE + 1.0) * Found::CAPACITY as f64;
        assert!(found <= most, "{found} in {passed} ms");
    }

    #[test]
    fn a_new_lease_begins_at_once_though_the_last_one_paused() {
        let mut searcher = Searcher::default();
        order(&mut searcher, ToMiner::Lease(lease(EASY, 0, 1 << 32, 100)));
        searcher.step(|| 10.0, &mut |_| {});
        assert_eq!(searcher.wait(10.0), Some(FULL_PAUSE));
        searcher.hear(ToMiner::Lease(lease(HARD, 0, 1, 100)), 10.0, &mut |_| {});
        assert_eq!(searcher.wait(10.0), Some(0.0));
    }

    #[test]
    fn the_duty_is_kept_whatever_it_is() {
        for duty in [1, 7, 50, 99] {
            let mut searcher = Searcher::default();
            order(&mut searcher, ToMiner::Lease(lease(HARD, 0, 1 << 32, duty)));
            let (_, busy, passed) = run(&mut searcher, 25.0, 100);
            let share = busy / passed * 100.0;
            assert!(
                (share - f64::from(duty)).abs() < 2.0,
                "{share} instead of {duty}"
            );
        }
    }

    #[test]
    fn new_leases_do_not_wipe_out_the_pause_that_is_owed() {
        let mut searcher = Searcher::default();
        order(&mut searcher, ToMiner::Lease(lease(HARD, 0, 1 << 32, 10)));
        let time = Cell::new(1000.0);
        searcher.step(
            || {
                time.set(time.get() + 10.0);
                time.get()
            },
            &mut |_| {},
        );
        let owed = searcher.wait(time.get());
        searcher.hear(
            ToMiner::Lease(lease(HARD, 0, 1, 10)),
            time.get(),
            &mut |_| {},
        );
        assert_eq!(searcher.wait(time.get()), owed);
        assert!(owed > Some(30.0));
    }

    #[test]
    fn a_lease_that_is_taken_away_tells_what_was_done() {
        let mut searcher = Searcher::default();
        order(&mut searcher, ToMiner::Lease(lease(HARD, 0, 1 << 32, 100)));
        assert_eq!(order(&mut searcher, ToMiner::Stop), []);
        order(&mut searcher, ToMiner::Lease(lease(HARD, 0, 1 << 32, 100)));
        searcher.step(|| 1.0, &mut |_| {});
        let heard = order(&mut searcher, ToMiner::Stop);
        assert!(matches!(
            heard[..],
            [FromMiner::Progress {
                lease: 7,
                done: 1..,
                hashes: 1..,
            }]
        ));
        assert_eq!(searcher.wait(0.0), None);
    }

    #[test]
    fn slices_settle_near_their_length_on_fast_slow_and_coarse_clocks() {
        for per_ms in [50.0, 6_000.0, 100_000.0] {
            let mut pace = Pace {
                duty: 100,
                ..Pace::default()
            };
            for _ in 0..40 {
                let size = pace.size();
                pace.worked(0.0, size as f64 / per_ms, size, true);
            }
            let lasts = pace.size() as f64 / per_ms;
            assert!(
                lasts < 2.0 * SLICE.max(FIRST as f64 / per_ms),
                "{lasts} at {per_ms}"
            );
        }
        let mut pace = Pace {
            duty: 100,
            ..Pace::default()
        };
        for _ in 0..100 {
            pace.worked(0.0, 0.0, pace.size(), true);
        }
        assert!(pace.size() <= MOST);
    }
}
