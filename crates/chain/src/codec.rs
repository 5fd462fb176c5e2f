//! Bitcoin's wire encoding, with bounds: a length is trusted only as far as bytes are present.

use alloc::vec::Vec;

/// The most elements to preallocate for, before the first one has been read.
const PREALLOCATED: usize = 1024;

/// Why bytes do not decode as the expected value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("{needed} bytes needed, {left} left")]
    UnexpectedEnd {
        /// The least number of bytes that should follow.
        needed: u64,
        /// The number of bytes that do follow.
        left: u64,
    },
    /// A CompactSize that has a shorter form.
    #[error("size {0} is not in its shortest form")]
    NonCanonicalSize(u64),
    /// Bytes after the end of the value.
    #[error("{0} bytes after the end")]
    TrailingBytes(u64),
    /// A transaction's extension flag that no rule defines (BIP144 defines 1).
    #[error("unknown transaction flag {0}")]
    UnknownFlag(u8),
    /// A transaction with BIP144's marker whose inputs have no witness: it has a shorter form.
    #[error("witness form without a witness")]
    SuperfluousWitness,
    /// Keys of a map that do not rise: in another order, or twice.
    #[error("element {index} does not come after the one before it")]
    OutOfOrder {
        /// Its place in the list, from 0.
        index: u64,
    },
    /// A tag that names no variant.
    #[error("tag {tag:#04x} names no {what}")]
    UnknownTag {
        /// What was expected.
        what: &'static str,
        /// What was found.
        tag: u8,
    },
}

/// Reads from a slice, front to back.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

macro_rules! read_int {
    ($($name:ident -> $int:ty),*) => {$(
        #[doc = concat!("The next bytes as a little-endian `", stringify!($int), "`.")]
        ///
        /// # Errors
        /// [`DecodeError::UnexpectedEnd`] when too few bytes are left.
        pub fn $name(&mut self) -> Result<$int, DecodeError> {
            self.array().map(<$int>::from_le_bytes)
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Reads `bytes` from their start.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    pub const fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`] when fewer are left.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or(self.end(count as u64))?;
        self.rest = rest;
        Ok(head)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(self.end(N as u64))?;
        self.rest = rest;
        Ok(*head)
    }

    read_int!(u8 -> u8, u16 -> u16, u32 -> u32, u64 -> u64, i32 -> i32, i64 -> i64);

    /// A CompactSize in its shortest form.
    ///
    /// # Errors
    /// [`DecodeError::NonCanonicalSize`] for a longer form than needed,
    /// [`DecodeError::UnexpectedEnd`] when too few bytes are left.
    pub fn compact_size(&mut self) -> Result<u64, DecodeError> {
        let (value, least) = match self.u8()? {
            0xfd => (u64::from(self.u16()?), 0xfd),
            0xfe => (u64::from(self.u32()?), 0x1_0000),
            0xff => (self.u64()?, 0x1_0000_0000),
            byte => (u64::from(byte), 0),
        };
        if value < least {
            Err(DecodeError::NonCanonicalSize(value))
        } else {
            Ok(value)
        }
    }

    /// The number of elements that follow, each at least `min_size` bytes long.
    ///
    /// # Errors
    /// [`DecodeError`] for a bad number, or one that the bytes left cannot hold.
    pub fn count(&mut self, min_size: u32) -> Result<usize, DecodeError> {
        let count = self.compact_size()?;
        let needed = count.saturating_mul(u64::from(min_size));
        if needed > self.rest.len() as u64 {
            return Err(self.end(needed));
        }
        usize::try_from(count).map_err(|_| self.end(needed))
    }

    /// A byte string, prefixed with its length.
    ///
    /// # Errors
    /// [`DecodeError`] for a bad length or too few bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let count = self.count(1)?;
        self.take(count)
    }

    /// A list, prefixed with the number of its elements, each at least `min_size` bytes long.
    ///
    /// # Errors
    /// [`DecodeError`] for a bad number or a bad element.
    pub fn list<T: Decode>(&mut self, min_size: u32) -> Result<Vec<T>, DecodeError> {
        let count = self.count(min_size)?;
        let mut list = Vec::with_capacity(count.min(PREALLOCATED));
        for _ in 0..count {
            list.push(T::decode_from(self)?);
        }
        Ok(list)
    }

    /// Checks that all bytes have been read.
    ///
    /// # Errors
    /// [`DecodeError::TrailingBytes`] otherwise.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::TrailingBytes(left as u64)),
        }
    }

    fn end(&self, needed: u64) -> DecodeError {
        DecodeError::UnexpectedEnd {
            needed,
            left: self.rest.len() as u64,
        }
    }
}

/// A value with exactly one wire encoding.
pub trait Encode {
    /// Appends the encoding.
    fn encode_into(&self, out: &mut Vec<u8>);

    /// The encoding on its own.
    fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }
}

/// A value that can be read back from its wire encoding.
pub trait Decode: Sized {
    /// Reads one value and leaves whatever follows unread.
    ///
    /// # Errors
    /// [`DecodeError`] when the bytes do not start with an encoding.
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Reads a value that fills `bytes` exactly.
///
/// # Errors
/// [`DecodeError`] when they are not an encoding, or more bytes follow it.
pub fn decode_exact<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = T::decode_from(&mut reader)?;
    reader.finish()?;
    Ok(value)
}

/// Appends `value` as a CompactSize.
pub fn put_compact_size(value: u64, out: &mut Vec<u8>) {
    match value {
        0..=0xfc => out.push(value as u8),
        0xfd..=0xffff => {
            out.push(0xfd);
            out.extend_from_slice(&(value as u16).to_le_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xfe);
            out.extend_from_slice(&(value as u32).to_le_bytes());
        }
        _ => {
            out.push(0xff);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

/// Length in bytes of `value` as a CompactSize.
pub const fn compact_size_len(value: u64) -> u64 {
    match value {
        0..=0xfc => 1,
        0xfd..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

/// Appends `bytes`, prefixed with their length.
pub fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_compact_size(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a list, prefixed with the number of its elements.
pub fn put_list<T: Encode>(list: &[T], out: &mut Vec<u8>) {
    put_compact_size(list.len() as u64, out);
    list.iter().for_each(|element| element.encode_into(out));
}

/// Encoded length of a byte string of `len` bytes, its length prefix included.
pub const fn bytes_len(len: usize) -> u64 {
    compact_size_len(len as u64) + len as u64
}
