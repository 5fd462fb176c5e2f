//! Mining workers: when a search succeeds is drawn, what it finds is really searched.

use chain::{Micros, Stream};
use pool::message::{FromMiner, Lease, MINER_PROTOCOL, ToMiner};
use pool::plan::WorkerId;

/// Hashes a second of a worker at full duty, as far as it says.
pub const RATE: u64 = 200_000;
/// A worker at full duty finds a block so often.
const MEAN: Micros = Micros(5_000_000);
/// A worker speaks at least so often while it searches, in microseconds.
const SPEAKS_EVERY: u64 = 1_000_000;
/// Nonces that are tried at once, and in all for one find.
const CHUNK: u64 = 1 << 10;
const MOST_TRIES: u64 = 1 << 17;

/// A mining worker.
#[derive(Debug)]
pub struct Miner {
    duty: u8,
    lease: Option<Searching>,
    /// Counts what it was told: what it planned before does not happen.
    pub turn: u64,
    /// What it said last.
    pub last: Option<FromMiner>,
}

#[derive(Clone, Copy, Debug)]
struct Searching {
    lease: Lease,
    done: u64,
    /// When it was at `done`.
    since: u64,
    /// When it finds something, if it gets that far.
    finds: u64,
}

/// What a worker says, and when it speaks next.
#[derive(Debug, Default)]
pub struct Speech {
    /// Now.
    pub words: Vec<FromMiner>,
    /// In microseconds from now.
    pub next: Option<u64>,
}

impl Default for Miner {
    fn default() -> Self {
        Self {
            duty: 100,
            lease: None,
            turn: 0,
            last: None,
        }
    }
}

impl Miner {
    /// The first word of a worker.
    #[must_use]
    pub fn hello(build: &str) -> FromMiner {
        FromMiner::Ready {
            protocol: MINER_PROTOCOL,
            build: build.into(),
        }
    }

    /// Takes an order.
    pub fn hear(&mut self, now: u64, order: ToMiner, rng: &mut Stream) -> Speech {
        self.turn += 1;
        match order {
            ToMiner::Stop => self.lease = None,
            ToMiner::Duty(duty) => {
                self.advance(now);
                self.duty = duty;
            }
            ToMiner::Lease(lease) => {
                self.duty = lease.duty;
                let mean = Micros(MEAN.0 * 100 / u64::from(lease.duty.max(1)));
                self.lease = Some(Searching {
                    lease,
                    done: 0,
                    since: now,
                    finds: now.saturating_add(rng.exp_micros(mean).0),
                });
            }
        }
        Speech {
            words: Vec::new(),
            next: self.wait(now),
        }
    }

    /// The time has come to which it waited.
    pub fn speak(&mut self, now: u64, rng: &mut Stream) -> Speech {
        self.turn += 1;
        let before = self.lease.map_or(0, |search| search.done);
        self.advance(now);
        let mut speech = Speech::default();
        let Some(search) = &mut self.lease else {
            return speech;
        };
        let lease = search.lease;
        if now >= search.finds {
            search.finds = u64::MAX; // the pool gives the node another job
            if let Some(nonce) = find(&lease, rng) {
                let (lease, job) = (lease.lease, lease.job);
                speech.words.push(FromMiner::Found { lease, job, nonce });
            }
        }
        speech.words.push(FromMiner::Progress {
            lease: lease.lease,
            done: search.done,
            hashes: search.done - before,
        });
        if search.done >= lease.count {
            self.lease = None;
        }
        speech.next = self.wait(now);
        speech
    }

    fn advance(&mut self, now: u64) {
        let duty = u64::from(self.duty);
        if let Some(search) = &mut self.lease {
            let hashes = (now - search.since).saturating_mul(RATE * duty) / 100_000_000;
            search.done = (search.done + hashes).min(search.lease.count);
            search.since = now;
        }
    }

    fn wait(&self, now: u64) -> Option<u64> {
        let search = self.lease?;
        let speed = RATE * u64::from(self.duty).max(1);
        let rest = (search.lease.count - search.done).saturating_mul(100_000_000) / speed + 1;
        let finds = search.finds.saturating_sub(now).max(1);
        Some(rest.min(SPEAKS_EVERY).min(finds))
    }
}

/// A nonce of the lease that meets the target, really searched.
fn find(lease: &Lease, rng: &mut Stream) -> Option<u32> {
    let end = u64::from(lease.start) + lease.count;
    let mut at = u64::from(lease.start) + rng.below(lease.count.max(1)) / 2;
    let mut found = miner::Found::new();
    for _ in 0..MOST_TRIES / CHUNK {
        let count = CHUNK.min(end.saturating_sub(at));
        let start = u32::try_from(at).ok().filter(|_| count > 0)?;
        miner::search(&lease.header, &lease.target, start, count, &mut found);
        if let Some(nonce) = found.as_slice().first() {
            return Some(*nonce);
        }
        at += count;
    }
    None
}

/// The number that the host gives a worker; kept here so that nobody mixes it up with others.
pub type Number = WorkerId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_finds_what_really_is_there_and_ends_its_lease() {
        let mut rng = Stream::new(1, 2, "test");
        let mut target = [0xff; 32];
        target[31] = 0;
        let lease = Lease {
            lease: 3,
            job: 4,
            header: [7; 80],
            target,
            start: 100,
            count: 1 << 18,
            duty: 50,
        };
        let (mut miner, mut now, mut found) = (Miner::default(), 0, 0);
        let mut speech = miner.hear(now, ToMiner::Lease(lease), &mut rng);
        while let Some(wait) = speech.next {
            now += wait;
            speech = miner.speak(now, &mut rng);
            for word in &speech.words {
                if let FromMiner::Found { nonce, .. } = word {
                    let mut check = miner::Found::new();
                    miner::search(&lease.header, &lease.target, *nonce, 1, &mut check);
                    assert_eq!(check.as_slice(), [*nonce]);
                    found += 1;
                }
            }
        }
        assert!(found <= 1);
        let took = (1 << 18) * 2 * 1_000_000 / RATE;
        assert!((took..took + 10).contains(&now), "{now}");
        let last = FromMiner::Progress { lease: 3, done: 1 << 18, hashes: 0 };
        assert!(matches!(speech.words.last(), Some(FromMiner::Progress { done, .. }) if *done == 1 << 18), "{last:?}");
    }
}
