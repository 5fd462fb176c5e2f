//! Does: defines what a machine, a protocol and a host promise each other.
//! Never: contains a concrete protocol, a clock, a network or a disk.
//! Neighbours: `chain` below; `ledger`, `consensus`, `node` and every host above.
//!
//! A **machine** is a value with one entry point, [`Machine::step`]. A **host** owns machines and
//! deals with the outside world for them: it carries packets, keeps time, stores batches and
//! searches nonces. A **protocol** never sees a host: it reads facts from a [`Cx`] and writes
//! wishes into it.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod claim;
mod consensus;
mod decision;
pub mod envelope;
mod event;
mod framing;
mod machine;
pub mod planted;
mod registry;
mod sheet;
mod snapshot;
mod storage;

pub use claim::{Claim, Death, Deed, Kin, Remains, Seen};
pub use consensus::{ChainView, Cx, Drafted, Facts, ForkView, Glance, Keep, Payee, Protocol, Wish};
pub use decision::{Body, Config, Executed, Proposal, Receipt, Request};
pub use event::Event;
pub use framing::{kept, own_key, pack, said, stored};
pub use machine::{
    AskId, Channel, Input, Job, JobId, Machine, Order, Outbox, Output, Packet, TimerKey, To,
    encode_packet,
};
pub use registry::{Card, Entry, ParamSpec, Role, Shape, Terms, Twist};
pub use sheet::{Row, Sheet, Value};
pub use snapshot::{Assembly, MAX_SNAPSHOT, Snapshot};
pub use storage::{
    Batch, Key, Name, SMALL_VALUE, Saved, Space, ValueMap, Values, Write, names_between,
};
