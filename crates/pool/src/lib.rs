//! Does: decides who searches which nonces, how workers spend time, and how much each tab may use.
//! Never: touches a worker, a channel or a clock; time and randomness are arguments.
//! Neighbours: `miner` below; `tab` and `miner-worker` drive it.
//!
//! [`plan`]: which worker searches what. [`mod@slice`]: how a worker spends its time. [`budget`]:
//! how much each tab gets. [`meter`]: the hash rate. [`message`]: what pool and workers say to each
//! other.

#![forbid(unsafe_code)]

pub mod budget;
pub mod calibrate;
pub mod message;
pub mod meter;
pub mod plan;
#[allow(
    clippy::disallowed_types,
    reason = "a worker's own pace follows a browser's clock, which is a float; nothing replays it"
)]
pub mod slice;

mod power;

pub use power::Power;
