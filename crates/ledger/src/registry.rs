//! What a ledger says about itself, so that menus, forms and meta-tests can be derived.

use alloc::{sync::Arc, vec::Vec};

use chain::{ChainParams, Stream};
use protocol::ParamSpec;

use crate::{Allocation, Ledger, kv, utxo};

/// One line of the registry: a ledger and how to build it.
pub struct LedgerEntry {
    /// Short name in files and links, such as `utxo`.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The parameters that it adds to a room or scenario, with their limits.
    pub params: &'static [ParamSpec],
    /// Builds the ledger.
    pub build: fn(&LedgerTerms) -> Arc<dyn Ledger>,
    /// A transaction such as clients of a simulation submit; `None` if those would need money.
    pub sample: Option<fn(&mut Stream) -> Vec<u8>>,
    /// What people can ask of it by filling in a form.
    pub forms: &'static [Form],
    /// Tells what a transaction asks for; `None` if its bytes are none, or not one for people.
    pub tell_transaction: fn(&[u8]) -> Option<Told>,
    /// Tells what came of a transaction, likewise.
    pub tell_receipt: fn(&[u8]) -> Option<Told>,
    /// What a receipt says that its transaction read and wrote, for claims about histories; `None` if
    /// receipts do not say so.
    pub touched: Option<ReadTouched>,
}

/// A kind of transaction that people make by filling in a form.
pub struct Form {
    /// Its short name, also the key of its text in the message catalogue.
    pub id: &'static str,
    /// Its fields, likewise.
    pub fields: &'static [&'static str],
    /// The transaction with these values in its fields; `None` if there are too few, or one is not
    /// allowed.
    pub fill: fn(&[&[u8]]) -> Option<Vec<u8>>,
}

/// A transaction or a receipt as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What it is: a stable name, also the key of its text in the message catalogue. For a
    /// transaction that a form can make, the form's.
    pub what: &'static str,
    /// What else it says, in the order of the form's fields: bytes, which may not be text.
    pub values: Vec<Vec<u8>>,
}

/// Reads a receipt; `None` if its bytes are none.
pub type ReadTouched = fn(&[u8]) -> Option<Touched>;

/// What a transaction read and wrote, according to its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// What it found.
    pub reads: Vec<Touch>,
    /// What it left.
    pub writes: Vec<Touch>,
}

/// A key, and the version of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The key's bytes.
    pub key: Vec<u8>,
    /// Which write made its value, no two the same; `None` if it has no value.
    pub version: Option<u64>,
}

/// On which terms a ledger is built; the same for all nodes of a chain.
#[derive(Clone, Debug)]
pub struct LedgerTerms {
    /// The chain.
    pub chain: Arc<ChainParams>,
    /// What there is before the first block, for ledgers that have money.
    pub allocation: Allocation,
}

/// Every ledger; adding one takes a folder and a line here.
pub const LEDGERS: &[LedgerEntry] = &[utxo::ENTRY, kv::ENTRY];

/// The ledger with this short name.
#[must_use]
pub fn find(id: &str) -> Option<&'static LedgerEntry> {
    LEDGERS.iter().find(|entry| entry.id == id)
}
