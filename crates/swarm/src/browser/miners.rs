//! Mining workers: when a search succeeds is random, but its nonce is really searched for.

use chain::{Micros, Stream};
use pool::message::{FromMiner, MINER_PROTOCOL, PART, Search, ToMiner};

/// Hashes a second that a calibration measures, give or take a half.
pub const RATE: u64 = 200_000;
/// Hashes a second that a worker at full duty reports: enough to get through parts.
const TOLD_RATE: u64 = 16_000_000;
/// Mean time in which a worker at full duty finds a block.
const MEAN: Micros = Micros(1_500_000);
/// A searching worker speaks at least this often, in microseconds.
const SPEAKS_EVERY: u64 = 1_000_000;
/// Nonces tried at a time, and in all for one find.
const CHUNK: u32 = 1 << 10;
const MOST_TRIES: u32 = 1 << 17;

/// A mining worker.
#[derive(Debug)]
pub struct Miner {
    duty: u8,
    task: Option<Searching>,
    /// Hashes not reported yet.
    hashes: u64,
    /// When it last reported.
    told: u64,
    /// Counts orders and turns: a turn that was planned before the latest of them does not happen.
    pub turn: u64,
    /// What it said last.
    pub last: Option<FromMiner>,
}

#[derive(Clone, Copy, Debug)]
struct Searching {
    search: Search,
    done: u64,
    /// When it had tried `done` nonces.
    since: u64,
    /// When it finds something, if it gets that far.
    finds: u64,
}

/// What a worker says, and when its next turn is.
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
            task: None,
            hashes: 0,
            told: 0,
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
        self.advance(now);
        let mut words = Vec::new();
        match order {
            ToMiner::Stop => {
                self.task = None;
                self.tell(now, &mut words);
            }
            ToMiner::Duty(duty) => self.duty = duty,
            ToMiner::Search(search) => {
                if self.task.is_none() {
                    self.told = now;
                }
                self.duty = search.duty;
                let mean = Micros(MEAN.0 * 100 / u64::from(search.duty.max(1)));
                self.task = Some(Searching {
                    search,
                    done: 0,
                    since: now,
                    finds: now.saturating_add(rng.exp_micros(mean).0),
                });
            }
        }
        let next = self.wait(now);
        Speech { words, next }
    }

    /// Its turn has come.
    pub fn speak(&mut self, now: u64, rng: &mut Stream) -> Speech {
        self.turn += 1;
        self.advance(now);
        let mut words = Vec::new();
        let Some(task) = &mut self.task else {
            return Speech::default();
        };
        let Search { job, part, .. } = task.search;
        if now >= task.finds {
            task.finds = u64::MAX; // the pool gives the node another job
            let nonce = find(&task.search, rng);
            words.extend(nonce.map(|nonce| FromMiner::Found { job, nonce }));
        }
        let is_done = task.done == PART;
        self.tell(now, &mut words);
        if is_done {
            self.task = None;
            words.push(FromMiner::Done { job, part });
        }
        let next = self.wait(now);
        Speech { words, next }
    }

    fn tell(&mut self, now: u64, words: &mut Vec<FromMiner>) {
        let hashes = std::mem::take(&mut self.hashes);
        self.told = now;
        words.push(FromMiner::Progress { hashes });
    }

    fn advance(&mut self, now: u64) {
        let duty = u64::from(self.duty);
        if let Some(task) = &mut self.task {
            let hashes = (now - task.since).saturating_mul(TOLD_RATE * duty) / 100_000_000;
            let hashes = hashes.min(PART - task.done);
            task.done += hashes;
            task.since = now;
            self.hashes += hashes;
        }
    }

    fn wait(&self, now: u64) -> Option<u64> {
        let task = self.task?;
        let speed = TOLD_RATE * u64::from(self.duty).max(1);
        let rest = (PART - task.done).saturating_mul(100_000_000) / speed + 1;
        let speaks = (self.told + SPEAKS_EVERY).saturating_sub(now).max(1);
        let finds = task.finds.saturating_sub(now).max(1);
        Some(rest.min(speaks).min(finds))
    }
}

/// A nonce of the part that really meets the target, if one is found in time.
fn find(search: &Search, rng: &mut Stream) -> Option<u32> {
    let from = rng.below(PART - u64::from(MOST_TRIES));
    let mut at = u32::from_be_bytes([search.part, 0, 0, 0]) + u32::try_from(from).ok()?;
    let mut found = miner::Found::new();
    for _ in 0..MOST_TRIES / CHUNK {
        miner::search(&search.header, &search.target, at, CHUNK.into(), &mut found);
        if let Some(nonce) = found.as_slice().first() {
            return Some(*nonce);
        }
        at += CHUNK;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_finds_a_valid_nonce_and_finishes_its_part() {
        let mut rng = Stream::new(1, 2, "test");
        let mut target = [0xff; 32];
        target[31] = 0;
        let (header, part) = ([7; 80], 200);
        let search = Search {
            job: 4,
            header,
            target,
            part,
            duty: 50,
        };
        let (mut miner, mut now, mut found, mut told) = (Miner::default(), 0, 0, 0);
        let mut speech = miner.hear(now, ToMiner::Search(search), &mut rng);
        while let Some(wait) = speech.next {
            now += wait;
            speech = miner.speak(now, &mut rng);
            for word in &speech.words {
                match word {
                    FromMiner::Found { job: 4, nonce } => {
                        let mut check = miner::Found::new();
                        miner::search(&header, &target, *nonce, 1, &mut check);
                        assert_eq!(check.as_slice(), [*nonce]);
                        assert_eq!(pool::message::part_of(*nonce), part);
                        found += 1;
                    }
                    FromMiner::Progress { hashes } => told += hashes,
                    _ => {}
                }
            }
        }
        assert!(found <= 1);
        assert_eq!(told, PART);
        let took = PART * 2 * 1_000_000 / TOLD_RATE;
        assert!((took..took + 10).contains(&now), "{now}");
        let last = FromMiner::Done { job: 4, part };
        assert_eq!(speech.words.last(), Some(&last));
    }
}
