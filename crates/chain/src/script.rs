//! Scripts: byte strings, their operations, and the block height at the start of a coinbase (BIP34).

use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, DecodeError, Encode, Reader, put_bytes};
use crate::opcode::{
    OP_0, OP_CODESEPARATOR, OP_PUSHDATA1, OP_PUSHDATA2, OP_PUSHDATA4, small, small_number,
};
use crate::units::Height;

/// The bytes of a script; what they mean is the ledger's business.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Script(#[serde(with = "crate::text::bytes")] pub Vec<u8>);

/// One operation of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op<'a> {
    /// Its code.
    pub code: u8,
    /// The bytes that it pushes; empty for all that are no pushes of bytes.
    pub data: &'a [u8],
}

/// Reads a script one operation after the other; see [`Script::ops`].
#[derive(Clone, Debug)]
pub struct Ops<'a> {
    rest: &'a [u8],
}

impl<'a> Ops<'a> {
    /// The bytes that were not read.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Ops<'a> {
    type Item = Op<'a>;

    fn next(&mut self) -> Option<Op<'a>> {
        let (&code, rest) = self.rest.split_first()?;
        let (len, rest) = match code {
            0..=0x4b => (usize::from(code), rest),
            OP_PUSHDATA1 => split_len::<1>(rest)?,
            OP_PUSHDATA2 => split_len::<2>(rest)?,
            OP_PUSHDATA4 => split_len::<4>(rest)?,
            _ => (0, rest),
        };
        let (data, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Op { code, data })
    }
}

/// A length of so many bytes, and what follows it.
fn split_len<const N: usize>(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<N>()?;
    let mut all = [0; 4];
    all[..N].copy_from_slice(len);
    Some((u32::from_le_bytes(all) as usize, rest))
}

impl Script {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its operations. They end early where a push promises more bytes than there are, and [`Ops::rest`]
    /// is not empty then.
    #[must_use]
    pub fn ops(&self) -> Ops<'_> {
        Ops { rest: &self.0 }
    }

    /// Its bytes without each OP_CODESEPARATOR. From a push that promises too much on, nothing is left out.
    #[must_use]
    pub fn without_code_separators(&self) -> Vec<u8> {
        let mut kept = Vec::with_capacity(self.0.len());
        let mut ops = self.ops();
        let mut before = ops.rest();
        while let Some(op) = ops.next() {
            if op.code != OP_CODESEPARATOR {
                let len = before.len() - ops.rest().len();
                kept.extend_from_slice(&before[..len]);
            }
            before = ops.rest();
        }
        kept.extend_from_slice(before);
        kept
    }

    /// Appends a push of `data` with the shortest length.
    #[must_use]
    pub fn push(mut self, data: &[u8]) -> Self {
        let len = data.len() as u64;
        let bytes = len.to_le_bytes();
        match len {
            0..=0x4b => self.0.push(bytes[0]),
            0x4c..=0xff => self.0.extend_from_slice(&[OP_PUSHDATA1, bytes[0]]),
            0x100..=0xffff => self
                .0
                .extend_from_slice(&[OP_PUSHDATA2, bytes[0], bytes[1]]),
            _ => {
                self.0.push(OP_PUSHDATA4);
                self.0.extend_from_slice(&bytes[..4]);
            }
        }
        self.0.extend_from_slice(data);
        self
    }

    /// Appends a push of `height`, which starts a coinbase (BIP34).
    #[must_use]
    pub fn push_height(self, height: Height) -> Self {
        self.push_number(height.0)
    }

    /// The height that the script starts with; `None` unless it is in its shortest form.
    pub fn height(&self) -> Option<Height> {
        self.number().map(Height)
    }

    /// Appends a push of a number in its shortest form.
    #[must_use]
    pub fn push_number(mut self, number: u32) -> Self {
        match number {
            0 => self.0.push(OP_0),
            number @ 1..=16 => self.0.push(small(number as u8)),
            large => {
                // The top bit is the sign: if it is taken, another byte keeps the number positive.
                let bytes = u64::from(large).to_le_bytes();
                let bits = 64 - u64::from(large).leading_zeros();
                return self.push(&bytes[..bits as usize / 8 + 1]);
            }
        }
        self
    }

    /// The number that the script starts with; `None` unless it is in its shortest form.
    pub fn number(&self) -> Option<u32> {
        let (&first, rest) = self.0.split_first()?;
        let number = match first {
            OP_0 => 0,
            len @ 1..=5 => {
                let mut bytes = [0; 8];
                bytes[..usize::from(len)].copy_from_slice(rest.get(..usize::from(len))?);
                u32::try_from(u64::from_le_bytes(bytes)).ok()?
            }
            code => small_number(code)?.into(),
        };
        // Encoding gives the shortest form: compare with it instead of repeating its rules.
        let shortest = Self::default().push_number(number);
        self.0.starts_with(&shortest.0).then_some(number)
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script({})", hex::encode(&self.0))
    }
}

impl From<Vec<u8>> for Script {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Encode for Script {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_bytes(&self.0, out);
    }
}

impl Decode for Script {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}
