//! Requests that a replica knows and has not executed. They are bounded: where there are too many clients,
//! the one heard longest ago gives way.

use alloc::vec::Vec;

use chain::PeerId;
use protocol::Receipt;
use rpds::RedBlackTreeMapSync as Map;

use super::message::Request;
use crate::asks::MAX_BYTES;

/// Clients of whom a request is kept.
const CLIENTS: usize = 1024;

/// Requests that wait for their execution: the latest of each client.
#[derive(Clone, Default)]
pub(super) struct Pool {
    waiting: Map<PeerId, (u64, Request)>,
    /// Clients in the order in which their requests came.
    order: Map<u64, PeerId>,
    count: u64,
    /// The latest request of each client that has its slot in this view.
    assigned: Map<PeerId, u64>,
}

impl Pool {
    /// Whether this request waits.
    pub fn has(&self, request: &Request) -> bool {
        self.waiting
            .get(&request.wish.client)
            .is_some_and(|(_, known)| known == request)
    }

    /// Whether that or a later request of its client waits.
    pub fn is_old(&self, request: &Request) -> bool {
        let latest = self.waiting.get(&request.wish.client);
        latest.is_some_and(|(_, known)| known.wish.number >= request.wish.number)
    }

    /// Takes a genuine request, unless it is old.
    pub fn take(&mut self, request: &Request) {
        if self.is_old(request) {
            return;
        }
        self.remove(request.wish.client);
        if self.waiting.size() >= CLIENTS
            && let Some(client) = self.order.first().map(|(_, client)| *client)
        {
            self.remove(client);
        }
        self.count += 1;
        let client = request.wish.client;
        self.waiting
            .insert_mut(client, (self.count, request.clone()));
        self.order.insert_mut(self.count, client);
    }

    /// A request has its slot in this view: it is not put into another one.
    pub fn assign(&mut self, request: &Request) {
        let latest = self
            .assigned
            .get(&request.wish.client)
            .copied()
            .unwrap_or(0);
        if self.assigned.size() < 4 * CLIENTS {
            let number = request.wish.number.max(latest);
            self.assigned.insert_mut(request.wish.client, number);
        }
    }

    /// A view begins: no request has a slot in it yet.
    pub fn release(&mut self) {
        self.assigned = Map::new_sync();
    }

    /// Requests for the next batch: at most `count`, and not too many bytes; none if none wait.
    pub fn batch(&self, count: u64) -> Vec<Request> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for client in self.order.values() {
            let Some((_, request)) = self.waiting.get(client) else {
                continue;
            };
            if self
                .assigned
                .get(client)
                .is_some_and(|number| *number >= request.wish.number)
            {
                continue;
            }
            bytes += request.wish.tx.len();
            if batch.len() as u64 >= count || bytes > MAX_BYTES && !batch.is_empty() {
                break;
            }
            batch.push(request.clone());
        }
        batch
    }

    /// A request was executed: it and earlier ones of its client wait no longer.
    pub fn executed(&mut self, done: &Receipt) {
        let known = self.waiting.get(&done.client);
        if known.is_some_and(|(_, request)| request.wish.number <= done.number) {
            self.remove(done.client);
        }
        if self
            .assigned
            .get(&done.client)
            .is_some_and(|number| *number <= done.number)
        {
            self.assigned.remove_mut(&done.client);
        }
    }

    /// The request that has waited longest.
    pub fn oldest(&self) -> Option<(PeerId, u64)> {
        let client = *self.order.values().next()?;
        let (_, request) = self.waiting.get(&client)?;
        Some((client, request.wish.number))
    }

    /// Whether this is the request of its client that waits.
    pub fn waits(&self, client: PeerId, number: u64) -> bool {
        let known = self.waiting.get(&client);
        known.is_some_and(|(_, request)| request.wish.number == number)
    }

    /// How many requests wait.
    pub fn size(&self) -> u64 {
        self.waiting.size() as u64
    }

    fn remove(&mut self, client: PeerId) {
        if let Some(at) = self.waiting.get(&client).map(|(at, _)| *at) {
            self.order.remove_mut(&at);
            self.waiting.remove_mut(&client);
        }
    }
}
