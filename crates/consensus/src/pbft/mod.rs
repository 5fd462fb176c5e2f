//! Practical Byzantine Fault Tolerance (Castro & Liskov, OSDI 1999): see README.md in this folder.

use alloc::boxed::Box;

use chain::{Micros, PeerId, decode_exact};
use protocol::{
    Card, Cx, Entry, Executed, Glance, ParamSpec, Protocol, Role, Shape, Sheet, Snapshot, Terms,
    Values,
};

mod change;
mod checkpoint;
mod claims;
mod client;
pub mod group;
pub mod message;
mod normal;
mod order;
mod pool;
pub mod saved;
pub mod seals;
mod snapshots;
mod state;
mod status;
mod step;
#[cfg(test)]
mod tests;
mod twists;

use client::Client;
use seals::Ring;
use state::{Replica, Setup};
use twists::Evil;

/// PBFT's entry in the registry.
pub const ENTRY: Entry = Entry {
    card: Card {
        id: "pbft",
        name: "PBFT",
        paper: "M. Castro and B. Liskov, Practical Byzantine Fault Tolerance, OSDI 1999",
        tolerance: "f of 3f + 1 replicas that crash, lie or conspire; any number of clients that do",
        reign: "view",
        roles: ROLES,
    },
    shape: Shape::Slots,
    least: 4,
    liars: |members| members.saturating_sub(1) / 3,
    params: &[
        ParamSpec {
            name: "timeout",
            unit: "ms",
            min: 10,
            max: 600_000,
            default: 1_000,
        },
        // The paper's K; the log reaches over twice as many slots.
        ParamSpec {
            name: "interval",
            unit: "slots",
            min: 1,
            max: 256,
            default: 16,
        },
        ParamSpec {
            name: "batch",
            unit: "requests",
            min: 1,
            max: normal::MAX_REQUESTS,
            default: 1,
        },
        ParamSpec {
            name: "resend",
            unit: "ms",
            min: 10,
            max: 600_000,
            default: 500,
        },
        // The profile: 0 for signatures, 1 for MACs in the normal case (paper section 5).
        ParamSpec {
            name: "macs",
            unit: "",
            min: 0,
            max: 1,
            default: 0,
        },
    ],
    build,
    twists: twists::ALL,
    claims: claims::all,
};

/// The place among the parameters of the one that says whether there are MACs.
const MACS: usize = 4;

/// What a machine can be; [`Glance::role`] is a place in this list.
const ROLES: &[&str] = &["backup", "primary", "view-changing", "client"];
const BACKUP: u8 = 0;
const PRIMARY: u8 = 1;
const CHANGING: u8 = 2;
const CLIENT: u8 = 3;

fn build(terms: &Terms) -> Box<dyn Protocol> {
    build_as(terms, None)
}

fn build_as(terms: &Terms, evil: Option<Evil>) -> Box<dyn Protocol> {
    let millis = |place| Micros::from_millis(terms.value(place));
    let ring = Ring::of(terms);
    match terms.role {
        Role::Client => Box::new(Client::new(ring, millis(3))),
        Role::Member => Box::new(Pbft(Replica::new(Setup {
            me: terms.seat,
            ring,
            timeout: millis(0),
            interval: terms.value(1).max(1),
            batch: terms.value(2),
            null: message::Batch::null().digest(),
            evil,
        }))),
    }
}

/// A replica as a protocol. Whatever a call changes is durable by its end, and before anything is
/// said that depends on it.
#[derive(Clone)]
struct Pbft(Replica);

impl Protocol for Pbft {
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        self.0.wake(cx, saved);
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16) {
        self.0.on_timer(cx, key);
        self.0.flush(cx);
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: PeerId, bytes: &[u8]) {
        if let Ok(message) = decode_exact(bytes) {
            self.0.hear(cx, from, message);
            self.0.flush(cx);
        }
    }

    fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        self.0.on_executed(cx, done);
        self.0.flush(cx);
    }

    fn on_snapshot(&mut self, cx: &mut Cx<'_>, snapshot: &Snapshot) {
        self.0.on_snapshot(cx, snapshot);
        self.0.flush(cx);
    }

    fn glance(&self) -> Glance {
        Glance {
            role: self.0.role().0,
            epoch: self.0.view.0,
            accepted: self.0.accepted().0,
            ..Glance::default()
        }
    }

    fn inspect(&self) -> Sheet {
        self.0.inspect()
    }

    fn fork(&self) -> Box<dyn Protocol> {
        Box::new(self.clone())
    }
}
