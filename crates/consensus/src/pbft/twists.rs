//! Replicas that lie in PBFT's own words. f of 3f + 1 of them break nothing; f + 1 that conspire do.

use alloc::sync::Arc;

use chain::{Micros, Seat};
use protocol::{Cx, Twist};
use rpds::RedBlackTreeSetSync as Set;

use super::build_as;
use super::message::{Batch, Checkpoint, Digest, Kind, Message, Vote};
use super::normal::pre_prepare;
use super::state::Replica;

/// All ways to lie.
pub(super) const ALL: &[Twist] = &[
    Twist {
        id: "equivocate",
        what: "as primary proposes two batches for each slot, one to every second replica, and commits \
               both",
        build: |terms| build_as(terms, Some(Evil::Equivocate)),
    },
    Twist {
        id: "vote-twice",
        what: "prepares and commits with each replica whatever that one does",
        build: |terms| build_as(terms, Some(Evil::VoteTwice)),
    },
    Twist {
        id: "forget-prepared",
        what: "leaves for a view, and begins one, as if nothing had been prepared",
        build: |terms| build_as(terms, Some(Evil::ForgetPrepared)),
    },
    Twist {
        id: "amnesia",
        what: "forgets all that it has promised when it starts again",
        build: |terms| build_as(terms, Some(Evil::Amnesia)),
    },
    Twist {
        id: "lie-checkpoint",
        what: "signs checkpoints of a state that nobody has",
        build: |terms| build_as(terms, Some(Evil::LieCheckpoint)),
    },
    Twist {
        id: "lie-reply",
        what: "tells clients what did not come of their requests",
        build: |terms| build_as(terms, Some(Evil::LieReply)),
    },
];

/// How many lies a liar remembers.
const MOST_AGREED: usize = 4096;

/// Which rule a replica breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Evil {
    /// One batch a slot and view.
    Equivocate,
    /// One vote a phase, slot and view.
    VoteTwice,
    /// A view change, and a new view, have all that was prepared.
    ForgetPrepared,
    /// What was promised is kept.
    Amnesia,
    /// A checkpoint is of the state as it is.
    LieCheckpoint,
    /// A reply is what came of the request.
    LieReply,
}

impl Replica {
    /// Whether it lies in this way.
    pub fn is_evil(&self, evil: Evil) -> bool {
        self.setup.evil == Some(evil)
    }

    /// Proposes a batch to some, and to the others the same requests at another time.
    pub fn propose_two(&mut self, cx: &mut Cx<'_>, vote: Vote, batch: &Arc<Batch>) {
        let mut twin = Batch::clone(batch);
        twin.time = twin.time.saturating_add(Micros(1));
        let twin = Arc::new(twin);
        let second = Vote {
            digest: twin.digest(),
            ..vote
        };
        for (place, seat) in self.setup.others().enumerate() {
            let (vote, batch) = match place % 2 {
                0 => (vote, batch.clone()),
                _ => (second, twin.clone()),
            };
            let seal = self.setup.seal(Kind::PrePrepare, vote);
            self.send(cx, seat, &pre_prepare(vote, batch, seal));
        }
    }

    /// Tells a replica that this one is of its opinion, whatever that is; once, or two liars would never
    /// stop agreeing.
    pub fn agree(&mut self, cx: &mut Cx<'_>, with: Seat, vote: Vote) {
        let is_evil = self.is_evil(Evil::VoteTwice) || self.is_evil(Evil::Equivocate);
        if !is_evil || self.agreed.contains(&(with, vote)) {
            return;
        }
        if self.agreed.size() >= MOST_AGREED {
            self.agreed = Set::new_sync();
        }
        self.agreed.insert_mut((with, vote));
        if self.setup.group().primary(vote.view) != self.setup.me {
            let seal = self.setup.seal(Kind::Prepare, vote);
            self.send(cx, with, &Message::Prepare(vote, seal));
        }
        let seal = self.setup.seal(Kind::Commit, vote);
        self.send(cx, with, &Message::Commit(vote, seal));
    }

    /// The checkpoint that it signs.
    pub fn sworn(&self, checkpoint: Checkpoint) -> Checkpoint {
        let digest = match self.is_evil(Evil::LieCheckpoint) {
            true => Digest(checkpoint.digest.0.map(|byte| !byte)),
            false => checkpoint.digest,
        };
        Checkpoint {
            digest,
            ..checkpoint
        }
    }

    /// The receipt that it sends.
    pub fn told(&self, receipt: Arc<[u8]>) -> Arc<[u8]> {
        match self.is_evil(Evil::LieReply) {
            true => receipt.iter().map(|byte| !byte).chain([0]).collect(),
            false => receipt,
        }
    }
}
