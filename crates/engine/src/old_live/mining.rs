//! Mining in this tab: hands nodes' jobs to the pool and its answers back.

use chain::PeerId;
use protocol::{Input, Job, JobId};

use super::{Engine, Handle, State};
use crate::engine::browser::page;
use crate::mining::plan::{self, NodeKey, PoolEvent};
use crate::mining::pool::Pool;
use crate::mining::power_channel::PowerChannel;
use crate::stream::{FromEngine, Happening, MiningView, Power, STREAM_VERSION, Start};

/// The pool and this tab's end of the shared budget. Off until somebody presses.
pub struct Mining {
    on: bool,
    pool: Pool,
    power: PowerChannel,
}

impl Mining {
    /// A pool that is off.
    pub fn new(handle: &Handle, start: &Start) -> Self {
        let heard = handle.clone();
        let pool = Pool::new(&start.miner_url, move |event| {
            heard.act(|engine| engine.hear_pool(event));
        });
        let changed = handle.clone();
        let remembered = start.power.unwrap_or(Power::GENTLE);
        let power = PowerChannel::new(&start.deployment, remembered, move || {
            changed.act(Engine::share_power);
        });
        Self {
            on: false,
            pool,
            power,
        }
    }

    pub fn is_on(&self) -> bool {
        self.on
    }

    pub fn rate(&self) -> u64 {
        if self.on { self.pool.stats().rate } else { 0 }
    }

    /// A node's life is over: nothing is searched for it.
    pub fn forget(&self, node: NodeKey) {
        self.pool.set_job(node, None);
    }

    /// The tab is frozen: others may use its part of the budget.
    pub fn pause(&self) {
        self.power.set_mining(false);
        self.pool.set_share(None);
    }

    pub fn view(&self, found: u32) -> MiningView {
        let stats = self.pool.stats();
        let none = Power {
            workers: 0,
            duty: 0,
        };
        MiningView {
            on: self.on,
            power: self.power.budget(),
            share: self.power.share().unwrap_or(none),
            tabs: self.power.mining_tabs(),
            rate: if self.on { stats.rate } else { 0 },
            history: stats.history,
            found,
            restarts: stats.restarts,
        }
    }
}

impl Engine {
    /// A node wants nonces searched; it waits in the pool while mining is off.
    pub(super) fn work(&mut self, node: PeerId, job: Option<Job>) {
        let Some(key) = self.resident(&node).map(|resident| resident.key) else {
            return;
        };
        let job = job.map(|job| plan::Job {
            id: job.id.0,
            header: job.header,
            target: job.target,
        });
        let id = job.map(|job| JobId(job.id));
        self.mining.pool.set_job(key, job);
        if let Some(resident) = self.resident_mut(&node) {
            resident.job = id;
        }
    }

    /// A job is over, unless the node has another one by now.
    pub(super) fn stop(&mut self, node: PeerId, job: JobId) {
        if self
            .resident(&node)
            .is_some_and(|resident| resident.job == Some(job))
        {
            self.work(node, None);
        }
    }

    fn hear_pool(&mut self, event: PoolEvent) {
        let (key, input) = match event {
            PoolEvent::Found { node, job, nonce } => (
                node,
                Input::Found {
                    job: JobId(job),
                    nonce,
                },
            ),
            PoolEvent::Spent { node, job } => (node, Input::Spent { job: JobId(job) }),
            PoolEvent::WorkerRestarted => return self.note(None, Happening::WorkerRestarted),
            // The host has got another version since this page was loaded.
            PoolEvent::OtherBuild => {
                self.set_mining(false);
                return page::post(&FromEngine::OtherVersion(STREAM_VERSION));
            }
        };
        let node = self.residents.iter().find(|resident| resident.key == key);
        if let Some(id) = node.map(|resident| resident.id) {
            self.host.give(id, input);
        }
    }

    /// Somebody pressed Mine, or Stop.
    pub(super) fn set_mining(&mut self, on: bool) {
        if self.mining.on != on {
            self.mining.on = on;
            self.note(
                None,
                if on {
                    Happening::MiningStarted
                } else {
                    Happening::MiningStopped
                },
            );
            self.network.change();
        }
        self.share_power();
    }

    /// Sets the budget that all tabs share.
    pub(super) fn set_power(&mut self, power: Power) {
        self.mining.power.set_power(power);
        self.share_power();
    }

    /// Gives the pool this tab's part of the budget, as it is now.
    pub(super) fn share_power(&mut self) {
        let mines = self.mining.on && self.state != State::Frozen;
        self.mining.power.set_mining(mines);
        let share = self.mining.power.share().filter(|_| mines);
        self.mining.pool.set_share(share);
        self.pace.change();
    }
}
