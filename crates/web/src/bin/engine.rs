//! The engine worker: hosts this tab's nodes.
#![forbid(unsafe_code)]

use wasm_bindgen::prelude::*;

fn main() {
    let scope: web_sys::DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let _ = scope.post_message(&JsValue::from_str("ready"));
}
