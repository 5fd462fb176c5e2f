//! What a leader does with requests before they are in its log: they wait, in order and not twice.

use alloc::vec::Vec;

use chain::PeerId;
use protocol::{Body, Receipt, Request};
use rpds::{QueueSync as Queue, RedBlackTreeMapSync as Map};

use super::log::Log;
use super::message::Index;
use crate::asks::{MAX_BYTES, MAX_TX};

/// The most requests that wait; the oldest gives way. Its client asks again.
const MAX_WAITING: usize = 1024;

/// Requests on their way into the log, and those in it whose execution is awaited.
#[derive(Clone, Default)]
pub(super) struct Intake {
    queue: Queue<Request>,
    /// The latest request of each client that waits, or is in the log and not executed yet.
    under_way: Map<PeerId, u64>,
}

impl Intake {
    /// The intake of a new leader, which knows what its log holds beyond what it has executed.
    pub fn of(log: &Log, executed: Index) -> Self {
        let mut intake = Self::default();
        for entry in log.from(executed.next()) {
            if let Body::Requests(requests) = &entry.proposal.body {
                for request in requests {
                    intake.note(request);
                }
            }
        }
        intake
    }

    /// Takes a request, unless that or a later one of its client is under way. None has number 0.
    pub fn take(&mut self, request: Request) {
        let latest = self.under_way.get(&request.client).copied().unwrap_or(0);
        if request.tx.len() > MAX_TX || request.number <= latest {
            return;
        }
        self.note(&request);
        self.queue.enqueue_mut(request);
        if self.queue.len() > MAX_WAITING
            && let Some(oldest) = self.next()
        {
            self.forget(oldest.client, oldest.number);
        }
    }

    /// The requests of the next entry: at most `count`, and not too many bytes. `None` if none wait.
    pub fn batch(&mut self, count: u64) -> Option<Body> {
        let (mut requests, mut bytes) = (Vec::new(), 0);
        while (requests.len() as u64) < count {
            bytes += self.queue.peek().map_or(0, |request| request.tx.len());
            if bytes > MAX_BYTES && !requests.is_empty() {
                break;
            }
            match self.next() {
                Some(request) => requests.push(request),
                None => break,
            }
        }
        (!requests.is_empty()).then_some(Body::Requests(requests))
    }

    /// Learns that a request was executed; says whether its client may be waiting for the receipt.
    pub fn executed(&mut self, receipt: &Receipt) -> bool {
        self.forget(receipt.client, receipt.number)
    }

    /// How many requests wait.
    pub fn waiting(&self) -> u64 {
        self.queue.len() as u64
    }

    fn next(&mut self) -> Option<Request> {
        let request = self.queue.peek().cloned();
        self.queue.dequeue_mut();
        request
    }

    fn note(&mut self, request: &Request) {
        let known = self.under_way.get(&request.client).copied();
        let latest = known.unwrap_or(0).max(request.number);
        self.under_way.insert_mut(request.client, latest);
    }

    /// Forgets a request if it is its client's latest.
    fn forget(&mut self, client: PeerId, number: u64) -> bool {
        self.under_way.get(&client) == Some(&number) && self.under_way.remove_mut(&client)
    }
}
