//! What a scenario expects of its run.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{ScenarioError, limits, within};

/// What a run must come to. Without anything here, no claim may be broken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// Claims that must hold, and not merely be excused.
    pub holds: Vec<String>,
    /// Claims that must be broken; no other may be.
    pub breaks: Vec<String>,
    /// At least so many transactions must be answered.
    pub answers: u64,
    /// Every node that is up at the end must have a chain of at least so many blocks.
    pub height: u32,
}

impl Expect {
    /// The claims that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.holds.iter().chain(&self.breaks);
        names.map(String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        let most = limits::CLAIMS as u64;
        within("claims of expect", self.names().count() as u64, 0, most)?;
        let twice = |name: &str| self.names().filter(|other| *other == name).count() > 1;
        match self.names().find(|name| twice(name)) {
            Some(name) => Err(ScenarioError::ClaimTwice(name.into())),
            None => Ok(()),
        }
    }
}
