//! The page's end of the connection to the engine: carries out what the [`Supervisor`] decides, and
//! passes asks and answers between the engine and those who ask.
//!
//! The bridge lives outside the component tree, so that `window.tabchain` and the components share
//! one engine.

mod lifecycle;
mod picture;
mod supervisor;
mod worker;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use browser::clock::now_ms;
use browser::worker::{Worker, words};
use chain::PeerId;
use gloo_timers::callback::Timeout;
use wire::{Answer, Failure, FromEngine, Question, Start, ToEngine};

use self::supervisor::{Input, Output, Supervisor};
use crate::shell::prefs::Prefs;

pub use self::picture::{Picture, Shown, shown_order};
pub use self::supervisor::{ENGINE_LOST, Phase, Wanted};

/// What the bridge tells its listeners.
#[derive(Clone)]
pub enum News {
    /// A new picture.
    Shown(Rc<Shown>),
    /// The engine has entered another phase.
    Phase(Phase),
}

/// Receives the answer to an ask.
type Asker = Box<dyn FnOnce(Result<Answer, Failure>)>;
type Listener = Rc<dyn Fn(&News)>;

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
    supervisor: RefCell<Supervisor>,
    /// Inputs that the supervisor has not taken in yet: carrying out an output can cause new ones.
    inbox: RefCell<VecDeque<Input>>,
    busy: Cell<bool>,
    worker: RefCell<Option<Worker>>,
    wake: RefCell<Option<Timeout>>,
    next_ask: Cell<u32>,
    askers: RefCell<Vec<(u32, Asker)>>,
    next_listener: Cell<u32>,
    listeners: RefCell<Vec<(u32, Listener)>>,
}

impl Bridge {
    /// A bridge whose engine has not started yet.
    pub fn new(prefs: Prefs, deployment: String, cores: u8) -> Self {
        Self(Rc::new(Inner {
            prefs,
            deployment,
            cores,
            supervisor: RefCell::new(Supervisor::new(browser::files::build())),
            inbox: RefCell::default(),
            busy: Cell::new(false),
            worker: RefCell::default(),
            wake: RefCell::default(),
            next_ask: Cell::new(1),
            askers: RefCell::default(),
            next_listener: Cell::new(1),
            listeners: RefCell::default(),
        }))
    }

    /// Starts the engine in a room, and listens to the browser's events from now on.
    pub fn begin(&self, wanted: Wanted) {
        lifecycle::listen(self);
        self.open_room(wanted);
    }

    /// Logical processors of the machine, at least 1.
    pub fn cores(&self) -> u8 {
        self.0.cores
    }

    /// The preferences that the browser remembers.
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

    /// Asks the engine; until its first frame the question waits.
    pub fn ask<Q: Question>(
        &self,
        question: Q,
        answered: impl FnOnce(Result<Q::Answer, Failure>) + 'static,
    ) {
        let id = self.0.next_ask.get();
        self.0.next_ask.set(id.checked_add(1).unwrap_or(1)); // 0 is the supervisor's own
        let read = move |result: Result<Answer, Failure>| {
            answered(result.and_then(|answer| {
                Q::read(answer).ok_or_else(|| Failure {
                    code: "bad-answer".to_owned(),
                    message: "the engine answered another question".to_owned(),
                })
            }));
        };
        self.0.askers.borrow_mut().push((id, Box::new(read)));
        self.happen(Input::Ask(id, question.ask()));
    }

    /// Tells the engine that a frame is on the screen.
    pub fn acknowledge(&self, frame: u32) {
        self.happen(Input::Taken(frame));
    }

    /// Leaves the room and opens another; `Ok(None)` is the last used room.
    pub fn open_room(&self, wanted: Wanted) {
        self.happen(Input::Open(wanted));
    }

    /// Opens the room that the address bar names, unless it is this one.
    pub fn follow(&self, wanted: Wanted) {
        self.happen(Input::Follow(wanted));
    }

    /// Starts an engine after the supervisor has given up.
    pub fn start_again(&self) {
        self.happen(Input::StartAgain);
    }

    /// The last picture, if there was one.
    pub fn shown(&self) -> Option<Picture> {
        self.0.supervisor.borrow().picture().cloned()
    }

    /// Feeds an input to the supervisor and carries out its outputs. Inputs caused by an output are
    /// queued, so that one input is finished before the next begins.
    fn happen(&self, input: Input) {
        self.0.inbox.borrow_mut().push_back(input);
        if self.0.busy.replace(true) {
            return;
        }
        loop {
            let Some(input) = self.0.inbox.borrow_mut().pop_front() else {
                break;
            };
            let mut wishes = Vec::new();
            let now = now_ms() as u64;
            self.0.supervisor.borrow_mut().step(now, input, &mut wishes);
            for wish in wishes {
                self.carry_out(wish);
            }
        }
        self.0.busy.set(false);
        self.sleep();
    }

    /// Sets the timer for the supervisor's next tick.
    fn sleep(&self) {
        let wake = self.0.supervisor.borrow().due().map(|due| {
            let wait = due.saturating_sub(now_ms() as u64);
            let bridge = self.clone();
            let wait = u32::try_from(wait).unwrap_or(u32::MAX);
            Timeout::new(wait, move || bridge.happen(Input::Tick))
        });
        self.0.wake.replace(wake);
    }

    fn carry_out(&self, wish: Output) {
        match wish {
            Output::Start(engine) => self.start(engine),
            Output::End => drop(self.0.worker.take()),
            Output::Greet { room, replaces } => self.post(&self.greeting(room, replaces)),
            Output::Post(message) => self.post(&message),
            Output::Answer(id, result) => {
                let mut askers = self.0.askers.borrow_mut();
                let place = askers.iter().position(|(other, _)| *other == id);
                let asker = place.map(|place| askers.remove(place).1);
                drop(askers); // the asker may ask again at once
                if let Some(asker) = asker {
                    asker(result);
                }
            }
            Output::Tell(phase) => self.tell(&News::Phase(phase)),
            Output::Show {
                shown,
                before,
                first,
            } => {
                self.remember(&shown.picture, before.as_ref(), first);
                self.tell(&News::Shown(Rc::new(shown)));
            }
        }
    }

    fn start(&self, engine: u32) {
        let (heard, failed) = (self.clone(), self.clone());
        let started = worker::engine_url().and_then(|url| {
            Worker::start(
                &url,
                move |bytes| heard.hear(engine, &bytes),
                move |report| failed.happen(Input::Failed(engine, report)),
            )
        });
        match started {
            Ok(worker) => drop(self.0.worker.replace(Some(worker))),
            Err(error) => {
                let report = format!("no worker: {}", words(&error));
                self.happen(Input::Failed(engine, report));
            }
        }
    }

    fn hear(&self, engine: u32, bytes: &[u8]) {
        self.happen(match postcard::from_bytes::<FromEngine>(bytes) {
            Ok(said) => Input::Heard(engine, Box::new(said)),
            Err(error) => Input::Failed(
                engine,
                format!("unreadable message from the engine: {error}"),
            ),
        });
    }

    fn greeting(&self, room: Option<scenario::Room>, replaces: bool) -> ToEngine {
        let identities = self.0.prefs.identities();
        ToEngine::Start(Start {
            version: wire::VERSION,
            deployment: self.0.deployment.clone(),
            miner_url: worker::miner_url().unwrap_or_default(),
            room,
            nodes: identities.len().clamp(1, 16) as u8,
            identities,
            replaces,
            cores: self.0.cores,
            power: self.0.prefs.power(),
        })
    }

    /// Saves what the next visit starts from.
    fn remember(&self, now: &Picture, before: Option<&Picture>, first: bool) {
        let prefs = &self.0.prefs;
        let lived: Option<Vec<PeerId>> = before.map(identities);
        let live = identities(now);
        if lived.as_ref() != Some(&live) {
            prefs.keep_identities(&live);
        }
        // Whoever chose it: this tab, another tab or a script.
        if before.is_some_and(|before| before.mining.power != now.mining.power) {
            prefs.keep_power(now.mining.power);
        }
        if first {
            prefs.keep_room(&now.room.link);
        }
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

    fn post(&self, message: &ToEngine) {
        if let Some(worker) = self.0.worker.borrow().as_ref() {
            let bytes = postcard::to_allocvec(message).expect("a vector takes any number of bytes");
            worker.post(&bytes);
        }
    }
}

/// This tab's nodes.
fn identities(picture: &Picture) -> Vec<PeerId> {
    let here = picture.nodes.iter().filter(|node| node.here);
    here.map(|node| node.id).collect()
}
