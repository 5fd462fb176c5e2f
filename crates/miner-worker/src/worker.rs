//! The mining worker: [`Searcher`] with a clock, a post box and timers.
//!
//! Between two slices the worker goes back to the event loop, or it would never hear an order: by
//! a message to itself where no pause is owed (timers wait for 4 ms at least), else by a timer.

use js_sys::{Function, Uint8Array};
use pool::message::{FromMiner, MAX_BUILD, MINER_PROTOCOL, ToMiner};
use pool::slice::Searcher;
use std::cell::Cell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessageEvent, MessagePort};

// The worker's own global functions instead of `browser`: those go by the type of the global object,
// transfer what they post and make closures that can end, which costs this worker more than it does.
#[wasm_bindgen]
extern "C" {
    /// Set by the worker's loader before it loads this; without one there is no worker.
    #[wasm_bindgen(thread_local_v2, js_name = tabchainBuild)]
    static BUILD: JsValue;

    /// Milliseconds since the worker began; never goes back.
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

/// A pause shorter than this is not worth a timer, in milliseconds; it is owed further.
const SHORTEST_PAUSE: f64 = 2.0;

struct Worker {
    /// Taken out while it works; nothing calls back meanwhile.
    searcher: Cell<Searcher>,
    /// What is posted here comes back as the next event.
    again: MessagePort,
    /// The timer that runs, if any.
    timer: Cell<Option<f64>>,
    /// Whether a message to itself is under way.
    posted: Cell<bool>,
    /// Ends a pause.
    wake: Function,
}

/// Listens for orders and says ready. Returns at once; the event loop does the rest.
///
/// # Errors
/// Where there are no message channels.
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
    order.forget(); // like all of them

    worker.post(&FromMiner::Ready {
        protocol: MINER_PROTOCOL,
        build: build(),
    });
    Ok(())
}

/// The build that the worker's files belong to; empty if the loader says nothing that can be one.
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
        // An order since this was scheduled may ask for a pause.
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
            let _ = self.again.post_message(&JsValue::NULL); // null can be cloned
        }
    }

    fn post(&self, message: &FromMiner) {
        let bytes = Uint8Array::from(message.encode().as_slice());
        post_message(&bytes);
    }
}
