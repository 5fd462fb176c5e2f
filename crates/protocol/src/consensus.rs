//! What a protocol sees (facts) and what it may want (wishes). It never sees a host, a ledger's
//! types or another node's memory.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::rng::Stream;
use chain::{
    BlockId, BlockTime, Header, Height, MerkleRoot, Past, PeerId, PublicKey, Reject, Time, Work,
};

use crate::{Event, Job, JobId, Sheet};

/// A consensus protocol of the fork-choice kind: it judges headers and publishes blocks of its
/// own. (Slot protocols will add `decide`; the node chains what they decide.)
pub trait Protocol {
    /// Judges a header against the branch that it extends, and returns the header's own weight.
    ///
    /// # Errors
    /// The rule that is broken. `facts` are those of the header's own branch, so a side branch is
    /// judged by its own past.
    fn check(&self, header: &Header, facts: &Facts<'_>) -> Result<Work, Reject>;

    /// How many ancestors `check` may ask for; nodes keep no more of a branch whose work is still
    /// unproven.
    fn lookback(&self) -> u32;

    /// The node is up: state restored, tip known.
    fn on_boot(&mut self, cx: &mut Cx<'_>);

    /// The best tip changed.
    fn on_tip(&mut self, cx: &mut Cx<'_>);

    /// A timer of this protocol is due.
    fn on_timer(&mut self, cx: &mut Cx<'_>, key: u16);

    /// A nonce was found for a job.
    fn on_found(&mut self, cx: &mut Cx<'_>, job: JobId, nonce: u32);

    /// A job has no nonces left.
    fn on_spent(&mut self, cx: &mut Cx<'_>, job: JobId);

    /// The state, for people and tests to read.
    fn inspect(&self) -> Sheet;

    /// An independent copy, O(1).
    fn fork(&self) -> Box<dyn Protocol>;
}

/// What is known about the branch that a header extends. Facts from the ledger (stake, votes,
/// burns) will be added here, taken from the ledger's state at the parent.
pub struct Facts<'a> {
    /// The parent and its ancestors.
    pub past: &'a dyn Past,
    /// The node's clock as a header would carry it.
    pub now: BlockTime,
}

/// Who is paid for a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payee(pub PublicKey);

/// A body that the ledger would accept on top of the best tip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// The parent it was drafted for.
    pub parent: BlockId,
    /// The height it would have.
    pub height: Height,
    /// Commitment to the body.
    pub root: MerkleRoot,
    /// The body, opaque to protocols.
    pub body: Arc<[u8]>,
}

/// What a protocol may read of the node's chain.
pub trait ChainView {
    /// The best tip.
    fn tip(&self) -> (BlockId, Height);
    /// The tip and its ancestors.
    fn past(&self) -> &dyn Past;
    /// A body for the next block; a different `extra` gives a different commitment.
    fn draft(&self, extra: u64) -> Drafted;
}

/// A protocol's view of its node for the duration of one call.
pub struct Cx<'a> {
    /// The node's time.
    pub now: Time,
    /// The same time as a header would carry it.
    pub clock: BlockTime,
    /// This node.
    pub me: PeerId,
    /// Deterministic randomness for this node and purpose.
    pub rng: &'a mut Stream,
    /// The chain as this node knows it.
    pub chain: &'a dyn ChainView,
    /// What the protocol wants, in causal order.
    pub wishes: &'a mut Vec<Wish>,
}

/// What a protocol may want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Call `on_timer` at a time.
    Arm {
        /// The timer.
        key: u16,
        /// When.
        at: Time,
    },
    /// Forget a timer.
    Disarm {
        /// The timer.
        key: u16,
    },
    /// Search nonces.
    Work(Job),
    /// Stop searching.
    Stop(JobId),
    /// Store, apply and announce a block of this node's own.
    Publish {
        /// Its header.
        header: Header,
        /// Its body, as drafted.
        body: Arc<[u8]>,
    },
    /// Tell people about an event.
    Tell(Event),
}

impl Cx<'_> {
    /// Asks for `on_timer(key)` at a time; replaces an earlier timer with that key.
    pub fn arm(&mut self, key: u16, at: Time) {
        self.wishes.push(Wish::Arm { key, at });
    }

    /// Asks the host to search nonces.
    pub fn work(&mut self, job: Job) {
        self.wishes.push(Wish::Work(job));
    }

    /// Asks the host to stop searching a job.
    pub fn stop(&mut self, job: JobId) {
        self.wishes.push(Wish::Stop(job));
    }

    /// Hands a finished block to the node.
    pub fn publish(&mut self, header: Header, body: Arc<[u8]>) {
        self.wishes.push(Wish::Publish { header, body });
    }

    /// Tells people about an event.
    pub fn tell(&mut self, event: Event) {
        self.wishes.push(Wish::Tell(event));
    }
}
