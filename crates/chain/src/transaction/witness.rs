//! Witnesses, held as they travel: 400 KB of empty byte strings take no more than that.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{
    Decode, DecodeError, Encode, Reader, compact_size_len, put_bytes, put_compact_size,
};

/// The stack of byte strings that proves the right to spend (BIP141).
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Witness {
    count: usize,
    /// All of them in their order, each behind its length.
    bytes: Vec<u8>,
}

/// The first byte of an annex, the last item of some witnesses (BIP341).
const ANNEX: u8 = 0x50;

impl Witness {
    /// A witness of these byte strings.
    pub fn new(items: impl IntoIterator<Item: AsRef<[u8]>>) -> Self {
        let mut witness = Self::default();
        for item in items {
            witness.push(item.as_ref());
        }
        witness
    }

    fn push(&mut self, item: &[u8]) {
        put_bytes(item, &mut self.bytes);
        self.count += 1;
    }

    /// Whether there are no byte strings.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of byte strings.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The byte strings in their order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut reader = Reader::new(&self.bytes);
        (0..self.count).map(move |_| reader.bytes().expect("as they were put there"))
    }

    /// The byte string at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.iter().nth(index)
    }

    /// The last byte string, if there are others and it begins as an annex does (BIP341).
    pub fn annex(&self) -> Option<&[u8]> {
        let last = self.count.checked_sub(1).filter(|last| *last > 0)?;
        self.get(last).filter(|item| item.first() == Some(&ANNEX))
    }

    pub(super) fn encoded_len(&self) -> u64 {
        compact_size_len(self.count as u64) + self.bytes.len() as u64
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = self.iter().map(hex::encode);
        f.debug_list().entries(items).finish()
    }
}

impl Encode for Witness {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_compact_size(self.count as u64, out);
        out.extend_from_slice(&self.bytes);
    }
}

impl Decode for Witness {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut witness = Self::default();
        for _ in 0..reader.count(1)? {
            witness.push(reader.bytes()?);
        }
        Ok(witness)
    }
}

/// One byte string, as serde encodes it.
#[derive(Serialize, Deserialize)]
struct Item(#[serde(with = "crate::text::bytes")] Vec<u8>);

/// A list of byte strings.
impl Serialize for Witness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|item| Item(item.to_vec())))
    }
}

impl<'de> Deserialize<'de> for Witness {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<Item>::deserialize(from)?;
        Ok(Self::new(items.iter().map(|item| &item.0)))
    }
}
