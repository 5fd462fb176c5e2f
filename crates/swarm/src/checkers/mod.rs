//! Judges from outside: all they know of a tab is what it says, what it stores, and its glance. One
//! file for each claim, with a test that shows that the checker can fail.

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
    /// What its tab looked like after its last step.
    pub glance: Glance,
    /// Whether its thread runs.
    pub state: State,
    /// When it last began to run.
    pub since: u64,
}

/// Everything there is at the moment of a look.
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
    /// An engine took in an input; its view shows it after that.
    Step {
        /// Which.
        life: Life,
        /// What it was given.
        input: &'a Input,
        /// What came out.
        effects: &'a [Effect],
        /// What it looked like before.
        before: &'a Glance,
    },
    /// An engine is gone.
    Died {
        /// Which.
        life: Life,
    },
    /// Changes were made to a database, all at once.
    Committed {
        /// By whom; `None`: by an engine that is gone.
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
    /// A database lost its last relaxed commits in a crash of the whole machine.
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
    /// A hostile page announces in a room that this generation counts, signed with its own key.
    Posed {
        /// Where.
        room: RoomId,
        /// What.
        generation: Generation,
    },
    /// A hostile page speaks about power.
    ForgedPower,
    /// Somebody set the wall clock.
    ClockSet,
    /// The machine slept.
    Slept {
        /// How long, in microseconds.
        by: u64,
    },
    /// The script is over: faults have ended.
    Calm,
    /// Somebody in each room mines for a while, and nothing else happens.
    LastBlocks,
    /// From now on there are only heartbeats.
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

/// All checkers, and the first violation found.
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
    /// All checkers.
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

    /// All checkers, and one that tells of every step.
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

    /// Notes a violation that the world itself found.
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
    /// Whether it takes part, and has run without a pause for this many microseconds.
    #[must_use]
    pub fn takes_part(&self, now: u64, time: u64) -> bool {
        let runs = self.state == State::Runs && now.saturating_sub(self.since) >= time;
        runs && self.glance.stage == Stage::In
    }
}

#[cfg(test)]
mod scaffold;
