//! What came of a transaction.

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, Reader, decode_exact, put_list};

use super::transaction::{put_version, read_version};
use super::{Key, Value, Version};
use crate::registry::{Touch, Touched};

/// What came of a transaction, and all that it read and wrote: enough to check a history for
/// linearizability without a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The value that a `Get` found, `None` for other transactions; or why nothing was done.
    pub result: Result<Option<Value>, KvError>,
    /// What it read: the versions found. A plain write reads nothing.
    pub reads: Vec<Access>,
    /// What it wrote: the versions now.
    pub writes: Vec<Access>,
}

/// A key and its version at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The key.
    pub key: Key,
    /// Who wrote its value; `None` if it has none.
    pub version: Option<Version>,
}

/// Why a transaction changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// Its bytes are no transaction.
    #[error("{len} bytes that are no transaction")]
    Undecodable {
        /// How many bytes.
        len: u64,
    },
    /// Somebody else has written to the key.
    #[error("version {found:?}, where {expected:?} was expected")]
    VersionMismatch {
        /// What the transaction asked for.
        expected: Option<Version>,
        /// What the key has.
        found: Option<Version>,
    },
}

const NOTHING: u8 = 0;
const VALUE: u8 = 1;
const UNDECODABLE: u8 = 2;
const MISMATCH: u8 = 3;

/// No access is shorter, in bytes: a key of one byte and no version.
const MIN_ACCESS: u32 = 2 + 1;

/// What a receipt says that its transaction read and wrote.
pub(super) fn touched(bytes: &[u8]) -> Option<Touched> {
    let Receipt { reads, writes, .. } = decode_exact(bytes).ok()?;
    let touch = |access: Access| Touch {
        key: access.key.as_bytes().to_vec(),
        version: access.version.map(Version::number),
    };
    Some(Touched {
        reads: reads.into_iter().map(touch).collect(),
        writes: writes.into_iter().map(touch).collect(),
    })
}

impl Encode for Access {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.key.encode_into(out);
        put_version(self.version, out);
    }
}

impl Decode for Access {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            key: Key::decode_from(reader)?,
            version: read_version(reader)?,
        })
    }
}

impl Encode for Receipt {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match &self.result {
            Ok(None) => out.push(NOTHING),
            Ok(Some(value)) => {
                out.push(VALUE);
                value.encode_into(out);
            }
            Err(KvError::Undecodable { len }) => {
                out.push(UNDECODABLE);
                out.extend_from_slice(&len.to_le_bytes());
            }
            Err(KvError::VersionMismatch { expected, found }) => {
                out.push(MISMATCH);
                put_version(*expected, out);
                put_version(*found, out);
            }
        }
        put_list(&self.reads, out);
        put_list(&self.writes, out);
    }
}

impl Decode for Receipt {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let result = match reader.u8()? {
            NOTHING => Ok(None),
            VALUE => Ok(Some(Value::decode_from(reader)?)),
            UNDECODABLE => Err(KvError::Undecodable { len: reader.u64()? }),
            MISMATCH => Err(KvError::VersionMismatch {
                expected: read_version(reader)?,
                found: read_version(reader)?,
            }),
            tag => {
                let what = "result of a transaction";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        };
        Ok(Self {
            result,
            reads: reader.list(MIN_ACCESS)?,
            writes: reader.list(MIN_ACCESS)?,
        })
    }
}
