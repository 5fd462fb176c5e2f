//! Does: adapts the browser to plain Rust (bytes, names and closures), one capability per file.
//! Never: decides, sets timeouts, retries, or knows what the bytes mean.
//! Neighbours: none of our crates below; `engine` and `page` build on it.

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

/// The bytes of a message, or `None` if it is not bytes or has more than `most` of them, which are
/// not even copied.
fn bytes_of(data: JsValue, most: usize) -> Option<Vec<u8>> {
    let bytes = data.dyn_into::<Uint8Array>().ok()?;
    (bytes.length() as usize <= most).then(|| bytes.to_vec())
}

/// Bytes as a message, and the transfer list that saves the browser a second copy.
fn message_of(bytes: &[u8]) -> (Uint8Array, Array) {
    let message = Uint8Array::from(bytes);
    let transfer = Array::of1(&message.buffer());
    (message, transfer)
}
