//! What a swarm has come to so far, kept in a file: a long one can be interrupted, and goes on later.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sim::Counts;

use crate::out::Failure;

/// A claim that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fall {
    /// The seed of the scenario.
    pub seed: u64,
    /// The claim's name.
    pub claim: String,
    /// What was seen.
    pub what: String,
}

/// What all runs of a protocol came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many seeds, from the first one on.
    pub seeds: u64,
    /// How long that took, in milliseconds.
    pub millis: u64,
    /// What happened in them.
    pub counts: Counts,
    /// All claims that fell.
    pub falls: Vec<Fall>,
}

/// The sums of all protocols, and the file that has them.
pub struct Progress {
    file: Option<PathBuf>,
    kept: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The first seed.
    from: u64,
    /// By the protocol's short name.
    protocols: BTreeMap<String, Sum>,
}

impl Progress {
    /// What a file has, if there is one; seeds are counted from this one.
    ///
    /// # Errors
    /// The file cannot be read, has something else, or is of seeds from another one on.
    pub fn open(file: Option<&Path>, from: u64) -> Result<Self, Failure> {
        let fresh = Kept {
            from,
            protocols: BTreeMap::new(),
        };
        let kept = match file.map(|file| (file, fs::read_to_string(file))) {
            None => fresh,
            Some((_, Err(error))) if error.kind() == io::ErrorKind::NotFound => fresh,
            Some((file, Err(error))) => return Err(Failure::Read(file.into(), error)),
            Some((file, Ok(text))) => read(file, &text, from)?,
        };
        let file = file.map(Path::to_owned);
        Ok(Self { file, kept })
    }

    /// What a protocol has come to.
    pub fn of(&mut self, protocol: &str) -> &mut Sum {
        self.kept.protocols.entry(protocol.to_owned()).or_default()
    }

    /// Writes the file anew: whoever is interrupted meanwhile still has the one before.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let text = serde_json::to_string(&self.kept).expect("numbers and texts");
        let beside = file.with_extension("new");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
        written.map_err(|error| Failure::Write(file.clone(), error))
    }
}

fn read(file: &Path, text: &str, from: u64) -> Result<Kept, Failure> {
    let no = |error| Failure::Input {
        error,
        help: "give the file of an earlier swarm and the same --from, or a name that no file has",
    };
    let name = file.display();
    let kept: Kept = serde_json::from_str(text)
        .map_err(|error| no(format!("{name} is no swarm's progress: {error}")))?;
    match kept.from {
        same if same == from => Ok(kept),
        other => Err(no(format!(
            "{name} has seeds from {other}, not from {from}"
        ))),
    }
}
