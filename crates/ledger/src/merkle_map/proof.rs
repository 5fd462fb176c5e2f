//! Proofs of what a map holds, for those who know nothing of it but the root.

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, Reader};

use super::EMPTY_ROOT;
use super::trie::{Node, branch_hash, key_hash, leaf_hash, side, value_hash};

/// What a map holds for a key: what stands where the key's leaf would be, and the siblings of all
/// nodes from there to the root. At most 255 siblings of 32 bytes and one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof<V> {
    /// From the root down.
    siblings: Vec<[u8; 32]>,
    end: End<V>,
}

/// What stands at the end of a key's path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End<V> {
    /// Nothing.
    Empty,
    /// The leaf of another key, as hashes of key and value.
    Other { key: [u8; 32], value: [u8; 32] },
    /// The key's own leaf.
    Value(V),
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// It leads to another root.
    #[error("a proof for another root than the one expected")]
    WrongRoot {
        /// The root that should have come out.
        expected: [u8; 32],
        /// The root that did.
        computed: [u8; 32],
    },
    /// It says that the key is absent because its own leaf is in its place.
    #[error("a proof that contradicts itself")]
    Contradiction {
        /// The hash of the key.
        key: [u8; 32],
    },
}

impl<V> Proof<V> {
    /// What the trie says of the key with this hash, whose value is `value`.
    pub(super) fn new(trie: &Node, key: &[u8; 32], value: Option<V>) -> Self {
        let mut siblings = Vec::new();
        let mut node = trie;
        while let Node::Branch(branch) = node {
            let side = side(key, siblings.len());
            siblings.push(branch.children[1 - side].hash());
            node = &branch.children[side];
        }
        let end = match (value, node) {
            (Some(value), _) => End::Value(value),
            (None, Node::Leaf(leaf)) => End::Other {
                key: leaf.key,
                value: leaf.value,
            },
            (None, _) => End::Empty,
        };
        Self { siblings, end }
    }
}

impl<V: Encode + Clone> Proof<V> {
    /// The value of `key` in the map with this root; `None` if it has none there.
    ///
    /// # Errors
    /// [`ProofError`] when the proof does not show that.
    pub fn check<K: Encode>(&self, root: &[u8; 32], key: &K) -> Result<Option<V>, ProofError> {
        let key = key_hash(key);
        let (end, value) = match &self.end {
            End::Empty => (EMPTY_ROOT, None),
            End::Other { key: other, .. } if *other == key => {
                return Err(ProofError::Contradiction { key });
            }
            End::Other { key, value } => (leaf_hash(key, value), None),
            End::Value(value) => (leaf_hash(&key, &value_hash(value)), Some(value.clone())),
        };
        let computed = (0..self.siblings.len()).rev().fold(end, |hash, depth| {
            let sibling = &self.siblings[depth];
            if side(&key, depth) == 0 {
                branch_hash(&hash, sibling)
            } else {
                branch_hash(sibling, &hash)
            }
        });
        if computed == *root {
            Ok(value)
        } else {
            let expected = *root;
            Err(ProofError::WrongRoot { expected, computed })
        }
    }
}

const EMPTY: u8 = 0;
const OTHER: u8 = 1;
const VALUE: u8 = 2;

impl<V: Encode> Encode for Proof<V> {
    fn encode_into(&self, out: &mut Vec<u8>) {
        let depth = u8::try_from(self.siblings.len());
        out.push(depth.expect("no two hashes that anybody finds share 255 bits"));
        out.extend_from_slice(self.siblings.as_flattened());
        match &self.end {
            End::Empty => out.push(EMPTY),
            End::Other { key, value } => {
                out.push(OTHER);
                out.extend_from_slice(key);
                out.extend_from_slice(value);
            }
            End::Value(value) => {
                out.push(VALUE);
                value.encode_into(out);
            }
        }
    }
}

impl<V: Decode> Decode for Proof<V> {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let depth = reader.u8()?;
        let siblings: Result<_, _> = (0..depth).map(|_| reader.array()).collect();
        let siblings = siblings?;
        let end = match reader.u8()? {
            EMPTY => End::Empty,
            OTHER => End::Other {
                key: reader.array()?,
                value: reader.array()?,
            },
            VALUE => End::Value(V::decode_from(reader)?),
            tag => {
                let what = "end of a proof";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        };
        Ok(Self { siblings, end })
    }
}
