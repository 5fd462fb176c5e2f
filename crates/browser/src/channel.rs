//! A broadcast channel: any page of the origin may post to it, and nothing confirms delivery.

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
    /// Opens a channel. `heard` gets the bytes of each message, or `None` for a message that is not
    /// bytes or is longer than `most_bytes`, which is not even copied.
    ///
    /// # Errors
    /// What the browser throws if it refuses.
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

    /// Sends bytes to every other listener on the channel.
    pub fn post(&self, bytes: &[u8]) {
        let _ = self.channel.post_message(&Uint8Array::from(bytes)); // fails only if not cloneable
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.set_onmessageerror(None);
        self.channel.close();
    }
}
