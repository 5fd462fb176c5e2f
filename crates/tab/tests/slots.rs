//! Tabs of one ideal browser in a room in which slots are decided: every write succeeds, everything
//! is answered at once, and what one tab says all others hear.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tab::door::{Channel, DbId, LockAnswer, LockId, Query};
use tab::storage::{Change, DbError, Name, Store};
use tab::{Due, Effect, Input, Reading, Stage, Tab};
use wire::ask::{AddNode, Export, GetStatus, RemoveNode, Reset, StartMining, Submit};
use wire::live::NoSeat;
use wire::{
    Answer, Failure, FromEngine, Notice, Part, Question, RowView, ServerView, SlotsView, Start,
    ToEngine, ToldView, ValueView,
};

const LINK: &str = "/live?room=easy&protocol=raft&ledger=kv&seats=5&heartbeat=100&election=400\
                    &batch=64&resend=300";

/// A browser and its tabs.
#[derive(Default)]
struct Browser {
    tabs: BTreeMap<u8, Page>,
    /// Milliseconds since the start.
    now: u64,
    values: BTreeMap<(DbId, Store, Name), Vec<u8>>,
    held: BTreeMap<String, (u8, LockId)>,
    waiting: VecDeque<(String, u8, LockId)>,
    born: u8,
    /// Whether databases open.
    refuses_storage: bool,
    /// Whether locks are to be had.
    refuses_locks: bool,
}

/// A tab, and what its page was told.
struct Page {
    tab: Tab,
    todo: VecDeque<Input>,
    hears: BTreeSet<Channel>,
    slots: SlotsView,
    notices: Vec<Notice>,
    answers: BTreeMap<u32, Result<Answer, Failure>>,
    asked: u32,
}

impl Browser {
    /// A browser with this many tabs in the room, opened together.
    fn with(tabs: usize) -> Self {
        let mut browser = Self::default();
        for _ in 0..tabs {
            browser.open();
        }
        browser.run(4_000);
        browser
    }

    /// Opens a tab; returns its name.
    fn open(&mut self) -> u8 {
        self.open_as(Vec::new())
    }

    /// Opens a tab that remembers these nodes.
    fn open_as(&mut self, identities: Vec<chain::PeerId>) -> u8 {
        self.born += 1;
        let (name, mut out) = (self.born, Vec::new());
        let page = Page {
            tab: Tab::new("test".into(), [name; 32], &mut out),
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
            room: Some(scenario::Room::parse(LINK).unwrap()),
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
    fn close(&mut self, name: u8) {
        self.tabs.remove(&name);
        self.waiting.retain(|(_, whose, _)| *whose != name);
        let gone = self.held.iter().filter(|(_, (whose, _))| *whose == name);
        let gone: Vec<String> = gone.map(|(lock, _)| lock.clone()).collect();
        for lock in gone {
            self.free(&lock);
        }
    }

    fn free(&mut self, lock: &str) {
        self.held.remove(lock);
        let next = self.waiting.iter().position(|(name, ..)| name == lock);
        if let Some((name, whose, id)) = next.and_then(|place| self.waiting.remove(place)) {
            self.held.insert(name, (whose, id));
            self.give(whose, Input::Lock(id, LockAnswer::Granted));
        }
    }

    fn give(&mut self, name: u8, input: Input) {
        if let Some(page) = self.tabs.get_mut(&name) {
            page.todo.push_back(input);
        }
    }

    fn step(&mut self, name: u8, input: Input) {
        let (wall, steady) = (1_790_000_000_000 + self.now, self.now);
        let (wall, steady) = (wall * 1_000, steady * 1_000);
        let mut out = Vec::new();
        let page = self.tabs.get_mut(&name).unwrap();
        page.tab.step(Reading { wall, steady }, input, &mut out);
        self.carry_out(name, out);
    }

    /// Lets this many milliseconds pass.
    fn run(&mut self, ms: u64) {
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

    fn carry_out(&mut self, name: u8, effects: Vec<Effect>) {
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

    fn store(&mut self, name: u8, effect: Effect) {
        let input = match effect {
            Effect::Open { db, .. } if self.refuses_storage => {
                Input::Opened(db, Err(DbError::Refused("no".into())))
            }
            Effect::Open { db, .. } => Input::Opened(db, Ok(())),
            Effect::Read { id, db, query } => Input::Read(id, Ok(self.query(db, query))),
            Effect::Write {
                id, db, changes, ..
            } => {
                if self.refuses_storage {
                    return self.give(name, Input::Written(id, Err(DbError::Refused("no".into()))));
                }
                changes
                    .into_iter()
                    .for_each(|change| self.change(db, change));
                Input::Written(id, Ok(()))
            }
            _ => return,
        };
        self.give(name, input);
    }

    fn query(&self, db: DbId, query: Query) -> Vec<(Name, Vec<u8>)> {
        let all = self.values.iter();
        match query {
            Query::Range(store, prefix) => all
                .filter(|((d, s, n), _)| (*d, *s) == (db, store) && n.starts_with(&prefix))
                .map(|((.., name), value)| (name.clone(), value.clone()))
                .collect(),
            Query::Names(store, names) => {
                let value = |name: Name| {
                    let value = self.values.get(&(db, store, name.clone()))?;
                    Some((name, value.clone()))
                };
                names.into_iter().filter_map(value).collect()
            }
        }
    }

    fn change(&mut self, db: DbId, change: Change) {
        match change {
            Change::Put(store, name, value) => drop(self.values.insert((db, store, name), value)),
            Change::Delete(store, name) => drop(self.values.remove(&(db, store, name))),
            Change::DeleteAll(store, prefix) => self
                .values
                .retain(|(d, s, n), _| (*d, *s) != (db, store) || !n.starts_with(&prefix)),
        }
    }

    fn hear_engine(&mut self, name: u8, message: FromEngine) {
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
    fn begin<Q: Question>(&mut self, name: u8, question: Q) -> u32 {
        let page = self.tabs.get_mut(&name).unwrap();
        page.asked += 1;
        let (id, ask) = (page.asked, question.ask());
        self.give(name, Input::Page(ToEngine::Ask { id, ask }));
        id
    }

    fn ask<Q: Question>(&mut self, name: u8, question: Q) -> Result<Q::Answer, Failure> {
        let id = self.begin(name, question);
        self.run(3_000);
        let answer = self.tabs[&name]
            .answers
            .get(&id)
            .expect("an answer")
            .clone()?;
        Ok(Q::read(answer).expect("the answer is of the question's type"))
    }

    fn submit(&mut self, name: u8, form: &str, values: &[&str]) -> Result<ToldView, Failure> {
        self.ask(name, filled(form, values))
    }

    fn servers(&self, name: u8) -> Vec<Option<&ServerView>> {
        let seats = self.tabs[&name].slots.seats.iter();
        seats.map(|seat| seat.server.as_ref()).collect()
    }

    /// The seats whose servers say that they lead, as a tab shows them.
    fn leaders(&self, name: u8) -> Vec<u32> {
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
    fn tab_of(&self, seat: u32) -> u8 {
        let here = |page: &Page| {
            let server = page.slots.seats[seat as usize].server.as_ref();
            server.is_some_and(|server| server.here)
        };
        let mut tabs = self.tabs.iter().filter(|(_, page)| here(page));
        *tabs.next().expect("somebody has it").0
    }

    /// The seats that tabs run now.
    fn seats(&self) -> Vec<u32> {
        let nodes = self.tabs.values().flat_map(|page| page.tab.glance().nodes);
        let mut seats: Vec<u32> = nodes
            .map(|node| node.seat)
            .filter(|seat| *seat < 5)
            .collect();
        seats.sort_unstable();
        seats
    }

    /// What a tab's own server has decided, as its page shows it.
    fn decided(&self, name: u8) -> Vec<(u32, Vec<ToldView>)> {
        let blocks = self.tabs[&name].slots.blocks.iter();
        blocks
            .map(|block| (block.height, block.requests.clone()))
            .collect()
    }
}

fn filled(form: &str, values: &[&str]) -> Submit {
    Submit {
        form: form.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

fn told(what: &str, values: &[&str]) -> ToldView {
    ToldView {
        what: what.into(),
        values: values.iter().map(|value| (*value).into()).collect(),
    }
}

#[test]
fn five_tabs_take_the_seats_and_elect_a_leader_that_all_see() {
    let browser = Browser::with(5);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    let leaders = browser.leaders(1);
    assert_eq!(leaders.len(), 1, "{leaders:?}");
    for name in browser.tabs.keys() {
        assert_eq!(browser.leaders(*name), leaders, "tab {name}");
        assert!(browser.servers(*name).iter().all(|server| {
            let server = server.expect("every seat is taken");
            server.online && server.rows.iter().any(|row| row.label == "term")
        }));
        assert_eq!(browser.tabs[name].notices, []);
    }
}

#[test]
fn a_put_is_answered_and_every_tab_sees_its_block() {
    let mut browser = Browser::with(5);
    assert_eq!(browser.submit(2, "put", &["a", "1"]), Ok(told("done", &[])));
    assert_eq!(browser.submit(4, "get", &["a"]), Ok(told("found", &["1"])));
    assert_eq!(browser.submit(4, "delete", &["a"]), Ok(told("done", &[])));
    assert_eq!(browser.submit(1, "get", &["a"]), Ok(told("nothing", &[])));
    let put = (1, vec![told("put", &["a", "1"])]);
    for name in 1..=5 {
        assert_eq!(browser.decided(name)[0], put, "tab {name}");
        assert_eq!(browser.decided(name).len(), 4);
    }
    let wrong = |result: Result<ToldView, Failure>| result.unwrap_err().code;
    assert_eq!(wrong(browser.submit(1, "put", &["a"])), "bad-argument");
    assert_eq!(wrong(browser.submit(1, "put", &["", "1"])), "bad-argument");
    assert_eq!(wrong(browser.submit(1, "pay", &["a"])), "wrong-room");
}

#[test]
fn when_the_leaders_tab_closes_another_leads_and_nothing_is_lost() {
    let mut browser = Browser::with(5);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let before = browser.leaders(1);
    let gone = browser.tab_of(before[0]);
    browser.close(gone);
    browser.run(5_000);
    let name = *browser.tabs.keys().next().unwrap();
    let after = browser.leaders(name);
    assert_eq!(after.len(), 1, "{after:?}");
    assert_ne!(after, before);
    assert_eq!(browser.servers(name)[before[0] as usize], None);
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );

    // Whoever comes takes the free seat, and has what was decided before and meanwhile.
    let late = browser.open();
    browser.run(5_000);
    assert_eq!(browser.tab_of(before[0]), late);
    assert_eq!(browser.decided(late), browser.decided(name));
    assert_eq!(browser.decided(late).len(), 2);
}

#[test]
fn a_majority_that_is_reloaded_goes_on_from_what_it_saved() {
    let mut browser = Browser::with(3);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let nodes = |browser: &Browser, name: u8| -> Vec<_> {
        let glance = browser.tabs[&name].tab.glance();
        glance
            .nodes
            .iter()
            .map(|node| (node.id, node.seat))
            .collect()
    };
    for name in 1..=3 {
        let before = nodes(&browser, name);
        browser.close(name);
        let again = browser.open_as(before.iter().map(|(id, _)| *id).collect());
        browser.run(100);
        let after = nodes(&browser, again);
        assert_eq!(after[0], before[0], "it has its seat back");
        assert_ne!(after[1].0, before[1].0, "a client lives once");
    }
    browser.run(5_000);
    let name = *browser.tabs.keys().next().unwrap();
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );
}

#[test]
fn a_sixth_tab_has_no_seat_says_so_and_can_ask() {
    let mut browser = Browser::with(6);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    let seated = |page: &Page| page.tab.glance().nodes.len() == 2;
    let mut rest = browser.tabs.iter().filter(|(_, page)| !seated(page));
    let (name, page) = rest.next().map(|(name, page)| (*name, page)).unwrap();
    assert!(rest.next().is_none());
    assert_eq!(page.notices, [Notice::NoSeat(NoSeat::AllTaken)]);
    assert_eq!(browser.leaders(name).len(), 1, "it sees the servers");
    assert_eq!(
        browser.submit(name, "put", &["a", "1"]),
        Ok(told("done", &[]))
    );
    let failure = browser.ask(name, AddNode).unwrap_err();
    assert_eq!(failure.code, "no-seat");
    // Once a seat is free it can have it.
    let other = *browser.tabs.keys().find(|other| **other != name).unwrap();
    browser.close(other);
    browser.ask(name, AddNode).unwrap();
    browser.run(3_000);
    assert_eq!(browser.seats(), [0, 1, 2, 3, 4]);
    assert_eq!(browser.tabs[&name].notices, []);
    assert_eq!(browser.decided(name), [(1, vec![told("put", &["a", "1"])])]);
}

#[test]
fn one_tab_can_have_several_seats_and_give_them_up() {
    let mut browser = Browser::with(1);
    assert_eq!(browser.leaders(1), []);
    let added = browser.ask(1, AddNode).unwrap();
    browser.ask(1, AddNode).unwrap();
    browser.run(3_000);
    assert_eq!(browser.leaders(1).len(), 1, "three of five are a majority");
    assert_eq!(browser.submit(1, "put", &["a", "1"]), Ok(told("done", &[])));
    browser.ask(1, RemoveNode(added)).unwrap();
    assert_eq!(browser.seats(), [0, 2]);
    let locks = browser.held.keys().filter(|lock| lock.contains(":member:"));
    assert_eq!(locks.count(), 2);
    // Two of five decide nothing: the ask waits, and a tab that leaves answers it.
    let ask = browser.begin(1, filled("get", &["a"]));
    browser.run(5_000);
    assert!(!browser.tabs[&1].answers.contains_key(&ask));
    browser.give(1, Input::Page(ToEngine::Freeze));
    browser.run(100);
    let answer = browser.tabs[&1].answers[&ask].clone();
    assert_eq!(answer.unwrap_err().code, "interrupted");
    assert_eq!(
        browser
            .held
            .keys()
            .filter(|lock| lock.contains(":member:"))
            .count(),
        0
    );
    browser.give(1, Input::Page(ToEngine::Resume));
    browser.run(3_000);
    assert_eq!(browser.seats(), [0, 2], "it has its seats back");
}

#[test]
fn a_tab_that_cannot_keep_promises_takes_no_seat() {
    let mut browser = Browser {
        refuses_storage: true,
        ..Browser::default()
    };
    browser.open();
    browser.run(10_000);
    assert_eq!(browser.seats(), []);
    let notice = Notice::NoSeat(NoSeat::NoStorage);
    assert!(browser.tabs[&1].notices.contains(&notice));
    let mut browser = Browser {
        refuses_locks: true,
        ..Browser::default()
    };
    browser.open();
    browser.run(10_000);
    assert_eq!(browser.seats(), []);
    let notice = Notice::NoSeat(NoSeat::NoLocks);
    assert!(browser.tabs[&1].notices.contains(&notice));
}

#[test]
fn a_tab_whose_storage_fails_gives_up_its_seat_to_one_that_can_keep_it() {
    let mut browser = Browser::with(5);
    browser.submit(1, "put", &["a", "1"]).unwrap();
    let leader = browser.leaders(1)[0];
    let name = browser.tab_of(leader);
    let why = || "the disk is full".to_owned();
    browser.give(name, Input::Lost(DbId::Room, why()));
    browser.run(5_000);
    let notice = Notice::NoSeat(NoSeat::NoStorage);
    assert!(browser.tabs[&name].notices.contains(&notice));
    assert_eq!(browser.seats().len(), 4);
    assert_eq!(
        browser.submit(name, "get", &["a"]),
        Ok(told("found", &["1"]))
    );
    let late = browser.open();
    browser.run(5_000);
    assert_eq!(browser.tab_of(leader), late);
    assert_eq!(browser.decided(late).len(), 2);
}

#[test]
fn a_stolen_seat_is_the_thiefs_at_once() {
    let mut browser = Browser::with(5);
    let name = browser.tab_of(0);
    let lock = browser
        .held
        .keys()
        .find(|lock| lock.ends_with(":0") && lock.contains(":member:"));
    let lock = lock.unwrap().clone();
    let (_, id) = browser.held.insert(lock, (99, LockId(0))).unwrap();
    browser.give(name, Input::Lock(id, LockAnswer::Stolen));
    browser.run(5_000);
    assert_eq!(browser.seats(), [1, 2, 3, 4]);
    let page = &browser.tabs[&name];
    assert_eq!(page.tab.glance().stage, Stage::In);
    assert!(page.notices.contains(&Notice::NoSeat(NoSeat::AllTaken)));
}

#[test]
fn what_only_mined_rooms_have_is_refused() {
    let mut browser = Browser::with(1);
    let code = |failure: Failure| failure.code;
    assert_eq!(
        browser.ask(1, Reset).map_err(code),
        Err("wrong-room".into())
    );
    let start = StartMining { power: None };
    assert_eq!(
        browser.ask(1, start).map_err(code),
        Err("wrong-room".into())
    );
    assert_eq!(browser.ask(1, Export).map_err(code), Ok(String::new()));
    let status = browser.ask(1, GetStatus).unwrap();
    assert!(status.room.slots && !status.mining);
    assert_eq!(status.room.param("seats"), Some(5));
    assert_eq!(status.nodes.len(), 1, "a client is no server");
}
