//! The tab's locks: those that it holds and those that it waits for.

use std::cell::RefCell;
use std::collections::BTreeMap;

use browser::locks::{self, Answer, Held, Request};
use tab::Input;
use tab::door::{LockAnswer, LockId, QueryId};

use super::Engine;

/// The locks that were requested and not released.
pub struct Locks {
    browser: Option<locks::Locks>,
    asked: RefCell<BTreeMap<LockId, (Request, Option<Held>)>>,
}

impl Locks {
    /// Finds the browser's locks; none is requested yet.
    pub fn find() -> Self {
        Self {
            browser: locks::Locks::find(),
            asked: RefCell::default(),
        }
    }
}

impl Engine {
    pub(super) fn lock(&self, id: LockId, name: &str, wait: bool) {
        let Some(browser) = &self.0.locks.browser else {
            return self.give(Input::Lock(id, LockAnswer::Refused));
        };
        let (answered, stolen) = (self.clone(), self.clone());
        let request = browser.request(
            name,
            wait,
            move |answer| answered.hear_lock(id, answer),
            move || stolen.lose_lock(id, LockAnswer::Stolen),
        );
        self.0.locks.asked.borrow_mut().insert(id, (request, None));
    }

    fn hear_lock(&self, id: LockId, answer: Answer) {
        let held = match answer {
            Answer::Granted(held) => held,
            Answer::Taken => return self.lose_lock(id, LockAnswer::Taken),
            Answer::Refused => return self.lose_lock(id, LockAnswer::Refused),
        };
        if let Some((_, hand)) = self.0.locks.asked.borrow_mut().get_mut(&id) {
            *hand = Some(held);
        }
        self.give(Input::Lock(id, LockAnswer::Granted));
    }

    fn lose_lock(&self, id: LockId, why: LockAnswer) {
        self.0.locks.asked.borrow_mut().remove(&id);
        self.give(Input::Lock(id, why));
    }

    /// Releases a lock, or stops waiting for it; no answer reaches the tab any more.
    pub(super) fn unlock(&self, id: LockId) {
        self.0.locks.asked.borrow_mut().remove(&id);
        self.0
            .driver
            .withdraw(|input| matches!(input, Input::Lock(other, _) if *other == id));
    }

    pub(super) fn query_locks(&self, id: QueryId) {
        let Some(browser) = &self.0.locks.browser else {
            return self.give(Input::Locks(id, None));
        };
        let engine = self.clone();
        browser.query(move |names| engine.give(Input::Locks(id, names)));
    }
}
