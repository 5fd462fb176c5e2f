//! Does: makes one node of a protocol and a ledger: block tree, gossip, sync, storage, one door.
//! Never: names a protocol or a ledger, keeps time, or touches anything outside.
//! Neighbours: `chain`, `protocol` and `ledger` below; `scenario` assembles it, hosts step it.
//!
//! The life of a block: a header comes in by gossip (`gossip`) or in answer to a question
//! (`sync`), is judged by the past of its own branch and weighed (`intake`; weak branches are
//! measured first, `presync`), then its body is fetched, checked, applied and stored (`store`),
//! and only then told to others. A node's own blocks take the same way.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod answers;
mod books;
mod commit;
mod fetch;
mod goals;
mod gossip;
mod index;
mod inspect;
mod intake;
pub mod limits;
mod memo;
pub mod message;
mod node;
mod peers;
mod presync;
mod store;
mod sync;
mod tables;
mod view;

pub use inspect::Progress;
pub use memo::Memo;
pub use node::{Config, Node};
pub use store::inherit;
