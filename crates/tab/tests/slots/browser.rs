//! The browser.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tab::door::{Channel, LockAnswer, LockId};
use tab::storage::DbError;
use tab::{Due, Effect, Entropy, Input, Reading, Tab};
use wire::{
    Answer, Failure, FromEngine, Notice, Part, Question, RowView, ServerView, SlotsView, Start,
    ToEngine, ToldView, ValueView,
};

use super::disk::Disk;

/// What a browser would draw.
#[allow(clippy::disallowed_methods, reason = "tests play the host")]
fn entropy(byte: u8) -> Entropy {
    Entropy::from_host([byte; 32])
}

/// The room that tabs open.
const LINK: &str = "/live?room=easy&protocol=raft&ledger=kv&seats=5&heartbeat=100&election=400\
                    &batch=64&resend=300&snapshot=1000&piece=32768";

/// A browser and its tabs.
#[derive(Default)]
pub struct Browser {
    /// The room that tabs open; [`LINK`] if `None`.
    pub room: Option<scenario::Room>,
    pub tabs: BTreeMap<u8, Page>,
    /// Milliseconds since the start.
    pub now: u64,
    pub disk: Disk,
    pub held: BTreeMap<String, (u8, LockId)>,
    pub waiting: VecDeque<(String, u8, LockId)>,
    pub born: u8,
    /// Whether databases open.
    pub refuses_storage: bool,
    /// Whether locks are to be had.
    pub refuses_locks: bool,
}

/// A tab, and what its page was told.
pub struct Page {
    pub tab: Tab,
    pub todo: VecDeque<Input>,
    pub hears: BTreeSet<Channel>,
    pub slots: SlotsView,
    pub notices: Vec<Notice>,
    pub answers: BTreeMap<u32, Result<Answer, Failure>>,
    pub asked: u32,
}

impl Browser {
    /// A browser with this many tabs in the room, opened together.
    pub fn with(tabs: usize) -> Self {
        let mut browser = Self::default();
        for _ in 0..tabs {
            browser.open();
        }
        browser.run(4_000);
        browser
    }

    /// Opens a tab; returns its name.
    pub fn open(&mut self) -> u8 {
        self.open_as(Vec::new())
    }

    /// Opens a tab that remembers these nodes.
    pub fn open_as(&mut self, identities: Vec<chain::PeerId>) -> u8 {
        self.born += 1;
        let easy = || scenario::Room::parse(LINK).unwrap();
        let room = self.room.clone().unwrap_or_else(easy);
        let (name, mut out) = (self.born, Vec::new());
        let page = Page {
            tab: Tab::new("test".into(), entropy(name), &mut out),
            todo: VecDeque::new(),
            hears: BTreeSet::new(),
            slots: SlotsView::default(),
            notices: Vec::new(),
            answers: BTreeMap::new(),
            asked: 0,
        };
        self.tabs.insert(name, page);
        self.carry_out(name, out);
        let start = Start {
            version: wire::VERSION,
            deployment: "/".into(),
            miner_url: String::new(),
            room: Some(room),
            nodes: 1,
            identities,
            replaces: false,
            cores: 4,
            power: None,
        };
        self.give(name, Input::Page(ToEngine::Start(start)));
        name
    }

    /// Closes a tab without a word, as browsers do.
    pub fn close(&mut self, name: u8) {
        self.tabs.remove(&name);
        self.waiting.retain(|(_, whose, _)| *whose != name);
        let gone = self.held.iter().filter(|(_, (whose, _))| *whose == name);
        let gone: Vec<String> = gone.map(|(lock, _)| lock.clone()).collect();
        for lock in gone {
            self.free(&lock);
        }
    }

    pub fn free(&mut self, lock: &str) {
        self.held.remove(lock);
        let next = self.waiting.iter().position(|(name, ..)| name == lock);
        if let Some((name, whose, id)) = next.and_then(|place| self.waiting.remove(place)) {
            self.held.insert(name, (whose, id));
            self.give(whose, Input::Lock(id, LockAnswer::Granted));
        }
    }

    pub fn give(&mut self, name: u8, input: Input) {
        if let Some(page) = self.tabs.get_mut(&name) {
            page.todo.push_back(input);
        }
    }

    pub fn step(&mut self, name: u8, input: Input) {
        let (wall, steady) = (1_790_000_000_000 + self.now, self.now);
        let (wall, steady) = (wall * 1_000, steady * 1_000);
        let mut out = Vec::new();
        let page = self.tabs.get_mut(&name).unwrap();
        page.tab.step(Reading { wall, steady }, input, &mut out);
        self.carry_out(name, out);
    }

    /// Lets this many milliseconds pass.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut turns = 0;
        while self.now < end {
            let mut next = end;
            let mut busy = false;
            for name in self.tabs.keys().copied().collect::<Vec<_>>() {
                while let Some(input) = self.tabs.get_mut(&name).unwrap().todo.pop_front() {
                    self.step(name, input);
                    busy = true;
                }
                match self.tabs[&name].tab.due() {
                    Due::At(at) if at > self.now * 1_000 => next = next.min(at.div_ceil(1_000)),
                    _ => {
                        self.step(name, Input::Turn);
                        busy = true;
                    }
                }
            }
            turns += 1;
            assert!(turns < 1_000_000, "it never rests");
            if !busy {
                self.now = next;
            }
        }
    }

    pub fn carry_out(&mut self, name: u8, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Post(message) => self.hear_engine(name, message),
                Effect::Listen(channel, _) => {
                    self.tabs.get_mut(&name).unwrap().hears.insert(channel);
                }
                Effect::Deafen(channel) => {
                    self.tabs.get_mut(&name).unwrap().hears.remove(&channel);
                }
                Effect::Say(channel, bytes) => {
                    for (other, page) in &mut self.tabs {
                        if *other != name && page.hears.contains(&channel) {
                            let heard = Input::Heard(channel, Some(bytes.clone()));
                            page.todo.push_back(heard);
                        }
                    }
                }
                Effect::Lock { id, .. } if self.refuses_locks => {
                    self.give(name, Input::Lock(id, LockAnswer::Refused));
                }
                Effect::Lock {
                    id,
                    name: lock,
                    wait,
                } => {
                    let (holder, holds) = *self.held.entry(lock.clone()).or_insert((name, id));
                    if (holder, holds) == (name, id) {
                        self.give(name, Input::Lock(id, LockAnswer::Granted));
                    } else if wait {
                        self.waiting.push_back((lock, name, id));
                    } else {
                        self.give(name, Input::Lock(id, LockAnswer::Taken));
                    }
                }
                Effect::Unlock(id) => {
                    self.waiting
                        .retain(|(_, whose, other)| (*whose, *other) != (name, id));
                    let held = self.held.iter().find(|(_, held)| **held == (name, id));
                    if let Some(lock) = held.map(|(lock, _)| lock.clone()) {
                        self.free(&lock);
                    }
                }
                Effect::QueryLocks(id) => {
                    let held = (!self.refuses_locks).then(|| self.held.keys().cloned().collect());
                    self.give(name, Input::Locks(id, held));
                }
                effect => self.store(name, effect),
            }
        }
    }

    pub fn store(&mut self, name: u8, effect: Effect) {
        let input = match effect {
            Effect::Open { db, .. } if self.refuses_storage => {
                Input::Opened(db, Err(DbError::Refused("no".into())))
            }
            Effect::Open { db, .. } => Input::Opened(db, Ok(())),
            Effect::Read { id, db, query } => Input::Read(id, Ok(self.disk.read(db, query))),
            Effect::Write {
                id, db, changes, ..
            } => {
                if self.refuses_storage {
                    return self.give(name, Input::Written(id, Err(DbError::Refused("no".into()))));
                }
                self.disk.write(db, changes);
                Input::Written(id, Ok(()))
            }
            _ => return,
        };
        self.give(name, input);
    }

    pub fn hear_engine(&mut self, name: u8, message: FromEngine) {
        let page = self.tabs.get_mut(&name).unwrap();
        match message {
            FromEngine::Frame(frame) => {
                page.todo
                    .push_back(Input::Page(ToEngine::Ack(frame.number)));
                for part in frame.parts {
                    match part {
                        Part::Slots(slots) => page.slots = slots,
                        Part::Notices(notices) => page.notices = notices,
                        _ => {}
                    }
                }
            }
            FromEngine::Answer { id, result } => {
                assert!(page.answers.insert(id, result).is_none(), "answered twice");
            }
            _ => {}
        }
    }

    /// Asks, without waiting for the answer; returns the ask's number.
    pub fn begin<Q: Question>(&mut self, name: u8, question: Q) -> u32 {
        let page = self.tabs.get_mut(&name).unwrap();
        page.asked += 1;
        let (id, ask) = (page.asked, question.ask());
        self.give(name, Input::Page(ToEngine::Ask { id, ask }));
        id
    }

    pub fn ask<Q: Question>(&mut self, name: u8, question: Q) -> Result<Q::Answer, Failure> {
        let id = self.begin(name, question);
        self.run(3_000);
        let answer = self.tabs[&name]
            .answers
            .get(&id)
            .expect("an answer")
            .clone()?;
        Ok(Q::read(answer).expect("the answer is of the question's type"))
    }

    pub fn submit(&mut self, name: u8, form: &str, values: &[&str]) -> Result<ToldView, Failure> {
        self.ask(name, super::filled(form, values))
    }

    pub fn servers(&self, name: u8) -> Vec<Option<&ServerView>> {
        let seats = self.tabs[&name].slots.seats.iter();
        seats.map(|seat| seat.server.as_ref()).collect()
    }

    /// The seats whose servers say that they lead, as a tab shows them.
    pub fn leaders(&self, name: u8) -> Vec<u32> {
        let leads = RowView {
            label: "role".into(),
            value: ValueView::Word("leader".into()),
        };
        let seats = self.tabs[&name].slots.seats.iter();
        let leading = seats.filter(|seat| {
            let server = seat.server.as_ref();
            server.is_some_and(|server| server.rows.contains(&leads))
        });
        leading.map(|seat| seat.seat).collect()
    }

    /// The tab that runs the server of a seat.
    pub fn tab_of(&self, seat: u32) -> u8 {
        let here = |page: &Page| {
            let server = page.slots.seats[seat as usize].server.as_ref();
            server.is_some_and(|server| server.here)
        };
        let mut tabs = self.tabs.iter().filter(|(_, page)| here(page));
        *tabs.next().expect("somebody has it").0
    }

    /// The seats that tabs run now.
    pub fn seats(&self) -> Vec<u32> {
        let nodes = self.tabs.values().flat_map(|page| page.tab.glance().nodes);
        let mut seats: Vec<u32> = nodes
            .map(|node| node.seat)
            .filter(|seat| *seat < 5)
            .collect();
        seats.sort_unstable();
        seats
    }

    /// What a tab's own server has decided, as its page shows it.
    pub fn decided(&self, name: u8) -> Vec<(u32, Vec<ToldView>)> {
        let blocks = self.tabs[&name].slots.blocks.iter();
        blocks
            .map(|block| (block.height, block.requests.clone()))
            .collect()
    }
}
