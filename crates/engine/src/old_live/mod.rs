//! A live tab: the host of this tab's nodes in the engine worker.
//!
//! Everything that comes from outside only leaves a note (in the inbox, the host's queue, a field)
//! and asks for a slice. A slice works for at most `SLICE_MS` and then lets the browser speak
//! again, so that the page is heard however much there is to do.

mod boot;
mod calls;
mod claim;
mod mining;
mod network;
mod residents;
mod room;
mod store;
mod telling;
mod views;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use chain::{BlockId, ChainParams, PeerId};
use node::{Memo, Node};
use scenario::Room;

pub use boot::begin;

use self::claim::Wanted;
use self::mining::Mining;
use self::residents::Resident;
use self::store::Storage;
use super::between::inbox::Inbox;
use super::between::tabs::Tabs;
use super::browser::channel::Channel;
use super::browser::clock::{reading, steady_ms, wall_ms};
use super::browser::locks::{Held, Locks};
use super::browser::page;
use super::browser::timers::Alarm;
use super::clock::{Clock, delay};
use super::host::{Effect, Host};
use super::names::Names;
use super::picture::diary::Diary;
use super::picture::pace::Pace;
use super::picture::tally::Tally;
use super::storage::DbError;
use super::storage::idb::Idb;
use crate::stream::{Call, FromEngine, Happening, ToEngine};

/// How long the engine works before others are heard, in milliseconds.
const SLICE_MS: u64 = 8;
/// The longest wait between two slices: beacons, locks and rates want to be looked after.
const LONGEST_WAIT_MS: u32 = 250;
/// Starting nodes, reading included, takes no longer; then something hangs, in milliseconds.
const LONGEST_WAKING_MS: u64 = 30_000;
/// How long a message of another version is spoken of, in milliseconds.
const OTHER_VERSION_FOR: u64 = 30_000;

/// The engine.
pub struct Engine {
    handle: Handle,
    names: Names,
    locks: Locks,
    /// This tab.
    me: PeerId,
    label: u32,
    room: Room,
    params: Arc<ChainParams>,
    clock: Clock,
    host: Host<Node>,
    memo: Memo,
    residents: Vec<Resident>,
    /// Identities to live under: those that were asked for at the start or had before a freeze.
    wanted: Wanted,
    /// Tab lock and label lock.
    held: Vec<Held>,
    /// What is given up once everything is written.
    leaving: (Vec<Resident>, Vec<Held>),
    storage: Storage,
    /// Identities and the room used last, or why they cannot be kept.
    browser_db: Result<Idb, DbError>,
    inbox: Inbox,
    tabs: Tabs,
    channel: Option<Channel>,
    online: bool,
    network: network::Pulse,
    mining: Mining,
    pace: Pace,
    diary: Diary,
    tally: Tally,
    seats: BTreeMap<PeerId, u32>,
    miners: RefCell<BTreeMap<BlockId, Option<PeerId>>>,
    other_version_until: u64,
    /// Counts restarts of all nodes; what was asked for in a former life is not delivered.
    life: u64,
    /// Counts how often this tab has left the room; what was begun in a former stay is given up.
    stay: u64,
    state: State,
    /// Since when, by the steady clock, nodes are being started, if they are.
    waking_since: u64,
    /// Until when, by the steady clock, a first picture may wait for nodes that load.
    settle_by: u64,
    /// Calls that wait until the nodes are started.
    waiting: Vec<(u32, Call)>,
    alarm: Alarm,
}

/// Whether the tab takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between lives: nodes are being started.
    Waking,
    /// Takes part.
    Awake,
    /// Frozen by the browser: has left the room.
    Frozen,
}

/// A way back to the engine for everything that the browser calls.
#[derive(Clone, Default)]
pub struct Handle(Weak<RefCell<Engine>>);

impl Handle {
    /// Lets `act` work on the engine and then has it look after what follows. `None`: the engine
    /// is gone, or panicked while somebody worked on it.
    fn act<T>(&self, act: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let engine = self.0.upgrade()?;
        let mut engine = engine.try_borrow_mut().ok()?;
        let result = act(&mut engine);
        engine.alarm.poke();
        Some(result)
    }
}

/// The engine as the worker's program holds it.
pub struct Live(Rc<RefCell<Engine>>);

impl Live {
    /// The page says something.
    pub fn hear(&self, message: ToEngine) {
        let handle = self.0.borrow().handle.clone();
        match message {
            ToEngine::Start(_) => {}
            ToEngine::Ping => {
                if handle.act(|engine| engine.is_well()) == Some(true) {
                    page::post(&FromEngine::Pong);
                }
            }
            ToEngine::Ack(number) => drop(handle.act(|engine| engine.pace.acknowledge(number))),
            ToEngine::Call { id, call } => calls::call(&handle, id, call),
            ToEngine::Freeze => drop(handle.act(Engine::freeze)),
            ToEngine::Resume => drop(handle.act(Engine::resume)),
        }
    }
}

/// Answers a call that comes before there is an engine.
pub fn not_ready(id: u32) {
    calls::reply(
        id,
        Err(calls::failure("not-ready", "the engine is still starting")),
    );
}

impl Engine {
    /// Whether it takes part, or may be expected to soon.
    fn is_well(&self) -> bool {
        self.state != State::Waking || steady_ms() < self.waking_since + LONGEST_WAKING_MS
    }

    fn wake(&mut self) {
        self.state = State::Waking;
        self.waking_since = steady_ms();
    }

    /// One piece of work.
    fn slice(&mut self) {
        self.alarm.rung();
        if self.state != State::Awake {
            return;
        }
        let moment = self.clock.read(reading());
        if moment.broken {
            return self.relive(Some(Happening::Resumed));
        }
        let end = steady_ms() + SLICE_MS;
        self.hear_notes();
        if self.state != State::Awake {
            return; // a beacon told of a reset: the nodes are being restarted
        }
        self.look_after_peers();
        self.host.wake(moment.now);
        while steady_ms() < end && self.advance() {}
        self.carry_out();
        self.look_after_storage();
        self.look_after_tab();
        self.show();
        self.plan_next();
    }

    /// Steps one node once, or hands in one packet. `false`: nothing is left to do.
    fn advance(&mut self) -> bool {
        let now = self.clock.last();
        let stepped = self.host.step(now);
        if stepped {
            self.carry_out();
            return true;
        }
        if self.host.is_choked() {
            return false;
        }
        let generation = self.storage.depot.generation().current;
        match self.inbox.next_mail(generation) {
            Some(mail) => {
                self.host.arrive(mail.from, mail.to, &mail.packet);
                true
            }
            None => false,
        }
    }

    fn carry_out(&mut self) {
        for effect in self.host.take_effects() {
            match effect {
                Effect::Save {
                    ticket,
                    node,
                    batch,
                } => self.save(node, ticket, &batch),
                Effect::Load { node, key } => self.load(node, key),
                Effect::Cast { from, to, packet } => self.cast(from, to, &packet),
                Effect::Work { node, job } => self.work(node, Some(job)),
                Effect::Stop { node, job } => self.stop(node, job),
                Effect::Tell { node, event } => self.tell(node, event),
            }
        }
    }

    fn look_after_tab(&mut self) {
        let now = steady_ms();
        self.look_after_room(now);
        let garbage = self
            .inbox
            .take_garbage()
            .saturating_add(self.host.take_dropped());
        if self.diary.garbage(wall_ms(), garbage) {
            self.pace.change();
        }
        if self.inbox.take_other_version() {
            self.other_version_until = now + OTHER_VERSION_FOR;
            self.pace.change();
        }
    }

    fn show(&mut self) {
        if self.is_settling() {
            return;
        }
        self.take_up_calls();
        if let Some(number) = self.pace.take(steady_ms()) {
            let (bytes, left) = super::picture::cap::encode(Box::new(self.frame(number)));
            self.diary.put_back(left);
            page::post_bytes(&bytes);
        }
        if !self.diary.is_empty() {
            self.pace.change();
        }
    }

    fn plan_next(&mut self) {
        if self.host.is_busy() || (!self.inbox.is_empty() && !self.host.is_choked()) {
            return self.alarm.poke();
        }
        let now = self.clock.last();
        let timer = self
            .host
            .next_timer()
            .map_or(i32::MAX, |at| delay(now, at, LONGEST_WAIT_MS));
        let frame = self
            .pace
            .due()
            .map_or(u64::MAX, |due| due.saturating_sub(steady_ms()));
        let frame = i32::try_from(frame).unwrap_or(i32::MAX);
        let longest = LONGEST_WAIT_MS as i32;
        self.alarm.set(timer.min(frame).min(longest));
    }

    fn note(&mut self, seat: Option<u32>, what: Happening) {
        self.diary.write(wall_ms(), seat, what);
        self.pace.change();
    }

    fn resident(&self, id: &PeerId) -> Option<&Resident> {
        self.residents.iter().find(|resident| resident.id == *id)
    }

    fn resident_mut(&mut self, id: &PeerId) -> Option<&mut Resident> {
        self.residents
            .iter_mut()
            .find(|resident| resident.id == *id)
    }

    /// This tab's first node, once it has been started.
    fn first(&self) -> Option<&Node> {
        self.residents
            .first()
            .and_then(|resident| self.host.get(&resident.id))
    }
}
