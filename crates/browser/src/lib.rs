//! Does: adapts one capability of the browser a file to plain Rust: bytes, names and closures.
//! Never: decides, waits for long, tries again, or knows what the bytes mean.
//! Neighbours: nothing of ours below; `engine` and `page` stand on it.

#![forbid(unsafe_code)]

pub mod channel;
pub mod clock;
pub mod database;
pub mod entropy;
pub mod files;
pub mod locks;
pub mod port;
pub mod timers;
pub mod worker;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

/// The bytes of a message, or `None` for a message of another kind or with more of them than
/// `most`: those are not even copied.
fn bytes_of(data: JsValue, most: usize) -> Option<Vec<u8>> {
    let bytes = data.dyn_into::<Uint8Array>().ok()?;
    (bytes.length() as usize <= most).then(|| bytes.to_vec())
}

/// Bytes as a message, and the list that has them transferred instead of copied once more.
fn message_of(bytes: &[u8]) -> (Uint8Array, Array) {
    let message = Uint8Array::from(bytes);
    let transfer = Array::of1(&message.buffer());
    (message, transfer)
}
