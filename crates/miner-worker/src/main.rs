//! Does: searches nonces as it is told, in a worker and a wasm of its own, so that it stays small.
//! Never: decides what is searched; keeps nothing.
//! Neighbours: `pool` below; `engine` starts it, tells it what to search and hears what it finds.

#![forbid(unsafe_code)]

mod worker;

/// Small, as the worker allocates little but a message now and then.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    // Not `main() -> Result`: that would print the error, and printing costs kilobytes.
    if let Err(error) = worker::start() {
        wasm_bindgen::throw_val(error);
    }
}
