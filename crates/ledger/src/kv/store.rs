//! The store, and what a transaction does to it.

use alloc::{vec, vec::Vec};

use chain::{Decode, DecodeError, Encode, Reader};

use super::receipt::Access;
use super::{Key, KvError, Receipt, Transaction, Value, Version};
use crate::merkle_map::MerkleMap;

/// All keys that have a value; O(1) to clone.
pub type Store = MerkleMap<Key, Entry>;

/// A value and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// The transaction that wrote it.
    pub version: Version,
}

impl Encode for Entry {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.value.encode_into(out);
        self.version.encode_into(out);
    }
}

impl Decode for Entry {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            value: Value::decode_from(reader)?,
            version: Version::decode_from(reader)?,
        })
    }
}

/// Carries out one transaction; what it writes gets the version `now`.
pub(super) fn run(store: &mut Store, now: Version, tx: Transaction) -> Receipt {
    match tx {
        Transaction::Get { key } => get(store, key),
        Transaction::Put { key, value } => put(store, now, key, value),
        Transaction::CompareAndSet {
            key,
            expected,
            value,
        } => compare_and_set(store, now, key, expected, value),
        Transaction::Delete { key } => {
            store.remove(&key);
            wrote(key, None)
        }
    }
}

/// Reads a value, which changes nothing.
pub(super) fn get(store: &Store, key: Key) -> Receipt {
    let entry = store.get(&key);
    let version = entry.map(|entry| entry.version);
    Receipt {
        result: Ok(entry.map(|entry| entry.value.clone())),
        reads: vec![Access { key, version }],
        writes: vec![],
    }
}

fn put(store: &mut Store, now: Version, key: Key, value: Value) -> Receipt {
    let version = now;
    store.insert(key.clone(), Entry { value, version });
    wrote(key, Some(now))
}

fn compare_and_set(
    store: &mut Store,
    now: Version,
    key: Key,
    expected: Option<Version>,
    value: Value,
) -> Receipt {
    let found = store.get(&key).map(|entry| entry.version);
    let read = Access {
        key: key.clone(),
        version: found,
    };
    let receipt = if found == expected {
        put(store, now, key, value)
    } else {
        refused(KvError::VersionMismatch { expected, found })
    };
    Receipt {
        reads: vec![read],
        ..receipt
    }
}

fn wrote(key: Key, version: Option<Version>) -> Receipt {
    Receipt {
        result: Ok(None),
        reads: vec![],
        writes: vec![Access { key, version }],
    }
}

/// The receipt of a transaction that did nothing.
pub(super) fn refused(error: KvError) -> Receipt {
    Receipt {
        result: Err(error),
        reads: vec![],
        writes: vec![],
    }
}
