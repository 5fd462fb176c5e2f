//! The tab's channels.

use std::cell::RefCell;
use std::collections::BTreeMap;

use browser::channel::Channel as Open;
use tab::Input;
use tab::door::Channel;

use super::Engine;

/// The open channels.
#[derive(Default)]
pub struct Channels(RefCell<BTreeMap<Channel, Open>>);

impl Engine {
    /// If the browser refuses the channel, the tab hears nothing on it: it works alone.
    pub(super) fn listen(&self, channel: Channel, name: &str) {
        self.deafen(channel);
        let engine = self.clone();
        let heard = move |bytes| engine.give(Input::Heard(channel, bytes));
        if let Ok(open) = Open::open(name, channel.most_bytes(), heard) {
            self.0.channels.0.borrow_mut().insert(channel, open);
        }
    }

    pub(super) fn deafen(&self, channel: Channel) {
        self.0.channels.0.borrow_mut().remove(&channel);
    }

    pub(super) fn say(&self, channel: Channel, bytes: &[u8]) {
        if let Some(open) = self.0.channels.0.borrow().get(&channel) {
            open.post(bytes);
        }
    }
}
