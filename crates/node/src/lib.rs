//! Does: combines a protocol and a ledger into one node: block tree, gossip, sync and storage.
//! Never: names a concrete protocol or ledger, keeps time, or touches the outside world.
//! Neighbours: `chain`, `protocol` and `ledger` below; `scenario` assembles it, hosts step it.
//!
//! The life of a block: a header arrives by gossip (`gossip`) or in answer to a request (`sync`),
//! is validated against the history of its own branch and weighed (`intake`; weak branches are
//! measured first, `presync`). Then its body is fetched, checked, applied and stored (`store`), and
//! only then is the block announced. A node's own blocks take the same path.

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
mod offers;
mod patience;
mod peers;
mod pool;
mod presync;
mod replica;
mod shell;
mod slots;
mod store;
mod sync;
mod tables;
mod told;
mod view;

pub use inspect::Progress;
pub use memo::Memo;
pub use node::{Config, Node};
pub use replica::Replica;
pub use store::inherit;
