//! The adapters where they do their work: in a browser's worker.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use browser::channel::Channel;
use browser::locks::{Answer, Held, Locks, Request};
use browser::timers::Alarm;
use browser::worker::Worker;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen(inline_js = "
export function sleep(ms) { return new Promise((resolve) => setTimeout(resolve, ms)); }
export function stealLock(name) { return navigator.locks.request(name, { steal: true }, () => {}); }
export async function waitingLocks() { return (await navigator.locks.query()).pending.map((lock) => lock.name).join(); }
export function programUrl(source) { return URL.createObjectURL(new Blob([source], { type: 'text/javascript' })); }
export function absentUrl() { return location.origin + '/absent.js'; }
export function setBuild(build) { globalThis.tabchainBuild = build; }
")]
extern "C" {
    async fn sleep(ms: i32);
    #[wasm_bindgen(js_name = stealLock)]
    async fn steal_lock(name: &str);
    #[wasm_bindgen(js_name = waitingLocks)]
    async fn waiting_locks() -> JsValue;
    #[wasm_bindgen(js_name = programUrl)]
    fn program_url(source: &str) -> JsValue;
    #[wasm_bindgen(js_name = absentUrl)]
    fn absent_url() -> JsValue;
    #[wasm_bindgen(js_name = setBuild)]
    fn set_build(build: &str);
}

/// What was told so far.
type Told<T> = Rc<RefCell<Vec<T>>>;

fn ear<T: 'static>() -> (Told<T>, impl Fn(T) + Clone + 'static) {
    let told = Told::default();
    let tell = told.clone();
    (told, move |word| tell.borrow_mut().push(word))
}

/// Asks for a lock; what becomes of it is told in words, and the lock goes into the hand.
fn ask(name: &str, wait: bool) -> (Request, Told<&'static str>, Told<Held>) {
    let (told, tell) = ear();
    let (hand, hold) = ear();
    let tell_stolen = tell.clone();
    let answer = move |answer| match answer {
        Answer::Granted(held) => {
            hold(held);
            tell("granted");
        }
        Answer::Taken => tell("taken"),
        Answer::Refused => tell("refused"),
    };
    let locks = Locks::find().expect("the browser has locks");
    let request = locks.request(name, wait, answer, move || tell_stolen("stolen"));
    (request, told, hand)
}

#[wasm_bindgen_test]
async fn a_lock_is_one_holders_until_it_is_dropped() {
    let (_first, told, hand) = ask("one", false);
    assert!(
        told.borrow().is_empty(),
        "no answer before the call returns"
    );
    sleep(20).await;
    assert_eq!(*told.borrow(), ["granted"]);
    let (_second, second, _) = ask("one", false);
    let (_third, third, _third_hand) = ask("one", true);
    sleep(20).await;
    assert_eq!(*second.borrow(), ["taken"]);
    assert!(third.borrow().is_empty());
    hand.borrow_mut().clear();
    sleep(20).await;
    assert_eq!(*third.borrow(), ["granted"]);
    assert_eq!(
        *told.borrow(),
        ["granted"],
        "letting go is not being robbed"
    );
}

#[wasm_bindgen_test]
async fn the_names_of_held_locks_are_known() {
    let (_request, _, hand) = ask("known", false);
    sleep(20).await;
    let (told, tell) = ear();
    Locks::find().unwrap().query(tell.clone());
    sleep(20).await;
    hand.borrow_mut().clear();
    sleep(20).await;
    Locks::find().unwrap().query(tell);
    sleep(20).await;
    let held = |names: &Option<Vec<String>>| names.as_ref().unwrap().contains(&"known".into());
    assert_eq!(
        told.borrow().iter().map(held).collect::<Vec<_>>(),
        [true, false]
    );
}

#[wasm_bindgen_test]
async fn a_lock_that_another_page_steals_is_known_to_be_lost() {
    let (_request, told, hand) = ask("booty", true);
    sleep(20).await;
    steal_lock("booty").await;
    sleep(20).await;
    assert_eq!(*told.borrow(), ["granted", "stolen"]);
    hand.borrow_mut().clear(); // letting go of what is lost does no harm
    let (_request, told, _hand) = ask("booty", false);
    sleep(20).await;
    assert_eq!(*told.borrow(), ["granted"]);
}

#[wasm_bindgen_test]
async fn a_wait_that_is_abandoned_stands_in_nobodys_way() {
    let (_holder, _, hand) = ask("queue", false);
    sleep(20).await;
    let (abandoned, told, _) = ask("queue", true);
    sleep(20).await;
    assert_eq!(waiting_locks().await, "queue");
    drop(abandoned);
    sleep(20).await;
    assert_eq!(waiting_locks().await, "");
    hand.borrow_mut().clear();
    let (_next, next, _next_hand) = ask("queue", true);
    sleep(20).await;
    assert_eq!(*next.borrow(), ["granted"]);
    assert!(told.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn a_lock_that_comes_after_its_request_was_abandoned_is_let_go() {
    for wait in [false, true] {
        let (request, told, _) = ask("late", wait);
        drop(request); // the browser is about to grant it
        let (_next, next, _hand) = ask("late", true);
        sleep(20).await;
        assert_eq!(*next.borrow(), ["granted"]);
        assert!(told.borrow().is_empty());
    }
}

#[wasm_bindgen_test]
async fn channels_carry_bytes_and_call_everything_else_garbage() {
    let (told, tell) = ear();
    let ours = Channel::open("test", 100, tell).unwrap();
    let (theirs, tell) = ear();
    let mouth = Channel::open("test", 100, tell).unwrap();
    mouth.post(b"hello");
    mouth.post(&[7; 100]);
    mouth.post(&[7; 101]);
    let raw = web_sys::BroadcastChannel::new("test").unwrap();
    raw.post_message(&"text".into()).unwrap();
    sleep(100).await;
    let expected = [Some(b"hello".to_vec()), Some(vec![7; 100]), None, None];
    assert_eq!(*told.borrow(), expected);
    assert_eq!(*theirs.borrow(), [None], "nobody hears himself");
    drop(ours);
    mouth.post(b"gone");
    sleep(50).await;
    assert_eq!(told.borrow().len(), 4);
}

#[wasm_bindgen_test]
async fn an_alarm_rings_once_for_each_poke_and_setting() {
    let (told, tell) = ear();
    let mut alarm = Alarm::new(move || tell(()));
    for _ in 0..5 {
        alarm.poke();
        alarm.set(20);
    }
    sleep(200).await;
    assert_eq!(told.borrow().len(), 2);
    alarm.rung();
    alarm.poke();
    alarm.set(1);
    drop(alarm);
    sleep(50).await;
    assert_eq!(
        told.borrow().len(),
        2,
        "an alarm that is gone does not ring"
    );
}

#[wasm_bindgen_test]
async fn a_worker_hears_and_says_bytes_until_it_is_dropped() {
    let echo = "self.onmessage = ({ data }) => { postMessage(data); postMessage('words'); };";
    let (told, tell) = ear();
    let worker = Worker::start(&program_url(echo), tell, |why| panic!("{why}")).unwrap();
    worker.post(&[1, 2, 3]);
    sleep(300).await;
    assert_eq!(*told.borrow(), [vec![1, 2, 3], vec![]]);
    worker.post(&[4]);
    drop(worker);
    sleep(100).await;
    assert_eq!(told.borrow().len(), 2);
}

#[wasm_bindgen_test]
async fn a_worker_that_fails_says_why() {
    let (told, tell) = ear();
    let fails = program_url("throw new Error('no luck');");
    let _failing = Worker::start(&fails, |_| (), tell.clone()).unwrap();
    sleep(300).await;
    assert!(told.borrow()[0].contains("no luck"), "{told:?}");
    let _absent = Worker::start(&absent_url(), |_| (), tell).unwrap();
    sleep(300).await;
    assert_eq!(told.borrow()[1], "the worker's program could not be loaded");
}

#[wasm_bindgen_test]
fn the_build_is_what_the_loader_says() {
    set_build("abc"); // read once: a thread's files do not change
    assert_eq!(browser::files::build(), "abc");
}

#[wasm_bindgen_test]
fn entropy_does_not_repeat() {
    assert_ne!(browser::entropy::bytes::<32>(), browser::entropy::bytes());
}
