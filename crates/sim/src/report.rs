//! What comes out of a run.

use chain::{BlockId, Height, PeerId, Time};
use protocol::Role;

use crate::fingerprint::Fingerprint;

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Steps that machines took.
    pub steps: u64,
    /// Packets sent; a broadcast counts once per receiver.
    pub packets: u64,
    /// Packets lost on a link or to a cut.
    pub lost: u64,
    /// Blocks found.
    pub found: u64,
    /// How often a node switched branches.
    pub reorganisations: u64,
    /// Crashes.
    pub crashes: u64,
    /// Writes torn by a crash.
    pub torn_writes: u64,
    /// Writes that were not synced when the power failed, and are lost.
    pub lost_writes: u64,
    /// Transactions that clients submitted.
    pub submitted: u64,
    /// Those that were answered.
    pub answered: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self {
            steps,
            packets,
            lost,
            found,
            reorganisations,
            crashes,
            torn_writes,
            lost_writes,
            submitted,
            answered,
        } = other;
        self.steps += steps;
        self.packets += packets;
        self.lost += lost;
        self.found += found;
        self.reorganisations += reorganisations;
        self.crashes += crashes;
        self.torn_writes += torn_writes;
        self.lost_writes += lost_writes;
        self.submitted += submitted;
        self.answered += answered;
    }
}

/// What a checker found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The claim held throughout.
    Held,
    /// The claim was broken.
    Broken {
        /// When it was first broken.
        at: Time,
        /// What was seen.
        what: String,
    },
    /// The claim was not kept, and could not be.
    Excused {
        /// What is missing.
        what: String,
        /// Why it cannot be asked for.
        why: &'static str,
    },
}

/// A claim and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its name.
    pub name: &'static str,
    /// What became of it.
    pub verdict: Verdict,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The node.
    pub peer: PeerId,
    /// What it is for.
    pub role: Role,
    /// Its tip; `None` while it is down.
    pub tip: Option<(BlockId, Height)>,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The simulated time it reached.
    pub now: Time,
    /// Identifies the run.
    pub fingerprint: Fingerprint,
    /// All claims.
    pub claims: Vec<Claim>,
    /// All nodes, in the scenario's order.
    pub nodes: Vec<Standing>,
    /// The numbers.
    pub counts: Counts,
}
