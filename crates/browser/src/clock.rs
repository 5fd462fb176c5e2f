//! The browser's two clocks, in milliseconds.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// By the type of the global object it would cost more code.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the thread began; never goes back, and may stand still while the machine
/// sleeps.
#[must_use]
pub fn now_ms() -> f64 {
    performance_now()
}

/// Milliseconds since 1970; people and time servers move it.
#[must_use]
pub fn wall_ms() -> f64 {
    js_sys::Date::now()
}
