//! Transactions and receipts for people: forms to fill in, and what is told of what came of them.

use alloc::vec;

use chain::{Encode, decode_exact};

use super::{Key, KvError, Receipt, Transaction, Value};
use crate::registry::{Form, Told};

/// What people can ask of the store.
pub(super) const FORMS: &[Form] = &[
    Form {
        id: PUT,
        fields: &["key", "value"],
        fill: |values| {
            let [key, value] = values else { return None };
            let (key, value) = (Key::new(key).ok()?, Value::new(value).ok()?);
            Some(Transaction::Put { key, value }.to_vec())
        },
    },
    Form {
        id: GET,
        fields: &["key"],
        fill: |values| Some(Transaction::Get { key: key(values)? }.to_vec()),
    },
    Form {
        id: DELETE,
        fields: &["key"],
        fill: |values| Some(Transaction::Delete { key: key(values)? }.to_vec()),
    },
];

const PUT: &str = "put";
const GET: &str = "get";
const DELETE: &str = "delete";

fn key(values: &[&[u8]]) -> Option<Key> {
    let [key] = values else { return None };
    Key::new(key).ok()
}

/// Tells what a transaction asks for.
pub(super) fn transaction(bytes: &[u8]) -> Option<Told> {
    let name = |key: &Key| key.as_bytes().to_vec();
    let (what, values) = match decode_exact(bytes).ok()? {
        Transaction::Get { key } => (GET, vec![name(&key)]),
        Transaction::Put { key, value } => (PUT, vec![name(&key), value.as_bytes().to_vec()]),
        Transaction::Delete { key } => (DELETE, vec![name(&key)]),
        Transaction::CompareAndSet { key, value, .. } => (
            "compare-and-set",
            vec![name(&key), value.as_bytes().to_vec()],
        ),
    };
    Some(Told { what, values })
}

/// Tells what came of a transaction: the value that it found, that it found none, that it wrote, or
/// why it did nothing.
pub(super) fn receipt(bytes: &[u8]) -> Option<Told> {
    let receipt: Receipt = decode_exact(bytes).ok()?;
    let (what, values) = match receipt.result {
        Ok(Some(value)) => ("found", vec![value.as_bytes().to_vec()]),
        Ok(None) if receipt.writes.is_empty() => ("nothing", vec![]),
        Ok(None) => ("done", vec![]),
        Err(KvError::Undecodable { .. }) => ("undecodable", vec![]),
        Err(KvError::VersionMismatch { .. }) => ("mismatch", vec![]),
    };
    Some(Told { what, values })
}
