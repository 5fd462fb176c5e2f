//! Decides when an engine starts, ends and is replaced, and ensures that every ask is answered
//! exactly once. It is a machine: it touches nothing, takes the time as an argument, and returns
//! what is to be done as outputs.
//!
//! At most one engine exists at a time: the old one is ended before the next is started, and
//! messages of an old one that arrive late are ignored.

mod contract;
mod crashes;

use scenario::Room;
use wire::{Ask, Frame, FromEngine, Part, ToEngine};

pub use self::contract::{ENGINE_LOST, Input, Output, Phase, Wanted};
use self::contract::{NOT_READY, failure};
use self::crashes::Crashes;
use super::picture::{Picture, Shown};

/// How long an engine gets to leave its room before it is ended, in milliseconds.
pub const LEAVE_MS: u64 = 200;
/// The interval of heartbeats, and how many the engine may leave unanswered. The browser sends no
/// event when it kills a worker, so silence is the only sign of it.
const HEARTBEAT_MS: u64 = 2_000;
const MISSED: u32 = 5;
/// How long after its end an engine may still hold locks, in milliseconds.
const MEMORY_MS: u64 = 10_000;

/// The number of the supervisor's own asks; nobody waits for their answers.
const OWN_ASK: u32 = 0;

/// How far the running engine has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Its code is loading.
    Loading,
    /// It has been told to start, and its first frame is awaited.
    Greeted,
    /// It sends frames and answers asks.
    Settled,
    /// It is of another build and will never be told to start.
    Foreign,
}

/// Whether there is an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    /// There is none, and none will be started.
    Off,
    /// There is none; the next one starts at this time.
    Due(u64),
    /// The old one has until this time to leave its room; `next` says whether another follows.
    Leaving { until: u64, next: bool },
    /// One is running.
    Up(Stage),
}

/// The supervisor; see the module's documentation.
#[derive(Debug)]
pub struct Supervisor {
    /// The build that page and engine must share.
    build: String,
    wanted: Wanted,
    engine: Engine,
    /// The number of the current engine; messages under any other number are ignored.
    number: u32,
    /// Asks that wait for an engine's first frame.
    waiting: Vec<(u32, Ask)>,
    /// Asks that were passed to the engine and not answered yet.
    taken: Vec<u32>,
    crashes: Crashes,
    /// When the next heartbeat is due.
    beat: u64,
    /// How many heartbeats have passed since the engine was last heard.
    unheard: u32,
    /// When the previous engine died or was told to leave.
    left: Option<u64>,
    /// Whether this tab mined as of the last frame, so that a new engine goes on mining.
    mined: bool,
    picture: Option<Picture>,
    /// The frame of this engine that has not been acknowledged yet.
    untaken: Option<u32>,
}

impl Supervisor {
    /// A supervisor without an engine, for pages of this build.
    pub fn new(build: String) -> Self {
        Self {
            build,
            wanted: Ok(None),
            engine: Engine::Off,
            number: 0,
            waiting: Vec::new(),
            taken: Vec::new(),
            crashes: Crashes::default(),
            beat: 0,
            unheard: 0,
            left: None,
            mined: false,
            picture: None,
            untaken: None,
        }
    }

    /// The last picture, if there was one.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// When the next [`Input::Tick`] is due, if at all.
    pub fn due(&self) -> Option<u64> {
        match self.engine {
            Engine::Due(at) => Some(at),
            Engine::Leaving { until, .. } => Some(until),
            Engine::Up(Stage::Settled) => Some(self.beat),
            Engine::Up(_) | Engine::Off => None,
        }
    }

    /// Takes in what happened at `now` (milliseconds on a monotonic clock).
    pub fn step(&mut self, now: u64, input: Input, out: &mut Vec<Output>) {
        match input {
            Input::Open(wanted) => self.open(now, wanted, out),
            Input::Follow(wanted) if wanted != self.wanted => self.open(now, wanted, out),
            Input::Follow(_) => {}
            Input::StartAgain => self.start_again(out),
            Input::Ask(id, ask) => self.ask(id, ask, out),
            Input::Taken(frame) => {
                if self.untaken.take_if(|shown| *shown == frame).is_some() {
                    self.post_if_greeted(ToEngine::Ack(frame), out);
                }
            }
            Input::Heard(engine, said) if engine == self.number => self.hear(now, *said, out),
            Input::Failed(engine, report) if engine == self.number => self.fail(now, report, out),
            Input::Heard(..) | Input::Failed(..) => {}
            Input::Freeze => self.post_if_greeted(ToEngine::Freeze, out),
            Input::Resume => {
                self.unheard = 0;
                self.post_if_greeted(ToEngine::Resume, out);
            }
            Input::Seen => self.unheard = 0,
            Input::Tick => self.tick(now, out),
        }
    }

    /// Leaves the room, if one is open, and opens another.
    fn open(&mut self, now: u64, wanted: Wanted, out: &mut Vec<Output>) {
        self.mined = false; // a link never starts mining
        let next = wanted.is_ok();
        self.wanted = wanted;
        self.engine = match self.engine {
            Engine::Off if next => Engine::Due(now),
            Engine::Off | Engine::Due(_) if !next => Engine::Off,
            Engine::Off | Engine::Due(_) => Engine::Due(now.saturating_add(LEAVE_MS)),
            Engine::Leaving { until, .. } => Engine::Leaving { until, next },
            Engine::Up(Stage::Greeted | Stage::Settled) => {
                out.push(Output::Post(ToEngine::Freeze));
                self.left = Some(now);
                let until = now.saturating_add(LEAVE_MS);
                Engine::Leaving { until, next }
            }
            Engine::Up(Stage::Loading | Stage::Foreign) => {
                out.push(Output::End);
                if next { Engine::Due(now) } else { Engine::Off }
            }
        };
        // Ignore whatever the old room's engine still says.
        self.number = self.number.wrapping_add(1);
        let phase = match &self.wanted {
            Ok(_) => Phase::Starting,
            Err(error) => Phase::BadRoom(error.clone()),
        };
        out.push(Output::Tell(phase));
        self.lose_taken("another room was opened", out);
        self.refuse_if_hopeless(out);
        self.begin_if_due(now, out);
    }

    /// Starts an engine after the supervisor has given up, unless the room's link is bad.
    fn start_again(&mut self, out: &mut Vec<Output>) {
        if self.engine == Engine::Off && self.wanted.is_ok() {
            self.crashes.forgive();
            self.begin(out);
        }
    }

    fn begin_if_due(&mut self, now: u64, out: &mut Vec<Output>) {
        if matches!(self.engine, Engine::Due(at) if at <= now) {
            self.begin(out);
        }
    }

    fn begin(&mut self, out: &mut Vec<Output>) {
        self.number = self.number.wrapping_add(1);
        self.engine = Engine::Up(Stage::Loading);
        self.unheard = 0;
        self.untaken = None;
        out.push(Output::Tell(Phase::Starting));
        out.push(Output::Start(self.number));
    }

    fn ask(&mut self, id: u32, ask: Ask, out: &mut Vec<Output>) {
        if self.engine == Engine::Up(Stage::Settled) {
            self.taken.push(id);
            out.push(Output::Post(ToEngine::Ask { id, ask }));
        } else {
            self.waiting.push((id, ask));
            self.refuse_if_hopeless(out);
        }
    }

    fn hear(&mut self, now: u64, said: FromEngine, out: &mut Vec<Output>) {
        let Engine::Up(stage) = self.engine else {
            return;
        };
        self.unheard = 0;
        match said {
            FromEngine::Ready { build } if stage == Stage::Loading => {
                if build == self.build {
                    self.greet(now, out);
                } else {
                    self.be_foreign(out);
                }
            }
            FromEngine::OtherVersion(_) if stage == Stage::Settled => {
                out.push(Output::Tell(Phase::OtherVersion)); // only its miners: the nodes still run
            }
            FromEngine::OtherVersion(_) => self.be_foreign(out),
            FromEngine::Frame(frame) => match stage {
                Stage::Greeted => self.settle(now, *frame, out),
                Stage::Settled => self.show(*frame, out),
                Stage::Loading | Stage::Foreign => {}
            },
            FromEngine::Answer { id, result } => {
                let place = self.taken.iter().position(|taken| *taken == id);
                if let Some(place) = place {
                    self.taken.remove(place);
                    out.push(Output::Answer(id, result));
                }
            }
            FromEngine::Panicked { report } => self.fail(now, report, out),
            FromEngine::Ready { .. } | FromEngine::Pong => {}
        }
    }

    fn greet(&mut self, now: u64, out: &mut Vec<Output>) {
        self.engine = Engine::Up(Stage::Greeted);
        let recently = |left: u64| now.saturating_sub(left) < MEMORY_MS;
        out.push(Output::Greet {
            room: self.wanted.clone().ok().flatten(),
            replaces: self.left.is_some_and(recently),
        });
    }

    fn be_foreign(&mut self, out: &mut Vec<Output>) {
        self.engine = Engine::Up(Stage::Foreign);
        out.push(Output::Tell(Phase::OtherVersion));
        self.refuse_if_hopeless(out);
    }

    /// Takes in the first frame: the nodes run, so the asks that waited are passed on.
    fn settle(&mut self, now: u64, frame: Frame, out: &mut Vec<Output>) {
        let Ok(mut picture) = Picture::first(frame.parts) else {
            self.fail(now, "the engine's first frame lacks a part".to_owned(), out);
            return;
        };
        if let Some(before) = &self.picture {
            picture.share(before);
        }
        self.engine = Engine::Up(Stage::Settled);
        self.beat = now.saturating_add(HEARTBEAT_MS);
        if let Ok(room) = Room::parse(&picture.room.link) {
            self.wanted = Ok(Some(room));
        }
        out.push(Output::Tell(Phase::Running));
        if self.mined && !picture.mining.on {
            let ask = Ask::StartMining(wire::ask::StartMining { power: None });
            out.push(Output::Post(ToEngine::Ask { id: OWN_ASK, ask }));
        }
        for (id, ask) in std::mem::take(&mut self.waiting) {
            self.taken.push(id);
            out.push(Output::Post(ToEngine::Ask { id, ask }));
        }
        let before = self.picture.replace(picture.clone());
        self.untaken = Some(frame.number);
        let shown = Shown {
            frame: frame.number,
            picture,
            log: frame.log,
        };
        let first = true;
        out.push(Output::Show {
            shown,
            before,
            first,
        });
    }

    fn show(&mut self, frame: Frame, out: &mut Vec<Output>) {
        let Some(picture) = &mut self.picture else {
            return; // a settled engine has shown one
        };
        for part in &frame.parts {
            if let Part::Mining(mining) = part {
                self.mined = mining.on;
            }
        }
        let before = Some(picture.clone());
        picture.paint(frame.parts);
        self.untaken = Some(frame.number);
        let shown = Shown {
            frame: frame.number,
            picture: picture.clone(),
            log: frame.log,
        };
        let first = false;
        out.push(Output::Show {
            shown,
            before,
            first,
        });
    }

    /// Ends the running engine, which has failed. Another follows after a delay that grows with
    /// each recent crash, or none if there were too many.
    fn fail(&mut self, now: u64, report: String, out: &mut Vec<Output>) {
        if !matches!(self.engine, Engine::Up(_)) {
            return;
        }
        out.push(Output::End);
        self.number = self.number.wrapping_add(1);
        self.left = Some(now);
        let wait = self.crashes.note(now);
        self.engine = match wait {
            Some(wait) => Engine::Due(now.saturating_add(wait)),
            None => Engine::Off,
        };
        let again = wait.is_some();
        out.push(Output::Tell(Phase::Crashed { report, again }));
        self.lose_taken("the engine crashed", out);
        self.refuse_if_hopeless(out);
    }

    fn tick(&mut self, now: u64, out: &mut Vec<Output>) {
        match self.engine {
            Engine::Leaving { until, next } if until <= now => {
                out.push(Output::End);
                self.engine = if next { Engine::Due(now) } else { Engine::Off };
            }
            Engine::Up(Stage::Settled) if self.beat <= now => self.heartbeat(now, out),
            _ => {}
        }
        self.begin_if_due(now, out);
    }

    fn heartbeat(&mut self, now: u64, out: &mut Vec<Output>) {
        if self.unheard >= MISSED {
            self.fail(now, "the engine fell silent".to_owned(), out);
            return;
        }
        if self.unheard == 0 {
            out.push(Output::Post(ToEngine::Ping));
        }
        self.unheard += 1;
        // A late tick counts once: a throttled page must not take its own sleep for the engine's.
        self.beat = now.saturating_add(HEARTBEAT_MS);
    }

    /// Posts a message that means nothing to an engine before it has been told to start.
    fn post_if_greeted(&self, message: ToEngine, out: &mut Vec<Output>) {
        if matches!(self.engine, Engine::Up(Stage::Greeted | Stage::Settled)) {
            out.push(Output::Post(message));
        }
    }

    /// Fails every ask that was passed to the old engine, which will not answer any more.
    fn lose_taken(&mut self, why: &str, out: &mut Vec<Output>) {
        for id in std::mem::take(&mut self.taken) {
            out.push(Output::Answer(id, Err(failure(ENGINE_LOST, why))));
        }
    }

    /// Fails the asks that wait if no engine will come to answer them.
    fn refuse_if_hopeless(&mut self, out: &mut Vec<Output>) {
        let hopeless = match self.engine {
            Engine::Off | Engine::Up(Stage::Foreign) => true,
            Engine::Leaving { next, .. } => !next,
            Engine::Due(_) | Engine::Up(_) => false,
        };
        if hopeless {
            for (id, _) in std::mem::take(&mut self.waiting) {
                out.push(Output::Answer(
                    id,
                    Err(failure(NOT_READY, "no engine runs")),
                ));
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
