//! What a protocol says about itself, so that menus, forms, lists and meta-tests can be derived.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{ChainParams, PeerId, PublicKey, Seat, SecretKey};

use crate::{Claim, Protocol};

/// One line of the registry: a protocol and how to build it.
pub struct Entry {
    /// What it is.
    pub card: Card,
    /// What a node does with what it decides.
    pub shape: Shape,
    /// The fewest members with which it tolerates a fault, or has something to agree on. Where slots are
    /// decided, each further fault takes as many more, but one.
    pub least: u32,
    /// How many of so many members may lie, whatever they do, and the others' promises still hold.
    pub liars: fn(members: u32) -> u32,
    /// The parameters that it adds to a room or scenario, with their limits.
    pub params: &'static [ParamSpec],
    /// Builds the protocol for one seat. Values have been checked against `params`.
    pub build: fn(&Terms) -> Box<dyn Protocol>,
    /// How its members can lie in its own words, on purpose; lies that fit any protocol are not here.
    pub twists: &'static [Twist],
    /// What the protocol promises, as claims about a run on these terms.
    pub claims: fn(&Terms) -> Vec<Box<dyn Claim>>,
}

/// A way to lie: the same protocol with one rule broken.
pub struct Twist {
    /// Short name in scenarios, such as `vote-twice`.
    pub id: &'static str,
    /// What whoever is twisted so does, in one line.
    pub what: &'static str,
    /// Builds the protocol for a seat that lies so, as [`Entry::build`] does for others.
    pub build: fn(&Terms) -> Box<dyn Protocol>,
}

impl Entry {
    /// The twist with this short name.
    #[must_use]
    pub fn twist(&self, id: &str) -> Option<&'static Twist> {
        self.twists.iter().find(|twist| twist.id == id)
    }
}

/// What a node does with the outcome of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Keeps a tree of blocks and moves to the heaviest branch.
    Forks,
    /// Executes decided slots in their order.
    Slots,
}

/// What a seat is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes part in agreement: a miner, validator, server or replica.
    Member,
    /// Submits transactions and waits for their receipts; its chain stays empty.
    Client,
}

/// On which terms a protocol is built for one seat.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The chain.
    pub chain: Arc<ChainParams>,
    /// A value for each of the entry's `params`, in their order.
    pub values: Arc<[u64]>,
    /// Who counts, by seat.
    pub members: Arc<[PeerId]>,
    /// What members verify each other's signatures with, by seat; their names are hashes of these.
    pub keys: Arc<[PublicKey]>,
    /// What this seat signs with.
    pub key: SecretKey,
    /// What this seat is for.
    pub role: Role,
    /// Its place among the members; clients have places of their own.
    pub seat: Seat,
}

impl Terms {
    /// The value of a parameter, by its place in the entry's `params`; 0 if there is none.
    #[must_use]
    pub fn value(&self, place: usize) -> u64 {
        self.values.get(place).copied().unwrap_or(0)
    }
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
    /// What it calls the time of one leader, such as `term`; empty if nobody leads.
    pub reign: &'static str,
    /// What a machine of it can be at a time; a glance's `role` is a place in this list.
    pub roles: &'static [&'static str],
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
    /// The value if none is given. Links of rooms leave it out: once there are any, it stays.
    pub default: u64,
}

impl ParamSpec {
    /// Whether a value lies within the limits.
    #[must_use]
    pub fn allows(&self, value: u64) -> bool {
        (self.min..=self.max).contains(&value)
    }
}
