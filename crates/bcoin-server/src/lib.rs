//! Does: puts nodes of B-Coin on real ports, lets them ask each other, and keeps their chains in files.
//! Never: decides what a node answers; that is `bcoin`'s part.
//! Neighbours: `bcoin` below; the command line starts it.
//!
//! A request goes to the node behind a lock, for as long as it takes to read and change its state. Searching
//! for proofs, asking other nodes and checking their chains happens outside of it, so a node answers while it
//! mines. What a request changes is on the disk before its answer leaves.

#![forbid(unsafe_code)]

mod client;
mod host;
mod listen;
mod start;
mod store;

pub use client::{ASK_TIMEOUT, AskError};
pub use listen::{HEAD_TIMEOUT, MAX_CONNECTIONS, Servers};
pub use start::{Options, StartError, serve};
pub use store::{Store, StoreError};
