//! Coming back later, or as soon as the browser has heard everybody else.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::{MessageChannel, MessagePort};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(f: &Function, ms: i32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: f64);
}

/// Calls one function: at a time, and as a task of its own right after those that wait already.
pub struct Alarm {
    call: Closure<dyn Fn()>,
    timeout: Option<f64>,
    port: MessagePort,
    poked: bool,
    other: MessagePort,
}

impl Alarm {
    /// An alarm that is not set.
    ///
    /// # Panics
    /// If the browser cannot make a message channel, which every browser can.
    #[must_use]
    pub fn new(call: impl Fn() + 'static) -> Self {
        let call = Closure::<dyn Fn()>::new(call);
        // A timeout of 0 would wait 4 ms once it is nested; a message does not.
        let channel = MessageChannel::new().expect("every browser has message channels");
        let (port, other) = (channel.port1(), channel.port2());
        other.set_onmessage(Some(call.as_ref().unchecked_ref()));
        Self {
            call,
            timeout: None,
            port,
            poked: false,
            other,
        }
    }

    /// Rings in so many milliseconds, not when it would have before.
    pub fn set(&mut self, ms: i32) {
        self.clear();
        self.timeout = Some(set_timeout(self.call.as_ref().unchecked_ref(), ms));
    }

    /// Rings as soon as possible, once.
    pub fn poke(&mut self) {
        if !std::mem::replace(&mut self.poked, true) {
            let _ = self.port.post_message(&JsValue::NULL); // null can always be cloned
        }
    }

    /// It rings: to be called first of all.
    pub fn rung(&mut self) {
        self.poked = false;
        self.clear();
    }

    fn clear(&mut self) {
        if let Some(id) = self.timeout.take() {
            clear_timeout(id);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clear();
        self.other.set_onmessage(None);
        self.port.close();
    }
}
