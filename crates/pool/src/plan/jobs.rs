//! What the nodes want searched, and which nonces of it nobody has.

use miner::{HeaderBytes, TargetBytes};
use std::collections::BTreeMap;

/// All nonces of a header.
pub const ALL: u64 = 1 << 32;

/// Which node wants the work; chosen by the engine.
pub type NodeKey = u64;

/// What a node wants searched: all nonces of one header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// Never used twice by one node; the same id again is the same job.
    pub id: u64,
    /// What is hashed; its nonce is ignored.
    pub header: HeaderBytes,
    /// What a hash must not exceed, little-endian.
    pub target: TargetBytes,
}

/// Some nonces of a job.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Whose job.
    pub node: NodeKey,
    /// Its id.
    pub job: u64,
    /// First nonce.
    pub start: u64,
    /// How many.
    pub count: u64,
}

/// Every node's job. What was cut off and not given back belongs to the one who cut it off.
#[derive(Debug, Default)]
pub struct Jobs {
    by_node: BTreeMap<NodeKey, Search>,
    /// The node whose job was cut last: the next cut goes to the one after it.
    turn: NodeKey,
}

#[derive(Debug)]
struct Search {
    job: Job,
    /// From here on nothing was handed out.
    next: u64,
    /// Given back by workers that are gone: start and count.
    returned: Vec<(u64, u64)>,
}

impl Jobs {
    /// Replaces a node's job. Whether it is another one.
    pub fn set(&mut self, node: NodeKey, job: Option<Job>) -> bool {
        if self.by_node.get(&node).map(|search| search.job.id) == job.map(|job| job.id) {
            return false;
        }
        match job {
            None => self.by_node.remove(&node),
            Some(job) => self.by_node.insert(
                node,
                Search {
                    job,
                    next: 0,
                    returned: Vec::new(),
                },
            ),
        };
        true
    }

    /// How many nodes have a job.
    pub fn len(&self) -> usize {
        self.by_node.len()
    }

    /// Cuts up to `size` nonces off the job whose turn it is.
    pub fn cut(&mut self, size: u64) -> Option<(Part, Job)> {
        let later = self
            .by_node
            .range(self.turn..)
            .filter(|(node, _)| **node != self.turn);
        let mut circle = later.chain(self.by_node.range(..=self.turn));
        let node = circle
            .find(|(_, search)| search.has_work())
            .map(|(node, _)| *node)?;
        let search = self.by_node.get_mut(&node)?;
        let (start, count) = search.cut(size)?;
        self.turn = node;
        let job = search.job;
        Some((
            Part {
                node,
                job: job.id,
                start,
                count,
            },
            job,
        ))
    }

    /// Takes back what was cut off and not searched, unless its job is over.
    pub fn give_back(&mut self, part: Part) {
        if let Some(search) = self.by_node.get_mut(&part.node)
            && search.job.id == part.job
            && part.count > 0
        {
            search.returned.push((part.start, part.count));
        }
    }

    /// The id of the node's job if all its nonces are cut off.
    pub fn used_up(&self, node: NodeKey) -> Option<u64> {
        let search = self.by_node.get(&node)?;
        (!search.has_work()).then_some(search.job.id)
    }
}

impl Search {
    fn has_work(&self) -> bool {
        self.next < ALL || !self.returned.is_empty()
    }

    /// Cuts off up to `size` nonces: where they start, and how many.
    fn cut(&mut self, size: u64) -> Option<(u64, u64)> {
        if let Some((start, count)) = self.returned.pop() {
            if count > size {
                self.returned.push((start + size, count - size));
            }
            return Some((start, count.min(size)));
        }
        let (start, count) = (self.next, size.min(ALL - self.next));
        self.next += count;
        (count > 0).then_some((start, count))
    }
}
