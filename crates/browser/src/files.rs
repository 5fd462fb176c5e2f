//! Which files this thread runs.

use wasm_bindgen::prelude::*;

/// A longer name is none that `cargo xtask seal` has given.
const MOST_BYTES: usize = 64;

#[wasm_bindgen]
extern "C" {
    /// Set by a worker's loader, and by `boot.js` in the page.
    #[wasm_bindgen(thread_local_v2, js_name = tabchainBuild)]
    static BUILD: JsValue;
}

/// The build that this thread's files belong to, as its loader says; empty if it says nothing
/// that can be one.
#[must_use]
pub fn build() -> String {
    let said = BUILD.with(JsValue::as_string);
    said.filter(|said| said.len() <= MOST_BYTES)
        .unwrap_or_default()
}
