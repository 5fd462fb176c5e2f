//! A browser in virtual time: the pages, engines, mining workers, locks, channels, databases and
//! clocks of one origin, and hostile pages.

mod channels;
mod databases;
mod engine;
mod events;
mod faults;
mod host;
mod hostile;
mod locks;
mod miners;
mod page;
mod people;
mod posers;
mod queue;
mod slow;
mod values;

use std::collections::BTreeMap;

use chain::Stream;
use scenario::{Draft, Room};
use tab::{Input, Reading};

use crate::checkers::{Judge, Scene, Seen, View};
use crate::coverage::Coverage;
use crate::script::Script;

pub use channels::{Channels, Receiver, open};
pub use databases::{Database, Databases};
pub use engine::{Engine, State};
pub use hostile::FUTURE_DUTY;
pub use locks::{Locks, Owner};
pub use page::Page;
pub use queue::Queue;
pub use values::Values;

use events::Event;

/// One engine from start to end; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Life(pub u32);

/// A millisecond in virtual time, which counts microseconds.
pub const MS: u64 = 1_000;
/// 2026-11-24, in microseconds since 1970.
const EPOCH: u64 = 1_795_500_000_000_000;
/// The path that the page is served from.
const DEPLOYMENT: &str = "/tabchain/";
/// The build that pages, engines and workers run.
const BUILD: &str = "swarm";
/// Logical processors of the machine.
pub const CORES: u8 = 4;
/// Most open pages at a time.
const MOST_PAGES: usize = 5;
/// How long after the script all are told once more to join and to stop mining: a tab that was
/// coming back may have missed it.
const JOINS_AGAIN: u64 = 12_000 * MS;
/// For how long before that one tab of each room mines.
const MINES_LAST: u64 = 4_000 * MS;
/// How long before that all are told to join, too.
const JOINS_BEFORE: u64 = 1_500 * MS;
/// How long after the script everything must have settled ...
const SETTLES: u64 = 24_000 * MS;
/// ... and how long the quiet then lasts, until the end.
const QUIET: u64 = 5_000 * MS;
/// More steps than this at one moment: something spins.
const MOST_AT_ONCE: u32 = 20_000;

/// The browser and all that happens in it.
pub struct World {
    now: u64,
    /// How far the steady clock lags behind, from standing still while the machine slept.
    stood_still: u64,
    /// How far people have set the wall clock forward, or back; and the furthest forward ever.
    wall_shift: i64,
    wall_most: i64,
    script: Script,
    queue: Queue<Event>,
    locks: Locks,
    channels: Channels,
    databases: Databases,
    engines: BTreeMap<Life, Engine>,
    views: BTreeMap<Life, View>,
    pages: Vec<Page>,
    rooms: Vec<Room>,
    lives: u32,
    claims: u64,
    slow_until: u64,
    hang_until: u64,
    calm: bool,
    at_once: (u64, u32),
    rng: Stream,
    judge: Judge,
    coverage: Coverage,
    events: u64,
    fingerprint: u64,
    over: bool,
}

impl World {
    /// A browser that is about to go through a script.
    #[must_use]
    pub fn new(script: &Script, judge: Judge) -> Self {
        let mut queue = Queue::default();
        for (number, step) in script.steps.iter().enumerate() {
            queue.plan(u64::from(step.at) * MS, Event::Step(number));
        }
        let calm = u64::from(script.calm) * MS;
        queue.plan(calm, Event::Calm);
        let last = calm + JOINS_AGAIN - MINES_LAST;
        // What is still cut off while the last blocks are found would stay on a branch of its own.
        queue.plan(last - JOINS_BEFORE, Event::Joined);
        queue.plan(last, Event::LastBlocks);
        queue.plan(calm + JOINS_AGAIN, Event::Joined);
        queue.plan(calm + SETTLES, Event::Quiet);
        queue.plan(calm + SETTLES + QUIET, Event::End);
        Self {
            now: 0,
            stood_still: 0,
            wall_shift: 0,
            wall_most: 0,
            script: script.clone(),
            queue,
            locks: Locks::new(script.lockless),
            channels: Channels::default(),
            databases: Databases::default(),
            engines: BTreeMap::new(),
            views: BTreeMap::new(),
            pages: Vec::new(),
            rooms: rooms(),
            lives: 0,
            claims: 0,
            slow_until: 0,
            hang_until: 0,
            calm: false,
            at_once: (0, 0),
            rng: Stream::new(script.seed, 0, "world"),
            judge,
            coverage: Coverage::default(),
            events: 0,
            fingerprint: 0xcbf2_9ce4_8422_2325,
            over: false,
        }
    }

    /// Lets the next event happen. `false`: the run is over, or a claim was violated.
    pub fn advance(&mut self) -> bool {
        if self.over || self.judge.violation().is_some() {
            return false;
        }
        let Some((at, event)) = self.queue.take_next() else {
            return false;
        };
        self.now = at;
        self.events += 1;
        self.happen(event);
        true
    }

    /// The judge, with what its checkers found.
    #[must_use]
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// What happened how often.
    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// How many events there were.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Tells runs apart: the same for the same script, at any time and place.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Virtual time in microseconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Gives an engine an input and carries out what follows.
    fn step(&mut self, life: Life, input: Input) {
        let reading = self.reading(life);
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        if self.at_once.0 != self.now {
            self.at_once = (self.now, 0);
        }
        self.at_once.1 += 1;
        let effects = engine.step(reading, input.clone());
        let glance = engine.glance();
        let Some(view) = self.views.get_mut(&life) else {
            return;
        };
        let before = std::mem::replace(&mut view.glance, glance);
        self.mix(u64::from(life.0));
        self.mix(self.now);
        self.mix(effects.len() as u64);
        let seen = Seen::Step {
            life,
            input: &input,
            effects: &effects,
            before: &before,
        };
        self.see(&seen);
        if self.at_once.1 > MOST_AT_ONCE {
            self.judge
                .accuse(self.now, "spin", format!("{life:?} steps endlessly"));
        }
        for effect in effects {
            self.carry_out(life, effect);
        }
        self.pump();
        self.plan_wake(life);
    }

    /// Lets the checkers see something.
    fn see(&mut self, seen: &Seen<'_>) {
        let mut judge = std::mem::take(&mut self.judge);
        let scene = Scene {
            now: self.now,
            views: &self.views,
            databases: &self.databases,
            locks: &self.locks,
        };
        judge.see(seen, &scene);
        self.judge = judge;
    }

    /// Both clocks, as an engine reads them.
    fn reading(&self, life: Life) -> Reading {
        let began = self.engines.get(&life).map_or(0, Engine::began);
        let steady = self.now - self.stood_still;
        Reading {
            wall: EPOCH
                .saturating_add(self.now)
                .saturating_add_signed(self.wall_shift),
            steady: steady.saturating_sub(began),
        }
    }

    fn mix(&mut self, word: u64) {
        // FNV-1a over words is enough: runs need only be told apart.
        self.fingerprint = (self.fingerprint ^ word).wrapping_mul(0x0100_0000_01b3);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rng.below(bound.max(1))
    }
}

/// The rooms that people have links to: blocks are easy in all, and the last one's target changes.
fn rooms() -> Vec<Room> {
    let room = |name, spacing, bits, window| {
        let values = &[("spacing", spacing), ("bits", bits), ("window", window)];
        let draft = Draft {
            name,
            values,
            ..Draft::default()
        };
        Room::new(&draft).expect("within a room's limits")
    };
    vec![
        room("maple-river", 5, 0x2000_ffff, 2016),
        room("birch-harbour", 5, 0x2000_ffff, 2016),
        room("cedar-meadow", 2, 0x2007_ffff, 8),
    ]
}
