//! The interface of every machine: what may go in, what may come out, and in which order.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{BlockId, PeerId, Seat, Time, Txid};

use crate::{Batch, Event, Glance, Key, Payee, Proposal, Receipt, Saved, Sheet};

/// A value that decides but never acts: whatever it wants done, it puts into its outbox.
pub trait Machine {
    /// Takes one input at time `now` and pushes what follows from it into `out`, in causal order.
    ///
    /// Total: never fails, never blocks, never queries the outside world. `now` never decreases
    /// between two steps of one incarnation. A host that knows that a machine was frozen starts a
    /// new incarnation through [`Input::Boot`]; a process may also stand still unnoticed, so that all
    /// its inputs come late.
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox);

    /// A few numbers about the state, cheap enough to look at after every step.
    fn glance(&self) -> Glance;

    /// A labelled, typed view of the state for people and tests; derived, never read back.
    fn inspect(&self) -> Sheet;

    /// An independent copy in O(1): the state is persistent data that both copies share.
    fn fork(&self) -> Box<dyn Machine>;
}

/// What a host tells a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The first input of every incarnation: what earlier ones saved.
    Boot {
        /// Small values whole, large ones by name and length.
        saved: Saved,
    },
    /// Bytes from a peer. `from` is what the transport vouches for, not what the bytes claim.
    Packet {
        /// The sender.
        from: PeerId,
        /// Its message.
        packet: Packet,
    },
    /// A timer that was armed has come due.
    Timer {
        /// The name it was armed under.
        key: TimerKey,
    },
    /// Somebody here wants a transaction carried out.
    Submit {
        /// The host's number for it, which the answer repeats; never reused within an incarnation.
        ask: AskId,
        /// The transaction; only ledgers can read it.
        tx: Arc<[u8]>,
    },
    /// Whether the host searches nonces from now on. What holds in the beginning is said when a machine
    /// is made.
    Search {
        /// Whether it does.
        on: bool,
    },
    /// A nonce that meets the target of a job.
    Found {
        /// The job it answers; a machine ignores jobs that it has replaced.
        job: JobId,
        /// The nonce, to be written into bytes 76..80 of the job's header, little endian.
        nonce: u32,
    },
    /// All nonces of a job were searched; the machine may offer another one.
    Spent {
        /// The job that is used up.
        job: JobId,
    },
    /// The answer to [`Output::Load`].
    Loaded {
        /// What was asked for.
        key: Key,
        /// Its value, or `None` if there is none (or it was found damaged).
        value: Option<Arc<[u8]>>,
    },
    /// An operator orders something.
    Order(Order),
    /// Who can be reached now; replaces the list given before.
    Peers {
        /// All reachable peers, the machine itself excluded.
        up: Vec<PeerId>,
    },
}

/// What operators order. Everybody hears it; it is for whoever can carry it out, and has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Whoever leads hands over to another member.
    TransferLeadership {
        /// To whom.
        to: Seat,
    },
    /// Whoever finds blocks has them pay this key from now on, instead of its own.
    PayTo {
        /// Which.
        payee: Payee,
    },
    /// Whoever leads changes who takes part, in as many steps as that takes.
    Reconfigure {
        /// Who is to vote.
        voters: Vec<Seat>,
        /// Who is to be sent everything without a vote.
        learners: Vec<Seat>,
    },
}

/// What a machine asks of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Make these writes durable, all or none, before any later output of this machine happens.
    Save(Batch),
    /// Read a value and answer with [`Input::Loaded`].
    Load {
        /// What to read.
        key: Key,
    },
    /// Carry a packet. It may be lost, duplicated, delayed or reordered.
    Send {
        /// To whom.
        to: To,
        /// What.
        packet: Packet,
    },
    /// Send [`Input::Timer`] at a time; arming a key again replaces its timer.
    Arm {
        /// The timer's name.
        key: TimerKey,
        /// When, in the machine's own time; a time in the past means at once.
        at: Time,
    },
    /// Forget a timer.
    Disarm {
        /// The timer's name.
        key: TimerKey,
    },
    /// Whether a transaction that was submitted here waits for a block from now on: said at once by nodes with
    /// a mempool, before [`Output::Answer`].
    Admitted {
        /// The number that it was submitted under.
        ask: AskId,
        /// The transaction's id, or the reason by its standard name.
        result: Result<Txid, &'static str>,
    },
    /// What came of a transaction that was submitted here, once that is sure: where slots are executed, when it is;
    /// where blocks compete, when its block is six deep.
    Answer {
        /// The number that it was submitted under.
        ask: AskId,
        /// The ledger's receipt; `None` if it was refused or given up, and nothing was done.
        receipt: Option<Arc<[u8]>>,
    },
    /// A decided slot was executed: nothing to be done about it, but claims judge it.
    Executed {
        /// Which.
        slot: u64,
        /// What was decided.
        proposal: Arc<Proposal>,
        /// The block that came of it; `None` for a slot in which nothing was to be done.
        block: Option<BlockId>,
        /// What came of each of its requests.
        receipts: Arc<[Receipt]>,
    },
    /// A replica goes on from a snapshot, its own or one that came from elsewhere: nothing to be done
    /// about it, but claims judge it.
    Restored {
        /// The last slot that is in it.
        slot: u64,
        /// The best block after that.
        tip: BlockId,
    },
    /// Search nonces for this job; replaces the machine's earlier job.
    Work(Job),
    /// Stop searching: the job is no longer worth it.
    Stop(JobId),
    /// Tell people something that they may want to know.
    Tell(Event),
}

/// Outputs of one step in causal order: a `Save` that precedes a `Send` is durable before the
/// message leaves, so persist-before-send is a matter of order in the list.
pub type Outbox = Vec<Output>;

/// Whom a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Every reachable peer.
    All,
    /// One peer.
    Peer(PeerId),
}

/// Which of a node's conversations a packet belongs to. There is one so far; a node on several
/// ledgers at once will keep a map keyed by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Channel(pub u8);

impl Channel {
    /// The conversation that every node has.
    pub const MAIN: Self = Self(0);
}

/// A message at the host boundary: encoded once, however many receive it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its conversation.
    pub channel: Channel,
    /// The encoded message.
    pub bytes: Arc<[u8]>,
    /// Bytes that it takes on the wire: at least `bytes.len()`, more where a simulation declares
    /// filler that nobody needs to hold in memory.
    pub wire_size: u32,
}

/// Wraps encoded bytes as a packet of [`Channel::MAIN`] without filler.
#[must_use]
pub fn encode_packet(bytes: Vec<u8>) -> Packet {
    let wire_size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Packet {
        channel: Channel::MAIN,
        bytes: bytes.into(),
        wire_size,
    }
}

/// The name of a timer: who armed it, and which of its timers it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimerKey {
    /// A timer of the node (gossip, sync).
    Node(u16),
    /// A timer of the protocol inside the node.
    Protocol(u16),
    /// A timer of what is wrapped around a node that lies.
    Twist(u16),
}

/// A host's number for a transaction that it submitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// A machine's number for a job; never reused within an incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// A search for nonces: every nonce from 0 to `u32::MAX` belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's number.
    pub id: JobId,
    /// The 80 bytes to search; the last four are the nonce's.
    pub header: [u8; 80],
    /// The largest hash that wins, as a little-endian 256-bit number.
    pub target: [u8; 32],
}
