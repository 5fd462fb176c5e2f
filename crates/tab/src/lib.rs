//! Does: decides for one tab of a browser: its nodes, identities, storage order, heartbeats, pictures.
//! Never: touches a browser or a clock, waits, or decides what a node does.
//! Neighbours: `node`, `scenario`, `pool` and `wire` below; `engine` and `swarm` carry its effects out.

#![forbid(unsafe_code)]

pub mod agenda;
pub mod beat;
pub mod between;
pub mod bounded;
pub mod clock;
pub mod door;
pub mod host;
pub mod names;
// pub mod picture;
pub mod storage;

mod glance;

pub use clock::Reading;
pub use door::{Due, Effect, Input};
pub use glance::{Glance, NodeGlance, Stage};

/// A tab of a browser, as a machine: total, deterministic, with one door.
pub struct Tab {}

impl Tab {
    /// A tab that waits for the page's first message. `build` names the files that the host runs;
    /// `entropy` must be unpredictable and never used twice: keys are drawn from it.
    #[must_use]
    pub fn new(build: String, entropy: [u8; 32], out: &mut Vec<Effect>) -> Self {
        let _ = (build, entropy, out);
        Self {}
    }

    /// Takes one input in and pushes what follows from it into `out`, in causal order. Total: never
    /// fails, waits or asks the world.
    pub fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>) {
        let _ = (now, input, out);
    }

    /// When it wants to be given [`Input::Turn`], unless something else comes first.
    #[must_use]
    pub fn due(&self) -> Due {
        Due::Now
    }

    /// What a checker looks at after each step.
    #[must_use]
    pub fn glance(&self) -> Glance {
        Glance::default()
    }
}
