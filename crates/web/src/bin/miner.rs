//! The mining worker: one wasm of its own, so that it stays small.
#![forbid(unsafe_code)]

fn main() {
    // Not `main() -> Result`: that would print the error, and printing costs kilobytes.
    if let Err(error) = web::mining::worker::start() {
        wasm_bindgen::throw_val(error);
    }
}
