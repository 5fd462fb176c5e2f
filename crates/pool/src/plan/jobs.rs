//! What the nodes want searched, and who has which part of it.

use super::WorkerId;
use crate::message::{Search, part_of};
use miner::{HeaderBytes, TargetBytes};
use std::collections::BTreeMap;

/// Parts of a job: several for each worker, however many there are.
const PARTS: usize = 256;

/// Which node wants the work; chosen by the engine.
pub type NodeKey = u64;

/// What a node wants searched: all nonces of one header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Never reused by a node; the same id again means the same job.
    pub id: u64,
    /// What is hashed; its nonce is ignored.
    pub header: HeaderBytes,
    /// What a hash must not exceed, little-endian.
    pub target: TargetBytes,
}

/// Every node's job.
#[derive(Debug, Default)]
pub struct Jobs {
    by_node: BTreeMap<NodeKey, Parts>,
    /// The next job's number.
    next: u32,
}

/// A job, given away part by part.
#[derive(Debug)]
pub struct Parts {
    /// Whose job.
    pub node: NodeKey,
    /// What workers call it.
    pub number: u32,
    /// What it is.
    pub job: Job,
    /// Who got part 0, part 1, ...
    owners: Vec<WorkerId>,
}

impl Jobs {
    /// Replaces a node's job. Returns whether it is a different one.
    pub fn set(&mut self, node: NodeKey, job: Option<Job>) -> bool {
        if self.by_node.get(&node).map(|parts| parts.job.id) == job.map(|job| job.id) {
            return false;
        }
        let Some(job) = job else {
            self.by_node.remove(&node);
            return true;
        };
        let parts = Parts {
            node,
            number: self.next,
            job,
            owners: Vec::new(),
        };
        self.next = self.next.wrapping_add(1);
        self.by_node.insert(node, parts);
        true
    }

    /// The job at this place in the circle of nodes.
    pub fn at(&mut self, place: usize) -> Option<&mut Parts> {
        let place = place.checked_rem(self.by_node.len())?;
        self.by_node.values_mut().nth(place)
    }

    /// The job of this number, if this worker was given the part that the nonce is in.
    pub fn of(&self, worker: WorkerId, number: u32, nonce: u32) -> Option<&Parts> {
        let mut all = self.by_node.values();
        let parts = all.find(|parts| parts.number == number)?;
        let owner = parts.owners.get(usize::from(part_of(nonce)))?;
        (*owner == worker).then_some(parts)
    }
}

impl Parts {
    /// The next part, which is now this worker's.
    pub fn give(&mut self, worker: WorkerId, duty: u8) -> Option<Search> {
        let part = u8::try_from(self.owners.len()).ok()?;
        self.owners.push(worker);
        Some(Search {
            job: self.number,
            header: self.job.header,
            target: self.job.target,
            part,
            duty,
        })
    }

    /// Whether all parts have been given away.
    pub fn is_spent(&self) -> bool {
        self.owners.len() == PARTS
    }
}
