//! Does: searches nonces as ordered, in a worker with a wasm of its own, so that it stays small.
//! Never: decides what to search, or stores anything.
//! Neighbours: `pool` below; `engine` starts it, tells it what to search and receives what it finds.

#![forbid(unsafe_code)]

mod worker;

/// A small allocator will do: the worker allocates little but a message now and then.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    // Not `main() -> Result`: that would print the error, and printing costs kilobytes.
    if let Err(error) = worker::start() {
        wasm_bindgen::throw_val(error);
    }
}
