//! What each effect does in a browser's worker.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use pool::message::{FromMiner, MINER_PROTOCOL, ToMiner};
use tab::door::{Channel, DbId, LockAnswer, LockId, Query, QueryId, Ticket};
use tab::storage::{Change, DbError, Durability, ROOM_STORES, Store};
use tab::{Due, Effect, Input, Reading};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{Frame, FromEngine, Part, RoomView, ToEngine};

use super::Engine;
use crate::driver::{Machine, World};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = "
export function sleep(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
export function stealLock(name) { return navigator.locks.request(name, { steal: true }, () => {}); }
export function programUrl(source) { return URL.createObjectURL(new Blob([source], { type: 'text/javascript' })); }
export function openRaw(name, version) {
  return new Promise((resolve) => { indexedDB.open(name, version).onsuccess = ({ target }) => resolve(target.result); });
}
export function closeRaw(database) { database.close(); }
export function watchPosts() {
  const posts = [];
  const original = self.postMessage;
  self.postMessage = (message) => posts.push(message);
  return () => { self.postMessage = original; return posts; };
}
export function dropAll(name) {
  return new Promise((resolve) => { indexedDB.deleteDatabase(name).onsuccess = () => resolve(); });
}
")]
extern "C" {
    async fn sleep(ms: i32);
    #[wasm_bindgen(js_name = stealLock)]
    async fn steal_lock(name: &str);
    #[wasm_bindgen(js_name = programUrl)]
    fn program_url(source: &str) -> String;
    #[wasm_bindgen(js_name = openRaw)]
    async fn open_raw(name: &str, version: u32) -> JsValue;
    #[wasm_bindgen(js_name = closeRaw)]
    fn close_raw(database: &JsValue);
    #[wasm_bindgen(js_name = watchPosts)]
    fn watch_posts() -> js_sys::Function;
    #[wasm_bindgen(js_name = dropAll)]
    async fn drop_all(name: &str);
}

type Script = fn(&Input) -> Vec<Effect>;

/// Records its inputs and asks for the effects that its script names.
struct Puppet {
    given: Rc<RefCell<Vec<Input>>>,
    script: Script,
    due: u64,
}

impl Machine for Puppet {
    fn step(&mut self, _: Reading, input: Input, out: &mut Vec<Effect>) {
        if input == Input::Turn {
            self.due = u64::MAX;
        }
        out.extend((self.script)(&input));
        self.given.borrow_mut().push(input);
    }

    fn due(&self) -> Due {
        Due::At(self.due)
    }
}

/// An engine, and the inputs that it has given its machine since the last look.
struct Stage {
    engine: Engine,
    given: Rc<RefCell<Vec<Input>>>,
}

impl Stage {
    fn new(script: Script, due: u64) -> Self {
        let given = Rc::default();
        let puppet = Puppet {
            given: Rc::clone(&given),
            script,
            due,
        };
        let engine = Engine::host(Box::new(puppet));
        Self { engine, given }
    }

    fn carry_out(&self, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            self.engine.carry_out(effect);
        }
    }

    /// The next inputs of the machine, at least `count` of them, awaited for up to 5 s: a busy
    /// computer takes its time.
    async fn heard(&self, count: usize) -> Vec<Input> {
        for _ in 0..500 {
            if self.given.borrow().len() >= count {
                break;
            }
            sleep(10).await;
        }
        self.given.take()
    }

    /// Inputs that come although none should.
    async fn heard_late(&self) -> Vec<Input> {
        sleep(100).await;
        self.given.take()
    }
}

fn quiet() -> Stage {
    Stage::new(|_| vec![], u64::MAX)
}

fn lock(id: u64, name: &str, wait: bool) -> Effect {
    Effect::Lock {
        id: LockId(id),
        name: name.into(),
        wait,
    }
}

fn locked(id: u64, answer: LockAnswer) -> Input {
    Input::Lock(LockId(id), answer)
}

fn open(name: &str) -> Effect {
    Effect::Open {
        db: DbId::Room,
        name: name.into(),
        stores: ROOM_STORES,
    }
}

#[wasm_bindgen_test]
async fn locks_are_granted_taken_waited_for_let_go_and_stolen() {
    let stage = quiet();
    stage.carry_out([lock(1, "seat", false), lock(2, "seat", false)]);
    stage.carry_out([lock(3, "seat", true), lock(4, "seat", true)]);
    let answers = [locked(1, LockAnswer::Granted), locked(2, LockAnswer::Taken)];
    assert_eq!(stage.heard(2).await, answers);
    // Lock 3 is abandoned before its answer, so none comes.
    stage.carry_out([Effect::Unlock(LockId(3)), Effect::Unlock(LockId(1))]);
    assert_eq!(stage.heard(1).await, [locked(4, LockAnswer::Granted)]);
    stage.carry_out([Effect::QueryLocks(QueryId(9))]);
    let heard = stage.heard(1).await;
    assert!(
        matches!(&heard[..], [Input::Locks(QueryId(9), Some(names))] if names.contains(&"seat".into()))
    );
    steal_lock("seat").await;
    assert_eq!(stage.heard(1).await, [locked(4, LockAnswer::Stolen)]);
    stage.carry_out([Effect::Unlock(LockId(4)), lock(5, "seat", true)]);
    assert_eq!(stage.heard(1).await, [locked(5, LockAnswer::Granted)]);
}

#[wasm_bindgen_test]
async fn a_database_keeps_what_was_written_and_answers_by_number() {
    drop_all("engine-db").await;
    let stage = quiet();
    let put = |name: u8| Change::Put(Store::Own, vec![7, name], vec![name]);
    let read = |id, query| Effect::Read {
        id: Ticket(id),
        db: DbId::Room,
        query,
    };
    let write = Effect::Write {
        id: Ticket(2),
        db: DbId::Room,
        changes: vec![put(1), put(2)],
        durability: Durability::Relaxed,
    };
    stage.carry_out([read(1, Query::Range(Store::Own, vec![]))]);
    let heard = stage.heard(1).await;
    assert!(matches!(
        &heard[..],
        [Input::Read(Ticket(1), Err(DbError::Refused(_)))]
    ));
    stage.carry_out([open("engine-db")]);
    let opened = Input::Opened(DbId::Room, Ok(()));
    assert_eq!(stage.heard(1).await, [opened]);
    let names = vec![vec![7, 2], vec![7, 3], vec![7, 1]];
    stage.carry_out([
        write,
        read(3, Query::Range(Store::Own, vec![7])),
        read(4, Query::Names(Store::Own, names)),
    ]);
    let (one, two) = ((vec![7, 1], vec![1]), (vec![7, 2], vec![2]));
    let answers = [
        Input::Written(Ticket(2), Ok(())),
        Input::Read(Ticket(3), Ok(vec![one.clone(), two.clone()])),
        Input::Read(Ticket(4), Ok(vec![two, one])),
    ];
    assert_eq!(stage.heard(3).await, answers);
    stage.carry_out([Effect::Close(DbId::Room)]);
    drop_all("engine-db").await; // would wait forever if it were still open
    assert_eq!(stage.heard_late().await, []);
}

#[wasm_bindgen_test]
async fn a_database_abandoned_while_it_opens_is_closed_and_not_reported() {
    drop_all("engine-late").await;
    let stage = quiet();
    stage.carry_out([open("engine-late"), Effect::Close(DbId::Room)]);
    assert_eq!(stage.heard_late().await, []);
    drop_all("engine-late").await;
    // The answer to an abandoned opening must not be taken for the answer to the next one.
    stage.carry_out([
        open("engine-late"),
        Effect::Close(DbId::Room),
        open("engine-late"),
    ]);
    assert_eq!(stage.heard(1).await, [Input::Opened(DbId::Room, Ok(()))]);
    drop_all("engine-late").await;
    let heard = stage.heard(1).await;
    assert!(
        matches!(&heard[..], [Input::Lost(DbId::Room, _)]),
        "{heard:?}"
    );
}

#[wasm_bindgen_test]
async fn data_of_a_newer_version_is_named() {
    close_raw(&open_raw("engine-newer", 9).await);
    let stage = quiet();
    stage.carry_out([open("engine-newer")]);
    let newer = Input::Opened(DbId::Room, Err(DbError::OtherVersion(9)));
    assert_eq!(stage.heard(1).await, [newer]);
}

#[wasm_bindgen_test]
async fn channels_are_heard_until_they_are_closed() {
    let (ours, theirs) = (quiet(), quiet());
    let name = || "engine-channel".to_owned();
    ours.carry_out([Effect::Listen(Channel::Power, name())]);
    theirs.carry_out([Effect::Say(Channel::Power, vec![1])]); // has not opened the channel yet
    theirs.carry_out([Effect::Listen(Channel::Power, name())]);
    let long = vec![7; Channel::Power.most_bytes() + 1];
    theirs.carry_out([
        Effect::Say(Channel::Power, vec![2]),
        Effect::Say(Channel::Power, long),
    ]);
    let heard = [Some(vec![2]), None].map(|bytes| Input::Heard(Channel::Power, bytes));
    assert_eq!(ours.heard(2).await, heard);
    ours.carry_out([Effect::Deafen(Channel::Power)]);
    theirs.carry_out([Effect::Say(Channel::Power, vec![3])]);
    assert_eq!(ours.heard_late().await, []);
    assert_eq!(theirs.heard_late().await, []);
}

/// A program that says `word`, something that is no message, and `word` again whatever it hears.
fn echo(word: &FromMiner) -> String {
    let word = format!("postMessage(new Uint8Array({:?}))", word.encode());
    format!("{word}; postMessage(new Uint8Array([99])); self.onmessage = () => {{ {word}; }};")
}

#[wasm_bindgen_test]
async fn workers_are_heard_until_they_end() {
    let ready = || FromMiner::Ready {
        protocol: MINER_PROTOCOL,
        build: String::new(),
    };
    let stage = quiet();
    stage
        .engine
        .0
        .workers
        .load_from(&program_url(&echo(&ready())));
    stage.carry_out([Effect::Spawn(5)]);
    assert_eq!(stage.heard(1).await, [Input::Worker(5, ready())]);
    stage.carry_out([Effect::Order(5, ToMiner::Stop)]);
    assert_eq!(stage.heard(1).await, [Input::Worker(5, ready())]);
    stage.carry_out([Effect::Order(5, ToMiner::Stop), Effect::Terminate(5)]);
    stage.carry_out([Effect::Order(5, ToMiner::Stop)]);
    assert_eq!(stage.heard_late().await, []);
}

/// The tab terminates a worker in the very step that learns of its death.
#[wasm_bindgen_test]
async fn workers_that_die_or_never_start_are_reported_once() {
    let script: Script = |input| match input {
        Input::WorkerDied(id) => vec![Effect::Terminate(*id)],
        _ => vec![],
    };
    let stage = Stage::new(script, u64::MAX);
    stage
        .engine
        .0
        .workers
        .load_from(&program_url("throw new Error('no luck');"));
    stage.carry_out([Effect::Spawn(1)]);
    assert_eq!(stage.heard(1).await, [Input::WorkerDied(1)]);
    stage.engine.0.workers.load_from("http://[no address");
    stage.carry_out([Effect::Spawn(2)]);
    assert_eq!(stage.heard(1).await, [Input::WorkerDied(2)]);
}

#[wasm_bindgen_test]
async fn a_turn_comes_when_it_is_due_and_the_machine_is_measured() {
    let stage = Stage::new(|_| vec![], 0);
    stage.carry_out([Effect::Calibrate { ms: 20 }]);
    let heard = stage.heard(2).await;
    assert!(
        matches!(heard[..], [Input::Calibrated(1..), Input::Turn]),
        "{heard:?}"
    );
    assert_eq!(stage.heard_late().await, []);
}

/// The messages that the engine sends to the page while `act` runs.
fn said(act: impl FnOnce()) -> Vec<FromEngine> {
    let done = watch_posts();
    act();
    let posts = done.call0(&JsValue::NULL).unwrap();
    let posts = Array::from(&posts);
    let posts = posts.iter();
    posts
        .map(|bytes| postcard::from_bytes(&Uint8Array::new(&bytes).to_vec()).unwrap())
        .collect()
}

#[wasm_bindgen_test]
async fn the_page_is_heard_unless_it_is_of_another_version() {
    let stage = quiet();
    let ping = postcard::to_allocvec(&ToEngine::Ping).unwrap();
    let answers = said(|| {
        stage.engine.hear_page(Some(ping));
        stage.engine.hear_page(None);
        stage.engine.hear_page(Some(vec![250, 3]));
    });
    assert_eq!(answers, [FromEngine::OtherVersion(wire::VERSION)]);
    assert_eq!(stage.given.take(), [Input::Page(ToEngine::Ping)]);
}

#[wasm_bindgen_test]
async fn a_report_names_the_room_that_the_page_was_told_of() {
    let room = RoomView {
        name: "maple-river".into(),
        link: "/live?room=maple-river".into(),
        protocol: "any".into(),
        slots: false,
        params: vec![],
        forms: vec![],
    };
    let frame = Frame {
        number: 1,
        parts: vec![Part::Room(room)],
        log: vec![],
    };
    let frame = FromEngine::Frame(Box::new(frame));
    let effect = Effect::Post(frame.clone());
    assert_eq!(said(|| quiet().carry_out([effect])), [frame]);
    let report = crate::panic::report("no luck", "there");
    assert!(report.contains("no luck") && report.ends_with("room: /live?room=maple-river"));
}
