//! The mining worker: one wasm of its own, so that it stays small.
#![forbid(unsafe_code)]

use wasm_bindgen::prelude::*;

fn main() -> Result<(), JsValue> {
    web::mining::worker::start()
}
