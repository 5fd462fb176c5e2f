//! Who searches what: the pool's decisions, without a worker, a clock or a browser.
//!
//! Inputs are methods, time comes in as milliseconds, and what the host has to do comes out of
//! [`Plan::take`]. What holds at every moment:
//!
//! - Each nonce of a job belongs to at most one place: not handed out yet, given back, or under the
//!   one lease of one worker. So no two workers ever search the same nonce of a job, and a lease
//!   changes hands only after its worker was terminated.
//! - What a dead worker had not reported as done is handed out again; a winner is told before the
//!   progress that covers it, so a death loses none.
//! - A lease is about a second of its worker's time, a quarter where several nodes take turns.
//! - An answer counts only under the lease and the job that its worker holds now.

use super::message::{FromMiner, Lease, MINER_PROTOCOL, ToMiner};
use super::meter::Meter;
use crate::Power;
use jobs::{ALL, Jobs, Part};

pub use jobs::{Job, NodeKey};

mod jobs;

/// A worker that never said that it is ready is replaced after so many milliseconds.
pub const READY_WITHIN: u64 = 10_000;
/// A worker that holds a lease and is silent for so many milliseconds is replaced.
pub const SILENT_FOR: u64 = 5_000;
/// A replacement comes after this many milliseconds, doubled with each further death ...
pub const BACK_OFF: u64 = 250;
/// ... up to this many ...
pub const BACK_OFF_MOST: u64 = 8_000;
/// ... until a worker has lived for this many.
pub const HEALTHY_AFTER: u64 = 10_000;
/// Ticks further apart mean that the tab was frozen: the silence meanwhile is nobody's fault.
pub const FROZEN_FROM: u64 = 2_000;

/// First lease of a worker whose rate is not known, in nonces.
const FIRST_LEASE: u64 = 1 << 18;
const SMALLEST_LEASE: u64 = 1 << 12;
const LARGEST_LEASE: u64 = 1 << 28;
/// How long a lease should last, in milliseconds, divided by the nodes that take turns (at most 4).
const LEASE_LASTS: u64 = 1_000;

/// Which worker; a replacement has another number, so that nothing from its predecessor counts.
pub type WorkerId = u32;

/// What the engine hears from the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    /// This nonce meets the target of the node's present job. The search goes on until the node
    /// changes its job.
    Found {
        /// Which node.
        node: NodeKey,
        /// Which job.
        job: u64,
        /// The nonce.
        nonce: u32,
    },
    /// All 2^32 nonces of the node's present job were tried: roll the extra nonce or the time.
    Spent {
        /// Which node.
        node: NodeKey,
        /// Which job.
        job: u64,
    },
    /// A worker died, hung or never came up, and a new one takes its place.
    WorkerRestarted,
    /// A worker came from files of another build: the page should be reloaded.
    OtherBuild,
}

/// What the host has to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a worker under this number.
    Spawn(WorkerId),
    /// End this worker; nothing it said may be delivered any more.
    Terminate(WorkerId),
    /// Post to this worker.
    Post(WorkerId, ToMiner),
    /// Tell the engine.
    Tell(PoolEvent),
}

/// The pool's state.
#[derive(Debug)]
pub struct Plan {
    build: String,
    share: Option<Power>,
    jobs: Jobs,
    slots: Vec<Slot>,
    next_lease: u32,
    next_worker: WorkerId,
    restarts: u32,
    ticked: u64,
    meter: Meter,
    out: Vec<Command>,
}

/// A worker's place; the worker may change.
#[derive(Debug)]
struct Slot {
    worker: Worker,
    /// Deaths since a worker here last lived for [`HEALTHY_AFTER`].
    failures: u32,
}

#[derive(Debug)]
enum Worker {
    /// None until this time.
    Due(u64),
    /// Asked for at this time, not heard of yet.
    Starting(WorkerId, u64),
    Ready(Ready),
}

#[derive(Debug)]
struct Ready {
    id: WorkerId,
    since: u64,
    /// Since when it owes a word; work that takes the place of other work is no excuse.
    owes: Option<u64>,
    /// Nonces for its next lease.
    size: u64,
    lease: Option<Held>,
    /// Since when its hashes have not been told.
    told: u64,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    lease: u32,
    part: Part,
    done: u64,
    /// When it was handed out.
    since: u64,
}

impl Worker {
    fn id(&self) -> Option<WorkerId> {
        match self {
            Self::Due(_) => None,
            Self::Starting(id, _) => Some(*id),
            Self::Ready(ready) => Some(ready.id),
        }
    }

    fn lease(&self) -> Option<&Held> {
        match self {
            Self::Ready(ready) => ready.lease.as_ref(),
            _ => None,
        }
    }
}

impl Plan {
    /// A pool that is off; workers must come from `build`.
    pub fn new(build: String) -> Self {
        Self {
            build,
            share: None,
            jobs: Jobs::default(),
            slots: Vec::new(),
            next_lease: 0,
            next_worker: 0,
            restarts: 0,
            ticked: 0,
            meter: Meter::default(),
            out: Vec::new(),
        }
    }

    /// What the host has to do now.
    #[must_use]
    pub fn take(&mut self) -> Vec<Command> {
        core::mem::take(&mut self.out)
    }

    /// What a node wants searched from now on; `None`: nothing.
    pub fn set_job(&mut self, now: u64, node: NodeKey, job: Option<Job>) {
        if !self.jobs.set(node, job) {
            return;
        }
        let mut freed = Vec::new();
        for slot in &mut self.slots {
            if let Worker::Ready(ready) = &mut slot.worker
                && ready.lease.is_some_and(|held| held.part.node == node)
            {
                ready.lease = None;
                freed.push(ready.id);
            }
        }
        self.feed(now);
        for slot in &mut self.slots {
            if let Worker::Ready(ready) = &mut slot.worker
                && ready.lease.is_none()
                && freed.contains(&ready.id)
            {
                ready.owes = None;
                self.out.push(Command::Post(ready.id, ToMiner::Stop));
            }
        }
    }

    /// How much of the machine may be used; `None`: no worker exists.
    pub fn set_share(&mut self, now: u64, share: Option<Power>) {
        let share = share.map(|power| Power {
            workers: power.workers.clamp(1, 64),
            duty: power.duty.clamp(1, 100),
        });
        if share == self.share {
            return;
        }
        if self.share.is_none() {
            self.meter.start(now);
            self.ticked = now;
        }
        let duty_before = self.share.map(|power| power.duty);
        self.share = share;
        let workers = share.map_or(0, |power| usize::from(power.workers));
        while self.slots.len() > workers {
            if let Some(slot) = self.slots.pop() {
                self.release(slot.worker);
            }
        }
        while self.slots.len() < workers {
            let worker = self.spawn(now);
            self.slots.push(Slot {
                worker,
                failures: 0,
            });
        }
        if let Some(Power { duty, .. }) = share
            && duty_before.is_some_and(|before| before != duty)
        {
            for held in self
                .slots
                .iter()
                .filter(|slot| slot.worker.lease().is_some())
            {
                let post = held
                    .worker
                    .id()
                    .map(|id| Command::Post(id, ToMiner::Duty(duty)));
                self.out.extend(post);
            }
        }
        self.feed(now);
    }

    /// A worker said something.
    pub fn hear(&mut self, now: u64, id: WorkerId, message: FromMiner) {
        let Some(index) = self.find(id) else {
            return; // its last words came after it was terminated
        };
        if let FromMiner::Ready { protocol, build } = &message
            && let Worker::Starting(..) = self.slots[index].worker
        {
            if *protocol != MINER_PROTOCOL || *build != self.build {
                self.out.push(Command::Tell(PoolEvent::OtherBuild));
                self.fail(now, index);
                return;
            }
            self.slots[index].worker = Worker::Ready(Ready {
                id,
                since: now,
                owes: None,
                size: FIRST_LEASE,
                lease: None,
                told: now,
            });
            self.feed(now);
            return;
        }
        let Worker::Ready(ready) = &mut self.slots[index].worker else {
            return; // nothing counts before it is ready
        };
        ready.owes = ready.lease.map(|_| now);
        match message {
            FromMiner::Ready { .. } => {}
            FromMiner::Progress {
                lease,
                done,
                hashes,
            } => {
                // Hashes count under whatever lease they were done.
                self.meter.add(ready.told, now, hashes.min(ALL));
                ready.told = now;
                self.progress(now, index, lease, done);
            }
            FromMiner::Found { lease, job, nonce } => self.found(index, lease, job, nonce),
        }
    }

    /// A worker ended by itself, or could not be started.
    pub fn died(&mut self, now: u64, id: WorkerId) {
        if let Some(index) = self.find(id) {
            self.fail(now, index);
        }
    }

    /// Looks for workers that are due, late or silent. To be called a few times a second while
    /// there is a share.
    pub fn tick(&mut self, now: u64) {
        if now.saturating_sub(self.ticked) >= FROZEN_FROM {
            self.forgive(now);
        }
        self.ticked = now;
        for index in 0..self.slots.len() {
            let slot = &mut self.slots[index];
            let late = match &slot.worker {
                Worker::Due(at) if now >= *at => {
                    self.slots[index].worker = self.spawn(now);
                    self.restarts += 1;
                    self.out.push(Command::Tell(PoolEvent::WorkerRestarted));
                    false
                }
                Worker::Due(_) => false,
                Worker::Starting(_, since) => now.saturating_sub(*since) >= READY_WITHIN,
                Worker::Ready(ready) => {
                    if now.saturating_sub(ready.since) >= HEALTHY_AFTER {
                        slot.failures = 0;
                    }
                    ready
                        .owes
                        .is_some_and(|since| now.saturating_sub(since) >= SILENT_FOR)
                }
            };
            if late {
                self.fail(now, index);
            }
        }
    }

    /// Whether there is a share: workers are to be looked after.
    pub fn is_on(&self) -> bool {
        self.share.is_some()
    }

    /// Hashes a second over the last seconds; 0 when off.
    pub fn rate(&mut self, now: u64) -> u64 {
        match self.share {
            None => 0,
            Some(_) => self.meter.rate(now),
        }
    }

    /// One rate a second, oldest first, at most 60.
    pub fn history(&mut self, now: u64) -> Vec<u64> {
        self.meter.history(now)
    }

    /// Workers that died and were replaced.
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    fn find(&self, id: WorkerId) -> Option<usize> {
        self.slots
            .iter()
            .position(|slot| slot.worker.id() == Some(id))
    }

    fn spawn(&mut self, now: u64) -> Worker {
        let id = self.next_worker;
        self.next_worker = id.wrapping_add(1);
        self.out.push(Command::Spawn(id));
        Worker::Starting(id, now)
    }

    /// Ends a worker; what it had not done of its lease is free again.
    fn release(&mut self, worker: Worker) {
        let Some(id) = worker.id() else {
            return;
        };
        self.out.push(Command::Terminate(id));
        if let Some(held) = worker.lease() {
            self.jobs.give_back(Part {
                start: held.part.start + held.done,
                count: held.part.count - held.done,
                ..held.part
            });
        }
    }

    fn fail(&mut self, now: u64, index: usize) {
        let slot = &mut self.slots[index];
        let pause = (BACK_OFF << slot.failures.min(8)).min(BACK_OFF_MOST);
        slot.failures = slot.failures.saturating_add(1);
        let worker = core::mem::replace(&mut slot.worker, Worker::Due(now + pause));
        self.release(worker);
        self.feed(now); // somebody else may wait for work
    }

    fn forgive(&mut self, now: u64) {
        for slot in &mut self.slots {
            match &mut slot.worker {
                Worker::Due(_) => {}
                Worker::Starting(_, since) => *since = now,
                Worker::Ready(ready) => ready.owes = ready.owes.map(|_| now),
            }
        }
    }

    fn progress(&mut self, now: u64, index: usize, lease: u32, done: u64) {
        let nodes = self.jobs.len().clamp(1, 4) as u64;
        let Worker::Ready(ready) = &mut self.slots[index].worker else {
            return;
        };
        let Some(held) = ready.lease.as_mut().filter(|held| held.lease == lease) else {
            return;
        };
        // Progress cannot be taken back, nor exceed the lease.
        held.done = done.clamp(held.done, held.part.count);
        if held.done < held.part.count {
            return;
        }
        let held = *held;
        let took = now.saturating_sub(held.since).max(1);
        let fitting = held.part.count * LEASE_LASTS / nodes / took;
        ready.size = fitting.clamp(SMALLEST_LEASE, (ready.size * 4).min(LARGEST_LEASE));
        ready.lease = None;
        ready.owes = None;
        self.tell_if_spent(held.part.node);
        self.feed(now);
    }

    fn found(&mut self, index: usize, lease: u32, job: u64, nonce: u32) {
        let Some(held) = self.slots[index].worker.lease() else {
            return;
        };
        let Part {
            node,
            job: present,
            start,
            count,
        } = held.part;
        let inside = (start..start + count).contains(&u64::from(nonce));
        if held.lease == lease && present == job && inside {
            self.out
                .push(Command::Tell(PoolEvent::Found { node, job, nonce }));
        }
    }

    fn tell_if_spent(&mut self, node: NodeKey) {
        let leased = |slot: &Slot| {
            slot.worker
                .lease()
                .is_some_and(|held| held.part.node == node)
        };
        if let Some(job) = self.jobs.used_up(node)
            && !self.slots.iter().any(leased)
        {
            self.out.push(Command::Tell(PoolEvent::Spent { node, job }));
        }
    }

    /// Gives every worker that waits a lease, as long as there is work.
    fn feed(&mut self, now: u64) {
        let Some(Power { duty, .. }) = self.share else {
            return;
        };
        for slot in &mut self.slots {
            let Worker::Ready(ready) = &mut slot.worker else {
                continue;
            };
            if ready.lease.is_some() {
                continue;
            }
            let Some((part, job)) = self.jobs.cut(ready.size) else {
                return;
            };
            let lease = self.next_lease;
            self.next_lease = lease.wrapping_add(1);
            let order = Lease {
                lease,
                job: job.id,
                header: job.header,
                target: job.target,
                start: part.start as u32, // below 2^32, as there is at least one nonce
                count: part.count,
                duty,
            };
            let (since, done) = (now, 0);
            ready.lease = Some(Held {
                lease,
                part,
                done,
                since,
            });
            ready.owes.get_or_insert(now);
            self.out
                .push(Command::Post(ready.id, ToMiner::Lease(order)));
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
