//! Does: defines rooms and scenarios, keeps them within limits, and turns names into machines.
//! Never: keeps time, carries packets, or touches the outside world.
//! Neighbours: every crate below; `sim`, `tab` and `cli` assemble their nodes here.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod assemble;
mod fresh;
mod link;
mod outline;
#[allow(
    clippy::disallowed_types,
    reason = "serde's derive names floats; no field is one"
)]
mod replay;
mod room;
#[allow(
    clippy::disallowed_types,
    reason = "serde's derive names floats; no field is one"
)]
pub mod script;
mod setting;

pub use assemble::{Assembled, Rules};
pub use ledger::Told;
pub use outline::{LedgerOutline, ProtocolOutline};
pub use replay::{MAX_LINK, Replay, ReplayError};
pub use room::{Draft, MAX_NAME, Room, RoomError};
pub use script::{
    ChainSpec, ClientsSpec, DisksSpec, Expect, Fault, FaultKind, LinksSpec, NodesSpec, RegionSpec,
    Scenario, ScenarioError,
};
pub use setting::{Evil, Members, Place, Setting, Twist};
