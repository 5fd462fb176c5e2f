//! Who searches what: the pool's decisions, without a worker, a clock or a browser.
//!
//! Inputs are methods, time comes in as milliseconds, and what the host has to do comes out of
//! [`Plan::take`]. What always holds:
//!
//! - A job's nonces fall into 256 parts, and each part is given to one worker, once. So no two
//!   workers ever search the same nonce of a job. What a dead worker leaves is not searched: one
//!   nonce is as good as another, and a node changes its job every few seconds anyway.
//! - A node is asked for another job when the last part of its job has been given away.
//! - Workers take turns with the nodes: on to the next node after a second, or after a find.
//! - A find counts only for a current job, and in a part that its worker was given.

use super::message::{FromMiner, MINER_PROTOCOL, ToMiner};
use super::meter::Meter;
use crate::Power;
use jobs::Jobs;
use slot::{Ready, Slot, Worker};

pub use jobs::{Job, NodeKey};

mod jobs;
mod slot;

/// A worker that has not reported ready is replaced after this many milliseconds.
pub const READY_WITHIN: u64 = 10_000;
/// A worker that has work but is silent for this many milliseconds is replaced.
pub const SILENT_FOR: u64 = 5_000;
/// A replacement comes after this many milliseconds, doubled with each further death ...
pub const BACK_OFF: u64 = 250;
/// ... up to this many ...
pub const BACK_OFF_MOST: u64 = 8_000;
/// ... until a worker has lived for this many.
pub const HEALTHY_AFTER: u64 = 10_000;
/// Ticks this far apart mean that the tab was frozen: the silence meanwhile is nobody's fault.
pub const FROZEN_FROM: u64 = 2_000;

/// How long workers stay with a node while others wait, in milliseconds: longer than the pauses at
/// the lowest duty.
const TURN: u64 = 1_000;
/// No report of a worker covers more hashes than this.
const MOST_HASHES: u64 = 1 << 32;

/// Which worker; a replacement has a new number, so that nothing from its predecessor counts.
pub type WorkerId = u32;

/// What the engine hears from the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolEvent {
    /// This nonce meets the target of the node's current job. The search goes on until the node
    /// changes its job.
    Found {
        /// Which node.
        node: NodeKey,
        /// Which job.
        job: u64,
        /// The nonce.
        nonce: u32,
    },
    /// All 2^32 nonces of the node's current job are given away: roll the extra nonce or the time.
    Spent {
        /// Which node.
        node: NodeKey,
        /// Which job.
        job: u64,
    },
    /// A worker died, hung or never came up, and a new one takes its place.
    WorkerRestarted,
    /// A worker's files are of another build: the page should be reloaded.
    OtherBuild,
}

/// What the host has to do, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Start a worker under this number.
    Spawn(WorkerId),
    /// End this worker; nothing it said may be delivered after that.
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
    next_worker: WorkerId,
    restarts: u32,
    ticked: u64,
    /// How often workers have gone on to the next node ...
    turns: usize,
    /// ... and when they last did.
    turned: u64,
    meter: Meter,
    out: Vec<Command>,
}

impl Plan {
    /// A pool that is off; workers must be of this `build`.
    pub fn new(build: String) -> Self {
        Self {
            build,
            share: None,
            jobs: Jobs::default(),
            slots: Vec::new(),
            next_worker: 0,
            restarts: 0,
            ticked: 0,
            turns: 0,
            turned: 0,
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
        if self.jobs.set(node, job) {
            self.feed(now);
        }
    }

    /// How much of the machine may be used; `None`: no workers at all.
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
                self.release(&slot.worker);
            }
        }
        while self.slots.len() < workers {
            let worker = self.spawn(now);
            self.slots.push(Slot::new(worker));
        }
        if let Some(Power { duty, .. }) = share
            && duty_before.is_some_and(|before| before != duty)
        {
            for id in self.slots.iter().filter_map(|slot| slot.worker.busy()) {
                self.out.push(Command::Post(id, ToMiner::Duty(duty)));
            }
        }
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
            self.slots[index].worker = Worker::Ready(Ready::new(id, now));
            self.feed(now);
            return;
        }
        let Worker::Ready(ready) = &mut self.slots[index].worker else {
            return; // nothing counts before it is ready
        };
        ready.heard = now;
        match message {
            FromMiner::Ready { .. } => {}
            FromMiner::Progress { hashes } => {
                self.meter.add(ready.told, now, hashes.min(MOST_HASHES));
                ready.told = now;
            }
            FromMiner::Found { job, nonce } => self.found(now, id, job, nonce),
            FromMiner::Done { job, part } => {
                if ready.task == Some((job, part)) {
                    ready.task = None;
                    self.feed(now);
                }
            }
        }
    }

    /// A worker ended on its own, or could not be started.
    pub fn died(&mut self, now: u64, id: WorkerId) {
        if let Some(index) = self.find(id) {
            self.fail(now, index);
        }
    }

    /// Looks for workers that are due, late or silent. Call it a few times a second while there is
    /// a share.
    pub fn tick(&mut self, now: u64) {
        if now.saturating_sub(self.ticked) >= FROZEN_FROM {
            self.slots.iter_mut().for_each(|slot| slot.forgive(now));
        }
        self.ticked = now;
        for index in 0..self.slots.len() {
            if self.slots[index].is_due(now) {
                self.slots[index].worker = self.spawn(now);
                self.restarts += 1;
                self.out.push(Command::Tell(PoolEvent::WorkerRestarted));
            } else if self.slots[index].is_late(now) {
                self.fail(now, index);
            }
        }
        if now.saturating_sub(self.turned) >= TURN {
            self.turn(now);
            self.feed(now);
        }
    }

    /// Whether there is a share, and so workers to look after.
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

    /// How many workers were replaced.
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

    fn release(&mut self, worker: &Worker) {
        self.out.extend(worker.id().map(Command::Terminate));
    }

    fn fail(&mut self, now: u64, index: usize) {
        let dead = self.slots[index].bury(now);
        self.release(&dead);
    }

    fn found(&mut self, now: u64, id: WorkerId, number: u32, nonce: u32) {
        if let Some(parts) = self.jobs.of(id, number, nonce) {
            let (node, job) = (parts.node, parts.job.id);
            self.out
                .push(Command::Tell(PoolEvent::Found { node, job, nonce }));
            self.turn(now); // the jobs are about to change anyway
        }
    }

    /// Each worker's next work is for the next node.
    fn turn(&mut self, now: u64) {
        self.turns = self.turns.wrapping_add(1);
        self.turned = now;
    }

    /// Gives every ready worker a part of the job whose turn it is, unless it has one already.
    fn feed(&mut self, now: u64) {
        let Some(Power { duty, .. }) = self.share else {
            return;
        };
        for (place, slot) in self.slots.iter_mut().enumerate() {
            let Worker::Ready(ready) = &mut slot.worker else {
                continue;
            };
            let Some(parts) = self.jobs.at(self.turns.wrapping_add(place)) else {
                self.out.extend(ready.stop());
                continue;
            };
            if ready.task.is_some_and(|(job, _)| job == parts.number) {
                continue;
            }
            let Some(search) = parts.give(ready.id, duty) else {
                self.out.extend(ready.stop());
                continue;
            };
            self.out.push(ready.start(now, search));
            if parts.is_spent() {
                let (node, job) = (parts.node, parts.job.id);
                self.out.push(Command::Tell(PoolEvent::Spent { node, job }));
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
