//! A run as a link: `/lab?run=` and one word, the base64url of a version, the scenario and a checksum.
//!
//! | bytes | meaning |
//! |---|---|
//! | 1 | version: the first that has words for all that the scenario says, of those after the first |
//! | any | the scenario and the fingerprint of its run, in postcard, its fields as in [`Wire`] |
//! | any | from [`ACTED`] on: what somebody did, a list of [`WireFault`] |
//! | any | from [`PLACED`] on: where the nodes are, a list of [`RegionSpec`] |
//! | 4 | the first bytes of the SHA-256 of all before |
//!
//! A link is read for ever: who changes what is written in a version makes another version. It holds
//! no secret, for a scenario has none: keys of simulated nodes follow from the seed.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use chain::{Time, sha256};
use serde::{Deserialize, Serialize};

use crate::script::{
    ChainSpec, ClientsSpec, DisksSpec, Expect, Fault, FaultKind, LinksSpec, NodesSpec, RegionSpec,
    Scenario, ScenarioError,
};

/// The longest link, in bytes. Some programs cut longer ones.
pub const MAX_LINK: usize = 8_000;
/// What is written of a run whose nodes are in regions, the latest version ...
const PLACED: u8 = 4;
/// ... of others to which something was done ...
const ACTED: u8 = 3;
/// ... and of all others.
const PLAIN: u8 = 2;
/// The version before, in which faults have milliseconds.
const IN_MILLIS: u8 = 1;
const ROUTE: &str = "/lab?run=";
const CHECKSUM: usize = 4;

/// A scenario, and what came of it where the link was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The scenario, within its limits.
    pub scenario: Scenario,
    /// The fingerprint of its run, if it was run.
    pub fingerprint: Option<[u8; 16]>,
}

/// Why a link cannot be made or read; each variant carries the offending value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// It has so many bytes.
    TooLong(usize),
    /// Each node hears only some others, and links have no words for that.
    Sparse,
    /// It does not begin as links to runs do.
    NotARun(String),
    /// It has a sign that no link has, or ends in the middle of one.
    NotBase64,
    /// It was made by a later version.
    Version(u8),
    /// Its checksum does not fit: something was changed or cut off.
    Damaged,
    /// It is whole, and yet holds no scenario.
    Malformed,
    /// The scenario is outside its limits.
    Scenario(ScenarioError),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => {
                write!(f, "a link of {length} bytes, and {MAX_LINK} is the most")
            }
            Self::Sparse => write!(f, "runs in which nodes hear only some others have no links"),
            Self::NotARun(start) => {
                write!(f, "links to runs begin with {ROUTE:?}, not with {start:?}")
            }
            Self::NotBase64 => write!(f, "the link has a sign too many or too few"),
            Self::Version(version) => {
                write!(f, "the link has version {version}, known is {PLACED}")
            }
            Self::Damaged => write!(f, "the link is damaged: its checksum does not fit"),
            Self::Malformed => write!(f, "the link holds no scenario"),
            Self::Scenario(error) => write!(f, "the link's scenario: {error}"),
        }
    }
}

impl core::error::Error for ReplayError {}

/// All versions, in the order in which they are written.
#[derive(Serialize, Deserialize)]
struct Wire<'a, F> {
    title: Cow<'a, str>,
    seed: u64,
    seconds: u32,
    depth: u32,
    chain: Cow<'a, ChainSpec>,
    nodes: Cow<'a, NodesSpec>,
    clients: ClientsSpec,
    links: LinksSpec,
    disks: DisksSpec,
    faults: Vec<F>,
    expect: Cow<'a, Expect>,
    fingerprint: Option<[u8; 16]>,
}

#[derive(Serialize, Deserialize)]
struct WireFault {
    at_us: u64,
    #[serde(with = "WireKind")]
    kind: FaultKind,
}

/// A fault of the first version.
#[derive(Serialize, Deserialize)]
struct InMillis {
    at_ms: u32,
    #[serde(with = "WireKind")]
    kind: FaultKind,
}

impl From<WireFault> for Fault {
    fn from(WireFault { at_us, kind }: WireFault) -> Self {
        let at = Time(at_us);
        Self { at, kind }
    }
}

impl From<InMillis> for Fault {
    fn from(InMillis { at_ms, kind }: InMillis) -> Self {
        Self::at_ms(at_ms, kind)
    }
}

/// Files name a fault's kind in a field beside the others, links by its place here. The first version
/// knows those up to `Heal`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "FaultKind")]
enum WireKind {
    Crash {
        node: u32,
        for_ms: u32,
    },
    CrashInWrite {
        node: u32,
        for_ms: u32,
    },
    PowerLoss {
        node: u32,
        for_ms: u32,
    },
    Pause {
        node: u32,
        for_ms: u32,
    },
    Cut {
        groups: Vec<Vec<u32>>,
    },
    CutOneWay {
        from: Vec<u32>,
        to: Vec<u32>,
    },
    Slow {
        node: u32,
        delay_ms: u32,
    },
    Heal {},
    TurnEvil {
        node: u32,
        twist: String,
        to: Vec<u32>,
        by_ms: u32,
    },
    TurnHonest {
        node: u32,
    },
    Rot {
        node: u32,
        for_ms: u32,
    },
    Clock {
        node: u32,
        ahead_ms: i32,
        drift_ppm: i32,
    },
    Leave {
        node: u32,
    },
    Join {
        node: u32,
    },
    Submit {
        node: u32,
        tx: Option<String>,
    },
    LosePacket {
        packet: u64,
    },
    DelayPacket {
        packet: u64,
        by_ms: u32,
    },
    RepeatPacket {
        packet: u64,
        by_ms: u32,
    },
    TransferLeadership {
        to: u32,
    },
    Reconfigure {
        voters: Vec<u32>,
        learners: Vec<u32>,
    },
}

impl Replay {
    /// The part of the link after `#`.
    ///
    /// # Errors
    /// The scenario is outside its limits or too long for a link.
    pub fn link(&self) -> Result<String, ReplayError> {
        self.scenario.check().map_err(ReplayError::Scenario)?;
        if self.scenario.peers.is_some() {
            return Err(ReplayError::Sparse);
        }
        let acts = wires(&self.scenario.acts);
        let regions = &self.scenario.regions;
        let version = match (acts.is_empty(), regions.is_empty()) {
            (_, false) => PLACED,
            (false, true) => ACTED,
            (true, true) => PLAIN,
        };
        let mut bytes = postcard::to_extend(&self.wire(), Vec::from([version]));
        if version >= ACTED {
            bytes = bytes.and_then(|bytes| postcard::to_extend(&acts, bytes));
        }
        if version >= PLACED {
            bytes = bytes.and_then(|bytes| postcard::to_extend(regions, bytes));
        }
        let mut bytes = bytes.map_err(|_| ReplayError::Malformed)?;
        let sum = sha256(&bytes);
        bytes.extend(&sum[..CHECKSUM]);
        let link = format!("{ROUTE}{}", Base64UrlUnpadded::encode_string(&bytes));
        match link.len() {
            0..=MAX_LINK => Ok(link),
            length => Err(ReplayError::TooLong(length)),
        }
    }

    /// Reads a link: from its `#` on if it has one, else all of it. The length of that is checked first; no
    /// list in it makes room for more than its bytes could hold, up to a mebibyte.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(link: &str) -> Result<Self, ReplayError> {
        let link = link.trim();
        let link = link.split_once('#').map_or(link, |(_, fragment)| fragment);
        if link.len() > MAX_LINK {
            return Err(ReplayError::TooLong(link.len()));
        }
        let Some(word) = link.strip_prefix(ROUTE) else {
            let start = link.chars().take(ROUTE.len()).flat_map(char::escape_debug);
            return Err(ReplayError::NotARun(start.collect()));
        };
        let bytes = Base64UrlUnpadded::decode_vec(word).map_err(|_| ReplayError::NotBase64)?;
        let (all, sum) = match bytes.split_last_chunk::<CHECKSUM>() {
            Some((all, sum)) if !all.is_empty() => (all, sum),
            _ => return Err(ReplayError::Damaged),
        };
        let (version, body) = (all[0], &all[1..]);
        if !(IN_MILLIS..=PLACED).contains(&version) {
            return Err(ReplayError::Version(version));
        }
        if sum[..] != sha256(all)[..CHECKSUM] {
            return Err(ReplayError::Damaged);
        }
        let (mut replay, rest) = match version {
            IN_MILLIS => read::<InMillis>(body)?,
            _ => read::<WireFault>(body)?,
        };
        let (acts, rest) = list::<WireFault>(rest, version >= ACTED)?;
        let (regions, rest) = list::<RegionSpec>(rest, version >= PLACED)?;
        let needless = match version {
            PLACED => regions.is_empty(),
            ACTED => acts.is_empty(),
            _ => false,
        };
        if !rest.is_empty() || needless {
            return Err(ReplayError::Malformed);
        }
        replay.scenario.acts = acts.into_iter().map(Fault::from).collect();
        replay.scenario.regions = regions;
        replay.scenario.check().map_err(ReplayError::Scenario)?;
        Ok(replay)
    }

    fn wire(&self) -> Wire<'_, WireFault> {
        let scenario = &self.scenario;
        Wire {
            title: Cow::Borrowed(&scenario.title),
            seed: scenario.seed,
            seconds: scenario.seconds,
            depth: scenario.depth,
            chain: Cow::Borrowed(&scenario.chain),
            nodes: Cow::Borrowed(&scenario.nodes),
            clients: scenario.clients,
            links: scenario.links,
            disks: scenario.disks,
            faults: wires(&scenario.faults),
            expect: Cow::Borrowed(&scenario.expect),
            fingerprint: self.fingerprint,
        }
    }
}

fn wires(faults: &[Fault]) -> Vec<WireFault> {
    let wire = |fault: &Fault| WireFault {
        at_us: fault.at.0,
        kind: fault.kind.clone(),
    };
    faults.iter().map(wire).collect()
}

/// Reads the scenario behind the version, in which faults have this form; returns what comes after it.
fn read<'a, F: Deserialize<'a> + Into<Fault>>(
    body: &'a [u8],
) -> Result<(Replay, &'a [u8]), ReplayError> {
    let read = postcard::take_from_bytes::<Wire<'_, F>>(body);
    let (wire, rest) = read.map_err(|_| ReplayError::Malformed)?;
    Ok((wire.read(), rest))
}

/// Reads a list if the version has it; returns what comes after it.
fn list<'a, T: Deserialize<'a>>(
    rest: &'a [u8],
    is_there: bool,
) -> Result<(Vec<T>, &'a [u8]), ReplayError> {
    if !is_there {
        return Ok((Vec::new(), rest));
    }
    postcard::take_from_bytes(rest).map_err(|_| ReplayError::Malformed)
}

impl<F: Into<Fault>> Wire<'_, F> {
    fn read(self) -> Replay {
        let scenario = Scenario {
            title: self.title.to_string(),
            seed: self.seed,
            seconds: self.seconds,
            depth: self.depth,
            chain: self.chain.into_owned(),
            nodes: self.nodes.into_owned(),
            clients: self.clients,
            links: self.links,
            regions: Vec::new(),
            peers: None,
            disks: self.disks,
            faults: self.faults.into_iter().map(F::into).collect(),
            acts: Vec::new(),
            expect: self.expect.into_owned(),
        };
        let fingerprint = self.fingerprint;
        Replay {
            scenario,
            fingerprint,
        }
    }
}
