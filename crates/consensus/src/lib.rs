//! Does: holds a folder per consensus protocol, what they share, and the registry from which all else is derived.
//! Never: sees a ledger's types, a host, a clock or another node's memory.
//! Neighbours: `chain` and `protocol` below; `scenario` picks from the registry.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod asks;
mod claims;
mod members;
pub mod pbft;
pub mod pow;
pub mod raft;
#[cfg(test)]
mod testing;

use protocol::Entry;

/// Every protocol; adding one takes a folder and a line here.
pub const PROTOCOLS: &[Entry] = &[pow::ENTRY, raft::ENTRY, pbft::ENTRY];

/// The protocol with this short name.
#[must_use]
pub fn find(id: &str) -> Option<&'static Entry> {
    PROTOCOLS.iter().find(|entry| entry.card.id == id)
}
