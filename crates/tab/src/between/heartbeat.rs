//! What a tab says of itself each second, and a person's command to another tab: both signed with
//! the key whose hash is the tab's name, so that nobody else can say them.

use chain::{BitcoinHeader, BlockId, PeerId, Target, Work};
use serde::{Deserialize, Serialize};
use wire::{RowView, ValueView};

use super::generation::Generation;

/// Most nodes of a tab.
pub const MOST_NODES: usize = 16;
/// Most headers that go with a tip.
pub const MOST_HEADERS: usize = 16;
/// Most rows that a node says of its state.
pub const MOST_ROWS: usize = 16;
/// The longest label or word in a row, in bytes.
pub const MOST_WORD: usize = 24;
/// Larger heartbeats are garbage: 16 nodes and 16 branches of 16 headers take about 25 KB.
const MOST_BYTES: usize = 48 * 1024;
/// Most tabs in a room, and the largest label.
pub const MOST_TABS: u32 = 64;

/// A tab's sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// What people call it.
    pub label: u32,
    /// Whether it is leaving: forget it now.
    pub bye: bool,
    /// Whether its nodes are joined.
    pub online: bool,
    /// Whether it mines.
    pub mining: bool,
    /// Hashes per second.
    pub hash_rate: u64,
    /// Which chain of the room it is on.
    pub generation: Generation,
    /// Its nodes.
    pub nodes: Vec<NodeHeartbeat>,
    /// The ends of the distinct chains that they stand on.
    pub branches: Vec<Branch>,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHeartbeat {
    /// Its peer id.
    pub id: PeerId,
    /// Its seat.
    pub seat: u32,
    /// Its own switch.
    pub online: bool,
    /// Height of its tip.
    pub height: u32,
    /// Its tip.
    pub tip: BlockId,
    /// Cumulative work of its tip.
    pub work: Work,
    /// Heights that it has and wants, while it catches up.
    pub sync: Option<(u32, u32)>,
    /// Saved blocks that it has read back and all that it has, while it loads.
    pub loading: Option<(u32, u32)>,
    /// What its protocol says of its state, where slots are decided.
    pub rows: Vec<RowView>,
}

/// The last headers of a chain, parents first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Height of the first header.
    pub height: u32,
    /// The headers.
    pub headers: Vec<BitcoinHeader>,
}

/// A person's command to another tab: join or be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The tab it is for. A tab comes back under another name, so a command to the former one moves
    /// nobody.
    pub tab: PeerId,
    /// Only this node of it; the whole tab if `None`.
    pub node: Option<PeerId>,
    /// Whether to join.
    pub online: bool,
}

/// Why bytes are not a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeartbeatError {
    /// Longer than any heartbeat.
    Oversized(usize),
    /// Not an encoded heartbeat.
    Malformed,
    /// A number beyond its limit.
    OutOfRange(&'static str),
    /// A header that does not build on the one before it.
    Unlinked(BlockId),
    /// A header without the work that it claims.
    NoWork(BlockId),
}

impl Heartbeat {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes any number of bytes")
    }

    /// Reads a heartbeat and checks what can be checked: sizes, links, and proof of work against
    /// `limit`, the room's easiest target.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8], limit: Target) -> Result<Self, HeartbeatError> {
        if bytes.len() > MOST_BYTES {
            return Err(HeartbeatError::Oversized(bytes.len()));
        }
        let (heartbeat, rest) =
            postcard::take_from_bytes::<Self>(bytes).map_err(|_| HeartbeatError::Malformed)?;
        if !rest.is_empty() {
            return Err(HeartbeatError::Malformed);
        }
        if heartbeat.label > MOST_TABS {
            return Err(HeartbeatError::OutOfRange("label"));
        }
        if heartbeat.nodes.len() > MOST_NODES || heartbeat.branches.len() > MOST_NODES {
            return Err(HeartbeatError::OutOfRange("nodes"));
        }
        if !heartbeat.nodes.iter().all(|node| are_sane(&node.rows)) {
            return Err(HeartbeatError::OutOfRange("rows"));
        }
        heartbeat
            .branches
            .iter()
            .try_for_each(|branch| branch.check(limit))?;
        Ok(heartbeat)
    }
}

/// Whether rows are such as nodes make them: few, with plain words.
fn are_sane(rows: &[RowView]) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_word = |text: &str| text.len() <= MOST_WORD && text.bytes().all(plain);
    let is_sane = |row: &RowView| {
        let value = match &row.value {
            ValueView::Word(word) => is_word(word),
            ValueView::Number(_) | ValueView::Peer(_) | ValueView::Seat(_) => true,
        };
        value && is_word(&row.label)
    };
    rows.len() <= MOST_ROWS && rows.iter().all(is_sane)
}

impl Branch {
    fn check(&self, limit: Target) -> Result<(), HeartbeatError> {
        let room_above = u32::MAX - self.height;
        if self.headers.len() > MOST_HEADERS.min(room_above as usize) {
            return Err(HeartbeatError::OutOfRange("headers"));
        }
        let mut before = None;
        for (header, height) in self.headers.iter().zip(self.height..) {
            let id = header.id();
            if before.is_some_and(|before| header.prev != before) {
                return Err(HeartbeatError::Unlinked(id));
            }
            // The genesis block follows from the room's rules and needs no work.
            if height > 0 && header.check_pow(limit).is_err() {
                return Err(HeartbeatError::NoWork(id));
            }
            before = Some(id);
        }
        Ok(())
    }
}

impl Command {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes any number of bytes")
    }

    /// Reads a command.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (command, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        rest.is_empty().then_some(command)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
pub(crate) mod tests;
