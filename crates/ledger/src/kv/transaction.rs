//! What can be asked of the store.

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, Height, Reader, Stream};

use super::{Key, Value};

/// What can be asked of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transaction {
    /// Reads a value.
    Get {
        /// Whose value.
        key: Key,
    },
    /// Gives a key a value, whatever it had.
    Put {
        /// Which key.
        key: Key,
        /// Its new value.
        value: Value,
    },
    /// Gives a key a value if nobody wrote to it in the meantime.
    CompareAndSet {
        /// Which key.
        key: Key,
        /// The version that it must have; `None` if it must have no value.
        expected: Option<Version>,
        /// Its new value.
        value: Value,
    },
    /// Takes a key's value away, if it has one.
    Delete {
        /// Which key.
        key: Key,
    },
}

impl Transaction {
    /// One that somebody may want: few keys, so that writers meet.
    #[must_use]
    pub fn sample(rng: &mut Stream) -> Self {
        let name = rng.below(8).to_le_bytes();
        let key = Key::new(&name[..1]).expect("a byte is a key");
        let value = Value::new(&rng.next_u64().to_le_bytes()).expect("8 bytes are a value");
        match rng.below(8) {
            0..=2 => Self::Get { key },
            3..=5 => Self::Put { key, value },
            6 => Self::CompareAndSet {
                key,
                expected: None,
                value,
            },
            _ => Self::Delete { key },
        }
    }
}

/// Which transaction last wrote a value (Hyperledger Fabric's block and transaction number). No two
/// writes on a branch have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The height of its block.
    pub height: Height,
    /// Its place among the transactions of the block, from 0.
    pub index: u32,
}

impl Version {
    /// The same as one number, in the same order.
    #[must_use]
    pub fn number(self) -> u64 {
        u64::from(self.height.0) << 32 | u64::from(self.index)
    }
}

const GET: u8 = 0;
const PUT: u8 = 1;
const COMPARE_AND_SET: u8 = 2;
const DELETE: u8 = 3;

/// No transaction is shorter, in bytes: a tag and a key of one byte.
pub(super) const MIN_TRANSACTION: u32 = 1 + 2;

impl Encode for Transaction {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Get { key } => {
                out.push(GET);
                key.encode_into(out);
            }
            Self::Put { key, value } => {
                out.push(PUT);
                key.encode_into(out);
                value.encode_into(out);
            }
            Self::CompareAndSet {
                key,
                expected,
                value,
            } => {
                out.push(COMPARE_AND_SET);
                key.encode_into(out);
                put_version(*expected, out);
                value.encode_into(out);
            }
            Self::Delete { key } => {
                out.push(DELETE);
                key.encode_into(out);
            }
        }
    }
}

impl Decode for Transaction {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tag = reader.u8()?;
        if tag > DELETE {
            let what = "transaction";
            return Err(DecodeError::UnknownTag { what, tag });
        }
        let key = Key::decode_from(reader)?;
        Ok(match tag {
            GET => Self::Get { key },
            PUT => Self::Put {
                key,
                value: Value::decode_from(reader)?,
            },
            COMPARE_AND_SET => Self::CompareAndSet {
                key,
                expected: read_version(reader)?,
                value: Value::decode_from(reader)?,
            },
            _ => Self::Delete { key },
        })
    }
}

impl Encode for Version {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.height.0.to_le_bytes());
        out.extend_from_slice(&self.index.to_le_bytes());
    }
}

impl Decode for Version {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            height: Height(reader.u32()?),
            index: reader.u32()?,
        })
    }
}

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;

/// Appends the version of a key that may have no value.
pub(super) fn put_version(version: Option<Version>, out: &mut Vec<u8>) {
    match version {
        None => out.push(ABSENT),
        Some(version) => {
            out.push(PRESENT);
            version.encode_into(out);
        }
    }
}

pub(super) fn read_version(reader: &mut Reader<'_>) -> Result<Option<Version>, DecodeError> {
    match reader.u8()? {
        ABSENT => Ok(None),
        PRESENT => Version::decode_from(reader).map(Some),
        tag => {
            let what = "optional version";
            Err(DecodeError::UnknownTag { what, tag })
        }
    }
}
