//! The tab's host in a browser: carries out each effect there.
//!
//! One file per kind of resource that the tab uses, each with a few methods of [`Engine`]. Closures
//! that the browser calls hold a handle to the engine, which lives as long as its worker.

mod channels;
mod databases;
mod locks;
mod workers;

#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use browser::timers::Alarm;
use browser::{clock, entropy, files, port};
use tab::{Effect, Entropy, Input, Reading, Tab};
use wire::{FromEngine, Part, ToEngine};

use crate::driver::{Driver, Machine, World};
use crate::panic;

/// The engine; clones are handles to the same one.
#[derive(Clone)]
pub struct Engine(Rc<Inner>);

struct Inner {
    driver: Driver<Box<dyn Machine>>,
    alarm: RefCell<Alarm>,
    channels: channels::Channels,
    locks: locks::Locks,
    databases: databases::Databases,
    workers: workers::Workers,
}

/// Creates a tab and hosts it for the life of this worker.
pub fn start() {
    panic::watch();
    let mut effects = Vec::new();
    let tab = Tab::new(
        files::build(),
        Entropy::from_host(entropy::bytes()),
        &mut effects,
    );
    let engine = Engine::host(Box::new(tab));
    let ear = engine.clone();
    port::listen(move |bytes| ear.hear_page(bytes));
    engine.0.driver.begin(effects, &engine);
}

/// Sends a message to the page.
pub fn post(message: &FromEngine) {
    port::post(&postcard::to_allocvec(message).expect("a vector takes any number of bytes"));
}

impl Engine {
    fn host(machine: Box<dyn Machine>) -> Self {
        Self(Rc::new_cyclic(|inner: &Weak<Inner>| {
            let inner = inner.clone();
            let ring = move || {
                if let Some(inner) = inner.upgrade() {
                    Self(inner).ring();
                }
            };
            Inner {
                driver: Driver::new(machine),
                alarm: RefCell::new(Alarm::new(ring)),
                channels: channels::Channels::default(),
                locks: locks::Locks::find(),
                databases: databases::Databases::default(),
                workers: workers::Workers::default(),
            }
        }))
    }

    fn give(&self, input: Input) {
        self.0.driver.give(input, self);
    }

    fn ring(&self) {
        self.0.alarm.borrow_mut().rung();
        self.0.driver.ring(self);
    }

    /// Takes in a message of the page. One that cannot be decoded comes from another version.
    fn hear_page(&self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else {
            return;
        };
        match postcard::from_bytes(&bytes) {
            Ok(message) => {
                if let ToEngine::Start(start) = &message {
                    self.0.workers.load_from(&start.miner_url);
                    panic::remember_room(start.room.clone().map(Into::into).unwrap_or_default());
                }
                self.give(Input::Page(message));
            }
            Err(_) => post(&FromEngine::OtherVersion(wire::VERSION)),
        }
    }

    fn calibrate(&self, ms: u32) {
        let rate = pool::calibrate::measure_rate(ms, clock::now_ms);
        self.give(Input::Calibrated(rate));
    }
}

impl World for Engine {
    fn now(&self) -> Reading {
        let micros = |millis: f64| (millis * 1_000.0) as u64;
        Reading {
            wall: micros(clock::wall_ms()),
            steady: micros(clock::now_ms()),
        }
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Post(message) => {
                note_room(&message);
                post(&message);
            }
            Effect::Listen(channel, name) => self.listen(channel, &name),
            Effect::Deafen(channel) => self.deafen(channel),
            Effect::Say(channel, bytes) => self.say(channel, &bytes),
            Effect::Lock { id, name, wait } => self.lock(id, &name, wait),
            Effect::Unlock(id) => self.unlock(id),
            Effect::QueryLocks(id) => self.query_locks(id),
            Effect::Open { db, name, stores } => self.open(db, name, stores),
            Effect::Close(db) => self.close(db),
            Effect::Read { id, db, query } => self.read(id, db, query),
            Effect::Write {
                id,
                db,
                changes,
                durability,
            } => self.write(id, db, &changes, durability),
            Effect::Spawn(id) => self.spawn(id),
            Effect::Terminate(id) => self.terminate(id),
            Effect::Order(id, order) => self.order(id, &order),
            Effect::Calibrate { ms } => self.calibrate(ms),
        }
    }

    fn ring_soon(&self) {
        self.0.alarm.borrow_mut().poke();
    }

    fn ring_in(&self, ms: i32) {
        self.0.alarm.borrow_mut().set(ms);
    }
}

/// Remembers the room's link for panic reports when a frame tells the page of it.
fn note_room(message: &FromEngine) {
    let FromEngine::Frame(frame) = message else {
        return;
    };
    for part in &frame.parts {
        if let Part::Room(room) = part {
            panic::remember_room(room.link.clone());
        }
    }
}
