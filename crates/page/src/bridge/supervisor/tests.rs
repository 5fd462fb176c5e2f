//! The supervisor against a browser that records and checks everything it does.

mod random;

use std::collections::BTreeMap;

use wire::ask::{GetStatus, StartMining};
use wire::{Answer, Failure, Question};

use super::super::picture::tests::parts;
use super::*;

const BUILD: &str = "here";
const LINK: &str = "/live?room=maple&spacing=10&bits=1e00ffff&window=8&halving=210000";

fn room() -> Room {
    Room::parse(LINK).expect("a good link")
}

/// A browser: records what the supervisor does, and panics at what it must not do.
#[derive(Debug)]
struct Browser {
    supervisor: Supervisor,
    now: u64,
    /// The running engine, and whether it has been greeted.
    running: Option<(u32, bool)>,
    started: Vec<u32>,
    next_ask: u32,
    /// All answers to each ask.
    answers: BTreeMap<u32, Vec<Result<Answer, Failure>>>,
    posted: Vec<ToEngine>,
    phases: Vec<Phase>,
    greetings: Vec<(Option<Room>, bool)>,
    shown: Vec<(u32, bool)>,
}

impl Browser {
    fn new() -> Self {
        Self {
            supervisor: Supervisor::new(BUILD.to_owned()),
            now: 1_000_000,
            running: None,
            started: Vec::new(),
            next_ask: 1,
            answers: BTreeMap::new(),
            posted: Vec::new(),
            phases: Vec::new(),
            greetings: Vec::new(),
            shown: Vec::new(),
        }
    }

    /// A browser whose engine has sent its first frame.
    fn settled() -> Self {
        let mut browser = Self::new();
        browser.step(Input::Open(Ok(None)));
        browser.settle(false);
        browser
    }

    fn step(&mut self, input: Input) {
        let mut out = Vec::new();
        self.supervisor.step(self.now, input, &mut out);
        for output in out {
            self.carry_out(output);
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Start(engine) => {
                assert_eq!(self.running, None, "never two engines");
                assert!(!self.started.contains(&engine), "a number of its own");
                self.started.push(engine);
                self.running = Some((engine, false));
            }
            Output::End => {
                assert!(self.running.take().is_some(), "only what runs ends");
            }
            Output::Greet { room, replaces } => {
                let (_, greeted) = self.running.as_mut().expect("somebody to greet");
                assert!(!std::mem::replace(greeted, true), "greeted once");
                self.greetings.push((room, replaces));
            }
            Output::Post(message) => {
                assert!(
                    self.running.is_some_and(|(_, greeted)| greeted),
                    "nobody hears {message:?}"
                );
                self.posted.push(message);
            }
            Output::Answer(id, result) => self.answers.entry(id).or_default().push(result),
            Output::Tell(phase) => self.phases.push(phase),
            Output::Show { shown, first, .. } => self.shown.push((shown.frame, first)),
        }
    }

    fn ask(&mut self) -> u32 {
        let id = self.next_ask;
        self.next_ask += 1;
        self.answers.insert(id, Vec::new());
        self.step(Input::Ask(id, GetStatus.ask()));
        id
    }

    fn present(&self) -> u32 {
        self.running.map_or(0, |(engine, _)| engine)
    }

    fn say(&mut self, said: FromEngine) {
        self.step(Input::Heard(self.present(), Box::new(said)));
    }

    fn ready(&mut self, build: &str) {
        let build = build.to_owned();
        self.say(FromEngine::Ready { build });
    }

    fn frame(&mut self, number: u32, parts: Vec<Part>) {
        let log = Vec::new();
        self.say(FromEngine::Frame(Box::new(Frame { number, parts, log })));
    }

    fn settle(&mut self, mines: bool) {
        self.ready(BUILD);
        self.frame(1, parts("maple", mines));
    }

    /// Lets time pass, ticking the supervisor whenever it is due.
    fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while let Some(due) = self.supervisor.due().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.step(Input::Tick);
        }
        self.now = end;
    }

    fn crash(&mut self) {
        self.step(Input::Failed(self.present(), "struck".to_owned()));
    }

    fn code(&self, id: u32) -> Option<&str> {
        match self.answers[&id].as_slice() {
            [] => None,
            [Ok(_)] => Some("ok"),
            [Err(failure)] => Some(&failure.code),
            more => panic!("ask {id} has {} answers", more.len()),
        }
    }

    fn pings(&self) -> usize {
        let pings = self.posted.iter();
        pings.filter(|said| **said == ToEngine::Ping).count()
    }
}

#[test]
fn asks_wait_for_the_first_frame_and_are_answered_once() {
    let mut browser = Browser::new();
    browser.step(Input::Open(Ok(None)));
    let id = browser.ask();
    browser.ready(BUILD);
    assert_eq!(browser.posted, [], "an engine that starts is left alone");
    browser.frame(1, parts("maple", false));
    let ask = GetStatus.ask();
    assert_eq!(browser.posted, [ToEngine::Ask { id, ask }]);
    for _ in 0..2 {
        let result = Ok(Answer::Done(()));
        browser.say(FromEngine::Answer { id, result });
    }
    assert_eq!(browser.code(id), Some("ok"));
    assert_eq!(browser.shown, [(1, true)]);
    assert_eq!(browser.phases.last(), Some(&Phase::Running));
}

#[test]
fn a_dead_engine_is_replaced_from_what_it_showed() {
    let mut browser = Browser::new();
    browser.step(Input::Open(Ok(None)));
    browser.settle(true);
    browser.frame(2, parts("maple", true));
    let (id, dead) = (browser.ask(), browser.present());
    browser.crash();
    assert_eq!(browser.code(id), Some(ENGINE_LOST));
    let late = browser.ask();
    browser.wait(99);
    assert_eq!(browser.running, None);
    browser.wait(1);
    assert_ne!(browser.present(), dead);
    // A late message from the dead engine must be ignored.
    let build = BUILD.to_owned();
    browser.step(Input::Heard(dead, Box::new(FromEngine::Ready { build })));
    assert_eq!(browser.greetings.len(), 1);
    browser.settle(false);
    assert_eq!(browser.greetings[1], (Some(room()), true));
    let mine = StartMining { power: None }.ask();
    let resumed = ToEngine::Ask {
        id: OWN_ASK,
        ask: mine,
    };
    assert!(browser.posted.contains(&resumed), "it mined before");
    assert_eq!(browser.code(late), None, "the new engine has it");
}

#[test]
fn the_sixth_death_within_a_minute_is_the_last_until_somebody_asks() {
    let mut browser = Browser::settled();
    for _ in 0..5 {
        browser.crash();
        browser.wait(2_000);
        browser.ready(BUILD);
    }
    assert_eq!(browser.started.len(), 6);
    let waiting = browser.ask();
    browser.crash();
    assert_eq!(browser.code(waiting), Some(NOT_READY));
    browser.wait(120_000);
    assert_eq!(browser.running, None);
    let refused = browser.ask();
    assert_eq!(browser.code(refused), Some(NOT_READY));
    browser.step(Input::StartAgain);
    browser.settle(false);
    assert_eq!(browser.phases.last(), Some(&Phase::Running));
    assert_eq!(browser.greetings.last(), Some(&(Some(room()), false)));
}

#[test]
fn silence_is_a_death_and_a_hidden_page_hears_none() {
    let mut browser = Browser::settled();
    browser.wait(HEARTBEAT_MS * u64::from(MISSED));
    assert_eq!(browser.pings(), 1, "one question, several chances");
    browser.step(Input::Seen);
    browser.wait(HEARTBEAT_MS * u64::from(MISSED));
    assert!(browser.running.is_some());
    browser.say(FromEngine::Pong);
    browser.wait(HEARTBEAT_MS * u64::from(MISSED));
    assert_eq!(browser.started.len(), 1);
    browser.wait(HEARTBEAT_MS);
    let last = browser
        .phases
        .iter()
        .rev()
        .find(|phase| **phase != Phase::Starting);
    assert!(matches!(last, Some(Phase::Crashed { again: true, .. })));
}

#[test]
fn another_room_opens_once_the_old_one_is_left() {
    let mut browser = Browser::settled();
    let (id, old) = (browser.ask(), browser.present());
    browser.step(Input::Follow(Ok(Some(room()))));
    assert_eq!(browser.present(), old, "it is open already");
    let other = Room::parse(&LINK.replace("maple", "oak")).expect("good");
    browser.step(Input::Follow(Ok(Some(other.clone()))));
    assert_eq!(browser.posted.last(), Some(&ToEngine::Freeze));
    assert_eq!(browser.code(id), Some(ENGINE_LOST));
    browser.frame(2, parts("maple", true));
    assert_eq!(browser.shown.len(), 1, "the old room is no longer shown");
    browser.wait(LEAVE_MS - 1);
    assert_eq!(browser.present(), old);
    browser.wait(1);
    assert_ne!(browser.present(), old);
    browser.settle(false);
    assert_eq!(browser.greetings.last(), Some(&(Some(other), true)));
}

#[test]
fn a_bad_link_is_reported_at_once_and_closes_the_room() {
    let mut browser = Browser::settled();
    let error = Room::parse("/live?room=A&spacing=0").expect_err("bad");
    browser.step(Input::Follow(Err(error.clone())));
    assert_eq!(browser.phases.last(), Some(&Phase::BadRoom(error)));
    let id = browser.ask();
    assert_eq!(browser.code(id), Some(NOT_READY));
    browser.step(Input::StartAgain);
    browser.wait(60_000);
    assert_eq!((browser.running, browser.started.len()), (None, 1));
    browser.step(Input::Open(Ok(None)));
    browser.settle(false);
    assert_eq!(browser.greetings.last(), Some(&(None, false)));
}

#[test]
fn an_engine_of_another_build_is_never_greeted() {
    let mut browser = Browser::new();
    browser.step(Input::Open(Ok(None)));
    let id = browser.ask();
    browser.ready("another");
    assert_eq!(browser.phases.last(), Some(&Phase::OtherVersion));
    assert_eq!(browser.code(id), Some(NOT_READY));
    browser.frame(1, parts("maple", false));
    assert_eq!((browser.greetings.len(), browser.shown.len()), (0, 0));
}

#[test]
fn a_frame_is_acknowledged_once_and_to_its_own_engine() {
    let mut browser = Browser::settled();
    let acks = |browser: &Browser| {
        browser
            .posted
            .iter()
            .filter(|said| matches!(said, ToEngine::Ack(_)))
            .count()
    };
    browser.step(Input::Taken(7));
    assert_eq!(acks(&browser), 0, "never shown");
    browser.step(Input::Taken(1));
    browser.step(Input::Taken(1));
    assert_eq!(acks(&browser), 1);
    browser.frame(2, Vec::new());
    browser.crash();
    browser.wait(1_000);
    browser.ready(BUILD);
    browser.step(Input::Taken(2));
    assert_eq!(acks(&browser), 1, "it was another engine's");
}

#[test]
fn a_first_frame_without_all_parts_is_a_crash() {
    let mut browser = Browser::new();
    browser.step(Input::Open(Ok(None)));
    browser.ready(BUILD);
    browser.frame(1, Vec::new());
    assert!(matches!(
        browser.phases.last(),
        Some(Phase::Crashed { again: true, .. })
    ));
}
