//! What goes wrong in a scenario or is done by somebody, and when.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::slice::from_ref;

use chain::Time;
use serde::{Deserialize, Serialize};

use super::{Scenario, ScenarioError, limits, within};

/// Something that goes wrong, or that somebody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "InFile", into = "InFile")]
pub struct Fault {
    /// When, since the beginning.
    pub at: Time,
    /// What happens.
    pub kind: FaultKind,
}

/// The same as files have it: in milliseconds, or in microseconds where those are too coarse.
#[derive(Clone, Serialize, Deserialize)]
struct InFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_ms: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_us: Option<u64>,
    #[serde(flatten)]
    kind: FaultKind,
}

impl TryFrom<InFile> for Fault {
    type Error = &'static str;

    fn try_from(file: InFile) -> Result<Self, Self::Error> {
        let kind = file.kind;
        match (file.at_ms, file.at_us) {
            (Some(millis), None) => Ok(Self::at_ms(millis, kind)),
            (None, Some(micros)) => {
                let at = Time(micros);
                Ok(Self { at, kind })
            }
            (None, None) => Err("a fault has a time, at_ms or at_us"),
            (Some(_), Some(_)) => Err("a fault has one time, at_ms or at_us"),
        }
    }
}

impl From<Fault> for InFile {
    fn from(Fault { at, kind }: Fault) -> Self {
        let whole = u32::try_from(at.0 / 1_000).ok();
        let at_ms = whole.filter(|_| at.0 % 1_000 == 0);
        Self {
            at_ms,
            at_us: at_ms.is_none().then_some(at.0),
            kind,
        }
    }
}

/// The kinds of faults. Those of a node end by themselves, those of the network with the next
/// [`FaultKind::Heal`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FaultKind {
    /// A node's process dies at once. What it wrote stays, also what is not synced yet; what waited
    /// for that is never said.
    Crash {
        /// Which node.
        node: u32,
        /// How many milliseconds it stays down.
        for_ms: u32,
    },
    /// A node's process dies in its next step that writes, in the middle of the write or after it.
    CrashInWrite {
        /// Which node.
        node: u32,
        /// How many milliseconds it stays down.
        for_ms: u32,
    },
    /// A node dies at once, and its disk loses writes that are not synced: each may be there, torn
    /// or missing, whatever became of those before it.
    PowerLoss {
        /// Which node.
        node: u32,
        /// How many milliseconds it stays down.
        for_ms: u32,
    },
    /// A node's process stands still: what happens to it meanwhile happens to it afterwards.
    Pause {
        /// Which node.
        node: u32,
        /// For how many milliseconds.
        for_ms: u32,
    },
    /// Nodes hear only members of their own group; nodes in no group hear nobody.
    Cut {
        /// The groups.
        groups: Vec<Vec<u32>>,
    },
    /// Some nodes do not hear others, who may still hear them.
    CutOneWay {
        /// Whose packets are lost ...
        from: Vec<u32>,
        /// ... on the way to whom.
        to: Vec<u32>,
    },
    /// All packets to and from a node take longer.
    Slow {
        /// Which node.
        node: u32,
        /// By how many milliseconds.
        delay_ms: u32,
    },
    /// Everybody hears everybody again, without additional delay.
    Heal {},
    /// A node lies on purpose from now on, and nothing is asked of it any more. It does so from its
    /// beginning if this is at 0; later, its process is replaced by one that does.
    TurnEvil {
        /// Which node.
        node: u32,
        /// How, by the short name of a twist of the protocol, or of one that fits any.
        twist: String,
        /// Whom it lies to, if not to everybody; of twins, who talk with the second, if not those in odd
        /// seats.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        to: Vec<u32>,
        /// How many milliseconds too late, where that is the lie.
        #[serde(default, skip_serializing_if = "is_default")]
        by_ms: u32,
    },
    /// A node's process dies at once, and a value that it had saved, drawn at random, can never be read
    /// again.
    Rot {
        /// Which node.
        node: u32,
        /// How many milliseconds it stays down.
        for_ms: u32,
    },
    /// A node's clock is wrong from now on. It never goes back within a life of the node.
    Clock {
        /// Which node.
        node: u32,
        /// By how many milliseconds it is ahead.
        #[serde(default, skip_serializing_if = "is_default")]
        ahead_ms: i32,
        /// By how many millionths it is too fast.
        #[serde(default, skip_serializing_if = "is_default")]
        drift_ppm: i32,
    },
    /// A node goes away; if this is at 0, it is not there from the beginning.
    Leave {
        /// Which node.
        node: u32,
    },
    /// A node that is away comes, with what its disk has.
    Join {
        /// Which node.
        node: u32,
    },
    /// A client wants something, besides what it wants by itself.
    Submit {
        /// Which client.
        node: u32,
        /// The transaction in hex, if not one of its own choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tx: Option<String>,
    },
    /// A node that lied does so no longer: its process is replaced by an honest one. Still nothing is
    /// asked of it.
    TurnHonest {
        /// Which node.
        node: u32,
    },
    /// A packet is lost, if it is on its way.
    LosePacket {
        /// Which packet: what a simulator calls it.
        packet: u64,
    },
    /// A packet arrives later, if it is on its way.
    DelayPacket {
        /// Which packet.
        packet: u64,
        /// By how many milliseconds.
        by_ms: u32,
    },
    /// A packet arrives once more, if it is on its way.
    RepeatPacket {
        /// Which packet.
        packet: u64,
        /// How many milliseconds after it would by itself.
        by_ms: u32,
    },
    /// An operator orders whoever leads to hand over to another node. Nothing of it goes wrong.
    TransferLeadership {
        /// To whom.
        to: u32,
    },
    /// An operator orders whoever leads to change who takes part. Nothing of it goes wrong.
    Reconfigure {
        /// Who is to vote.
        voters: Vec<u32>,
        /// Who is to be sent everything without a vote.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        learners: Vec<u32>,
    },
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl FaultKind {
    /// The nodes that it names.
    pub fn nodes(&self) -> impl Iterator<Item = u32> + '_ {
        let lists: [&[u32]; 3] = match self {
            Self::Crash { node, .. }
            | Self::CrashInWrite { node, .. }
            | Self::PowerLoss { node, .. }
            | Self::Pause { node, .. }
            | Self::Slow { node, .. }
            | Self::Rot { node, .. }
            | Self::Clock { node, .. }
            | Self::Leave { node }
            | Self::Join { node }
            | Self::Submit { node, .. }
            | Self::TurnHonest { node }
            | Self::TransferLeadership { to: node } => [from_ref(node), &[], &[]],
            Self::TurnEvil { node, to, .. } => [from_ref(node), to, &[]],
            Self::CutOneWay { from, to } => [&[], from, to],
            Self::Reconfigure { voters, learners } => [&[], voters, learners],
            Self::Cut { .. }
            | Self::Heal {}
            | Self::LosePacket { .. }
            | Self::DelayPacket { .. }
            | Self::RepeatPacket { .. } => [&[]; 3],
        };
        let groups: &[Vec<u32>] = match self {
            Self::Cut { groups } => groups,
            _ => &[],
        };
        let lists = lists.into_iter().flatten();
        lists.chain(groups.iter().flatten()).copied()
    }
}

impl Fault {
    /// Something that happens so many milliseconds after the beginning.
    #[must_use]
    pub fn at_ms(millis: u32, kind: FaultKind) -> Self {
        let at = Time(u64::from(millis) * 1_000);
        Self { at, kind }
    }

    pub(super) fn check(&self, scenario: &Scenario) -> Result<(), ScenarioError> {
        self.check_after(Time::ZERO, scenario)
    }

    /// The same for what is not done before a time.
    pub(super) fn check_after(&self, at: Time, scenario: &Scenario) -> Result<(), ScenarioError> {
        let whole = u64::from(scenario.seconds) * 1_000;
        within("fault.at_us", self.at.0, at.0, whole * 1_000)?;
        let all = scenario.nodes.count + scenario.clients.count;
        if let Some(node) = self.kind.nodes().find(|node| *node >= all) {
            return Err(ScenarioError::BadNode(node));
        }
        match &self.kind {
            FaultKind::Crash { for_ms, .. }
            | FaultKind::CrashInWrite { for_ms, .. }
            | FaultKind::PowerLoss { for_ms, .. }
            | FaultKind::Rot { for_ms, .. }
            | FaultKind::Pause { for_ms, .. } => within("fault.for_ms", (*for_ms).into(), 0, whole),
            FaultKind::Slow { delay_ms, .. } => {
                let longest = limits::DELAY_MS.into();
                within("fault.delay_ms", (*delay_ms).into(), 0, longest)
            }
            FaultKind::Cut { groups } => {
                let count = groups.len().try_into().unwrap_or(u64::MAX);
                within("groups of a cut", count, 0, all.into())?;
                each_once(groups.iter().flatten())
            }
            FaultKind::CutOneWay { from, to } => {
                each_once(from.iter())?;
                each_once(to.iter())
            }
            FaultKind::TurnEvil { to, .. } => each_once(to.iter()),
            FaultKind::Clock {
                ahead_ms,
                drift_ppm,
                ..
            } => {
                let (ahead, drift) = (ahead_ms.unsigned_abs(), drift_ppm.unsigned_abs());
                within("fault.ahead_ms", ahead.into(), 0, limits::DELAY_MS.into())?;
                within("fault.drift_ppm", drift.into(), 0, limits::DRIFT_PPM.into())
            }
            FaultKind::Submit { node, tx } => match tx {
                _ if *node < scenario.nodes.count => Err(ScenarioError::NotAClient(*node)),
                Some(tx) if hex::decode(tx).is_err() => Err(ScenarioError::NotHex(tx.clone())),
                _ => Ok(()),
            },
            FaultKind::DelayPacket { by_ms, .. } | FaultKind::RepeatPacket { by_ms, .. } => {
                let longest = limits::DELAY_MS.into();
                within("fault.by_ms", (*by_ms).into(), 0, longest)
            }
            FaultKind::Reconfigure { voters, learners } => {
                let count = voters.len().try_into().unwrap_or(u64::MAX);
                let members = scenario.nodes.count;
                within("fault.voters", count, 1, members.into())?;
                let all = || voters.iter().chain(learners);
                match all().find(|node| **node >= members) {
                    Some(client) => Err(ScenarioError::BadNode(*client)),
                    None => each_once(all()),
                }
            }
            FaultKind::LosePacket { .. }
            | FaultKind::Leave { .. }
            | FaultKind::Join { .. }
            | FaultKind::TurnHonest { .. }
            | FaultKind::TransferLeadership { .. }
            | FaultKind::Heal {} => Ok(()),
        }
    }
}

/// That no node is named twice. So lists are short, too.
fn each_once<'a>(mut nodes: impl Iterator<Item = &'a u32>) -> Result<(), ScenarioError> {
    let mut seen = BTreeSet::new();
    match nodes.find(|node| !seen.insert(**node)) {
        Some(node) => Err(ScenarioError::BadNode(*node)),
        None => Ok(()),
    }
}
