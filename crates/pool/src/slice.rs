//! How a mining worker spends its time: short slices of search, and pauses between them.
//!
//! No browser in here: the clock (in milliseconds) and the way to post are passed in as closures,
//! so that all of it is tested natively. `miner-worker` is the thin remainder.

use super::message::{FromMiner, PART, Search, ToMiner};
use miner::Found;

/// A slice lasts about this long at most, in milliseconds; a new job or a stop is heard after it.
const SLICE: f64 = 20.0;
/// A slice and its pause last at most this long together, so that a low duty is no long silence.
const PERIOD: f64 = 500.0;
/// Within a part, progress is reported no more often than this.
const REPORT: f64 = 200.0;
/// How much of a late timer may be caught up on, so that the duty is kept on average.
const CREDIT: f64 = 50.0;
/// Pause after a slice that found as many nonces as fit: with a target that easy the node needs a
/// chance to replace the job.
const FULL_PAUSE: f64 = 50.0;
/// The first slice of a part, in nonces; each further one doubles until it lasts [`SLICE`], so that
/// with an easy target the first answer comes at once.
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
    /// Hashes not reported yet.
    hashes: u64,
    /// When progress was last reported.
    told: f64,
}

#[derive(Debug)]
struct Active {
    search: Search,
    /// Nonces tried.
    done: u64,
    /// Most nonces of the next slice, while slices still grow.
    next: u64,
    /// No slice before this.
    not_before: f64,
}

impl Searcher {
    /// Takes an order. A worker that stops reports first what it did: reported later, it would
    /// count towards the pause.
    pub fn hear(&mut self, order: ToMiner, now: f64, post: &mut impl FnMut(FromMiner)) {
        match order {
            ToMiner::Duty(duty) => self.pace.duty = duty,
            ToMiner::Stop => {
                self.active = None;
                self.tell(now, post);
            }
            ToMiner::Search(search) => {
                if self.active.is_none() {
                    self.told = now;
                }
                self.pace.duty = search.duty;
                self.active = Some(Active {
                    search,
                    done: 0,
                    next: FIRST,
                    not_before: now,
                });
            }
        }
    }

    #[inline(never)] // saves a hundred bytes of the worker's 20 KB
    fn tell(&mut self, now: f64, post: &mut impl FnMut(FromMiner)) {
        self.told = now;
        if self.hashes > 0 {
            let hashes = core::mem::take(&mut self.hashes);
            post(FromMiner::Progress { hashes });
        }
    }

    /// Milliseconds until [`Self::step`] is due; `None`: not before the next order.
    pub fn wait(&self, now: f64) -> Option<f64> {
        let active = self.active.as_ref()?;
        Some(self.pace.due.max(active.not_before).max(now) - now)
    }

    /// Searches one slice and reports the result.
    pub fn step(&mut self, clock: impl Fn() -> f64, post: &mut impl FnMut(FromMiner)) {
        let Some(active) = self.active.as_mut() else {
            return;
        };
        let Search {
            job, part, target, ..
        } = active.search;
        let left = PART - active.done;
        let size = self.pace.size().min(active.next).min(left);
        let start = u32::from_be_bytes([part, 0, 0, 0]) + active.done as u32; // below `PART`
        let mut found = Found::new();

        let begun = clock();
        let tried = miner::search(&active.search.header, &target, start, size, &mut found);
        let now = clock();

        self.pace.worked(begun, now, tried, tried == size);
        active.done += tried;
        self.hashes += tried;
        active.next = active.next.saturating_mul(2);
        if found.is_full() {
            active.not_before = now + FULL_PAUSE;
        }
        for &nonce in found.as_slice() {
            post(FromMiner::Found { job, nonce });
        }
        let finished = tried == left;
        if finished || now - self.told >= REPORT {
            self.tell(now, post);
        }
        if finished {
            self.active = None;
            post(FromMiner::Done { job, part });
        }
    }
}

/// Keeps a duty: how long a slice may be, and when the next one may begin.
#[derive(Debug)]
struct Pace {
    duty: u8,
    /// No slice before this time. It outlives parts, or frequent new jobs would exceed the duty.
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
        // A coarse clock shows 0 for a short slice. A slice that was cut short says nothing.
        if whole && tried >= FIRST {
            let most = self.rate * 2.0;
            let seen = if busy > 0.0 {
                tried as f64 / busy
            } else {
                most
            };
            // Not `clamp`: its panic on bad bounds would pull in float formatting.
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

    fn search(target: [u8; 32], part: u8, duty: u8) -> ToMiner {
        let (job, header) = (9, [5; 80]);
        ToMiner::Search(Search {
            job,
            header,
            target,
            part,
            duty,
        })
    }

    /// Leaves a worker this many nonces of its part.
    fn leave(searcher: &mut Searcher, count: u64) {
        searcher.active.as_mut().expect("it searches").done = PART - count;
    }

    /// Runs a worker against a clock that makes each slice last `lasts` and jumps over each pause.
    /// Returns what it posted, the time worked and the time passed.
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

    fn hashes(message: &FromMiner) -> u64 {
        match message {
            FromMiner::Progress { hashes } => *hashes,
            _ => 0,
        }
    }

    fn order(searcher: &mut Searcher, order: ToMiner) -> Vec<FromMiner> {
        let mut heard = Vec::new();
        searcher.hear(order, 0.0, &mut |message| heard.push(message));
        heard
    }

    #[test]
    fn a_part_is_searched_to_its_last_nonce_and_reported_done_once() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(HARD, u8::MAX, 100));
        leave(&mut searcher, 100_000);
        let (heard, ..) = run(&mut searcher, 60.0, 1000);
        assert!(heard.len() > 3, "several reports of progress");
        assert_eq!(heard.iter().map(hashes).sum::<u64>(), 100_000);
        let done = FromMiner::Done {
            job: 9,
            part: u8::MAX,
        };
        assert_eq!(heard.iter().filter(|said| **said == done).count(), 1);
        assert_eq!(heard.last(), Some(&done));
        assert_eq!(searcher.wait(0.0), None);
    }

    #[test]
    fn every_winner_is_reported_once() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(EASY, 1, 100));
        leave(&mut searcher, 40);
        let (heard, ..) = run(&mut searcher, 0.1, 1000);
        let nonce = |said: &FromMiner| match said {
            FromMiner::Found { job: 9, nonce } => Some(*nonce),
            _ => None,
        };
        let nonces: Vec<_> = heard.iter().filter_map(nonce).collect();
        let end = u32::from_be_bytes([2, 0, 0, 0]);
        assert_eq!(nonces, (end - 40..end).collect::<Vec<_>>());
    }

    #[test]
    fn constantly_changing_jobs_are_no_reason_for_silence() {
        let mut searcher = Searcher::default();
        let time = Cell::new(0.0);
        let clock = || time.replace(time.get() + 1.0);
        let (mut told, mut asked) = (0, 0);
        while time.get() < 10.0 * REPORT {
            searcher.hear(search(HARD, 0, 100), time.get(), &mut |_| asked += 1);
            searcher.step(clock, &mut |said| told += u64::from(hashes(&said) > 0));
        }
        assert!((9..=10).contains(&told), "{told}");
        assert_eq!(asked, 0, "no part ends and none is stopped");
    }

    #[test]
    fn an_absurdly_easy_target_cannot_flood_the_pool() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(EASY, 0, 100));
        let (heard, _, passed) = run(&mut searcher, 0.01, 200);
        let found = |message: &&FromMiner| matches!(message, FromMiner::Found { .. });
        let found = heard.iter().filter(found).count() as f64;
        let most = (passed / FULL_PAUSE + 1.0) * Found::CAPACITY as f64;
        assert!(found <= most, "{found} in {passed} ms");
    }

    #[test]
    fn a_new_job_begins_at_once_although_the_last_one_paused() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(EASY, 0, 100));
        searcher.step(|| 10.0, &mut |_| {});
        assert_eq!(searcher.wait(10.0), Some(FULL_PAUSE));
        searcher.hear(search(HARD, 1, 100), 10.0, &mut |_| {});
        assert_eq!(searcher.wait(10.0), Some(0.0));
    }

    #[test]
    fn every_duty_is_kept() {
        for duty in [1, 7, 50, 99] {
            let mut searcher = Searcher::default();
            order(&mut searcher, search(HARD, 0, duty));
            let (_, busy, passed) = run(&mut searcher, 25.0, 100);
            let share = busy / passed * 100.0;
            assert!(
                (share - f64::from(duty)).abs() < 2.0,
                "{share} instead of {duty}"
            );
        }
    }

    #[test]
    fn new_jobs_do_not_cancel_the_pause_that_is_owed() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(HARD, 0, 10));
        let time = Cell::new(1000.0);
        searcher.step(
            || {
                time.set(time.get() + 10.0);
                time.get()
            },
            &mut |_| {},
        );
        let owed = searcher.wait(time.get());
        searcher.hear(search(HARD, 1, 10), time.get(), &mut |_| {});
        assert_eq!(searcher.wait(time.get()), owed);
        assert!(owed > Some(30.0));
    }

    #[test]
    fn a_worker_that_stops_reports_what_it_did() {
        let mut searcher = Searcher::default();
        order(&mut searcher, search(HARD, 0, 100));
        assert_eq!(order(&mut searcher, ToMiner::Stop), []);
        order(&mut searcher, search(HARD, 0, 100));
        searcher.step(|| 1.0, &mut |_| {});
        let heard = order(&mut searcher, ToMiner::Stop);
        assert!(matches!(heard[..], [FromMiner::Progress { hashes: 1.. }]));
        assert_eq!(searcher.wait(0.0), None);
    }

    #[test]
    fn slices_settle_near_their_length_on_fast_and_slow_machines_and_coarse_clocks() {
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
