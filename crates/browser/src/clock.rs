//! The browser's two clocks, in milliseconds.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Declared here because web-sys would first need the type of the global object: more code.
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the thread started. Never goes backwards, and may stand still while the
/// machine sleeps.
#[must_use]
pub fn now_ms() -> f64 {
    performance_now()
}

/// Milliseconds since the Unix epoch. People and time servers can set it forwards or back.
#[must_use]
pub fn wall_ms() -> f64 {
    js_sys::Date::now()
}
