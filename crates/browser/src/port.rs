//! A worker's connection to the thread that started it.

use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::{bytes_of, message_of};

/// Sends bytes to the thread that started this worker.
pub fn post(bytes: &[u8]) {
    let (message, transfer) = message_of(bytes);
    let _ = scope().post_message_with_transfer(&message, &transfer); // fails only if not cloneable
}

/// Calls `heard` with every message for as long as the worker lives; a message that is not bytes is
/// `None`.
pub fn listen(heard: impl Fn(Option<Vec<u8>>) + 'static) {
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        heard(bytes_of(event.data(), usize::MAX));
    });
    // Adding a listener never fails.
    let _ = scope().add_event_listener_with_callback("message", heard.as_ref().unchecked_ref());
    heard.forget();
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
