//! Does: runs tabs in simulated browsers with random people, faults and hostile pages; judges them.
//! Never: reads a clock, starts a thread (its program does, over seeds) or decides for a tab.
//! Neighbours: `tab` is what is tested; `wire`, `pool` and `miner` let it play pages and workers.
//!
//! # What a run is
//!
//! A seed draws a [`Script`]: a list of [`Step`]s, each a time, a [`Verb`], and two numbers that
//! say whom it concerns and how. Since the numbers are taken modulo what there is, every subset of
//! a script is a script, and a failing one can be shrunk by dropping steps ([`shrink`]). All other
//! chance (latencies, when a worker finds a block) comes from streams named after the seed and the
//! engine, so a dropped step leaves most of the rest as it was.
//!
//! ```text
//! seed -> Script -> World (browser/) -> Seen -> checkers/ -> Outcome
//!                     |  pages, engines (tab::Tab), mining workers
//!                     |  locks, channels, databases, clocks, hostile pages
//! ```
//!
//! - [`browser::World`] owns virtual time and one queue. It hands tabs their inputs and carries out
//!   their effects as `tab::door` demands of a host, with all the freedom that leaves to browsers.
//! - [`checkers`] see what happens ([`checkers::Seen`]): each step's effects and glance, what the
//!   databases committed, who died. Of `tab` they use little but its types and formats.
//! - After the script the world calms down: passing faults end, all tabs are thawed and joined, and
//!   mining stops, except that one tab of each room mines once more. What must hold in the end
//!   (agreement, silence, answered asks) is judged then.

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
pub use run::{Outcome, Violation, run, run_seed, run_telling};
pub use script::{Script, Step, Verb};
