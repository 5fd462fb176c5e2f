//! Coming back later, or as soon as the browser has run the tasks that are already queued.

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

/// Calls one function: after a delay, or in a new task right behind those that are already queued.
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
    /// If the browser has no message channels; every browser we support has them.
    #[must_use]
    pub fn new(call: impl Fn() + 'static) -> Self {
        let call = Closure::<dyn Fn()>::new(call);
        // Browsers clamp nested timeouts of 0 to 4 ms; a message is not delayed.
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

    /// Rings in `ms` milliseconds; replaces an earlier setting.
    pub fn set(&mut self, ms: i32) {
        self.clear();
        self.timeout = Some(set_timeout(self.call.as_ref().unchecked_ref(), ms));
    }

    /// Rings as soon as possible, once.
    pub fn poke(&mut self) {
        if !std::mem::replace(&mut self.poked, true) {
            let _ = self.port.post_message(&JsValue::NULL); // fails only if not cloneable
        }
    }

    /// Notes that the alarm has rung. The called function must do this first, or pokes are ignored.
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
