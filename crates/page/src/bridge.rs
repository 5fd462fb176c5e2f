//! The page's end of the stream: starts the engine worker, carries calls and answers, and gets a new
//! engine from saved state when one dies.
//!
//! The bridge lives outside the component tree, so that `window.tabchain` and the components speak
//! to the same engine.

mod lifecycle;
mod supervise;
mod worker;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use wasm_bindgen::JsValue;

use self::supervise::Crashes;
use self::worker::EngineWorker;
use super::prefs::Prefs;
use super::route;
use wire::{Call, Failure, Frame, FromEngine, Reply, STREAM_VERSION, Start, ToEngine};

/// What the bridge has to say.
#[derive(Clone)]
pub enum News {
    /// A new picture.
    Frame(Rc<Frame>),
    /// How the engine is.
    Phase(Phase),
}

/// How the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It loads, opens its storage, reads its chain.
    Starting,
    /// It has sent its first picture.
    Running,
    /// The link in the address bar names no possible room.
    BadRoom {
        /// Which limit it breaks.
        code: String,
        /// The part that does.
        value: String,
    },
    /// Page and engine are of different builds.
    OtherVersion,
    /// It died.
    Crashed {
        /// What it said.
        report: String,
        /// Whether a new one is on its way; if not, it died too often.
        again: bool,
    },
}

/// Receives the answer of a call.
pub type Answer = Box<dyn FnOnce(Result<Reply, Failure>)>;
type Listener = Rc<dyn Fn(&News)>;

/// How long after its end an engine may still hold something, in milliseconds.
const MEMORY_MS: f64 = 10_000.0;

/// The code of a call whose engine died before it answered.
pub const ENGINE_LOST: &str = "engine-lost";

/// The bridge; clones are handles to the same one.
#[derive(Clone)]
pub struct Bridge(Rc<Inner>);

impl PartialEq for Bridge {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    prefs: Prefs,
    deployment: String,
    cores: u8,
    room: RefCell<Option<String>>,
    worker: RefCell<Option<EngineWorker>>,
    /// Counts engines; what a former one still says is not heard.
    generation: Cell<u32>,
    /// Whether the present engine has sent a frame; calls wait for that.
    settled: Cell<bool>,
    /// Whether no engine is there or on its way: calls are refused.
    silent: Cell<bool>,
    /// When the engine before died or was left, in milliseconds.
    left: Cell<f64>,
    /// Whether this tab mined by the last frame; a new engine goes on.
    mined: Cell<bool>,
    /// The last frame, against which listeners tell what is new.
    shown: RefCell<Option<Rc<Frame>>>,
    next_call: Cell<u32>,
    pending: RefCell<BTreeMap<u32, Answer>>,
    waiting: RefCell<Vec<(u32, Call)>>,
    crashes: RefCell<Crashes>,
    /// Heartbeats that the engine has left unanswered.
    unheard: Cell<u32>,
    next_listener: Cell<u32>,
    listeners: RefCell<Vec<(u32, Listener)>>,
}

impl Bridge {
    /// A bridge whose engine is not started yet.
    pub fn new(prefs: Prefs, deployment: String, cores: u8) -> Self {
        Self(Rc::new(Inner {
            prefs,
            deployment,
            cores,
            room: RefCell::new(None),
            worker: RefCell::new(None),
            generation: Cell::new(0),
            settled: Cell::new(false),
            silent: Cell::new(false),
            left: Cell::new(0.0),
            mined: Cell::new(false),
            shown: RefCell::new(None),
            next_call: Cell::new(1),
            pending: RefCell::default(),
            waiting: RefCell::default(),
            crashes: RefCell::default(),
            unheard: Cell::new(0),
            next_listener: Cell::new(1),
            listeners: RefCell::default(),
        }))
    }

    /// Starts the engine in the room that the address bar names, and listens to the browser.
    pub fn begin(&self) {
        lifecycle::listen(self);
        supervise::watch(self);
        *self.0.room.borrow_mut() = route::room_of_address();
        self.start();
    }

    /// Logical processors of the machine, at least 1.
    pub fn cores(&self) -> u8 {
        self.0.cores
    }

    /// What the browser remembers.
    pub fn prefs(&self) -> &Prefs {
        &self.0.prefs
    }

    /// Calls `listener` with all news from now on, until [`Self::unsubscribe`].
    pub fn subscribe(&self, listener: impl Fn(&News) + 'static) -> u32 {
        let id = self.0.next_listener.replace(self.0.next_listener.get() + 1);
        self.0.listeners.borrow_mut().push((id, Rc::new(listener)));
        id
    }

    /// Ends a subscription.
    pub fn unsubscribe(&self, id: u32) {
        self.0
            .listeners
            .borrow_mut()
            .retain(|(other, _)| *other != id);
    }

    /// Asks the engine; before its first frame the call waits.
    pub fn call(&self, call: Call, answer: impl FnOnce(Result<Reply, Failure>) + 'static) {
        let id = self
            .0
            .next_call
            .replace(self.0.next_call.get().wrapping_add(1));
        self.0.pending.borrow_mut().insert(id, Box::new(answer));
        if self.0.settled.get() {
            self.send(&ToEngine::Call { id, call });
        } else {
            self.0.waiting.borrow_mut().push((id, call));
        }
        if self.0.silent.get() {
            self.refuse_waiting();
        }
    }

    /// Nothing will answer until another engine is started: says why, and answers for it.
    fn fall_silent(&self, why: Phase) {
        self.0.silent.set(!self.0.settled.get());
        self.tell(&News::Phase(why));
        self.refuse_waiting();
    }

    fn refuse_waiting(&self) {
        for (id, _) in self.0.waiting.take() {
            let answer = self.0.pending.borrow_mut().remove(&id);
            if let Some(answer) = answer {
                answer(Err(Failure {
                    code: "not-ready".to_owned(),
                    message: "no engine runs".to_owned(),
                }));
            }
        }
    }

    /// Says that a frame is on the screen.
    pub fn acknowledge(&self, number: u32) {
        self.send(&ToEngine::Ack(number));
    }

    /// Leaves the room and opens another; `None` is the default one.
    pub fn open_room(&self, room: Option<String>) {
        *self.0.room.borrow_mut() = room;
        self.0.mined.set(false); // a link never starts mining
        self.0.left.set(js_sys::Date::now());
        self.send(&ToEngine::Freeze);
        // The old room is no longer what runs: its link must not be written over the new one.
        self.disregard();
        self.tell(&News::Phase(Phase::Starting));
        self.lose_calls("another room was opened");
        self.start_after(supervise::LEAVE_MS);
    }

    /// Starts an engine after the supervisor has given up.
    pub fn start_again(&self) {
        self.0.crashes.borrow_mut().forgive();
        self.start();
    }

    /// Replaces the engine, if there is one, by a new one.
    fn start(&self) {
        let generation = self.end();
        self.0.silent.set(false);
        self.tell(&News::Phase(Phase::Starting));
        if let Some(link) = self
            .0
            .room
            .borrow()
            .as_ref()
            .filter(|link| link.len() > route::MAX_LINK)
        {
            let value = link.chars().take(40).flat_map(char::escape_debug);
            let value = value.chain(['…']).collect();
            return self.fall_silent(Phase::BadRoom {
                code: "too-long".to_owned(),
                value,
            });
        }
        let (heard, failed) = (self.clone(), self.clone());
        let started = EngineWorker::start(
            move |message| heard.if_present(generation, |bridge| bridge.receive(message)),
            move |report| failed.if_present(generation, |bridge| bridge.crashed(report)),
        );
        match started {
            Ok(worker) => *self.0.worker.borrow_mut() = Some(worker),
            Err(error) => self.crashed(format!("no worker: {error:?}")),
        }
    }

    /// Ends the present engine and gives the number of the next.
    fn end(&self) -> u32 {
        *self.0.worker.borrow_mut() = None;
        self.disregard()
    }

    /// Hears nothing more of the present engine, and gives the number of the next.
    fn disregard(&self) -> u32 {
        let generation = self.0.generation.get().wrapping_add(1);
        self.0.generation.set(generation);
        self.0.settled.set(false);
        self.0.unheard.set(0);
        generation
    }

    fn if_present(&self, generation: u32, act: impl FnOnce(&Self)) {
        if self.0.generation.get() == generation {
            act(self);
        }
    }

    fn receive(&self, message: Result<FromEngine, String>) {
        self.0.unheard.set(0);
        match message {
            Ok(FromEngine::Ready { build }) if build == browser::build() => self.greet(),
            Ok(FromEngine::Ready { .. } | FromEngine::OtherVersion(_)) => {
                self.fall_silent(Phase::OtherVersion);
            }
            Ok(FromEngine::BadRoom { code, value }) => {
                self.fall_silent(Phase::BadRoom { code, value });
            }
            Ok(FromEngine::Frame(frame)) => self.show(Rc::from(frame)),
            Ok(FromEngine::Reply { id, result }) => {
                let answer = self.0.pending.borrow_mut().remove(&id);
                if let Some(answer) = answer {
                    answer(result);
                }
            }
            Ok(FromEngine::Pong) => {}
            Ok(FromEngine::Panicked { report }) => self.crashed(report),
            Err(report) => self.crashed(report),
        }
    }

    fn greet(&self) {
        let identities = self.0.prefs.identities();
        let start = Start {
            version: STREAM_VERSION,
            deployment: self.0.deployment.clone(),
            miner_url: worker::miner_url().unwrap_or_default(),
            room: self.0.room.borrow().clone(),
            nodes: identities.len().clamp(1, 16) as u8,
            replaces: js_sys::Date::now() - self.0.left.get() < MEMORY_MS,
            identities,
            power: self.0.prefs.power(),
        };
        self.send(&ToEngine::Start(start));
    }

    fn show(&self, frame: Rc<Frame>) {
        let first = !self.0.settled.replace(true);
        let shown = self.shown();
        if shown
            .as_ref()
            .is_none_or(|shown| here(shown).ne(here(&frame)))
        {
            self.0
                .prefs
                .keep_identities(&here(&frame).map(str::to_owned).collect::<Vec<_>>());
        }
        // However it was chosen: here, in another tab, by a script.
        if shown.is_some_and(|shown| shown.mining.power != frame.mining.power) {
            self.0.prefs.keep_power(frame.mining.power);
        }
        if first {
            *self.0.room.borrow_mut() = Some(frame.room.link.clone());
            self.0.prefs.keep_room(&frame.room.link);
            self.tell(&News::Phase(Phase::Running));
            if self.0.mined.get() && !frame.mining.on {
                self.call(Call::StartMining(None), |_| {});
            }
            let waiting = self.0.waiting.take();
            for (id, call) in waiting {
                self.send(&ToEngine::Call { id, call });
            }
        } else {
            self.0.mined.set(frame.mining.on);
        }
        *self.0.shown.borrow_mut() = Some(frame.clone());
        self.tell(&News::Frame(frame));
    }

    /// The last frame, if there was one.
    pub fn shown(&self) -> Option<Rc<Frame>> {
        self.0.shown.borrow().clone()
    }

    fn tell(&self, news: &News) {
        // A listener may subscribe or unsubscribe while it runs.
        let listeners: Vec<Listener> = self
            .0
            .listeners
            .borrow()
            .iter()
            .map(|(_, listener)| listener.clone())
            .collect();
        for listener in listeners {
            listener(news);
        }
    }

    fn send(&self, message: &ToEngine) {
        if let Some(worker) = self.0.worker.borrow().as_ref() {
            worker.send(message);
        }
    }

    /// Answers every call that the engine of before has taken: it will not.
    fn lose_calls(&self, why: &str) {
        let waiting: Vec<u32> = self.0.waiting.borrow().iter().map(|(id, _)| *id).collect();
        let mut lost = self.0.pending.take();
        let mut kept = self.0.pending.borrow_mut();
        for id in waiting {
            if let Some(answer) = lost.remove(&id) {
                kept.insert(id, answer);
            }
        }
        drop(kept);
        for answer in lost.into_values() {
            answer(Err(Failure {
                code: ENGINE_LOST.to_owned(),
                message: why.to_owned(),
            }));
        }
    }
}

/// This tab's nodes.
fn here(frame: &Frame) -> impl Iterator<Item = &str> {
    let here = frame.nodes.iter().filter(|node| node.here);
    here.map(|node| node.id.as_str())
}

/// The path of the deployment: where the page lies, without the file's name.
pub fn deployment(pathname: &str) -> String {
    pathname
        .rsplit_once('/')
        .map_or("/", |(folder, _)| folder)
        .to_owned()
        + "/"
}

/// A JavaScript error's own words.
pub fn words(error: &JsValue) -> String {
    error.as_string().unwrap_or_else(|| {
        js_sys::Reflect::get(error, &JsValue::from_str("message"))
            .ok()
            .and_then(|message| message.as_string())
            .unwrap_or_else(|| format!("{error:?}"))
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn deployments_are_folders() {
        assert_eq!(super::deployment("/"), "/");
        assert_eq!(super::deployment("/index.html"), "/");
        assert_eq!(super::deployment("/a/b/index.html"), "/a/b/");
        assert_eq!(super::deployment("/a/b/"), "/a/b/");
    }
}
