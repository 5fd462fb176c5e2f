//! A worker's place: who is there, what it is doing, and whether it should have spoken by now.

use super::{BACK_OFF, BACK_OFF_MOST, Command, HEALTHY_AFTER, READY_WITHIN, SILENT_FOR, WorkerId};
use crate::message::{Search, ToMiner};

/// A worker's place; the worker in it may change.
#[derive(Debug)]
pub struct Slot {
    pub worker: Worker,
    /// Deaths since a worker here last lasted [`HEALTHY_AFTER`].
    failures: u32,
}

#[derive(Debug)]
pub enum Worker {
    /// No worker until this time.
    Due(u64),
    /// Asked for at this time, not heard from yet.
    Starting(WorkerId, u64),
    Ready(Ready),
}

#[derive(Debug)]
pub struct Ready {
    pub id: WorkerId,
    since: u64,
    /// The job's number and the part that it searches.
    pub task: Option<(u32, u8)>,
    /// When it last said something, or got work after having none; a change of work is no excuse
    /// for silence.
    pub heard: u64,
    /// Since when its hashes are unreported.
    pub told: u64,
}

impl Slot {
    pub fn new(worker: Worker) -> Self {
        let failures = 0;
        Self { worker, failures }
    }

    /// Whether it is time for another worker.
    pub fn is_due(&self, now: u64) -> bool {
        matches!(self.worker, Worker::Due(at) if now >= at)
    }

    /// Whether its worker is to be given up.
    pub fn is_late(&mut self, now: u64) -> bool {
        match &self.worker {
            Worker::Due(_) => false,
            Worker::Starting(_, since) => now.saturating_sub(*since) >= READY_WITHIN,
            Worker::Ready(ready) => {
                if now.saturating_sub(ready.since) >= HEALTHY_AFTER {
                    self.failures = 0;
                }
                ready.task.is_some() && now.saturating_sub(ready.heard) >= SILENT_FOR
            }
        }
    }

    /// Overlooks all silence up to now.
    pub fn forgive(&mut self, now: u64) {
        match &mut self.worker {
            Worker::Due(_) => {}
            Worker::Starting(_, since) => *since = now,
            Worker::Ready(ready) => ready.heard = now,
        }
    }

    /// Takes the worker out; another is due after a pause.
    pub fn bury(&mut self, now: u64) -> Worker {
        let pause = (BACK_OFF << self.failures.min(8)).min(BACK_OFF_MOST);
        self.failures = self.failures.saturating_add(1);
        core::mem::replace(&mut self.worker, Worker::Due(now + pause))
    }
}

impl Worker {
    pub fn id(&self) -> Option<WorkerId> {
        match self {
            Self::Due(_) => None,
            Self::Starting(id, _) => Some(*id),
            Self::Ready(ready) => Some(ready.id),
        }
    }

    /// Its id, if it is searching.
    pub fn busy(&self) -> Option<WorkerId> {
        match self {
            Self::Ready(ready) if ready.task.is_some() => Some(ready.id),
            _ => None,
        }
    }
}

impl Ready {
    pub fn new(id: WorkerId, now: u64) -> Self {
        Self {
            id,
            since: now,
            task: None,
            heard: now,
            told: now,
        }
    }

    pub fn start(&mut self, now: u64, search: Search) -> Command {
        if self.task.is_none() {
            (self.heard, self.told) = (now, now);
        }
        self.task = Some((search.job, search.part));
        Command::Post(self.id, ToMiner::Search(search))
    }

    pub fn stop(&mut self) -> Option<Command> {
        self.task.take()?;
        Some(Command::Post(self.id, ToMiner::Stop))
    }
}
