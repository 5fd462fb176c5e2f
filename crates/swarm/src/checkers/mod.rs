//! Judges outside: what they know of a tab is what it says, what it stores, and its glance. A file
//! a claim; each shows in its test that it can fail.

mod agreement;
mod asks;
mod blame;
mod budget;
mod durability;
mod generations;
mod identities;
mod memory;
mod quiet;
mod switches;
mod telling;
mod volatile;

use std::collections::BTreeMap;

use protocol::envelope::RoomId;
use tab::between::generation::Generation;
use tab::storage::{Change, Store};
use tab::{Effect, Glance, Input, Stage};

use crate::browser::{Databases, Life, Locks, State};

/// An engine as checkers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// What its tab looks like since its last step.
    pub glance: Glance,
    /// Whether its thread runs.
    pub state: State,
    /// Since when.
    pub since: u64,
}

/// Everything that is there, at the moment of a look.
pub struct Scene<'a> {
    /// Virtual time in microseconds.
    pub now: u64,
    /// All engines.
    pub views: &'a BTreeMap<Life, View>,
    /// What is stored.
    pub databases: &'a Databases,
    /// Who holds which lock.
    pub locks: &'a Locks,
}

/// Something that happened.
#[derive(Debug)]
pub enum Seen<'a> {
    /// An engine started.
    Born {
        /// Which.
        life: Life,
    },
    /// An engine took an input in; its view is of after that.
    Step {
        /// Which.
        life: Life,
        /// What it was given.
        input: &'a Input,
        /// What follows.
        effects: &'a [Effect],
        /// What it looked like before.
        before: &'a Glance,
    },
    /// An engine is gone.
    Died {
        /// Which.
        life: Life,
    },
    /// A database changed, all of it at once.
    Committed {
        /// For whom; `None`: for an engine that is gone.
        life: Option<Life>,
        /// Which database.
        name: &'a str,
        /// What changed.
        changes: &'a [Change],
    },
    /// A value of a database was changed behind everybody's back.
    Damaged {
        /// Which database.
        name: &'a str,
        /// In which store.
        store: Store,
        /// Under which name.
        key: &'a [u8],
    },
    /// A database lost its last relaxed commits in a crash of everything.
    Lost {
        /// Which.
        name: &'a str,
    },
    /// A database refuses, hangs or is taken away.
    Troubled {
        /// Which.
        name: &'a str,
    },
    /// A lock was stolen from an engine.
    Robbed {
        /// From whom.
        life: Life,
    },
    /// Somebody who is no tab tells in a room that this counts, signed by a key of its own.
    Posed {
        /// Where.
        room: RoomId,
        /// What.
        generation: Generation,
    },
    /// Somebody talks who is no tab, of power.
    ForgedPower,
    /// Somebody set the wall clock.
    ClockSet,
    /// The machine slept.
    Slept {
        /// So long.
        by: u64,
    },
    /// The script is over: faults have ended.
    Calm,
    /// Somebody in each room mines for a while, and nothing else happens.
    LastBlocks,
    /// From now on nothing happens but heartbeats.
    Quiet,
    /// The run is over.
    End,
}

/// Judges one claim.
pub trait Checker {
    /// The claim's name.
    fn name(&self) -> &'static str;

    /// Looks at what happened.
    ///
    /// # Errors
    /// What is wrong, in one sentence.
    fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) -> Result<(), String>;
}

/// All checkers, and the first violation that one found.
#[derive(Default)]
pub struct Judge {
    checkers: Vec<Box<dyn Checker>>,
    violation: Option<Violation>,
}

/// A claim that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When, in microseconds of virtual time.
    pub at: u64,
    /// Which claim.
    pub claim: &'static str,
    /// What was seen.
    pub what: String,
}

impl Judge {
    /// With every checker there is.
    #[must_use]
    pub fn all() -> Self {
        Self {
            checkers: vec![
                Box::new(identities::Identities::default()),
                Box::new(durability::Durable::default()),
                Box::new(generations::Generations::default()),
                Box::new(asks::Asks::default()),
                Box::new(agreement::Agreement::default()),
                Box::new(budget::Budget::default()),
                Box::new(memory::Memory),
                Box::new(quiet::Quiet::default()),
                Box::new(switches::Switches::default()),
                Box::new(volatile::Volatile::default()),
                Box::new(blame::Blame),
            ],
            violation: None,
        }
    }

    /// The same, and somebody is told of every step.
    #[must_use]
    pub fn telling(tell: impl FnMut(String) + 'static) -> Self {
        let mut judge = Self::all();
        judge
            .checkers
            .insert(0, Box::new(telling::Telling::new(tell)));
        judge
    }

    /// Lets all look.
    pub fn see(&mut self, seen: &Seen<'_>, scene: &Scene<'_>) {
        for checker in &mut self.checkers {
            if let Err(what) = checker.see(seen, scene) {
                let claim = checker.name();
                let at = scene.now;
                self.violation.get_or_insert(Violation { at, claim, what });
            }
        }
    }

    /// Notes a violation that the world itself has seen.
    pub fn accuse(&mut self, at: u64, claim: &'static str, what: String) {
        self.violation.get_or_insert(Violation { at, claim, what });
    }

    /// The first violation.
    #[must_use]
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }
}

impl View {
    /// Whether it takes part, and has been running without a pause for so many microseconds.
    #[must_use]
    pub fn takes_part(&self, now: u64, time: u64) -> bool {
        let runs = self.state == State::Runs && now.saturating_sub(self.since) >= time;
        runs && self.glance.stage == Stage::In
    }
}

#[cfg(test)]
mod scaffold;
