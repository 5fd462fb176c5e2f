//! Does: wraps any machine so that it lies: it withholds, delays, repeats or garbles what it says, or is two.
//! Never: makes up a message of a protocol; such lies stand in the protocol's own folder.
//! Neighbours: `protocol` below; `scenario` wraps the machines that a scenario turns evil.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod speech;
mod twins;

use alloc::{boxed::Box, sync::Arc};

use chain::{Micros, PeerId};
use protocol::Machine;

/// A way to lie that fits any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twist {
    /// Short name in scenarios, such as `silent`.
    pub id: &'static str,
    /// What whoever is twisted so does, in one line.
    pub what: &'static str,
    /// The same for the wrapper.
    pub kind: Kind,
}

/// All ways to lie that fit any machine.
pub const TWISTS: &[Twist] = &[
    Twist {
        id: "silent",
        what: "says nothing",
        kind: Kind::Silent,
    },
    Twist {
        id: "delay",
        what: "says everything too late",
        kind: Kind::Delay,
    },
    Twist {
        id: "replay",
        what: "says everything once more, later, and to everybody",
        kind: Kind::Replay,
    },
    Twist {
        id: "garble",
        what: "changes a bit of everything that it says",
        kind: Kind::Garble,
    },
    Twist {
        id: "twins",
        what: "is two machines with one name, each of which talks with its half of the others",
        kind: Kind::Twins,
    },
];

/// How a machine lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What it says is lost.
    Silent,
    /// What it says is said later.
    Delay,
    /// What it says is said again later, to everybody.
    Replay,
    /// A bit of what it says is another.
    Garble,
    /// There are two of it (Bano et al., Twins: BFT Systems Made Robust, OPODIS 2021).
    Twins,
}

impl Kind {
    /// Whether it takes a time.
    #[must_use]
    pub fn takes_time(self) -> bool {
        matches!(self, Self::Delay | Self::Replay)
    }
}

/// A lie in full.
#[derive(Clone, Debug)]
pub struct Lie {
    /// How.
    pub kind: Kind,
    /// Whom it is told to; the truth is told to all others. Everybody if there is nobody here. Of twins,
    /// those who talk with the second.
    pub to: Arc<[PeerId]>,
    /// How much later, where that matters.
    pub by: Micros,
}

impl Lie {
    /// Whether a peer is lied to.
    fn concerns(&self, peer: PeerId) -> bool {
        self.to.is_empty() || self.to.contains(&peer)
    }

    /// The twist with this short name.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Twist> {
        TWISTS.iter().find(|twist| twist.id == id)
    }
}

/// Makes a machine lie, by chances that follow from a seed. Its first input is still to come.
#[must_use]
pub fn twisted(machine: Box<dyn Machine>, lie: Lie, seed: u64) -> Box<dyn Machine> {
    match lie.kind {
        Kind::Twins => Box::new(twins::Twins::new(machine, lie)),
        _ => Box::new(speech::Twisted::new(machine, lie, seed)),
    }
}
