//! The mining worker: one wasm of its own, so that it stays small.
#![forbid(unsafe_code)]

/// Small, as the worker allocates little but a message now and then.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

fn main() {
    // Not `main() -> Result`: that would print the error, and printing costs kilobytes.
    if let Err(error) = web::mining::worker::start() {
        wasm_bindgen::throw_val(error);
    }
}
