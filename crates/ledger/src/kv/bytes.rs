//! Byte strings of a bounded length.

use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use chain::{Decode, DecodeError, Encode, Reader, put_bytes};

/// What a value is stored under: 1 to 64 bytes.
pub type Key = Bytes<1, 64>;

/// What is stored: at most 4096 bytes.
pub type Value = Bytes<0, 4096>;

/// `MIN` to `MAX` bytes; O(1) to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes<const MIN: u64, const MAX: u64>(Arc<[u8]>);

/// Too few bytes, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} bytes, where {min} to {max} are allowed")]
pub struct LengthError {
    /// How many there were.
    pub len: u64,
    /// The least allowed.
    pub min: u64,
    /// The most allowed.
    pub max: u64,
}

impl<const MIN: u64, const MAX: u64> Bytes<MIN, MAX> {
    /// These bytes.
    ///
    /// # Errors
    /// [`LengthError`] when they are too few or too many.
    pub fn new(bytes: &[u8]) -> Result<Self, LengthError> {
        let len = bytes.len() as u64;
        if (MIN..=MAX).contains(&len) {
            Ok(Self(bytes.into()))
        } else {
            Err(LengthError {
                len,
                min: MIN,
                max: MAX,
            })
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// As text, with what is no printable ASCII escaped.
impl<const MIN: u64, const MAX: u64> fmt::Debug for Bytes<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

impl<const MIN: u64, const MAX: u64> Encode for Bytes<MIN, MAX> {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_bytes(&self.0, out);
    }
}

/// A length out of bounds is refused as a window onto the bytes would refuse it: more are needed
/// than it shows.
impl<const MIN: u64, const MAX: u64> Decode for Bytes<MIN, MAX> {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::new(reader.bytes()?).map_err(|LengthError { len, min, max }| {
            DecodeError::UnexpectedEnd {
                needed: len.max(min),
                left: len.min(max),
            }
        })
    }
}
