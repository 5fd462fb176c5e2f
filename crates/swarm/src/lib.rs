//! Does: runs tabs in a simulated browser with random people, faults and hostile pages; judges them.
//! Never: reads a clock, starts a thread (its program does, over seeds), or decides what a tab does.
//! Neighbours: `tab` is what is tested; `wire`, `pool` and `miner` let it play pages and workers.
//!
//! # What a run is
//!
//! A seed draws a [`Script`]: a list of [`Step`]s, each a moment, a [`Verb`], and two numbers that
//! say whom it concerns and how. Every subset of a script is a script, since the numbers are taken
//! modulo what there is; so a failing one can be shrunk by dropping steps ([`shrink`]). All other
//! chance (latencies, whether a worker answers twice) comes from streams named after the seed and
//! the engine, so a dropped step leaves most of the rest as it was.
//!
//! ```text
//! seed -> Script -> World (browser/) -> Seen -> checkers/ -> Outcome
//!                     |  pages, engines (tab::Tab), mining workers
//!                     |  locks, channels, databases, clocks, hostile pages
//! ```
//!
//! - [`browser::World`] owns virtual time and one queue. It hands a tab its inputs and carries its
//!   effects out as `tab::door` demands of a host, with all the freedom that leaves to browsers.
//! - [`checkers`] see what comes out ([`checkers::Seen`]): each step's effects and glance, what the
//!   databases committed, who died. They share no code with `tab` but the types of its door.
//! - After the script the world is calm: faults stop, everybody is thawed and joined, nobody mines.
//!   What must hold in the end (agreement, silence, answered asks) is judged then.

#![forbid(unsafe_code)]

pub mod browser;
pub mod checkers;
pub mod coverage;
pub mod draw;
#[cfg(feature = "planted")]
pub mod planted;
pub mod script;
pub mod shrink;

mod run;

pub use coverage::Coverage;
pub use run::{Outcome, Violation, run, run_seed};
pub use script::{Script, Step, Verb};
