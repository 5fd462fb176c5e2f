//! Raft (Ongaro & Ousterhout 2014; Ongaro's dissertation, Stanford 2014): see README.md in this
//! folder.

use alloc::{boxed::Box, vec, vec::Vec};

use chain::{Micros, PeerId, Seat, decode_exact};
use protocol::{
    Card, Config, Cx, Entry, Executed, Glance, Order, ParamSpec, Protocol, Role, Shape, Sheet,
    Snapshot, Terms, Values,
};

mod claims;
mod client;
mod intake;
mod lead;
mod log;
mod membership;
pub mod message;
mod reads;
pub mod saved;
mod snapshots;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod transfer;
mod twists;

use crate::members::seats;
use client::Client;
use message::Index;
use state::{Replica, Setup};
use twists::Evil;

/// Raft's entry in the registry.
pub const ENTRY: Entry = Entry {
    card: Card {
        id: "raft",
        name: "Raft",
        paper: "D. Ongaro and J. Ousterhout, In Search of an Understandable Consensus Algorithm, \
                USENIX ATC 2014",
        tolerance: "f crashed of 2f + 1 replicas; none that lies",
        reign: "term",
        roles: ROLES,
    },
    shape: Shape::Slots,
    least: 3,
    liars: |_| 0,
    params: &[
        ParamSpec {
            name: "heartbeat",
            unit: "ms",
            min: 1,
            max: 60_000,
            default: 50,
        },
        // The shortest election time-out. Below a few heartbeats, leaders do not last.
        ParamSpec {
            name: "election",
            unit: "ms",
            min: 2,
            max: 600_000,
            default: 150,
        },
        ParamSpec {
            name: "batch",
            unit: "requests",
            min: 1,
            max: 1024,
            default: 64,
        },
        ParamSpec {
            name: "resend",
            unit: "ms",
            min: 10,
            max: 600_000,
            default: 500,
        },
        // After how many entries a snapshot takes their place. Nobody can wait for one that is made of
        // more entries than there will ever be.
        ParamSpec {
            name: "snapshot",
            unit: "entries",
            min: 0,
            max: 1 << 32,
            default: 1000,
        },
        ParamSpec {
            name: "piece",
            unit: "bytes",
            min: 1,
            max: 64 * 1024,
            default: 32 * 1024,
        },
        // 0: a read goes through the log as everything does; 1: it is answered by read index.
        ParamSpec {
            name: "reads",
            unit: "",
            min: 0,
            max: 1,
            default: 0,
        },
        // How many seats vote at first, from the first on; 0: all.
        ParamSpec {
            name: "voters",
            unit: "seats",
            min: 0,
            max: 1 << 16,
            default: 0,
        },
        // 1: voters change by joint consensus; 0: one at a time.
        switch("joint", 1),
        // 1: as it was published first, a leader changes who votes before an entry of its own term is
        // committed.
        switch("hasty", 0),
        switch("pre-vote", 1),
        switch("check-quorum", 1),
    ],
    build,
    twists: twists::ALL,
    claims: claims::all,
};

/// A parameter that is on (1) or off (0).
const fn switch(name: &'static str, default: u64) -> ParamSpec {
    ParamSpec {
        name,
        unit: "",
        min: 0,
        max: 1,
        default,
    }
}

/// What a machine can be; [`Glance::role`] is a place in this list.
const ROLES: &[&str] = &["follower", "pre-candidate", "candidate", "leader", "client"];
const LEADER: u8 = 3;
const CLIENT: u8 = 4;

fn build(terms: &Terms) -> Box<dyn Protocol> {
    build_as(terms, None)
}

fn build_as(terms: &Terms, evil: Option<Evil>) -> Box<dyn Protocol> {
    let millis = |place| Micros::from_millis(terms.value(place));
    let members = terms.members.clone();
    match terms.role {
        Role::Client => Box::new(Client::new(members, millis(3))),
        Role::Member => Box::new(Raft(Replica::new(Setup {
            me: terms.seat,
            members,
            heartbeat: millis(0),
            election: millis(1),
            batch: terms.value(2),
            snapshot: terms.value(4),
            piece: terms.value(5),
            evil,
            reads: terms.value(6) == 1,
            config: first_config(terms).into(),
            joint: terms.value(8) == 1,
            hasty: terms.value(9) == 1,
            pre_vote: terms.value(10) == 1,
            check_quorum: terms.value(11) == 1,
        }))),
    }
}

/// Who takes part at first.
fn first_config(terms: &Terms) -> Config {
    let all = seats(&terms.members);
    let voters: Vec<Seat> = match terms.value(7) {
        0 => all.collect(),
        some => all.take_while(|seat| u64::from(seat.0) < some).collect(),
    };
    let (outgoing, learners) = (vec![], vec![]);
    Config {
        voters,
        outgoing,
        learners,
    }
}

/// A replica as a protocol. Whatever a call changes is durable by its end, and before anything is
/// said that depends on it.
#[derive(Clone)]
struct Raft(Replica);

impl Protocol for Raft {
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values) {
        self.0.restore(saved, cx.chain.snapshot());
        self.0.be_patient(cx);
        self.0.flush(cx);
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

    fn on_order(&mut self, cx: &mut Cx<'_>, order: &Order) {
        match order {
            Order::TransferLeadership { to } => self.0.transfer(cx, *to),
            Order::Reconfigure { voters, learners } => self.0.reconfigure(cx, voters, learners),
            Order::PayTo { .. } => {} // nobody is paid for slots
        }
        self.0.flush(cx);
    }

    fn on_executed(&mut self, cx: &mut Cx<'_>, done: &Executed<'_>) {
        self.0.on_executed(cx, done);
        self.0.serve_reads(cx);
        self.0.compact(cx);
    }

    fn on_snapshot(&mut self, cx: &mut Cx<'_>, snapshot: &Snapshot) {
        self.0.on_snapshot(cx, Index(snapshot.slot));
        self.0.flush(cx);
    }

    fn glance(&self) -> Glance {
        Glance {
            role: self.0.role().0,
            epoch: self.0.term().0,
            accepted: self.0.log.last().index.0,
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
