//! What a tab says of itself each second, and a person's command to another tab: both signed with the
//! key whose hash is the tab's name, so that nobody else can say it.

use chain::{BitcoinHeader, BlockId, PeerId, Target, Work};
use serde::{Deserialize, Serialize};

use super::generation::Generation;

/// Most nodes of a tab.
pub const MOST_NODES: usize = 16;
/// Most headers that go with a tip.
pub const MOST_HEADERS: usize = 16;
/// Larger heartbeats are garbage: 16 nodes and 16 branches of 16 headers are about 25 KB.
const MOST_BYTES: usize = 48 * 1024;
/// Most labels, and so the largest.
pub const MOST_TABS: u32 = 64;

/// A tab's sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// What people call it.
    pub label: u32,
    /// It leaves: forget it now.
    pub bye: bool,
    /// Whether its nodes are joined.
    pub online: bool,
    /// Whether it mines.
    pub mining: bool,
    /// Hashes a second.
    pub hash_rate: u64,
    /// Which chain of the room it is on.
    pub generation: Generation,
    /// Its nodes by seat.
    pub nodes: Vec<NodeHeartbeat>,
    /// The end of each distinct chain that they stand on.
    pub branches: Vec<Branch>,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeHeartbeat {
    /// Who.
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
    /// Blocks that it has and wants while it catches up.
    pub sync: Option<(u32, u32)>,
    /// Saved blocks that it has read and has to read.
    pub loading: Option<(u32, u32)>,
}

/// The last headers of a chain, parents first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Height of the first.
    pub height: u32,
    /// The headers.
    pub headers: Vec<BitcoinHeader>,
}

/// A person's command to another tab: be cut off, or join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Whom it is for. A tab that comes back has another name, so that what was said to it before
    /// moves nobody.
    pub tab: PeerId,
    /// Only this node of it; `None`: the tab.
    pub node: Option<PeerId>,
    /// Joined.
    pub online: bool,
}

/// Why bytes are no heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeartbeatError {
    /// More bytes than any heartbeat has.
    Oversized(usize),
    /// Not the encoding.
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

    /// Reads a heartbeat and checks all that can be checked: sizes, links, proof of work against
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
        heartbeat
            .branches
            .iter()
            .try_for_each(|branch| branch.check(limit))?;
        Ok(heartbeat)
    }
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
            // All agree on the genesis block without checking it.
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
        let (control, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        rest.is_empty().then_some(control)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
pub(crate) mod tests;
