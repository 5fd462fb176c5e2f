//! One engine worker: a tab, and what the browser knows of it.

use std::collections::{BTreeMap, BTreeSet};

use chain::Stream;
use pool::plan::WorkerId;
use tab::door::{DbId, LockId};
use tab::{Due, Effect, Entropy, Glance, Input, Reading, Tab};

use super::events::Event;
use super::miners::Miner;

/// Whether an engine's thread runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Runs,
    /// The browser froze it: messages on channels are lost.
    Frozen,
    /// It stands still, and everything waits for it.
    Stalled,
}

/// An engine.
pub struct Engine {
    tab: Tab,
    state: State,
    /// Which page's it is.
    pub(super) page: usize,
    /// When it began, by the machine's steady clock.
    began: u64,
    kept: Vec<Event>,
    /// The number of the timer that counts.
    pub(super) wake: u64,
    /// Locks that it has asked for and not let go.
    pub(super) locks: BTreeSet<LockId>,
    /// Databases that are being opened, and by which attempt.
    pub(super) opening: BTreeMap<DbId, u64>,
    pub(super) attempts: u64,
    pub(super) miners: BTreeMap<WorkerId, Miner>,
    pub(super) miners_silent_until: u64,
    pub(super) bad_miners: u32,
    pub(super) rng: Stream,
    /// When the last message to the page arrives, the last one to or from the lock manager, and the
    /// last one from each sender on channels.
    pub(super) page_line: u64,
    pub(super) lock_line: u64,
    pub(super) heard_line: BTreeMap<u64, u64>,
}

impl Engine {
    /// An engine that has just started, and its tab's first effects.
    #[must_use]
    pub fn new(page: usize, build: &str, began: u64, mut rng: Stream) -> (Self, Vec<Effect>) {
        let mut entropy = [0; 32];
        for part in entropy.chunks_exact_mut(8) {
            part.copy_from_slice(&rng.next_u64().to_le_bytes());
        }
        let mut effects = Vec::new();
        #[allow(
            clippy::disallowed_methods,
            reason = "the keys of simulated browsers are toys"
        )]
        let entropy = Entropy::from_host(entropy);
        let tab = Tab::new(build.into(), entropy, &mut effects);
        let engine = Self {
            tab,
            state: State::Runs,
            page,
            began,
            kept: Vec::new(),
            wake: 0,
            locks: BTreeSet::new(),
            opening: BTreeMap::new(),
            attempts: 0,
            miners: BTreeMap::new(),
            miners_silent_until: 0,
            bad_miners: 0,
            rng,
            page_line: 0,
            lock_line: 0,
            heard_line: BTreeMap::new(),
        };
        (engine, effects)
    }

    /// Gives the tab an input. Returns what follows.
    pub(super) fn step(&mut self, now: Reading, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.tab.step(now, input, &mut effects);
        effects
    }

    /// When the tab wants a turn.
    #[must_use]
    pub fn due(&self) -> Due {
        self.tab.due()
    }

    /// What the tab looks like.
    #[must_use]
    pub fn glance(&self) -> Glance {
        self.tab.glance()
    }

    /// Whether its thread runs.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When it began, by the machine's steady clock.
    #[must_use]
    pub fn began(&self) -> u64 {
        self.began
    }

    /// Stands still from now on.
    pub(super) fn stop(&mut self, state: State) {
        self.state = state;
    }

    /// Runs again. Returns what was kept for it.
    pub(super) fn go(&mut self) -> Vec<Event> {
        self.state = State::Runs;
        std::mem::take(&mut self.kept)
    }

    /// Keeps what reaches it until it runs again.
    pub(super) fn keep(&mut self, event: Event) {
        self.kept.push(event);
    }

    /// Whether it is frozen, and its mining workers with it.
    pub(super) fn is_frozen(&self) -> bool {
        self.state == State::Frozen
    }

    /// A delay between these bounds, in microseconds.
    pub(super) fn delay(&mut self, least: u64, most: u64) -> u64 {
        least + self.rng.below(most.saturating_sub(least).max(1))
    }
}
