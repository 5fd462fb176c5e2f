//! What comes out of a run.

use chain::{BlockId, Height, PeerId, Time};
use protocol::Role;
use scenario::Expect;
use serde::{Deserialize, Serialize};

use crate::fingerprint::Fingerprint;

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether it lies on purpose: then nothing is asked of it.
    pub is_twisted: bool,
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

impl Report {
    /// What of a scenario's expectations the run did not meet, each in one sentence.
    #[must_use]
    pub fn unmet(&self, expect: &Expect) -> Vec<String> {
        let claims = self.claims.iter();
        let mut unmet: Vec<String> = claims.filter_map(|claim| claim.unmet(expect)).collect();
        if self.counts.answered < expect.answers {
            let (answered, least) = (self.counts.answered, expect.answers);
            unmet.push(format!(
                "{answered} answers, and at least {least} are expected"
            ));
        }
        for (index, node) in self.nodes.iter().enumerate() {
            if let (Role::Member, Some((_, height))) = (node.role, node.tip)
                && height.0 < expect.height
                && !node.is_twisted
            {
                let least = expect.height;
                unmet.push(format!(
                    "node {index} is at height {height}, and at least {least} is expected"
                ));
            }
        }
        unmet
    }
}

impl Claim {
    fn unmet(&self, expect: &Expect) -> Option<String> {
        let named = |names: &[String]| names.iter().any(|name| name == self.name);
        let name = self.name;
        match (&self.verdict, named(&expect.breaks), named(&expect.holds)) {
            (Verdict::Broken { .. }, false, _) => Some(format!("{name} is broken")),
            (Verdict::Held | Verdict::Excused { .. }, true, _) => {
                Some(format!("{name} is expected to break, and did not"))
            }
            (Verdict::Excused { why, .. }, _, true) => {
                Some(format!("{name} is expected to hold, and {why}"))
            }
            _ => None,
        }
    }
}
