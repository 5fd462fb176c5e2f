//! Does: runs machines over a virtual network in virtual time, breaks things, and judges the run.
//! Never: reads a clock, spawns a thread, touches a browser, or decides what a node does.
//! Neighbours: `scenario` assembles the machines; `cli` (and later the Lab's worker) run it.
//!
//! The same scenario produces the same bytes everywhere: natively, in Node, in Chromium, in debug
//! and in release. The run's [`Fingerprint`] sums them up in 128 bits.

#![forbid(unsafe_code)]

pub mod checkers;
mod clock;
mod disk;
mod fingerprint;
mod happening;
mod judges;
mod log;
mod network;
mod queue;
pub mod random;
mod report;
mod run;
mod search;
mod seat;
pub mod shrink;
mod transcript;

pub use disk::Disk;
pub use fingerprint::Fingerprint;
pub use happening::{Flight, Happening, Number, What};
pub use log::Log;
pub use report::{Claim, Counts, Report, Standing, Verdict};
pub use run::Sim;
pub use transcript::transcript;
