//! Every bound of a node in one place. Whatever a peer does, no table grows beyond these.

use chain::{FeeRate, Micros};
use protocol::envelope::MAX_PAYLOAD;

/// Most ids in a locator: ten close ones and then each twice as far reach beyond 2^20 blocks.
pub const LOCATOR: usize = 32;
/// Most headers in one message, as in Bitcoin: 160 kB.
pub const HEADERS: usize = 2000;
/// Most blocks asked for in one message.
pub const BODIES: usize = 64;
/// Largest block in bytes that travels: it has to fit into one envelope, framing included.
pub const BLOCK: usize = MAX_PAYLOAD - 2048;

/// Largest transaction in bytes that travels: a tenth of the weight of the largest block, all of it witnesses.
pub const TRANSACTION: usize = 50_000;
/// Transactions offered or asked for in one message: 16 kB.
pub const OFFERS: usize = 500;

/// Peers remembered: as many nodes as a room can have. Those that can be reached go before those
/// that cannot.
pub const PEERS: usize = 1024;
/// What a peer may have us do at once before it has to wait; see the costs in `peers`.
pub const TOKENS: u32 = 8_000;
/// Tokens that come back each second.
pub const TOKENS_PER_SEC: u32 = 2_000;
/// Bytes of answers for all peers together that may go out at once ...
pub const ANSWERS_BURST: u64 = 16 << 20;
/// ... and how many come back each microsecond: 8 MB a second.
pub const ANSWERS_PER_MICRO: u64 = 8;
/// The part that is left to peers which gave us blocks, and to those that wait.
pub const ANSWERS_RESERVE: u64 = 4 << 20;
/// How long a peer that gave no blocks waits between answers when only the reserve is left: no
/// longer than it takes to ask again.
pub const ANSWER_WAIT: Micros = ASK_TIMEOUT;
/// What it gets then, in bytes: 187 headers, or a block whatever its size.
pub const PORTION: u64 = 15_000;
/// Bytes that a message weighs beyond its contents.
pub const FRAMING: u64 = 100;
// However many senders are invented, portions for all that are remembered do not empty the reserve.
const _: () = assert!(PEERS as u64 * PORTION <= ANSWER_WAIT.0 * ANSWERS_PER_MICRO);
/// Points of blame at which a peer is not listened to for a while; one is forgiven each second.
pub const BLAME: u32 = 100;
/// How long it is not listened to. Long enough that a peer which only sends rubbish costs next to
/// nothing; short, since a host may not know better than a message itself who sent it.
pub const MUTE: Micros = Micros::from_secs(5);

/// Bodies asked of one peer and not yet here.
pub const FLIGHTS_PER_PEER: usize = 16;
/// How far above the lowest missing body others are fetched.
pub const FETCH_AHEAD: u32 = 256;
/// Bytes of blocks that wait for an ancestor's body.
pub const WAITING: u64 = 16 << 20;
/// Branches that are being fetched, of all peers together.
pub const GOALS: usize = 32;
/// A branch of which no body came for so long is the first to give way to others.
pub const GOAL_STALL: Micros = Micros::from_secs(4);
/// Headers of blocks that are not applied, of all peers together: senders are free to invent, so a
/// limit for each would be none. When it is reached, stalled branches give way, then the lightest,
/// then the youngest. A header takes about 1.1 kB (measured; in tree, index and holders): less than
/// 20 MB.
pub const UNPROVEN: usize = 16_000;
/// How far the headers of one branch are kept ahead of its applied blocks: twice an answer, so that
/// the next one is here before the bodies run out.
pub const HEADERS_AHEAD: u32 = 4_000;
/// The same for a branch that was measured and is heavier than ours; it leaves room for others.
pub const MEASURED_AHEAD: u32 = UNPROVEN as u32 - HEADERS_AHEAD;
/// Invalid blocks that are remembered so as not to be fetched again; part of [`UNPROVEN`].
pub const INVALID: usize = 1_000;

/// Branches that do not outweigh the best one are kept only this close to its tip, in blocks and
/// in work.
pub const RECENT: u32 = 144;
/// Blocks of one height above which only heavier branches add another.
pub const RIVALS: usize = 16;

/// Weak branches that are measured before anything of them is kept.
pub const PRESYNCS: usize = 8;
/// Batches of headers that such a branch may have: 8 million headers.
pub const MARKS: usize = 4096;
/// Without an answer for so long, measuring ends.
pub const PRESYNC_IDLE: Micros = Micros::from_secs(10);
/// When all places are taken, the branch with the least work so far gives way to one with more, and
/// one that was measured for so long to any.
pub const PRESYNC_TURN: Micros = Micros::from_secs(60);

/// Headers from the future that are looked at again.
pub const LATER: usize = 64;
/// In seconds: headers further ahead are left to be announced again.
pub const LATER_SECS: u32 = 7_200;

/// Heights below the tip at which the ledger's state is kept for every block.
pub const STATES: u32 = 288;
/// Further below, states are kept at multiples of this height and others rebuilt from them.
pub const CHECKPOINT: u32 = 256;

/// Results that a memo keeps of each kind.
pub const MEMO: usize = 2048;
/// Blocks that a memo shares between nodes.
pub const INTERNED: usize = 16_384;

/// Clients of a slot chain whose last receipt is remembered.
pub const CLIENTS: usize = 1_024;

/// Stored values asked for and not yet delivered.
pub const LOADS: usize = 128;
/// Most ids in one entry of the log.
pub const ENTRY: usize = 128;

/// Requests for headers under way at peers that gave us no blocks, of all of them together.
pub const ASKS: usize = 128;
/// When there are so many, one that has been under way for so long gives way.
pub const ASK_TURN: Micros = Micros(250_000);
/// After so long without an answer others are asked for the same too, twice as many each time: a
/// peer that might be an invention gets a little more than a round trip between tabs ...
pub const ASK_PATIENCE: Micros = Micros(25_000);
/// ... and one that gave us blocks as long as two thousand headers take on a slow link.
pub const ASK_PATIENCE_PROVEN: Micros = Micros(250_000);
/// An unanswered request for headers is given up after this.
pub const ASK_TIMEOUT: Micros = Micros::from_secs(2);
/// A body that was asked of a peer which gave us none so far is asked of others too after this.
pub const FLIGHT_PATIENCE: Micros = Micros(100_000);
/// An unanswered request for a body goes to somebody else after this.
pub const FLIGHT_TIMEOUT: Micros = Micros::from_secs(3);
/// Whoever did not have a body is asked for it again only after this, others at once ...
pub const RETRY: Micros = Micros::from_secs(1);
/// ... and after this at most, if nothing of the branch has come for long.
pub const RETRY_AT_MOST: Micros = Micros::from_secs(10);
const _: () = assert!(RETRY_AT_MOST.0 < FLIGHT_MEMORY.0);
/// Who did not deliver a body is remembered for so long, to ask others first.
pub const FLIGHT_MEMORY: Micros = Micros::from_secs(12);
/// How often unanswered requests are looked at while there are any.
pub const TICK: Micros = Micros::from_secs(1);
/// Anti-entropy: a peer that may be behind is told of the tip again after this, then after twice as long
/// each time ...
pub const GOSSIP: Micros = Micros::from_secs(2);
/// ... and after this at most ...
pub const GOSSIP_AT_MOST: Micros = Micros::from_secs(64);
/// ... and up to so much later, drawn at random so that nodes do not speak in chorus.
pub const GOSSIP_JITTER: Micros = Micros::from_secs(1);
/// About how many heavier peers answer one that is behind, however many there are.
pub const ANSWERS: u64 = 4;

/// Blocks to fetch from which on people are told of a sync.
pub const SYNC_GAP: u32 = 4;
/// A sync without a new block for so long is no longer spoken of.
pub const SYNC_STALL: Micros = Micros::from_secs(30);
/// Block ids that a message to people spells out; the rest is only counted.
pub const DAMAGE_SPELT: usize = 3;

/// Room in blocks that are drafted for what stands beside transactions that wait: header, coinbase and
/// counts. In virtual bytes.
pub const COINBASE_ROOM: u64 = 1_000;
/// Transactions that wait take as much room as so many full blocks, at most.
pub const POOL_BLOCKS: u64 = 100;
/// The least fee rate that is relayed, and by how much a replacement must exceed what it replaces: a satoshi a virtual byte, as
/// in Bitcoin Core for most of its history.
pub const RELAY_RATE: FeeRate = FeeRate::ONE;
/// Transactions that need each other and wait, as in Bitcoin Core.
pub const CHAIN: u32 = 25;
/// The same for those that come back when blocks are undone, where there may be more.
pub const RETURNING_CHAIN: u32 = 1_000;
/// Transactions that one replacement may push out (BIP125).
pub const REPLACED: usize = 100;
/// A transaction waits at most as long as so many blocks take: Bitcoin Core's two weeks.
pub const PATIENCE_BLOCKS: u32 = 2_016;
/// How long the least fee rate takes to fall by half after it rose: 60 blocks of ten seconds. Bitcoin Core's 12 hours are 72 blocks.
pub const FLOOR_HALF_LIFE: Micros = Micros::from_secs(600);
/// Transactions whose parents are missing, and their bytes together.
pub const ORPHANS: usize = 100;
/// See [`ORPHANS`].
pub const ORPHAN_BYTES: usize = 400_000;
/// How long they are kept.
pub const ORPHAN_PATIENCE: Micros = Micros::from_secs(300);
/// Submitted transactions that are not settled.
pub const SUBMITTED: usize = 1_024;
/// A transaction is settled once its block is so deep, that block included: Nakamoto's six confirmations.
pub const SETTLED: u32 = 6;

/// How long a node collects what it took in before it offers it.
pub const OFFER_DELAY: Micros = Micros(100_000);
/// Transactions asked for and not here yet ...
pub const WANTED: usize = 4_096;
/// ... and of one peer.
pub const WANTED_PER_PEER: usize = 1_000;
/// Others that offered the same, to be asked if the first does not answer.
pub const OTHERS: usize = 3;
/// After so long without an answer another is asked.
pub const TX_TIMEOUT: Micros = Micros::from_secs(2);
// Requests are looked at that often.
const _: () = assert!(TX_TIMEOUT.0 >= TICK.0);
/// Refused transactions that are not asked for again on top of the same block.
pub const REFUSED: usize = 512;
/// Bytes of a transaction that are judged for one token.
pub const TX_BYTES_PER_TOKEN: usize = 256;
