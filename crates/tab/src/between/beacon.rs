//! What a tab says of itself each second, and a person's wish about another tab.

use chain::{BitcoinHeader, BlockId, PeerId, Target, Work};
use serde::{Deserialize, Serialize};

/// Most nodes of a tab.
pub const MOST_NODES: usize = 16;
/// Most headers that go with a tip.
pub const MOST_HEADERS: usize = 16;
/// Larger beacons are garbage: 16 nodes and 16 branches of 16 headers are about 25 KB.
const MOST_BYTES: usize = 48 * 1024;
/// Most labels, and so the largest.
pub const MOST_TABS: u32 = 64;

/// A tab's sign of life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
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
    pub nodes: Vec<NodeBeacon>,
    /// The end of each distinct chain that they stand on.
    pub branches: Vec<Branch>,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeBeacon {
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

/// Which chain of a room counts: resetting a room begins another one. Of two, the one that was
/// written later holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation {
    /// Counts resets and their undoing.
    pub stamp: u32,
    /// The chain that counts.
    pub current: u32,
    /// The one that the last reset put away.
    pub undo: Option<u32>,
}

impl Generation {
    /// A new empty chain; the present one is put away.
    #[must_use]
    pub fn reset(self) -> Self {
        let stamp = self.stamp.saturating_add(1);
        // Stamps never come again, so a chain's number is never used twice.
        Self {
            stamp,
            current: stamp,
            undo: Some(self.current),
        }
    }

    /// The chain that was put away, if there is one.
    #[must_use]
    pub fn undone(self) -> Option<Self> {
        Some(Self {
            stamp: self.stamp.saturating_add(1),
            current: self.undo?,
            undo: None,
        })
    }

    /// Whether data of this generation is still wanted.
    #[must_use]
    pub fn keeps(self, generation: u32) -> bool {
        generation == self.current || Some(generation) == self.undo
    }
}

/// A person's wish about another tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// Cut a tab off, or let it join.
    Tab {
        /// Which.
        tab: PeerId,
        /// Joined.
        online: bool,
    },
    /// The same for a node.
    Node {
        /// Which.
        node: PeerId,
        /// Joined.
        online: bool,
    },
}

/// Why bytes are no beacon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeaconError {
    /// More bytes than any beacon has.
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

impl Beacon {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes any number of bytes")
    }

    /// Reads a beacon and checks all that can be checked: sizes, links, proof of work against
    /// `limit`, the room's easiest target.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn decode(bytes: &[u8], limit: Target) -> Result<Self, BeaconError> {
        if bytes.len() > MOST_BYTES {
            return Err(BeaconError::Oversized(bytes.len()));
        }
        let (beacon, rest) =
            postcard::take_from_bytes::<Self>(bytes).map_err(|_| BeaconError::Malformed)?;
        if !rest.is_empty() {
            return Err(BeaconError::Malformed);
        }
        if beacon.label > MOST_TABS {
            return Err(BeaconError::OutOfRange("label"));
        }
        if beacon.nodes.len() > MOST_NODES || beacon.branches.len() > MOST_NODES {
            return Err(BeaconError::OutOfRange("nodes"));
        }
        beacon
            .branches
            .iter()
            .try_for_each(|branch| branch.check(limit))?;
        Ok(beacon)
    }
}

impl Branch {
    fn check(&self, limit: Target) -> Result<(), BeaconError> {
        let room_above = u32::MAX - self.height;
        if self.headers.len() > MOST_HEADERS.min(room_above as usize) {
            return Err(BeaconError::OutOfRange("headers"));
        }
        let mut before = None;
        for (header, height) in self.headers.iter().zip(self.height..) {
            let id = header.id();
            if before.is_some_and(|before| header.prev != before) {
                return Err(BeaconError::Unlinked(id));
            }
            // All agree on the genesis block without checking it.
            if height > 0 && header.check_pow(limit).is_err() {
                return Err(BeaconError::NoWork(id));
            }
            before = Some(id);
        }
        Ok(())
    }
}

impl Control {
    /// The bytes to send.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("a vector takes any number of bytes")
    }

    /// Reads a wish.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (control, rest) = postcard::take_from_bytes::<Self>(bytes).ok()?;
        rest.is_empty().then_some(control)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
pub(crate) mod tests;
