//! The mining worker: a [`Searcher`] with a clock, a mailbox and timers.
//!
//! Between two slices the worker returns to the event loop, or it would never receive an order. It
//! resumes by a timer if a pause is owed, else by a message to itself: timers wait at least 4 ms.

use js_sys::{Function, Uint8Array};
use pool::message::{FromMiner, MAX_BUILD, MINER_PROTOCOL, ToMiner};
use pool::slice::Searcher;
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

// The worker's global functions are bound directly, not through `browser`, which checks the type
// of the global object, transfers what it posts and makes closures that can be dropped: that would
// take more code than the rest of this worker.
#[wasm_bindgen]
extern "C" {
    /// The build, which the loader sets before it loads this program; no worker starts without.
    #[wasm_bindgen(thread_local_v2, js_name = tabchainBuild)]
    static BUILD: JsValue;

    /// Milliseconds since the worker started; never goes back.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;

    #[wasm_bindgen(js_name = postMessage)]
    fn post_message(message: &Uint8Array);

    #[wasm_bindgen(js_name = addEventListener)]
    fn add_event_listener(kind: &str, listener: &Function);

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(f: &Function, ms: f64) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: f64);
}

/// In milliseconds. A pause shorter than this is not worth a timer and stays owed.
const SHORTEST_PAUSE: f64 = 2.0;

struct Worker {
    /// Taken out while it works; nothing can call back in the meantime.
    searcher: Cell<Searcher>,
    /// What is posted here comes back as the next event.
    again: MessagePort,
    /// The running timer, if any.
    timer: Cell<Option<f64>>,
    /// Whether a message to the worker itself is under way.
    posted: Cell<bool>,
    /// Ends a pause.
    wake: Function,
}

/// Starts listening for orders and reports ready. Returns at once; the event loop does the rest.
///
/// # Errors
/// If the browser has no message channels.
pub fn start() -> Result<(), JsValue> {
    let channel = MessageChannel::new()?;
    let worker = Rc::new_cyclic(|me: &Weak<Worker>| {
        let me = me.clone();
        Worker {
            searcher: Cell::default(),
            again: channel.port2(),
            timer: Cell::new(None),
            posted: Cell::new(false),
            wake: forever(move || {
                if let Some(me) = me.upgrade() {
                    me.timer.set(None);
                    me.work();
                }
            }),
        }
    });

    let me = worker.clone();
    let again = forever(move || {
        me.posted.set(false);
        me.work();
    });
    channel.port1().set_onmessage(Some(&again));

    let me = worker.clone();
    let order = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
            && let Some(order) = ToMiner::decode(&bytes.to_vec())
        {
            me.hear(order);
        }
    });
    add_event_listener("message", order.as_ref().unchecked_ref());
    order.forget(); // lives as long as the worker, like all closures here

    worker.post(&FromMiner::Ready {
        protocol: MINER_PROTOCOL,
        build: build(),
    });
    Ok(())
}

/// The build that the worker's files belong to; empty if the loader set nothing that can be one.
fn build() -> String {
    let said = BUILD.with(JsValue::as_string);
    said.filter(|said| said.len() <= MAX_BUILD)
        .unwrap_or_default()
}

/// A function that lives as long as the worker.
fn forever(f: impl Fn() + 'static) -> Function {
    Closure::<dyn Fn()>::new(f).into_js_value().unchecked_into()
}

impl Worker {
    fn hear(&self, order: ToMiner) {
        let mut searcher = self.searcher.take();
        searcher.hear(order, now(), &mut |message| self.post(&message));
        self.searcher.set(searcher);
        self.schedule();
    }

    fn work(&self) {
        let mut searcher = self.searcher.take();
        // An order that arrived since this was scheduled may call for a pause.
        if searcher
            .wait(now())
            .is_some_and(|wait| wait < SHORTEST_PAUSE)
        {
            searcher.step(now, &mut |message| self.post(&message));
        }
        self.searcher.set(searcher);
        self.schedule();
    }

    fn schedule(&self) {
        if let Some(timer) = self.timer.take() {
            clear_timeout(timer);
        }
        let searcher = self.searcher.take();
        let wait = searcher.wait(now());
        self.searcher.set(searcher);
        match wait {
            None => {}
            Some(wait) if wait < SHORTEST_PAUSE => self.post_to_self(),
            Some(wait) => self.timer.set(Some(set_timeout(&self.wake, wait))),
        }
    }

    fn post_to_self(&self) {
        if !self.posted.replace(true) {
            let _ = self.again.post_message(&JsValue::NULL); // cannot fail: null can be cloned
        }
    }

    fn post(&self, message: &FromMiner) {
        let bytes = Uint8Array::from(message.encode().as_slice());
        post_message(&bytes);
    }
}
