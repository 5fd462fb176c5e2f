//! A worker's port to whoever started it.

use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::{bytes_of, message_of};

/// Says something; the bytes are transferred.
pub fn post(bytes: &[u8]) {
    let (message, transfer) = message_of(bytes);
    let _ = scope().post_message_with_transfer(&message, &transfer); // bytes can be sent
}

/// Hears what is said for as long as the worker lives; a message that is not bytes is `None`.
pub fn listen(heard: impl Fn(Option<Vec<u8>>) + 'static) {
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        heard(bytes_of(event.data(), usize::MAX));
    });
    // This name is always allowed.
    let _ = scope().add_event_listener_with_callback("message", heard.as_ref().unchecked_ref());
    heard.forget();
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
