//! Runs the tests of `search.rs` where the kernel does its work: in a browser's worker.
#![cfg(target_arch = "wasm32")]

#[path = "search.rs"]
mod search;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);
