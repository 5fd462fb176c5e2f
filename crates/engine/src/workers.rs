//! The mining workers of this tab: does what [`Plan`] decides.

use super::clock::{self, Interval};
use super::message::{FromMiner, ToMiner};
use super::plan::{Command, Job, NodeKey, Plan, PoolEvent, WorkerId};
use crate::stream::Power;
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

/// How often workers are looked after, in milliseconds.
const TICK: u32 = 250;

/// Mines for the nodes of this tab. Off until it gets a share, and then again without one: no
/// worker, no timer. Dropping it ends all workers.
///
/// `set_job` and `set_share` never call `on_event` themselves, so they may be called from within
/// it, and while the caller holds a borrow that its `on_event` needs.
pub struct Pool {
    inner: Rc<Inner>,
}

/// What the pool has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Hashes a second by wall clock over the last 3 seconds; 0 when off.
    pub rate: u64,
    /// The same, one value a second, oldest first, at most 60.
    pub history: Vec<u64>,
    /// Workers that died and were replaced since the start.
    pub restarts: u32,
}

struct Inner {
    miner_url: String,
    on_event: Box<dyn Fn(PoolEvent)>,
    plan: RefCell<Plan>,
    workers: RefCell<BTreeMap<WorkerId, Hosted>>,
    watch: RefCell<Option<Interval>>,
}

/// A worker and what listens to it.
struct Hosted {
    worker: Worker,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _failed: Closure<dyn Fn(Event)>,
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // Workers and timer hold weak references only; but let them end now.
        self.inner.watch.take();
        self.inner.workers.take();
    }
}

impl Pool {
    /// A pool that is off. `miner_url` is the worker's loader, absolute.
    pub fn new(miner_url: &str, on_event: impl Fn(PoolEvent) + 'static) -> Self {
        Self {
            inner: Rc::new(Inner {
                miner_url: miner_url.into(),
                on_event: Box::new(on_event),
                plan: RefCell::new(Plan::new(super::build())),
                workers: RefCell::default(),
                watch: RefCell::default(),
            }),
        }
    }

    /// What a node wants searched from now on; `None`: nothing. Remembered while the pool is off.
    pub fn set_job(&self, node: NodeKey, job: Option<Job>) {
        self.inner.plan.borrow_mut().set_job(now(), node, job);
        self.inner.act();
    }

    /// How much of the machine may be used from now on; `None` is off.
    pub fn set_share(&self, share: Option<Power>) {
        self.inner.plan.borrow_mut().set_share(now(), share);
        self.inner.act();
        let watched = self.inner.watch.borrow().is_some();
        if watched != share.is_some() {
            let weak = Rc::downgrade(&self.inner);
            let tick = move || {
                if let Some(inner) = weak.upgrade() {
                    inner.plan.borrow_mut().tick(now());
                    inner.act_and_tell();
                }
            };
            *self.inner.watch.borrow_mut() = share.map(|_| Interval::new(TICK, tick));
        }
    }

    /// What there is to show now.
    pub fn stats(&self) -> PoolStats {
        let now = now();
        let mut plan = self.inner.plan.borrow_mut();
        PoolStats {
            rate: plan.rate(now),
            history: plan.history(now),
            restarts: plan.restarts(),
        }
    }
}

impl Inner {
    fn act_and_tell(self: &Rc<Self>) {
        for event in self.act() {
            (self.on_event)(event);
        }
    }

    /// Carries out what the plan wants; what it wants to be told is left to the caller, when
    /// nothing is borrowed any more.
    fn act(self: &Rc<Self>) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        loop {
            let commands = self.plan.borrow_mut().take();
            if commands.is_empty() {
                return events;
            }
            for command in commands {
                match command {
                    Command::Tell(event) => events.push(event),
                    Command::Post(id, order) => self.post(id, &order),
                    Command::Terminate(id) => drop(self.workers.borrow_mut().remove(&id)),
                    Command::Spawn(id) => match self.spawn(id) {
                        Ok(hosted) => drop(self.workers.borrow_mut().insert(id, hosted)),
                        Err(_) => self.plan.borrow_mut().died(now(), id),
                    },
                }
            }
        }
    }

    fn post(&self, id: WorkerId, order: &ToMiner) {
        if let Some(hosted) = self.workers.borrow().get(&id) {
            let bytes = Uint8Array::from(order.encode().as_slice());
            let _ = hosted.worker.post_message(&bytes); // bytes can be cloned
        }
    }

    fn spawn(self: &Rc<Self>, id: WorkerId) -> Result<Hosted, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&self.miner_url, &options)?;

        let weak = Rc::downgrade(self);
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(inner) = weak.upgrade()
                && let Ok(bytes) = event.data().dyn_into::<Uint8Array>()
                && let Some(message) = FromMiner::decode(&bytes.to_vec())
            {
                inner.plan.borrow_mut().hear(now(), id, message);
                inner.act_and_tell();
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));

        let weak = Rc::downgrade(self);
        let failed = Closure::<dyn Fn(Event)>::new(move |event: Event| {
            event.prevent_default(); // or it would count as an error of the engine
            if let Some(inner) = weak.upgrade() {
                inner.plan.borrow_mut().died(now(), id);
                inner.act_and_tell();
            }
        });
        worker.set_onerror(Some(failed.as_ref().unchecked_ref()));
        Ok(Hosted {
            worker,
            _heard: heard,
            _failed: failed,
        })
    }
}

fn now() -> u64 {
    clock::now() as u64
}
