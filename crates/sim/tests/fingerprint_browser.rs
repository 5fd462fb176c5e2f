//! `fingerprint.rs` again, in a browser.

#![cfg(target_arch = "wasm32")]

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[path = "fingerprint.rs"]
mod fingerprint;
