//! Does: decides for one browser tab: its nodes, identities, storage order, heartbeats, pictures.
//! Never: touches a browser or a clock, waits, or decides what a node does.
//! Neighbours: `node`, `scenario`, `pool`, `wire` below; `engine`, `swarm` carry out its effects.

#![forbid(unsafe_code)]

mod agenda;
mod asks;
mod beat;
pub mod between;
mod bounded;
mod clock;
mod cx;
pub mod door;
mod glance;
mod host;
mod lasting;
mod live;
mod mining;
mod names;
mod opening;
mod picture;
pub mod planted;
mod session;
pub mod storage;

use wire::{FromEngine, ToEngine};

pub use chain::Entropy;
pub use clock::Reading;
pub use door::{Due, Effect, Input};
pub use glance::{Glance, NodeGlance, Stage};

use self::cx::{Cx, Source, failure};
use self::live::Live;
use self::opening::Opening;
use self::session::Session;

/// A browser tab as a machine: total, deterministic, with one door.
pub struct Tab {
    build: String,
    source: Source,
    state: State,
    /// The latest reading of the clocks.
    now: Reading,
    /// Microseconds of the steady clock in which nothing ran here.
    absent: u64,
}

/// A step this much later than due, in microseconds, was held up from outside ...
const LATE: u64 = 2_000_000;
/// ... and what was due then waits this long again, so that answers can come first.
const GRACE: u64 = 1_000_000;

/// How far a tab has come.
enum State {
    /// Waiting for the page's first message.
    Idle,
    /// Opening its storage and finding its room.
    Opening(Box<Opening>),
    /// Knows its room.
    Live(Box<Live>),
}

impl Tab {
    /// A tab waiting for the page's first message. `build` names the files that the host runs; keys are
    /// made of `entropy`.
    #[must_use]
    pub fn new(build: String, entropy: Entropy, out: &mut Vec<Effect>) -> Self {
        out.push(Effect::Post(FromEngine::Ready {
            build: build.clone(),
        }));
        Self {
            build,
            source: Source::new(entropy),
            state: State::Idle,
            now: Reading::default(),
            absent: 0,
        }
    }

    /// Takes in one input and pushes its effects into `out`, in causal order. Total: never fails,
    /// waits or asks the world.
    pub fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>) {
        self.absent += self.missed(now);
        self.now = now;
        let (source, absent) = (&mut self.source, self.absent);
        let mut cx = Cx {
            now,
            absent,
            source,
            out,
        };
        match input {
            Input::Page(message) => hear_page(&mut cx, &mut self.state, message),
            input => match &mut self.state {
                State::Idle => {}
                State::Opening(opening) => {
                    let opened = while_opening(&mut cx, opening, input);
                    if let Some(opened) = opened {
                        let live = Live::begin(&mut cx, opened, self.build.clone());
                        self.state = State::Live(Box::new(live));
                    }
                }
                State::Live(live) => while_live(&mut cx, live, input),
            },
        }
        if let State::Live(live) = &mut self.state {
            live.settle(&mut cx);
        }
    }

    /// When it wants [`Input::Turn`], unless something else comes first.
    #[must_use]
    pub fn due(&self) -> Due {
        match &self.state {
            State::Idle => Due::At(u64::MAX),
            State::Opening(opening) => {
                let at = opening.due().saturating_mul(1_000);
                Due::At(at.saturating_add(self.absent))
            }
            State::Live(live) => live.due(self.now, self.absent),
        }
    }

    /// How much of the time since the last step nothing could run here.
    fn missed(&self, now: Reading) -> u64 {
        if now.steady.saturating_sub(self.now.steady) <= LATE {
            return 0; // looked at first: most steps are of this kind
        }
        let due = match self.due() {
            Due::Now => 0,
            Due::At(at) => at,
        };
        if now.steady.saturating_sub(due.max(self.now.steady)) <= LATE {
            return 0;
        }
        let before = due.saturating_sub(GRACE).max(self.now.steady);
        now.steady - before
    }

    /// What a checker looks at after each step.
    #[must_use]
    pub fn glance(&self) -> Glance {
        match &self.state {
            State::Idle | State::Opening(_) => Glance::default(),
            State::Live(live) => glance::glance(live),
        }
    }
}

fn hear_page(cx: &mut Cx<'_>, state: &mut State, message: ToEngine) {
    match (state, message) {
        (_, ToEngine::Ping) => cx.act(Effect::Post(FromEngine::Pong)),
        (State::Idle, ToEngine::Start(start)) if start.version != wire::VERSION => {
            cx.act(Effect::Post(FromEngine::OtherVersion(wire::VERSION)));
        }
        (state @ State::Idle, ToEngine::Start(start)) => {
            *state = State::Opening(Box::new(Opening::begin(cx, start)));
        }
        (State::Live(live), ToEngine::Ask { id, ask }) => live.ask(cx, id, ask),
        (_, ToEngine::Ask { id, .. }) => {
            let starting = failure("not-ready", "the engine is still starting");
            cx.answer(id, Err(starting));
        }
        (State::Live(live), ToEngine::Ack(number)) => live.l.pace.acknowledge(number),
        (State::Live(live), ToEngine::Freeze) => live.freeze(cx),
        (State::Live(live), ToEngine::Resume) => live.resume(cx),
        (State::Opening(opening), ToEngine::Freeze) => opening.frozen = true,
        (State::Opening(opening), ToEngine::Resume) => opening.frozen = false,
        _ => {}
    }
}

fn while_opening(cx: &mut Cx<'_>, opening: &mut Opening, input: Input) -> Option<opening::Opened> {
    match input {
        Input::Turn => return opening.turn(cx),
        Input::Opened(db, result) => return opening.opened(cx, db, result),
        Input::Blocked(db) => opening.blocked(cx, db),
        Input::Lost(door::DbId::Browser, why) => opening.lost(why),
        Input::Lock(id, answer) => opening.locked(cx, id, answer),
        Input::Read(id, rows) => opening.read(cx, id, &rows),
        Input::Written(id, _) => opening.written(cx, id),
        Input::Calibrated(rate) => opening.calibrated(cx, rate),
        _ => {}
    }
    None
}

fn while_live(cx: &mut Cx<'_>, live: &mut Live, input: Input) {
    match input {
        Input::Turn => live.turn(cx),
        Input::Heard(channel, bytes) => live.heard(cx, channel, bytes.as_deref()),
        Input::Lock(id, answer) => live.locked(cx, id, answer),
        Input::Locks(query, held) => live.see_locks(cx, query, held),
        Input::Lost(db, why) => live.lost(cx, db, why),
        Input::Read(id, rows) => live.read(cx, id, &rows),
        Input::Written(id, result) => live.written(cx, id, &result),
        Input::Worker(id, message) => live.l.mining.hear_worker(cx, id, message),
        Input::WorkerDied(id) => live.l.mining.worker_died(cx, id),
        // Answers that came too late: the tab has gone on without them.
        Input::Opened(..) | Input::Blocked(_) | Input::Calibrated(_) | Input::Page(_) => {}
    }
}

impl Live {
    fn due(&self, now: Reading, absent: u64) -> Due {
        let l = &self.l;
        let mut at = l.mining.due();
        let mut due = u64::MAX;
        match &self.session {
            Session::Joining(joining) => at = at.min(joining.due()),
            Session::Member(member) => {
                let ms = now.steady.saturating_sub(absent) / 1_000;
                if member.is_busy() || self.could_answer(member, ms) {
                    return Due::Now;
                }
                at = at.min(member.due());
                due = member.next_timer(now);
                if member.is_running() {
                    at = at.min(l.pace.due().unwrap_or(u64::MAX));
                }
                if l.is_written() && member.waits_for_storage() {
                    return Due::Now;
                }
            }
            Session::Leaving(_) if l.is_written() => return Due::Now,
            Session::Leaving(leaving) => at = at.min(leaving.until),
            Session::Frozen => {}
        }
        let at = at.saturating_mul(1_000).saturating_add(absent);
        Due::At(due.min(at))
    }

    /// Whether an ask that waits could be answered now.
    fn could_answer(&self, member: &session::Member, now: u64) -> bool {
        let free = member.is_running() && !member.is_settling(now);
        free && self.l.asks.iter().any(|waiting| match waiting.ask {
            wire::Ask::AddNode(_) => !member.is_adding(),
            wire::Ask::Reset(_) | wire::Ask::UndoReset(_) => !member.is_renewing(),
            _ => true,
        })
    }
}
