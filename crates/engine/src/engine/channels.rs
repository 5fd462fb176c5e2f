//! The tab's channels.

use std::cell::RefCell;
use std::collections::BTreeMap;

use browser::channel::Channel as Open;
use tab::Input;
use tab::door::Channel;

use super::Engine;

/// Those that are open.
#[derive(Default)]
pub struct Channels(RefCell<BTreeMap<Channel, Open>>);

impl Engine {
    /// Where the browser refuses, nobody is heard.
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
