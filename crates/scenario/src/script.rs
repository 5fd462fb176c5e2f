//! A scenario: a room, the machines in it, the links between them and what goes wrong. Scenario
//! files are written by people; nothing is allocated before it is known to be within limits.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chain::{CompactTarget, Time};
use consensus::PROTOCOLS;
use protocol::{Entry, Shape};
use serde::{Deserialize, Serialize};

use crate::room::RoomError;
use crate::setting::{Setting, Twist};

mod expect;
mod fault;
mod region;

pub use expect::Expect;
pub use fault::{Fault, FaultKind};
pub use region::RegionSpec;

/// A whole run, as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in one line.
    pub title: String,
    /// Determines all randomness.
    pub seed: u64,
    /// How long it runs, in simulated seconds.
    pub seconds: u32,
    /// How many blocks on top make a block final.
    #[serde(default = "six")]
    pub depth: u32,
    /// The rules.
    pub chain: ChainSpec,
    /// The nodes that agree.
    pub nodes: NodesSpec,
    /// Those who want transactions carried out.
    #[serde(default)]
    pub clients: ClientsSpec,
    /// The network.
    #[serde(default)]
    pub links: LinksSpec,
    /// Where nodes are; without it, that makes no difference.
    #[serde(default, rename = "region", skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<RegionSpec>,
    /// Links that each node has begun to others, drawn at random; without it everybody hears everybody.
    /// Only files say so: the limits of what links hold need not allow for thousands of nodes.
    #[serde(default)]
    pub peers: Option<u32>,
    /// The disks.
    #[serde(default)]
    pub disks: DisksSpec,
    /// What goes wrong, and when.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
    /// What somebody did to it while it was under way, in the order in which it was done. Whatever comes
    /// before an act is the same without it.
    #[serde(default, rename = "act", skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Fault>,
    /// What must come of it.
    #[serde(default)]
    pub expect: Expect,
}

/// A chain's rules, as a file gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainSpec {
    /// Its name, which its genesis block depends on.
    pub name: String,
    /// The protocol, by its short name in the registry.
    pub protocol: String,
    /// The ledger, likewise.
    pub ledger: String,
    /// Parameters of both by name; what is not given has its default.
    #[serde(default)]
    pub params: BTreeMap<String, u64>,
}

/// The nodes of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodesSpec {
    /// How many.
    pub count: u32,
    /// Hashes per second of each node in turn; the last value applies to all remaining nodes. The
    /// proof of work in a simulation is real: together with `bits`, these rates determine how long
    /// a block takes. Empty where nobody mines.
    #[serde(default)]
    pub hashes_per_second: Vec<u32>,
}

/// The clients of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientsSpec {
    /// How many.
    pub count: u32,
    /// Milliseconds between two transactions of one client, on average.
    pub every_ms: u32,
}

impl Default for ClientsSpec {
    fn default() -> Self {
        Self {
            count: 0,
            every_ms: 1_000,
        }
    }
}

/// What every link does to packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinksSpec {
    /// Shortest delay in milliseconds.
    pub delay_min_ms: u32,
    /// Longest delay in milliseconds; the spread reorders packets.
    pub delay_max_ms: u32,
    /// Packets lost, per million.
    pub loss_ppm: u32,
    /// Packets that arrive twice, per million.
    pub duplicate_ppm: u32,
}

impl Default for LinksSpec {
    fn default() -> Self {
        Self {
            delay_min_ms: 20,
            delay_max_ms: 120,
            loss_ppm: 0,
            duplicate_ppm: 0,
        }
    }
}

/// The disk of every node. What is written is there at once; it survives a loss of power, and what
/// was said after it is on its way, once it is synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DisksSpec {
    /// Shortest time in milliseconds that a sync takes ...
    pub sync_min_ms: u32,
    /// ... and longest. With 0, every write is synced at once.
    pub sync_max_ms: u32,
}

fn six() -> u32 {
    6
}

/// Upper limits on what a scenario may ask for.
pub mod limits {
    /// Nodes.
    pub const NODES: u32 = 64;
    /// Nodes where each hears only some others.
    pub const SPARSE_NODES: u32 = 10_000;
    /// Links that each of them begins.
    pub const SPARSE_PEERS: u32 = 32;
    /// Clients.
    pub const CLIENTS: u32 = 64;
    /// Transactions that all clients together submit.
    pub const TRANSACTIONS: u64 = 10_000_000;
    /// Simulated seconds: a day.
    pub const SECONDS: u32 = 86_400;
    /// Simulated seconds where each node hears only some others: a year.
    pub const SPARSE_SECONDS: u32 = 31_536_000;
    /// Faults.
    pub const FAULTS: usize = 1_000;
    /// Acts.
    pub const ACTS: usize = 1_000;
    /// Regions.
    pub const REGIONS: usize = 16;
    /// Bytes of a region's name.
    pub const REGION_NAME: usize = 40;
    /// Hashes per second of a node.
    pub const HASHES_PER_SECOND: u32 = 1_000_000;
    /// Milliseconds of delay, of a link or a disk.
    pub const DELAY_MS: u32 = 600_000;
    /// Millionths by which a clock is too fast or too slow.
    pub const DRIFT_PPM: u32 = 500_000;
    /// The hardest starting target: a search of 2^16 hashes on average.
    pub const HARDEST_BITS: u32 = 0x1f00_ffff;
    /// Hashes that all nodes together make between two blocks. Retargeting leads there, and the
    /// simulator really searches: it gives up after 2^26 hashes, which this limit makes very
    /// unlikely.
    pub const HASHES_PER_BLOCK: u64 = 1 << 23;
    /// Claims of which something is expected.
    pub const CLAIMS: usize = 64;
    /// Bytes of a title.
    pub const TITLE: usize = 200;
}

/// Why a scenario cannot run; each variant carries the offending value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScenarioError {
    /// The rules are invalid.
    Room(RoomError),
    /// There is no protocol of this name.
    UnknownProtocol(String),
    /// There is no ledger of this name.
    UnknownLedger(String),
    /// Neither the protocol nor the ledger has a parameter of this name.
    UnknownParam(String),
    /// Clients want transactions carried out, and this ledger has no examples of any.
    NoWorkload(String),
    /// Clients submit transactions, and this protocol has no clients.
    NoClients(String),
    /// A number is outside its limits.
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: u64,
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// The title contains a control character, which could manipulate the terminal that shows it.
    BadTitle(char),
    /// The same in the name of a region.
    BadName(char),
    /// A fault or region names a node that does not exist, or names one twice.
    BadNode(u32),
    /// Something is submitted at a node, which is no client.
    NotAClient(u32),
    /// A transaction is not in hex.
    NotHex(String),
    /// No hash rate is given.
    NoHashRate,
    /// Nobody lies in this way, but in one of those that are known.
    UnknownTwist {
        /// How a node was to lie.
        twist: String,
        /// The protocol's short name.
        protocol: &'static str,
        /// The ways that there are.
        known: Vec<&'static str>,
    },
    /// Nobody makes a claim of this name, of which something is expected.
    UnknownClaim(String),
    /// Different things are expected of a claim, or the same twice.
    ClaimTwice(String),
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(error) => write!(f, "chain: {error}"),
            Self::UnknownProtocol(name) => write!(f, "there is no protocol {name:?}"),
            Self::UnknownLedger(name) => write!(f, "there is no ledger {name:?}"),
            Self::UnknownParam(name) => {
                write!(
                    f,
                    "neither the protocol nor the ledger has a parameter {name:?}"
                )
            }
            Self::NoWorkload(name) => {
                write!(f, "clients have nothing to do on the ledger {name:?}")
            }
            Self::NoClients(name) => write!(f, "the protocol {name:?} has no clients"),
            Self::OutOfRange {
                what,
                value,
                min,
                max,
            } => {
                write!(f, "{what} is {value}, not within {min} to {max}")
            }
            Self::BadTitle(sign) => write!(f, "title has a control character {sign:?}"),
            Self::BadName(sign) => write!(f, "region.name has a control character {sign:?}"),
            Self::BadNode(node) => write!(f, "node {node} is not there, or named twice"),
            Self::UnknownTwist {
                twist,
                protocol,
                known,
            } => write!(
                f,
                "{protocol} has no twist {twist:?}, but {}",
                known.join(", ")
            ),
            Self::UnknownClaim(name) => write!(f, "there is no claim {name:?}"),
            Self::ClaimTwice(name) => write!(f, "expect names the claim {name:?} twice"),
            Self::NotAClient(node) => write!(f, "node {node} is no client"),
            Self::NotHex(tx) => write!(f, "the transaction {tx:?} is not in hex"),
            Self::NoHashRate => write!(f, "nodes.hashes_per_second is empty"),
        }
    }
}

impl core::error::Error for ScenarioError {}

impl Scenario {
    /// Checks everything against the limits and returns what nodes are made from.
    ///
    /// # Errors
    /// The first thing that is outside its limits.
    pub fn check(&self) -> Result<Setting, ScenarioError> {
        self.check_among(PROTOCOLS)
    }

    /// The same with a protocol of another registry.
    ///
    /// # Errors
    /// The first thing that is outside its limits.
    pub fn check_among(&self, protocols: &'static [Entry]) -> Result<Setting, ScenarioError> {
        let length = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
        let title = length(self.title.len());
        within("title's length", title, 0, length(limits::TITLE))?;
        if let Some(sign) = self.title.chars().find(|sign| sign.is_control()) {
            return Err(ScenarioError::BadTitle(sign));
        }
        let (most, seconds) = self.size_limits()?;
        within("seconds", self.seconds.into(), 1, seconds.into())?;
        within("depth", self.depth.into(), 1, 1_000)?;
        let (nodes, clients) = (self.nodes.count.into(), self.clients.count.into());
        within("nodes.count", nodes, 1, most.into())?;
        within("clients.count", clients, 0, limits::CLIENTS.into())?;
        let faults = length(self.faults.len());
        within("number of faults", faults, 0, length(limits::FAULTS))?;
        let acts = length(self.acts.len());
        within("number of acts", acts, 0, length(limits::ACTS))?;
        self.links.check()?;
        self.regions_of_all()?;
        self.disks.check()?;
        self.expect.check()?;
        self.faults.iter().try_for_each(|fault| fault.check(self))?;
        self.acts.iter().try_fold(Time::ZERO, |earliest, act| {
            act.check_after(earliest, self)?;
            Ok(act.at)
        })?;
        let setting = Setting::among(protocols, &self.chain)?;
        for kind in self.wrongs() {
            check_twist(&setting, kind)?;
        }
        match setting.entry.shape {
            Shape::Forks => self.check_mining(&setting)?,
            Shape::Slots => self.check_workload(&setting)?,
        }
        Ok(setting)
    }

    /// All that goes wrong, of itself or because somebody does it.
    fn wrongs(&self) -> impl Iterator<Item = &FaultKind> {
        let acts = self.acts.iter().map(|act| &act.kind);
        self.faults.iter().map(|fault| &fault.kind).chain(acts)
    }

    /// The most nodes and seconds.
    fn size_limits(&self) -> Result<(u32, u32), ScenarioError> {
        let Some(peers) = self.peers else {
            return Ok((limits::NODES, limits::SECONDS));
        };
        within("peers", peers.into(), 1, limits::SPARSE_PEERS.into())?;
        Ok((limits::SPARSE_NODES, limits::SPARSE_SECONDS))
    }

    /// Blocks have to be mined, and not too hard to find.
    fn check_mining(&self, setting: &Setting) -> Result<(), ScenarioError> {
        if self.clients.count > 0 {
            return Err(ScenarioError::NoClients(self.chain.protocol.clone()));
        }
        let bits = setting.chain.genesis.header.bits;
        if chain::block_proof(bits) > chain::block_proof(CompactTarget(limits::HARDEST_BITS)) {
            let (value, max) = (u64::from(bits.0), 0x207f_ffff);
            return within("chain.params.bits", value, limits::HARDEST_BITS.into(), max);
        }
        self.check_rates(setting.chain.spacing_secs)
    }

    fn check_workload(&self, setting: &Setting) -> Result<(), ScenarioError> {
        within(
            "clients.every_ms",
            self.clients.every_ms.into(),
            1,
            3_600_000,
        )?;
        let each = u64::from(self.seconds) * 1_000 / u64::from(self.clients.every_ms);
        let all = each.saturating_mul(self.clients.count.into());
        within("transactions of all clients", all, 0, limits::TRANSACTIONS)?;
        if self.clients.count > 0 && setting.ledger.sample.is_none() {
            return Err(ScenarioError::NoWorkload(self.chain.ledger.clone()));
        }
        Ok(())
    }

    /// Hashes per second of a node.
    #[must_use]
    pub fn hash_rate(&self, node: u32) -> u32 {
        let rates = &self.nodes.hashes_per_second;
        let index = usize::try_from(node)
            .unwrap_or(usize::MAX)
            .min(rates.len().saturating_sub(1));
        rates.get(index).copied().unwrap_or(0)
    }

    fn check_rates(&self, spacing: u32) -> Result<(), ScenarioError> {
        let rates = &self.nodes.hashes_per_second;
        if rates.is_empty() {
            return Err(ScenarioError::NoHashRate);
        }
        rates.iter().try_for_each(|rate| {
            let max = limits::HASHES_PER_SECOND.into();
            within("nodes.hashes_per_second", (*rate).into(), 0, max)
        })?;
        let nodes = 0..self.nodes.count;
        let all: u64 = nodes.map(|node| u64::from(self.hash_rate(node))).sum();
        let between = all.saturating_mul(spacing.into());
        within(
            "hashes of all nodes between two blocks",
            between,
            0,
            limits::HASHES_PER_BLOCK,
        )
    }
}

impl LinksSpec {
    fn check(&self) -> Result<(), ScenarioError> {
        within(
            "links.delay_max_ms",
            self.delay_max_ms.into(),
            0,
            limits::DELAY_MS.into(),
        )?;
        let longest = self.delay_max_ms.into();
        within("links.delay_min_ms", self.delay_min_ms.into(), 0, longest)?;
        within("links.loss_ppm", self.loss_ppm.into(), 0, 1_000_000)?;
        within(
            "links.duplicate_ppm",
            self.duplicate_ppm.into(),
            0,
            1_000_000,
        )
    }
}

impl DisksSpec {
    fn check(&self) -> Result<(), ScenarioError> {
        let longest = self.sync_max_ms.into();
        within("disks.sync_max_ms", longest, 0, limits::DELAY_MS.into())?;
        within("disks.sync_min_ms", self.sync_min_ms.into(), 0, longest)
    }
}

/// That a node lies in a way that there is, and says only what belongs to it.
fn check_twist(setting: &Setting, kind: &FaultKind) -> Result<(), ScenarioError> {
    let FaultKind::TurnEvil {
        twist, to, by_ms, ..
    } = kind
    else {
        return Ok(());
    };
    let kind = match setting.twist(twist)? {
        Twist::Own(_) => None,
        Twist::Any(twist) => Some(twist.kind),
    };
    let (least, most): (u32, u32) = match kind {
        Some(kind) if kind.takes_time() => (1, limits::DELAY_MS),
        _ => (0, 0),
    };
    within("fault.by_ms", (*by_ms).into(), least.into(), most.into())?;
    let most = if kind.is_some() {
        limits::NODES + limits::CLIENTS
    } else {
        0
    };
    within("length of fault.to", to.len() as u64, 0, most.into())
}

fn within(what: &'static str, value: u64, min: u64, max: u64) -> Result<(), ScenarioError> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(ScenarioError::OutOfRange {
            what,
            value,
            min,
            max,
        })
    }
}
