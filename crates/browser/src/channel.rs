//! A broadcast channel: everybody of the same origin may post there, nobody confirms anything.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::bytes_of;

/// An open channel; dropping it closes it.
pub struct Channel {
    channel: BroadcastChannel,
    _heard: Closure<dyn Fn(MessageEvent)>,
}

impl Channel {
    /// Listens. `heard` gets the bytes of a message, or `None` for what cannot be one: no bytes,
    /// or more than `most_bytes`, which are not even copied.
    ///
    /// # Errors
    /// If the browser refuses.
    pub fn open(
        name: &str,
        most_bytes: usize,
        heard: impl Fn(Option<Vec<u8>>) + 'static,
    ) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(name)?;
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            heard(bytes_of(event.data(), most_bytes));
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        channel.set_onmessageerror(Some(heard.as_ref().unchecked_ref()));
        Ok(Self {
            channel,
            _heard: heard,
        })
    }

    /// Says something to everybody else.
    pub fn post(&self, bytes: &[u8]) {
        let _ = self.channel.post_message(&Uint8Array::from(bytes)); // bytes can be cloned
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.set_onmessageerror(None);
        self.channel.close();
    }
}
