//! What tests look at in a network of PBFT replicas, and what they may say in any member's name.

use alloc::{sync::Arc, vec::Vec};

use chain::{Encode as _, Seat, Signature, decode_exact};
use protocol::{Proposal, Values};

use crate::pbft::ENTRY;
use crate::pbft::group::Group;
use crate::pbft::message::{
    Batch, Checkpoint, Decided, Digest, Kind, Message, NewView, Prepared, Request, Slot, Stable,
    View, ViewChange, Vote,
};
use crate::pbft::saved::Shelf;
use crate::pbft::seals::Ring;
use crate::testing::Tested;
pub use crate::testing::net::key;

pub struct Pbft;

impl Tested for Pbft {
    type Message = Message;

    const ENTRY: &'static protocol::Entry = &ENTRY;

    fn decided(disk: &Values, slot: u64) -> Option<Proposal> {
        Some(decided(disk, slot)?.batch.proposal())
    }
}

fn decided(disk: &Values, slot: u64) -> Option<Decided> {
    decode_exact(disk.get(&Shelf::Decided.name(Slot(slot)))?).ok()
}

pub type Net = crate::testing::net::Net<Pbft>;

/// The default parameters, with another interval between checkpoints and another size of batches.
pub fn values(interval: u64, batch: u64) -> Arc<[u64]> {
    [1000, interval, batch, 500, 0].into()
}

/// The same with MACs.
pub fn with_macs(interval: u64, batch: u64) -> Arc<[u64]> {
    [1000, interval, batch, 500, 1].into()
}

impl Net {
    /// The view of a machine that is up.
    pub fn view(&self, place: usize) -> u64 {
        self.glance(place).expect("it is up").epoch
    }

    /// The last slot that a machine that is up has executed.
    pub fn executed(&self, place: usize) -> u64 {
        self.glance(place).expect("it is up").executed
    }

    /// What a replica has decided in a slot, from its disk.
    pub fn decided(&self, place: usize, slot: u64) -> Option<Decided> {
        decided(&self.nodes[place].disk, slot)
    }

    /// The members and what they sign.
    pub fn group(&self) -> Group {
        Group::of(&self.nodes[0].terms)
    }

    /// What a machine vouches with.
    pub fn ring(&self, place: usize) -> Ring {
        Ring::of(&self.nodes[place].terms)
    }

    /// A request that a client vouches for.
    pub fn request(&self, client: usize, number: u64, tx: &[u8]) -> Request {
        let wish = protocol::Request {
            client: self.nodes[client].peer,
            number,
            tx: tx.into(),
        };
        self.ring(client).request(wish)
    }

    /// A batch that a member proposes.
    pub fn batch(&self, proposer: usize, requests: Vec<Request>) -> Arc<Batch> {
        Arc::new(Batch {
            time: self.now,
            proposer: Seat(proposer as u32),
            requests,
        })
    }

    /// A member's pre-prepare.
    pub fn pre_prepare(&self, from: usize, view: u64, slot: u64, batch: &Arc<Batch>) -> Message {
        let vote = vote(view, slot, batch.digest());
        Message::PrePrepare {
            view: vote.view,
            slot: vote.slot,
            batch: batch.clone(),
            seal: self.ring(from).seal(Kind::PrePrepare, &vote.to_vec()),
        }
    }

    /// A member's prepare or commit.
    pub fn vote(&self, from: usize, kind: Kind, vote: Vote) -> Message {
        let seal = self.ring(from).seal(kind, &vote.to_vec());
        match kind {
            Kind::Prepare => Message::Prepare(vote, seal),
            _ => Message::Commit(vote, seal),
        }
    }

    /// A member's checkpoint.
    pub fn checkpoint(&self, from: usize, slot: u64, digest: [u8; 32]) -> Message {
        let (slot, digest) = (Slot(slot), Digest(digest));
        let checkpoint = Checkpoint { slot, digest };
        let body = checkpoint.to_vec();
        let signature = self.group().sign(&key(from), Kind::Checkpoint, &body);
        Message::Checkpoint(checkpoint, signature)
    }

    /// A member's view change: what it says it has prepared, and with MACs what was pre-prepared to it.
    pub fn view_change(
        &self,
        seat: u32,
        view: u64,
        (prepared, pre_prepared): (Vec<Prepared>, Vec<Vote>),
    ) -> Arc<ViewChange> {
        let mut change = ViewChange {
            view: View(view),
            seat: Seat(seat),
            stable: Stable::GENESIS,
            prepared,
            pre_prepared,
            signature: Signature::from_bytes([0; 64]),
        };
        let (key, body) = (key(seat as usize), change.statement());
        change.signature = self.group().sign(&key, Kind::ViewChange, &body);
        Arc::new(change)
    }

    /// A new view that its primary has signed, whatever is in it.
    pub fn new_view(
        &self,
        view: u64,
        changes: Vec<Arc<ViewChange>>,
        digests: &[Digest],
    ) -> NewView {
        let group = self.group();
        let primary = key(group.primary(View(view)).0 as usize);
        let sign = |(slot, digest): (u64, &Digest)| {
            let body = vote(view, slot, *digest).to_vec();
            let sign = || group.sign(&primary, Kind::PrePrepare, &body);
            (*digest, (!group.has_macs()).then(sign))
        };
        let mut new_view = NewView {
            view: View(view),
            changes,
            pre_prepares: (1..).zip(digests).map(sign).collect(),
            signature: Signature::from_bytes([0; 64]),
        };
        new_view.signature = group.sign(&primary, Kind::NewView, &new_view.statement());
        new_view
    }
}

/// What a phase is about.
pub fn vote(view: u64, slot: u64, digest: Digest) -> Vote {
    let (view, slot) = (View(view), Slot(slot));
    Vote { view, slot, digest }
}
