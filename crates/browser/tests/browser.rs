//! The adapters in their real surroundings: a worker in a browser.
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
    fn set_build(build: &JsValue);
}

/// What has been reported so far.
type Told<T> = Rc<RefCell<Vec<T>>>;

fn ear<T: 'static>() -> (Told<T>, impl Fn(T) + Clone + 'static) {
    let told = Told::default();
    let tell = told.clone();
    (told, move |word| tell.borrow_mut().push(word))
}

/// Waits until `count` reports have come, for up to 5 s: a busy machine takes its time.
async fn hears<T>(told: &Told<T>, count: usize) {
    for _ in 0..500 {
        if told.borrow().len() >= count {
            break;
        }
        sleep(10).await;
    }
}

/// Leaves time for something that should not happen.
async fn a_while() {
    sleep(100).await;
}

/// Requests a lock. Returns the request, its outcomes in words, and the lock once it is held.
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
async fn a_lock_has_one_holder_until_it_is_dropped() {
    let (_first, told, hand) = ask("one", false);
    assert!(
        told.borrow().is_empty(),
        "no answer before the call returns"
    );
    hears(&told, 1).await;
    assert_eq!(*told.borrow(), ["granted"]);
    let (_second, second, _) = ask("one", false);
    let (_third, third, _third_hand) = ask("one", true);
    hears(&second, 1).await;
    assert_eq!(*second.borrow(), ["taken"]);
    assert!(third.borrow().is_empty());
    hand.borrow_mut().clear();
    hears(&third, 1).await;
    a_while().await;
    assert_eq!(*third.borrow(), ["granted"]);
    assert_eq!(
        *told.borrow(),
        ["granted"],
        "a released lock is not reported as stolen"
    );
}

#[wasm_bindgen_test]
async fn the_names_of_held_locks_are_known() {
    let (_request, _, hand) = ask("known", false);
    hears(&hand, 1).await;
    let (told, tell) = ear();
    Locks::find().unwrap().query(tell.clone());
    hears(&told, 1).await;
    hand.borrow_mut().clear();
    a_while().await;
    Locks::find().unwrap().query(tell);
    hears(&told, 2).await;
    let held = |names: &Option<Vec<String>>| names.as_ref().unwrap().contains(&"known".into());
    assert_eq!(
        told.borrow().iter().map(held).collect::<Vec<_>>(),
        [true, false]
    );
}

#[wasm_bindgen_test]
async fn a_lock_that_another_page_steals_is_known_to_be_lost() {
    let (_request, told, hand) = ask("booty", true);
    hears(&told, 1).await;
    steal_lock("booty").await;
    hears(&told, 2).await;
    assert_eq!(*told.borrow(), ["granted", "stolen"]);
    hand.borrow_mut().clear(); // releasing a stolen lock does no harm
    let (_request, told, _hand) = ask("booty", false);
    hears(&told, 1).await;
    assert_eq!(*told.borrow(), ["granted"]);
}

#[wasm_bindgen_test]
async fn an_abandoned_wait_leaves_the_queue() {
    let (_holder, _, hand) = ask("queue", false);
    hears(&hand, 1).await;
    let (abandoned, told, _) = ask("queue", true);
    a_while().await;
    assert_eq!(waiting_locks().await, "queue");
    drop(abandoned);
    a_while().await;
    assert_eq!(waiting_locks().await, "");
    hand.borrow_mut().clear();
    let (_next, next, _next_hand) = ask("queue", true);
    hears(&next, 1).await;
    assert_eq!(*next.borrow(), ["granted"]);
    assert!(told.borrow().is_empty());
}

#[wasm_bindgen_test]
async fn a_lock_that_comes_after_its_request_was_abandoned_is_let_go() {
    for wait in [false, true] {
        let (request, told, _) = ask("late", wait);
        drop(request); // the browser is about to grant it
        let (_next, next, _hand) = ask("late", true);
        hears(&next, 1).await;
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
    hears(&told, 4).await;
    hears(&theirs, 1).await;
    let expected = [Some(b"hello".to_vec()), Some(vec![7; 100]), None, None];
    assert_eq!(*told.borrow(), expected);
    assert_eq!(*theirs.borrow(), [None], "a channel does not hear itself");
    drop(ours);
    mouth.post(b"gone");
    a_while().await;
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
    hears(&told, 2).await;
    a_while().await;
    assert_eq!(told.borrow().len(), 2);
    alarm.rung();
    alarm.poke();
    alarm.set(1);
    drop(alarm);
    a_while().await;
    assert_eq!(told.borrow().len(), 2, "a dropped alarm does not ring");
}

#[wasm_bindgen_test]
async fn a_worker_hears_and_says_bytes_until_it_is_dropped() {
    let echo = "self.onmessage = ({ data }) => { postMessage(data); postMessage('words'); };";
    let (told, tell) = ear();
    let worker = Worker::start(&program_url(echo), tell, |why| panic!("{why}")).unwrap();
    worker.post(&[1, 2, 3]);
    hears(&told, 2).await;
    assert_eq!(*told.borrow(), [vec![1, 2, 3], vec![]]);
    worker.post(&[4]);
    drop(worker);
    a_while().await;
    assert_eq!(told.borrow().len(), 2);
}

/// A callback may drop the very object that calls it.
#[wasm_bindgen_test]
async fn what_calls_back_may_be_dropped_by_what_it_calls() {
    let slot: Rc<RefCell<Option<Worker>>> = Rc::default();
    let (told, tell) = ear();
    let (own, told_once) = (slot.clone(), tell.clone());
    let heard = move |_| {
        drop(own.take());
        told_once("worker");
    };
    let talks = program_url("setInterval(() => postMessage(1), 1);");
    *slot.borrow_mut() = Worker::start(&talks, heard, |_| ()).ok();
    let slot: Rc<RefCell<Option<Channel>>> = Rc::default();
    let (own, told_once) = (slot.clone(), tell.clone());
    let heard = move |_| {
        drop(own.take());
        told_once("channel");
    };
    *slot.borrow_mut() = Channel::open("own-end", 100, heard).ok();
    let mouth = Channel::open("own-end", 100, |_| ()).unwrap();
    mouth.post(&[1]);
    mouth.post(&[2]);
    let slot: Rc<RefCell<Option<Alarm>>> = Rc::default();
    let own = slot.clone();
    let mut alarm = Alarm::new(move || {
        drop(own.take());
        tell("alarm");
    });
    alarm.poke();
    alarm.set(1);
    *slot.borrow_mut() = Some(alarm);
    hears(&told, 3).await;
    a_while().await;
    told.borrow_mut().sort_unstable();
    assert_eq!(*told.borrow(), ["alarm", "channel", "worker"]);
}

#[wasm_bindgen_test]
async fn a_worker_that_fails_says_why() {
    let (told, tell) = ear();
    let fails = program_url("throw new Error('no luck');");
    let _failing = Worker::start(&fails, |_| (), tell.clone()).unwrap();
    hears(&told, 1).await;
    assert!(told.borrow()[0].contains("no luck"), "{told:?}");
    let _absent = Worker::start(&absent_url(), |_| (), tell).unwrap();
    hears(&told, 2).await;
    assert_eq!(told.borrow()[1], "the worker's program could not be loaded");
}

#[wasm_bindgen_test]
fn a_build_is_a_short_text_or_nothing() {
    assert_eq!(browser::files::build(), "", "no loader has said anything");
    let long = "x".repeat(65);
    for (said, heard) in [
        (JsValue::from("abc"), "abc"),
        (JsValue::from(long.as_str()), ""),
        (JsValue::from(7), ""),
    ] {
        set_build(&said);
        assert_eq!(browser::files::build(), heard);
    }
}

#[wasm_bindgen_test]
fn entropy_does_not_repeat() {
    assert_ne!(browser::entropy::bytes::<32>(), browser::entropy::bytes());
}
