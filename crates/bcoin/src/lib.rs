//! Does: B-Coin, a toy chain that people learn with: its blocks, its proofs, and a node that answers requests as its Python program does.
//! Never: opens a socket, reads a clock, or knows another crate of ours.
//! Neighbours: `bcoin-server` puts nodes on real ports; a page can hold three of them in a row.
//!
//! The original is a program of some 140 lines in chapter 16 of Joseph Thachil George, *Introducing Blockchain
//! Applications* (Apress, 2022), written with Flask. A block hashes as Python prints it, so most of the care here
//! goes into [`json`]: text, numbers and escapes exactly as Python's `json` has them. A [`Node`] takes a
//! [`Request`] and says what is to be done next ([`Step`]); searching for proofs and asking other nodes is its
//! host's part, so nothing that takes long stands in anybody's way.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod address;
mod block;
mod chain;
pub mod json;
pub mod lesson;
mod node;
mod proof;
mod request;
mod time;
mod words;

pub use address::{AddressError, location};
pub use block::{Block, FormError, Transaction, genesis};
pub use chain::{Candidate, CandidateError, Chain, Fault, Full, MAX_CHAIN_BYTES};
pub use node::{
    Comparison, MAX_NODES, MAX_PENDING_BYTES, Node, Record, Rules, Settings, Step, Stored,
};
pub use proof::{Found, MAX_DIGITS, Proof, ProofError, Search, work_hash};
pub use request::{MAX_BODY, OPENAPI, Operation, ROUTES, Request, Response, Route};
pub use time::LocalTime;
pub use words::Words;
