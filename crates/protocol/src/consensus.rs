//! What a protocol sees (facts) and what it may want (wishes). It never sees a host, a ledger's
//! types or another node's memory.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::rng::Stream;
use chain::{
    Amount, BlockId, BlockTime, CompactTarget, Header, Height, MerkleRoot, Past, PeerId, PublicKey,
    Reject, Time, Work,
};

use crate::{
    AskId, Event, Executed, Job, JobId, Name, Order, Packet, Proposal, Sheet, Snapshot, Values,
};

/// A consensus protocol inside one node. Protocols of the fork-choice kind judge headers and publish
/// blocks; those of the slot kind decide what stands in which slot. A hybrid does both.
pub trait Protocol {
    /// The node is up, its chain is read back. `saved` is what this protocol saved in earlier
    /// incarnations, under its own names.
    fn on_boot(&mut self, cx: &mut Cx<'_>, saved: &Values);

    /// A timer of this protocol is due.
    fn on_timer(&mut self, _cx: &mut Cx<'_>, _key: u16) {}

    /// The same protocol in another node says something. `from` is vouched for, `bytes` are not.
    fn on_message(&mut self, _cx: &mut Cx<'_>, _from: PeerId, _bytes: &[u8]) {}

    /// Somebody at this node wants a transaction carried out, and expects [`Wish::Answer`].
    fn on_submit(&mut self, _cx: &mut Cx<'_>, _ask: AskId, _tx: &Arc<[u8]>) {}

    /// An operator orders something.
    fn on_order(&mut self, _cx: &mut Cx<'_>, _order: &Order) {}

    /// A slot that was decided has been executed, and all slots below it.
    fn on_executed(&mut self, _cx: &mut Cx<'_>, _done: &Executed<'_>) {}

    /// A snapshot that was wished for is durable, whether taken here or installed, and so is what was to
    /// be kept with it. All slots up to its own are executed. A wish that could not be granted has no
    /// such answer.
    fn on_snapshot(&mut self, _cx: &mut Cx<'_>, _snapshot: &Snapshot) {}

    /// The best tip changed.
    fn on_tip(&mut self, _cx: &mut Cx<'_>) {}

    /// A block has been stored and applied, whether or not it is the best tip now; `is_own` if this node
    /// found it. Only told while the node poses ([`Wish::Pose`]): whoever is honest goes by `on_tip`.
    fn on_block(&mut self, _cx: &mut Cx<'_>, _block: BlockId, _height: Height, _is_own: bool) {}

    /// The host searches nonces from now on, or does so no longer: `cx.searches` says which.
    fn on_search(&mut self, _cx: &mut Cx<'_>) {}

    /// The search of a job found a nonce, or has none left to try.
    fn on_job(&mut self, _cx: &mut Cx<'_>, _job: JobId, _found: Option<u32>) {}

    /// Judges a header against the branch that it extends, and returns the header's own weight. By
    /// default no header is worth anything: slots have no branches.
    ///
    /// # Errors
    /// The rule that is broken. `facts` are those of the header's own branch, so a side branch is
    /// judged by its own past.
    fn judge(&self, header: &Header, _facts: &Facts<'_>) -> Result<Work, Reject> {
        let (hash, bits) = (header.id(), CompactTarget(0));
        Err(Reject::HighHash { hash, bits })
    }

    /// How many ancestors `judge` may ask for; nodes keep no more of a branch whose work is still
    /// unproven.
    fn lookback(&self) -> u32 {
        0
    }

    /// A few numbers about the state; the node fills in what it knows of the chain.
    fn glance(&self) -> Glance;

    /// The state, for people and tests to read.
    fn inspect(&self) -> Sheet;

    /// An independent copy, O(1).
    fn fork(&self) -> Box<dyn Protocol>;
}

/// What a claim sees of a machine after each step. What the numbers mean is the protocol's to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// What the machine is at present: a place in its card's `roles`.
    pub role: u8,
    /// The term, view, ballot or epoch that it is in.
    pub epoch: u64,
    /// The last slot that it has accepted, decided or not.
    pub accepted: u64,
    /// The last slot that it has executed, and all before it.
    pub executed: u64,
    /// Its best block.
    pub tip: BlockId,
    /// The height of that.
    pub height: Height,
    /// The work of its chain; nothing where slots are decided.
    pub work: Work,
    /// The ledger's supply there.
    pub supply: Amount,
    /// Whether it takes part: everything that it saved is read back.
    pub is_ready: bool,
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
    /// The branch that ends there; `None` where slots are executed, which have no branches.
    fn forks(&self) -> Option<&dyn ForkView>;
    /// The branch that ends in another block that was applied; `None` if there is no such block.
    fn branch(&self, _tip: BlockId) -> Option<Box<dyn ForkView + '_>> {
        None
    }
    /// The latest durable snapshot, also when this node boots: then it stands at its slot.
    fn snapshot(&self) -> Option<&Snapshot> {
        None
    }
    /// The receipt of a transaction that only reads, from the state after the last executed slot; `None`
    /// if it may change something, and so has to be decided.
    fn query(&self, _tx: &[u8]) -> Option<Arc<[u8]>> {
        None
    }
    /// The number of a client's last request that was executed, and what came of it, where slots are
    /// executed: the same in all replicas that have executed as much.
    fn served(&self, _client: PeerId) -> Option<(u64, Arc<[u8]>)> {
        None
    }
}

/// What a protocol of the fork-choice kind may read of a branch: that of the best tip, or another.
pub trait ForkView {
    /// The block that the branch ends in, and its ancestors.
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
    /// Who can be reached now, this node excluded. Not who counts: members are in the terms.
    pub peers: &'a [PeerId],
    /// Whether the host searches nonces: if not, nobody does anything about jobs.
    pub searches: bool,
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
    /// Say something to the same protocol in another node.
    Send {
        /// Which.
        to: PeerId,
        /// What, as [`crate::pack`] makes it.
        packet: Packet,
    },
    /// Make this durable, all or none, before any later wish is granted.
    Save(Vec<Keep>),
    /// This stands in a slot, for ever. Deciding a slot again changes nothing.
    Decide {
        /// Which; the first is 1.
        slot: u64,
        /// What.
        proposal: Arc<Proposal>,
    },
    /// Make the state durable as it is after the last executed slot, together with these changes, all
    /// or none. It takes the place of the snapshot before.
    Snapshot(Vec<Keep>),
    /// Go on from a snapshot that came from elsewhere, and make it durable together with these
    /// changes, all or none. Granted if it is sound and reaches beyond the last executed slot; what was
    /// decided beyond its slot stays decided.
    Install {
        /// The snapshot.
        snapshot: Snapshot,
        /// What is to be kept with it.
        keep: Vec<Keep>,
    },
    /// What came of a transaction that was submitted here.
    Answer {
        /// Its number.
        ask: AskId,
        /// The ledger's receipt; `None` if it was refused.
        receipt: Option<Arc<[u8]>>,
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
    /// Say to peers from now on that this is the best block, whatever is, and nothing of others; `None`
    /// to say the truth again. No honest protocol wishes for it: it is there for those who withhold blocks.
    Pose(Option<BlockId>),
    /// Tell people about an event.
    Tell(Event),
}

/// One change to what a protocol keeps, under names of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Set a value.
    Put(Name, Arc<[u8]>),
    /// Remove all values from a name on, up to but not including another.
    DeleteRange(Name, Name),
}

impl Cx<'_> {
    /// Says something to the same protocol in another node. Whoever says it to many packs it once.
    pub fn send(&mut self, to: PeerId, packet: &Packet) {
        let packet = packet.clone();
        self.wishes.push(Wish::Send { to, packet });
    }

    /// Makes changes durable, all or none, before anything that is wished later.
    pub fn save(&mut self, changes: Vec<Keep>) {
        self.wishes.push(Wish::Save(changes));
    }

    /// Says what stands in a slot, for ever.
    pub fn decide(&mut self, slot: u64, proposal: Arc<Proposal>) {
        self.wishes.push(Wish::Decide { slot, proposal });
    }

    /// Makes the state durable, together with changes of what this protocol keeps, all or none.
    pub fn snapshot(&mut self, keep: Vec<Keep>) {
        self.wishes.push(Wish::Snapshot(keep));
    }

    /// Goes on from a snapshot that came from elsewhere, together with such changes, all or none.
    pub fn install(&mut self, snapshot: Snapshot, keep: Vec<Keep>) {
        self.wishes.push(Wish::Install { snapshot, keep });
    }

    /// Answers whoever submitted a transaction here.
    pub fn answer(&mut self, ask: AskId, receipt: Arc<[u8]>) {
        let receipt = Some(receipt);
        self.wishes.push(Wish::Answer { ask, receipt });
    }

    /// Refuses what was submitted here: too much waits already.
    pub fn refuse(&mut self, ask: AskId) {
        self.wishes.push(Wish::Answer { ask, receipt: None });
    }

    /// Forgets a timer.
    pub fn disarm(&mut self, key: u16) {
        self.wishes.push(Wish::Disarm { key });
    }

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

    /// Says to peers from now on that a block is the best one, whatever is; `None`: the truth.
    pub fn pose(&mut self, as_tip: Option<BlockId>) {
        self.wishes.push(Wish::Pose(as_tip));
    }

    /// Tells people about an event.
    pub fn tell(&mut self, event: Event) {
        self.wishes.push(Wish::Tell(event));
    }
}
