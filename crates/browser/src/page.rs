//! The port to the page.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::stream::{FromEngine, STREAM_VERSION, ToEngine};

/// Says something to the page.
pub fn post(message: &FromEngine) {
    post_bytes(&postcard::to_allocvec(message).expect("a vector takes any number of bytes"));
}

/// Says something that is encoded already; the bytes are transferred.
pub fn post_bytes(bytes: &[u8]) {
    let array = Uint8Array::from(bytes);
    let transfer = Array::of1(&array.buffer());
    let _ = scope().post_message_with_transfer(&array, &transfer); // bytes can be sent
}

/// Hears the page for as long as the worker lives. A message that cannot be read is one of a page
/// of another version.
pub fn listen(heard: impl Fn(ToEngine) + 'static) {
    let closure = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Ok(bytes) = event.data().dyn_into::<Uint8Array>() else {
            return;
        };
        match postcard::from_bytes(&bytes.to_vec()) {
            Ok(message) => heard(message),
            Err(_) => post(&FromEngine::OtherVersion(STREAM_VERSION)),
        }
    });
    let target: &web_sys::EventTarget = &scope();
    let _ = target.add_event_listener_with_callback("message", closure.as_ref().unchecked_ref());
    closure.forget(); // lives as long as the worker
}

fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}
