//! Block headers: Bitcoin's 80 bytes, and the sealed header of protocols without proof of work.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::hash::{BlockId, Hash256, MerkleRoot, StateRoot, sha256d};
use crate::keys::tagged_hash;
use crate::target::CompactTarget;
use crate::units::{BlockTime, Height, Seat, Time};

/// Bitcoin's block header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BitcoinHeader {
    /// Rule changes that the miner signals readiness for (BIP9).
    pub version: i32,
    /// The previous block.
    pub prev: BlockId,
    /// Merkle root over the transaction ids.
    pub merkle_root: MerkleRoot,
    /// When the miner claims to have made the block.
    pub time: BlockTime,
    /// The target that [`BitcoinHeader::id`] has to meet.
    pub bits: CompactTarget,
    /// The number that the miner varies until the hash meets the target.
    pub nonce: u32,
}

impl BitcoinHeader {
    /// Length of the encoding in bytes.
    pub const LEN: usize = 80;

    /// The 80 bytes that are hashed.
    pub fn encode(&self) -> [u8; 80] {
        let mut out = [0; 80];
        out[..4].copy_from_slice(&self.version.to_le_bytes());
        out[4..36].copy_from_slice(self.prev.as_bytes());
        out[36..68].copy_from_slice(self.merkle_root.as_bytes());
        out[68..72].copy_from_slice(&self.time.0.to_le_bytes());
        out[72..76].copy_from_slice(&self.bits.0.to_le_bytes());
        out[76..].copy_from_slice(&self.nonce.to_le_bytes());
        out
    }

    /// Reads a header; any 80 bytes are one.
    pub fn decode(bytes: &[u8; 80]) -> Self {
        Self::decode_from(&mut Reader::new(bytes)).expect("80 bytes hold all fields")
    }

    /// The block's identity: double SHA-256 of the 80 bytes.
    pub fn id(&self) -> BlockId {
        BlockId::from_bytes(sha256d(&self.encode()))
    }
}

impl Encode for BitcoinHeader {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.encode());
    }
}

impl Decode for BitcoinHeader {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            version: reader.i32()?,
            prev: BlockId::decode_from(reader)?,
            merkle_root: MerkleRoot::decode_from(reader)?,
            time: BlockTime(reader.u32()?),
            bits: CompactTarget(reader.u32()?),
            nonce: reader.u32()?,
        })
    }
}

/// Header of a block that is sealed by votes or certificates; they travel beside it, and its id
/// never covers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SealedHeader {
    /// The previous block.
    pub parent: BlockId,
    /// Number of blocks above genesis.
    pub height: Height,
    /// The protocol's slot, round or log index.
    pub slot: u64,
    /// When it was proposed.
    pub time: Time,
    /// Who proposed it.
    pub proposer: Seat,
    /// Merkle root over the transactions.
    pub tx_root: MerkleRoot,
    /// Root of the ledger's state after the block.
    pub state_root: StateRoot,
    /// Hash of anything else that the protocol puts into a block.
    pub extra_hash: Hash256,
}

impl SealedHeader {
    /// The block's identity: a tagged hash (BIP340), so that it cannot be a Bitcoin header's too.
    pub fn id(&self) -> BlockId {
        BlockId::from_bytes(tagged_hash("tabchain/sealed-header", &[&self.to_vec()]))
    }
}

impl Encode for SealedHeader {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.parent.encode_into(out);
        out.extend_from_slice(&self.height.0.to_le_bytes());
        out.extend_from_slice(&self.slot.to_le_bytes());
        out.extend_from_slice(&self.time.0.to_le_bytes());
        out.extend_from_slice(&self.proposer.0.to_le_bytes());
        self.tx_root.encode_into(out);
        self.state_root.encode_into(out);
        self.extra_hash.encode_into(out);
    }
}

impl Decode for SealedHeader {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            parent: BlockId::decode_from(reader)?,
            height: Height(reader.u32()?),
            slot: reader.u64()?,
            time: Time(reader.u64()?),
            proposer: Seat(reader.u32()?),
            tx_root: MerkleRoot::decode_from(reader)?,
            state_root: StateRoot::decode_from(reader)?,
            extra_hash: Hash256::decode_from(reader)?,
        })
    }
}

/// A header of either kind; its encoding is one tag byte and the header's own bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Header {
    /// Sealed by proof of work.
    Bitcoin(BitcoinHeader),
    /// Sealed by votes or certificates.
    Sealed(SealedHeader),
}

const BITCOIN: u8 = 0;
const SEALED: u8 = 1;

impl Header {
    /// The block's identity.
    pub fn id(&self) -> BlockId {
        match self {
            Self::Bitcoin(header) => header.id(),
            Self::Sealed(header) => header.id(),
        }
    }

    /// The previous block.
    pub fn parent(&self) -> BlockId {
        match self {
            Self::Bitcoin(header) => header.prev,
            Self::Sealed(header) => header.parent,
        }
    }

    /// When the block claims to have been made, on a chain whose epoch is at `epoch`.
    pub fn time(&self, epoch: BlockTime) -> Time {
        match self {
            Self::Bitcoin(header) => Time::from_block_time(header.time, epoch),
            Self::Sealed(header) => header.time,
        }
    }
}

impl Encode for Header {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Bitcoin(header) => {
                out.push(BITCOIN);
                header.encode_into(out);
            }
            Self::Sealed(header) => {
                out.push(SEALED);
                header.encode_into(out);
            }
        }
    }
}

impl Decode for Header {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            BITCOIN => BitcoinHeader::decode_from(reader).map(Self::Bitcoin),
            SEALED => SealedHeader::decode_from(reader).map(Self::Sealed),
            tag => Err(DecodeError::UnknownTag {
                what: "header",
                tag,
            }),
        }
    }
}

impl From<BitcoinHeader> for Header {
    fn from(header: BitcoinHeader) -> Self {
        Self::Bitcoin(header)
    }
}
