//! Carries the announcements of [`Ledger`] between all tabs of this browser, whatever their room.

use super::budget::{ANNOUNCE_EVERY, Announcement, Ledger, POWER_VERSION};
use super::clock::{self, Interval};
use crate::stream::Power;
use js_sys::{Math, Uint8Array};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

/// Answers to newcomers come no closer than this, in milliseconds: a burst of garbage is not
/// worth a burst of answers.
const ANSWER_PAUSE: f64 = 50.0;

/// This tab's end of the browser's power budget. Dropping it says farewell.
///
/// `set_mining` and `set_power` do not call `on_change`: whoever calls them knows.
pub struct PowerChannel {
    inner: Rc<Inner>,
    _announce: Interval,
    _heard: Closure<dyn Fn(MessageEvent)>,
}

struct Inner {
    ledger: RefCell<Ledger>,
    /// Without one this tab is alone.
    channel: Option<BroadcastChannel>,
    answered: Cell<f64>,
    on_change: Box<dyn Fn()>,
}

impl PowerChannel {
    /// Joins the other tabs of this deployment. `remembered` is the budget until another tab says
    /// otherwise or somebody sets it; `on_change` is called when share, budget or the number of
    /// mining tabs may have changed by what others did.
    pub fn new(deployment: &str, remembered: Power, on_change: impl Fn() + 'static) -> Self {
        let name = format!("tabchain:{deployment}:power:v{POWER_VERSION}");
        let half = || (Math::random() * 4_294_967_296.0) as u64;
        let inner = Rc::new(Inner {
            ledger: RefCell::new(Ledger::new(half() << 32 | half(), remembered)),
            channel: BroadcastChannel::new(&name).ok(),
            answered: Cell::new(0.0),
            on_change: Box::new(on_change),
        });

        let weak = Rc::downgrade(&inner);
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(inner) = weak.upgrade()
                && let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
                && bytes.length() as usize == Announcement::LEN
            {
                inner.hear(&bytes.to_vec());
            }
        });
        if let Some(channel) = &inner.channel {
            channel.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        }

        let weak = Rc::downgrade(&inner);
        let announce = Interval::new(ANNOUNCE_EVERY as u32, move || {
            if let Some(inner) = weak.upgrade() {
                // First, so that tabs that forgot this one while it was frozen answer at once.
                inner.announce();
                let changed = inner.ledger.borrow_mut().forget_silent(now());
                if changed {
                    (inner.on_change)();
                }
            }
        });
        inner.announce();
        Self {
            inner,
            _announce: announce,
            _heard: heard,
        }
    }

    /// This tab mines from now on, or does not.
    pub fn set_mining(&self, mining: bool) {
        if self.inner.ledger.borrow_mut().set_mining(mining) {
            self.inner.announce();
        }
    }

    /// Sets the budget for all tabs of the browser.
    pub fn set_power(&self, power: Power) {
        if self.inner.ledger.borrow_mut().set_power(power) {
            self.inner.announce();
        }
    }

    /// What all tabs may use together.
    pub fn budget(&self) -> Power {
        self.inner.ledger.borrow().budget()
    }

    /// What this tab may use; `None`: it does not mine, or more tabs mine than there are percents.
    pub fn share(&self) -> Option<Power> {
        self.inner.ledger.borrow().share()
    }

    /// Tabs of this browser that mine, this one included.
    pub fn mining_tabs(&self) -> u32 {
        self.inner.ledger.borrow().mining_tabs()
    }
}

impl Drop for PowerChannel {
    fn drop(&mut self) {
        let farewell = self.inner.ledger.borrow().farewell();
        self.inner.say(&farewell);
        if let Some(channel) = &self.inner.channel {
            channel.close();
        }
    }
}

impl Inner {
    fn hear(&self, bytes: &[u8]) {
        let heard = self.ledger.borrow_mut().hear(now(), bytes);
        let heard = heard.unwrap_or_default(); // garbage is nothing
        if heard.answer && clock::now() - self.answered.get() >= ANSWER_PAUSE {
            self.answered.set(clock::now());
            self.announce();
        }
        if heard.changed {
            (self.on_change)();
        }
    }

    fn announce(&self) {
        let announcement = self.ledger.borrow().announcement();
        self.say(&announcement);
    }

    fn say(&self, announcement: &Announcement) {
        if let Some(channel) = &self.channel {
            let bytes = Uint8Array::from(announcement.encode().as_slice());
            let _ = channel.post_message(&bytes); // bytes can be cloned
        }
    }
}

fn now() -> u64 {
    clock::now() as u64
}
