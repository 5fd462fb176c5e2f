//! Clock and timer of the thread, page or worker.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since the thread began; never goes back.
    #[wasm_bindgen(js_namespace = performance)]
    pub fn now() -> f64;

    #[wasm_bindgen(js_name = setInterval)]
    fn set_interval(f: &js_sys::Function, ms: u32) -> f64;

    #[wasm_bindgen(js_name = clearInterval)]
    fn clear_interval(id: f64);
}

/// Calls a function again and again until it is dropped.
#[derive(Debug)]
pub struct Interval {
    id: f64,
    _call: Closure<dyn Fn()>,
}

impl Interval {
    /// Calls `f` every `ms` milliseconds, the first time after the first of them.
    pub fn new(ms: u32, f: impl Fn() + 'static) -> Self {
        let call = Closure::<dyn Fn()>::new(f);
        Self {
            id: set_interval(call.as_ref().unchecked_ref(), ms),
            _call: call,
        }
    }
}

impl Drop for Interval {
    fn drop(&mut self) {
        clear_interval(self.id);
    }
}
