//! The tab's mining workers.

use std::cell::RefCell;
use std::collections::BTreeMap;

use browser::worker::Worker;
use pool::message::{FromMiner, ToMiner};
use pool::plan::WorkerId;
use tab::Input;
use wasm_bindgen::JsValue;

use super::Engine;

/// The running workers.
#[derive(Default)]
pub struct Workers {
    /// The URL of their program, which the page's first message contains.
    url: RefCell<String>,
    running: RefCell<BTreeMap<WorkerId, Worker>>,
}

impl Workers {
    /// Sets the URL of the program for workers to come.
    pub fn load_from(&self, url: &str) {
        *self.url.borrow_mut() = url.into();
    }
}

impl Engine {
    pub(super) fn spawn(&self, id: WorkerId) {
        let workers = &self.0.workers;
        let url = JsValue::from(workers.url.borrow().as_str());
        let (heard, failed) = (self.clone(), self.clone());
        let started = Worker::start(
            &url,
            move |bytes| heard.hear_worker(id, &bytes),
            move |_| failed.give(Input::WorkerDied(id)),
        );
        match started {
            Ok(worker) => drop(workers.running.borrow_mut().insert(id, worker)),
            Err(_) => self.give(Input::WorkerDied(id)),
        }
    }

    /// Drops messages that cannot be decoded.
    fn hear_worker(&self, id: WorkerId, bytes: &[u8]) {
        if let Some(message) = FromMiner::decode(bytes) {
            self.give(Input::Worker(id, message));
        }
    }

    /// Also drops queued inputs: nothing of a terminated worker may reach the tab.
    pub(super) fn terminate(&self, id: WorkerId) {
        self.0.workers.running.borrow_mut().remove(&id);
        self.0.driver.withdraw(|input| {
            matches!(input, Input::Worker(other, _) | Input::WorkerDied(other) if *other == id)
        });
    }

    pub(super) fn order(&self, id: WorkerId, order: &ToMiner) {
        if let Some(worker) = self.0.workers.running.borrow().get(&id) {
            worker.post(&order.encode());
        }
    }
}
