//! What a protocol says about itself, so that menus, forms, lists and meta-tests can be derived.

use alloc::{boxed::Box, sync::Arc};

use chain::ChainParams;

use crate::Protocol;

/// One line of the registry: a protocol and how to build it.
pub struct Entry {
    /// What it is.
    pub card: Card,
    /// The parameters that it adds to a room or scenario, with their limits.
    pub params: &'static [ParamSpec],
    /// Builds the protocol for one chain, whose parameters have been checked against `params`.
    pub build: fn(Arc<ChainParams>) -> Box<dyn Protocol>,
}

/// A protocol's short description, for people.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Short name in files and links, such as `pow`.
    pub id: &'static str,
    /// Its name in its paper.
    pub name: &'static str,
    /// The paper.
    pub paper: &'static str,
    /// What it tolerates.
    pub tolerance: &'static str,
}

/// A whole-number parameter with its limits, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParamSpec {
    /// Name in files and links.
    pub name: &'static str,
    /// Unit, such as `s` or `blocks`; empty for a bare number.
    pub unit: &'static str,
    /// Smallest value.
    pub min: u64,
    /// Largest value.
    pub max: u64,
    /// The value if none is given.
    pub default: u64,
}

impl ParamSpec {
    /// Whether a value lies within the limits.
    #[must_use]
    pub fn allows(&self, value: u64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}
