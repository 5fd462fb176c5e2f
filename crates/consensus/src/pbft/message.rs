//! What replicas and clients say to each other, and what they sign of it.

use alloc::{sync::Arc, vec, vec::Vec};
use core::fmt;

use chain::{Encode, PeerId, Seat, Signature, Tag, Time, tagged_hash};
use protocol::{Body, Proposal};

use super::seals::Seal;

mod codec;

/// A view: the reign of one primary, which is the member at the view's number modulo all (paper
/// section 4). The first is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct View(pub u64);

/// A sequence number of the paper, which is also the slot that it fills. The first is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u64);

/// The hash of a batch, or what a checkpoint says of a state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl View {
    /// The next view; `None` after the last one that 64 bits can count, which only a lie can reach.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }
}

impl Slot {
    /// The slot `count` places further on; the greatest one if there is none.
    #[must_use]
    pub fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The next slot.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// All slots after this one up to another.
    pub fn until(self, last: Self) -> impl DoubleEndedIterator<Item = Self> {
        (self.0..last.0).map(|before| Self(before + 1))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PeerId::from_bytes(self.0).fmt(f) // eight digits tell digests apart, too
    }
}

/// A client's request: nobody else can make one in its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Whose, which of the client's, and what for.
    pub wish: protocol::Request,
    /// The client's public key. The client's name is its hash.
    pub key: [u8; 32],
    /// What that key vouches with.
    pub seal: Seal,
}

/// What stands in a slot: requests in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// When it was first proposed, by that primary's clock.
    pub time: Time,
    /// The primary that first proposed it: another one may have to propose it again.
    pub proposer: Seat,
    /// The requests; none in a null request.
    pub requests: Vec<Request>,
}

impl Batch {
    /// The null request, with which a new primary fills a gap (paper section 4.4): the same for all.
    #[must_use]
    pub fn null() -> Self {
        Self {
            time: Time(0),
            proposer: Seat(0),
            requests: vec![],
        }
    }

    /// Its hash.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(tagged_hash("Tabchain/PBFT/batch", &[&self.to_vec()]))
    }

    /// What the node executes.
    #[must_use]
    pub fn proposal(&self) -> Proposal {
        let wishes = self.requests.iter().map(|request| request.wish.clone());
        Proposal {
            time: self.time,
            proposer: self.proposer,
            body: if self.requests.is_empty() {
                Body::Noop
            } else {
                Body::Requests(wishes.collect())
            },
        }
    }
}

/// What the three phases are about: this batch, in this slot, in this view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vote {
    /// The view.
    pub view: View,
    /// The slot.
    pub slot: Slot,
    /// The batch.
    pub digest: Digest,
}

/// The state after a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last slot that was executed.
    pub slot: Slot,
    /// The digest of its snapshot.
    pub digest: Digest,
}

/// Who signed something, in the order of their seats.
pub type Signatures = Vec<(Seat, Signature)>;

/// A prepared certificate: a pre-prepare, and prepares of so many that together they are a quorum. With
/// MACs it is no more than a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// What is prepared.
    pub vote: Vote,
    /// The primary's signature of the pre-prepare; none with MACs.
    pub pre_prepare: Option<Signature>,
    /// Other members' signatures of their prepares; none with MACs.
    pub prepares: Signatures,
}

/// A committed certificate and its batch: a quorum's commits prove what stands in a slot for ever. With
/// MACs it is the word of whoever says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The view of the commits.
    pub view: View,
    /// The slot.
    pub slot: Slot,
    /// A quorum's signatures of their commits; none with MACs.
    pub commits: Signatures,
    /// What was decided.
    pub batch: Arc<Batch>,
}

impl Decided {
    /// What the commits are about. Hashes the batch.
    #[must_use]
    pub fn vote(&self) -> Vote {
        Vote {
            view: self.view,
            slot: self.slot,
            digest: self.batch.digest(),
        }
    }
}

/// A stable checkpoint: a quorum's checkpoints. That of slot 0, where all begin, needs no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stable {
    /// What is stable.
    pub checkpoint: Checkpoint,
    /// A quorum's signatures of it.
    pub signatures: Signatures,
}

impl Stable {
    /// Where all begin.
    pub const GENESIS: Self = Self {
        checkpoint: Checkpoint {
            slot: Slot(0),
            digest: Digest([0; 32]),
        },
        signatures: Vec::new(),
    };
}

/// VIEW-CHANGE: a replica leaves for a view, and says what may have been decided before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewChange {
    /// The view that it wants.
    pub view: View,
    /// Who it is.
    pub seat: Seat,
    /// The paper's C: its stable checkpoint.
    pub stable: Stable,
    /// The paper's P: for each slot after that in which it has prepared something, the certificate of
    /// the latest view, in the order of slots.
    pub prepared: Vec<Prepared>,
    /// With MACs, the Q of the later paper (TOCS 2002): the batches that it has pre-prepared
    /// after that, each with the latest view in which it did, in the order of slots and digests.
    pub pre_prepared: Vec<Vote>,
    /// Its signature.
    pub signature: Signature,
}

/// NEW-VIEW: the new primary begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewView {
    /// The view.
    pub view: View,
    /// The paper's V: a quorum's view changes, in the order of their seats.
    pub changes: Vec<Arc<ViewChange>>,
    /// The paper's O: what follows from them for the slots after the latest stable checkpoint, each
    /// with the primary's signature of the pre-prepare, but for MACs.
    pub pre_prepares: Vec<(Digest, Option<Signature>)>,
    /// The primary's signature of it all.
    pub signature: Signature,
}

/// How far a replica has come with a slot in its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// It has no pre-prepare.
    Nothing,
    /// It has accepted one.
    PrePrepared,
    /// It has a prepared certificate.
    Prepared,
    /// It has decided the slot.
    Decided,
}

/// Where a replica stands, so that others say again what it has missed. Signed by nobody: it is shown
/// to nobody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its view ...
    pub view: View,
    /// ... and, while that has not begun for it, whose view changes it has.
    pub changing: Option<Vec<Seat>>,
    /// Its stable checkpoint.
    pub stable: Slot,
    /// The last slot that it has executed.
    pub executed: Slot,
    /// The slots after that, in their order.
    pub progress: Vec<Progress>,
    /// Slots whose batches it lacks though it knows their digests.
    pub lacks: Vec<(Slot, Digest)>,
    /// Whom it asks for slots that are decided: one at a time, or all would send the same.
    pub helper: Seat,
}

/// All that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A client wants something done; also passed on to the primary.
    Request(Request),
    /// The primary puts a batch into a slot of its view.
    PrePrepare {
        /// Its view.
        view: View,
        /// The slot.
        slot: Slot,
        /// What it puts there.
        batch: Arc<Batch>,
        /// What it vouches with.
        seal: Seal,
    },
    /// A backup accepts that.
    Prepare(Vote, Seal),
    /// A replica has a prepared certificate.
    Commit(Vote, Seal),
    /// A request has been executed. The client alone needs to know from whom that is, and does.
    Reply {
        /// The view, which tells the client who is primary.
        view: View,
        /// Which of the client's requests.
        number: u64,
        /// The ledger's receipt.
        receipt: Arc<[u8]>,
        /// With MACs, what shows the client who says so.
        tag: Option<Tag>,
    },
    /// A replica has executed so far.
    Checkpoint(Checkpoint, Signature),
    /// A replica leaves for another view.
    ViewChange(Arc<ViewChange>),
    /// A view begins.
    NewView(Arc<NewView>),
    /// Where a replica stands.
    Status(Status),
    /// What that one lacks: the proof of a later stable checkpoint ...
    Stable(Stable),
    /// ... a slot that is decided ...
    Decided(Arc<Decided>),
    /// ... a piece of the state after a slot ...
    Data {
        /// The slot.
        slot: Slot,
        /// How many bytes all pieces together have.
        len: u64,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        bytes: Arc<[u8]>,
    },
    /// (which it asks for, piece by piece, once it has had the first)
    Fetch {
        /// The slot.
        slot: Slot,
        /// Where the next piece begins.
        offset: u64,
    },
    /// ... or the batch of a digest that it has accepted.
    Batch {
        /// The slot that it is for.
        slot: Slot,
        /// The batch.
        batch: Arc<Batch>,
    },
}

/// What a signature or tag is for, so that none can be taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A client's request.
    Request,
    /// A primary's pre-prepare.
    PrePrepare,
    /// A backup's prepare.
    Prepare,
    /// A commit.
    Commit,
    /// A checkpoint.
    Checkpoint,
    /// A view change.
    ViewChange,
    /// A new view.
    NewView,
    /// A reply.
    Reply,
}
