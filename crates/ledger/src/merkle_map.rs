//! A persistent ordered map with a root hash that depends on nothing but what it holds.
//!
//! Two structures hold the same keys. A search tree keeps them in order and answers reads. A binary
//! trie over the keys' hashes yields the root: the bits of a key's hash, highest first, lead to its
//! leaf, and a subtree of one key is that key's leaf (as in Diem's Jellyfish Merkle tree, 2021).
//! The trie's shape follows from the keys alone, so the order of changes leaves no trace.
//!
//! A change hashes one path again: about log2 of the number of keys, and twice that for the unluckiest
//! key. Keys may come from an adversary: among `n` hashes, the two most alike share about 2 log2 `n`
//! bits, so a path grows with the logarithm of the work spent on it, and never has more than 256
//! levels. That is why this is not a treap with hashes as priorities: in a treap, a path of `d`
//! keys costs only about `d`² hashes.
//!
//! All hashes are tagged (BIP340), with a tag for each kind, so that none can be mistaken for
//! another. An empty subtree has the hash zero.

mod proof;
mod trie;

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, Reader, put_compact_size};
use rpds::RedBlackTreeMapSync;

pub use proof::{Proof, ProofError};
use trie::{Leaf, Node};

/// The root of a map that holds nothing.
pub const EMPTY_ROOT: [u8; 32] = [0; 32];

/// A map that is O(1) to clone, O(log n) to read and change, and proves what it holds.
#[derive(Clone)]
pub struct MerkleMap<K: Ord, V> {
    entries: RedBlackTreeMapSync<K, V>,
    trie: Node,
}

impl<K: Ord, V> Default for MerkleMap<K, V> {
    fn default() -> Self {
        Self {
            entries: RedBlackTreeMapSync::new_sync(),
            trie: Node::default(),
        }
    }
}

impl<K: Ord, V> MerkleMap<K, V> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    /// Whether a key has a value.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.size()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter()
    }

    /// The hash of the contents: equal contents have equal roots, others have others.
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.trie.hash()
    }
}

/// All keys and values, in the order of the keys: equal maps have equal encodings.
impl<K: Ord + Encode, V: Encode> Encode for MerkleMap<K, V> {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_compact_size(self.len() as u64, out);
        for (key, value) in self.iter() {
            key.encode_into(out);
            value.encode_into(out);
        }
    }
}

impl<K: Ord + Encode + Decode + Clone, V: Encode + Decode + Clone> Decode for MerkleMap<K, V> {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut map = Self::default();
        for index in 0..reader.count(1)? as u64 {
            let (key, value) = (K::decode_from(reader)?, V::decode_from(reader)?);
            if map.entries.last().is_some_and(|(last, _)| *last >= key) {
                return Err(DecodeError::OutOfOrder { index });
            }
            map.insert(key, value);
        }
        Ok(map)
    }
}

impl<K: Ord + Encode + Clone, V: Encode + Clone> MerkleMap<K, V> {
    /// Gives a key a value, in place of the one that it had.
    pub fn insert(&mut self, key: K, value: V) {
        self.trie = self.trie.with(Leaf::new(&key, &value));
        self.entries.insert_mut(key, value);
    }

    /// Removes a key and returns its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let value = self.entries.get(key).cloned()?;
        self.trie = self.trie.without(&trie::key_hash(key));
        self.entries.remove_mut(key);
        Some(value)
    }

    /// Proves to whoever knows the root what value a key has, or that it has none.
    #[must_use]
    pub fn prove(&self, key: &K) -> Proof<V> {
        Proof::new(&self.trie, &trie::key_hash(key), self.get(key).cloned())
    }
}
