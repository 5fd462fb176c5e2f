//! The mining worker: [`Searcher`] with a clock, a post box and timers.
//!
//! Between two slices the worker goes back to the event loop, or it would never hear an order: by
//! a message to itself where no pause is owed (timers wait for 4 ms at least), else by a timer.

use super::message::{FromMiner, MINER_PROTOCOL, ToMiner};
use super::{clock, slice::Searcher};
use js_sys::Uint8Array;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

/// A pause shorter than this is not worth a timer, in milliseconds; it is owed further.
const SHORTEST_PAUSE: f64 = 2.0;

struct Worker {
    scope: DedicatedWorkerGlobalScope,
    /// Taken out while it works; nothing calls back meanwhile.
    searcher: Cell<Searcher>,
    /// What is posted here comes back as the next event.
    again: MessagePort,
    /// The timer that runs, if any.
    timer: Cell<Option<i32>>,
    /// Whether a message to itself is under way.
    posted: Cell<bool>,
    /// Ends a pause.
    wake: Cell<Option<js_sys::Function>>,
}

/// Listens for orders and says ready. Returns at once; the event loop does the rest.
///
/// # Errors
/// Where this is no dedicated worker, or one without message channels.
pub fn start() -> Result<(), JsValue> {
    let scope: DedicatedWorkerGlobalScope = js_sys::global().dyn_into()?;
    let channel = MessageChannel::new()?;
    let worker = Rc::new(Worker {
        scope: scope.clone(),
        searcher: Cell::default(),
        again: channel.port2(),
        timer: Cell::new(None),
        posted: Cell::new(false),
        wake: Cell::new(None),
    });

    let me = worker.clone();
    let wake = Closure::<dyn Fn()>::new(move || {
        me.timer.set(None);
        me.work();
    });
    worker.wake.set(wake.as_ref().dyn_ref().cloned());
    wake.forget(); // as are all: they live as long as the worker

    let me = worker.clone();
    let again = Closure::<dyn Fn()>::new(move || {
        me.posted.set(false);
        me.work();
    });
    channel.port1().set_onmessage(again.as_ref().dyn_ref());
    again.forget();

    let me = worker.clone();
    let order = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
            && let Some(order) = ToMiner::decode(&bytes.to_vec())
        {
            me.hear(order);
        }
    });
    scope.set_onmessage(order.as_ref().dyn_ref());
    order.forget();

    worker.post(&FromMiner::Ready {
        protocol: MINER_PROTOCOL,
        build: super::build(),
    });
    Ok(())
}

impl Worker {
    fn hear(&self, order: ToMiner) {
        let mut searcher = self.searcher.take();
        searcher.hear(order, clock::now(), &mut |message| self.post(&message));
        self.searcher.set(searcher);
        self.schedule();
    }

    fn work(&self) {
        let mut searcher = self.searcher.take();
        // An order since this was scheduled may ask for a pause.
        if searcher
            .wait(clock::now())
            .is_some_and(|wait| wait < SHORTEST_PAUSE)
        {
            searcher.step(clock::now, &mut |message| self.post(&message));
        }
        self.searcher.set(searcher);
        self.schedule();
    }

    fn schedule(&self) {
        if let Some(timer) = self.timer.take() {
            self.scope.clear_timeout_with_handle(timer);
        }
        let searcher = self.searcher.take();
        let wait = searcher.wait(clock::now());
        self.searcher.set(searcher);
        match wait {
            None => {}
            Some(wait) if wait < SHORTEST_PAUSE => self.post_to_self(),
            Some(wait) => {
                let wake = self.wake.take();
                if let Some(wake) = &wake {
                    let timer = self
                        .scope
                        .set_timeout_with_callback_and_timeout_and_arguments_0(wake, wait as i32);
                    self.timer.set(timer.ok());
                }
                self.wake.set(wake);
            }
        }
    }

    fn post_to_self(&self) {
        if !self.posted.replace(true) {
            let _ = self.again.post_message(&JsValue::NULL); // null can be cloned
        }
    }

    fn post(&self, message: &FromMiner) {
        let bytes = Uint8Array::from(message.encode().as_slice());
        let _ = self.scope.post_message(&bytes); // bytes can be cloned
    }
}
