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
