//! A page: starts its engine, acknowledges frames, asks, and remembers what the real page does.

use chain::{PeerId, Stream};
use scenario::Room;
use tab::Input;
use wire::{Answer, Ask, Frame, FromEngine, Part, Power, Start, ToEngine};

use super::events::Event;
use super::{BUILD, CORES, DEPLOYMENT, Engine, Life, MS, State, World};
use crate::checkers::{Seen, View};

/// How often the page checks on its engine, and how many silent checks are too many.
const TICK: u64 = 2_000 * MS;
const MISSED: u32 = 5;
/// The longest that the browser may take to clean up after an engine that ended.
const SLOWEST_BURIAL: u64 = 3_500 * MS;

/// A page in a tab of the browser.
#[derive(Debug, Default)]
pub struct Page {
    /// Whether the tab is open.
    pub open: bool,
    /// Its engine, while there is one.
    pub(super) engine: Option<Life>,
    /// Counts its engines.
    pub(super) generation: u32,
    /// What it remembers across reloads.
    pub(super) memory: Memory,
    /// Whether its engine has been sent `Start`, and has shown something since.
    pub(super) greeted: bool,
    pub(super) settled: bool,
    pub(super) frozen: bool,
    pub(super) discarded: bool,
    /// Whether its next engine replaces one that has just died or left.
    pub(super) replaces: bool,
    pub(super) busy_until: u64,
    unheard: u32,
    next_ask: u32,
    line: u64,
    waiting: Vec<Ask>,
    held: Vec<FromEngine>,
    /// Nodes (and whether each is here) and tabs, as last shown.
    pub(super) nodes: Vec<(PeerId, bool)>,
    pub(super) tabs: Vec<PeerId>,
}

/// What outlives a reload.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Its nodes.
    pub identities: Vec<PeerId>,
    /// How many it was opened with.
    pub nodes: u8,
    /// The power setting.
    pub power: Option<Power>,
    /// The room in the address bar.
    pub room: Option<Room>,
    /// Whether it was mining when last shown: a new engine goes on with it.
    pub mined: bool,
}

impl World {
    /// Opens a tab that remembers this.
    pub(super) fn open_page(&mut self, memory: Memory, replaces: bool, slow: u64) {
        if self.pages.iter().filter(|page| page.open).count() >= MOST_OPEN {
            return;
        }
        let number = self.pages.len();
        self.pages.push(Page {
            open: true,
            memory,
            replaces,
            ..Page::default()
        });
        self.start_engine(number, slow);
        self.queue.plan(self.now + TICK, Event::Tick(number));
    }

    /// Ends the page's engine, if there is one, and starts another.
    pub(super) fn start_engine(&mut self, number: usize, slow: u64) {
        self.end_engine(number);
        let page = &mut self.pages[number];
        page.generation += 1;
        (page.greeted, page.settled, page.unheard) = (false, false, 0);
        (page.frozen, page.discarded) = (false, false);
        page.held.clear();
        let generation = page.generation;
        let at = self.now + 20 * MS + slow;
        self.queue.plan(at, Event::Born(number, generation));
    }

    pub(super) fn start_again(&mut self, number: usize, generation: u32) {
        if self.pages[number].open && self.pages[number].generation == generation {
            self.start_engine(number, 0);
        }
    }

    /// The engine of a page dies without a word.
    pub(super) fn end_engine(&mut self, number: usize) {
        let Some(life) = self.pages[number].engine.take() else {
            return;
        };
        self.pages[number].waiting.clear();
        self.engines.remove(&life);
        self.views.remove(&life);
        self.channels.forget(life);
        let mut coin = Stream::new(self.script.seed, life.0, "commits");
        let written = self.databases.forget(life, || coin.chance(500_000));
        for (name, changes) in &written {
            let life = None;
            self.see(&Seen::Committed {
                life,
                name,
                changes,
            });
        }
        self.see(&Seen::Died { life });
        let delay = match self.below(3) {
            0 => 1,
            1 => self.below(200 * MS),
            _ => self.below(SLOWEST_BURIAL),
        };
        self.queue.plan(self.now + delay, Event::Bury(life));
        self.pump();
    }

    pub(super) fn engine_is_up(&mut self, number: usize, generation: u32) {
        if !self.pages[number].open || self.pages[number].generation != generation {
            return;
        }
        self.lives += 1;
        let life = Life(self.lives);
        let rng = Stream::new(self.script.seed, self.lives, "engine");
        let began = self.now - self.stood_still;
        let (engine, effects) = Engine::new(number, BUILD, began, rng);
        let view = View {
            glance: engine.glance(),
            state: State::Runs,
            since: self.now,
        };
        self.views.insert(life, view);
        self.engines.insert(life, engine);
        self.pages[number].engine = Some(life);
        self.coverage.count("engines");
        self.see(&Seen::Born { life });
        for effect in effects {
            self.carry_out(life, effect);
        }
        self.plan_wake(life);
    }

    /// The page says something to its engine.
    pub(super) fn tell(&mut self, number: usize, message: ToEngine) {
        let delay = 100 + self.below(1_500);
        let page = &mut self.pages[number];
        let Some(life) = page.engine else { return };
        page.line = page.line.max(self.now + delay);
        let input = Box::new(Input::Page(message));
        self.queue.plan(page.line, Event::Input(life, input));
    }

    /// A person, or a script, asks for something.
    pub(super) fn ask(&mut self, number: usize, ask: Ask) {
        let page = &mut self.pages[number];
        if !page.greeted || page.engine.is_none() {
            page.waiting.push(ask);
            return;
        }
        page.next_ask += 1;
        let id = page.next_ask;
        self.tell(number, ToEngine::Ask { id, ask });
    }

    pub(super) fn page_hears(&mut self, life: Life, message: FromEngine) {
        let number = self.pages.iter().position(|page| page.engine == Some(life));
        let Some(number) = number else { return };
        let page = &mut self.pages[number];
        page.unheard = 0;
        if page.frozen {
            page.held.push(message);
            return;
        }
        match message {
            FromEngine::Ready { build } if build == BUILD => self.greet(number),
            FromEngine::Frame(frame) => self.show(number, &frame),
            FromEngine::Answer {
                result: Ok(Answer::Done(())),
                ..
            } => self.coverage.count("asks done"),
            FromEngine::Answer { result: Ok(_), .. } => self.coverage.count("asks answered"),
            FromEngine::Answer { .. } => self.coverage.count("asks refused"),
            FromEngine::Panicked { .. } => self.replace(number),
            FromEngine::Ready { .. } | FromEngine::Pong | FromEngine::OtherVersion(_) => {}
        }
    }

    fn greet(&mut self, number: usize) {
        let page = &mut self.pages[number];
        let memory = &page.memory;
        let count = memory.identities.len().max(usize::from(memory.nodes));
        let start = Start {
            version: wire::VERSION,
            deployment: DEPLOYMENT.into(),
            miner_url: "miner.js".into(),
            room: memory.room.clone(),
            identities: memory.identities.clone(),
            nodes: u8::try_from(count.clamp(1, 16)).unwrap_or(1),
            replaces: std::mem::take(&mut page.replaces),
            cores: CORES,
            power: memory.power,
        };
        page.greeted = true;
        let waiting = std::mem::take(&mut page.waiting);
        self.tell(number, ToEngine::Start(start));
        for ask in waiting {
            self.ask(number, ask);
        }
    }

    fn show(&mut self, number: usize, frame: &Frame) {
        let busy = self.pages[number].busy_until > self.now;
        self.pages[number].learn(frame);
        if !std::mem::replace(&mut self.pages[number].settled, true)
            && self.pages[number].memory.mined
            && !self.calm
        {
            let power = None;
            self.ask(number, Ask::StartMining(wire::ask::StartMining { power }));
        }
        if !busy {
            self.tell(number, ToEngine::Ack(frame.number));
        }
    }

    /// The engine is lost: another starts soon.
    pub(super) fn replace(&mut self, number: usize) {
        self.end_engine(number);
        let page = &mut self.pages[number];
        page.replaces = true;
        page.generation += 1;
        let generation = page.generation;
        let at = self.now + 100 * MS;
        self.queue.plan(at, Event::Start(number, generation));
    }

    pub(super) fn page_ticks(&mut self, number: usize) {
        if !self.pages[number].open {
            return;
        }
        self.queue.plan(self.now + TICK, Event::Tick(number));
        let page = &mut self.pages[number];
        if page.frozen || !page.settled {
            return;
        }
        let unheard = page.unheard;
        page.unheard += 1;
        if unheard >= MISSED {
            self.coverage.count("engines that fell silent");
            self.replace(number);
        } else if unheard == 0 {
            self.tell(number, ToEngine::Ping);
        }
    }

    /// A page that was frozen catches up on what its engine said meanwhile.
    pub(super) fn thaw_page(&mut self, number: usize) {
        let page = &mut self.pages[number];
        page.frozen = false;
        page.unheard = 0;
        let held = std::mem::take(&mut page.held);
        if let Some(life) = page.engine {
            for message in held {
                self.page_hears(life, message);
            }
        }
    }

    pub(super) fn stand_still(&mut self, life: Life) {
        if let Some(engine) = self.engines.get(&life)
            && self.pages[engine.page].frozen
        {
            self.stop(life, State::Frozen);
        }
    }

    /// An engine's thread stands still.
    pub(super) fn stop(&mut self, life: Life, state: State) {
        if let (Some(engine), Some(view)) = (self.engines.get_mut(&life), self.views.get_mut(&life))
        {
            engine.stop(state);
            view.state = state;
        }
    }

    pub(super) fn go_on(&mut self, life: Life) {
        let now = self.now;
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        if engine.state() == State::Runs {
            return;
        }
        // What was kept comes before anything that reaches it later.
        for event in engine.go() {
            self.queue.plan(now, event);
        }
        if let Some(view) = self.views.get_mut(&life) {
            (view.state, view.since) = (State::Runs, now);
        }
        self.plan_wake(life);
    }
}

/// Most open tabs at a time.
const MOST_OPEN: usize = super::MOST_PAGES;

impl Page {
    fn learn(&mut self, frame: &Frame) {
        for part in &frame.parts {
            match part {
                Part::Nodes(nodes) => {
                    let here = nodes.iter().filter(|node| node.here);
                    self.memory.identities = here.map(|node| node.id).collect();
                    self.nodes = nodes.iter().map(|node| (node.id, node.here)).collect();
                }
                Part::Tabs(tabs) => self.tabs = tabs.iter().map(|tab| tab.id).collect(),
                Part::Mining(mining) => {
                    self.memory.power = Some(mining.power);
                    self.memory.mined = mining.on;
                }
                Part::Room(room) => self.memory.room = Room::parse(&room.link).ok(),
                _ => {}
            }
        }
    }
}
