//! The room's channel: everybody of the same origin may post there, nobody confirms anything.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use crate::engine::between::inbox::MOST_BYTES;

/// An open channel; dropping it closes it.
pub struct Channel {
    channel: BroadcastChannel,
    _heard: Closure<dyn Fn(MessageEvent)>,
}

impl Channel {
    /// Listens. `heard` gets the bytes of a message, or `None` for what cannot be one: no bytes,
    /// or too many, which are not even copied.
    ///
    /// # Errors
    /// If the browser refuses.
    pub fn open(name: &str, heard: impl Fn(Option<Vec<u8>>) + 'static) -> Result<Self, JsValue> {
        let channel = BroadcastChannel::new(name)?;
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = event.data().dyn_into::<Uint8Array>().ok();
            let fits = bytes.filter(|bytes| bytes.length() as usize <= MOST_BYTES);
            heard(fits.map(|bytes| bytes.to_vec()));
        });
        channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        channel.set_onmessageerror(Some(heard.as_ref().unchecked_ref()));
        Ok(Self {
            channel,
            _heard: heard,
        })
    }

    /// Says something to all other tabs.
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
