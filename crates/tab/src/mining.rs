//! Mining in this tab: nodes' jobs go to the pool, its answers come back, and all tabs of the
//! browser share one budget.

use pool::budget::{ANNOUNCE_EVERY, Budgeting};
use pool::message::FromMiner;
use pool::plan::{Command, Job, NodeKey, Plan, PoolEvent, WorkerId};
use wire::{MiningView, Power};

use crate::beat::Beat;
use crate::cx::Cx;
use crate::door::{Channel, Effect};
use crate::planted::{Bug, is_planted};

/// How often the pool looks after its workers, in milliseconds.
const TICK_MS: u64 = 250;
/// Least time between answers to newcomers, in milliseconds: a burst of garbage must not cause a
/// burst of answers.
const ANSWER_MS: u64 = 50;

/// The pool and this tab's end of the shared budget. Off until somebody presses Mine.
pub struct Mining {
    on: bool,
    /// Whether the tab takes part; a frozen one does not mine, even if switched on.
    present: bool,
    plan: Plan,
    budget: Budgeting,
    announce: Beat,
    tick: Beat,
}

impl Mining {
    /// A pool that is off; its workers must be of this `build`.
    pub fn new(cx: &mut Cx<'_>, build: String, cores: u8, remembered: Power) -> Self {
        Self {
            on: false,
            present: true,
            plan: Plan::new(build),
            budget: Budgeting::new(cx.number(), cores, remembered),
            announce: Beat::new(ANNOUNCE_EVERY, ANSWER_MS),
            tick: Beat::new(TICK_MS, 0),
        }
    }

    /// Whether somebody pressed Mine.
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Somebody pressed Mine or Stop. Returns whether that changed anything.
    pub fn set_on(&mut self, cx: &mut Cx<'_>, on: bool) -> bool {
        let new = std::mem::replace(&mut self.on, on) != on;
        self.share(cx);
        new
    }

    /// The tab is frozen or back; while it is frozen, others may use its part of the budget.
    pub fn set_present(&mut self, cx: &mut Cx<'_>, present: bool) {
        self.present = present;
        self.share(cx);
    }

    /// Sets the budget that all tabs share.
    pub fn set_power(&mut self, cx: &mut Cx<'_>, power: Power) {
        if self.budget.set_power(cx.wall_ms(), power) {
            self.announce.hurry();
        }
        self.share(cx);
    }

    /// Sets what a node wants searched from now on.
    pub fn set_job(&mut self, cx: &mut Cx<'_>, node: NodeKey, job: Option<Job>) {
        self.plan.set_job(cx.ms(), node, job);
    }

    /// Another tab spoke on the power channel. Returns whether the picture may have changed.
    pub fn hear(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> bool {
        // Garbage changes nothing.
        let future = is_planted(Bug::PowerFromTheFuture);
        let wall = if future { u64::MAX } else { cx.wall_ms() };
        let heard = self.budget.hear(cx.ms(), wall, bytes).unwrap_or_default();
        if heard.answer {
            self.announce.hurry();
        }
        if heard.changed {
            self.share(cx);
        }
        heard.changed
    }

    /// A worker sent a message.
    pub fn hear_worker(&mut self, cx: &mut Cx<'_>, id: WorkerId, message: FromMiner) {
        self.plan.hear(cx.ms(), id, message);
    }

    /// A worker ended.
    pub fn worker_died(&mut self, cx: &mut Cx<'_>, id: WorkerId) {
        self.plan.died(cx.ms(), id);
    }

    /// Does what has come due. Returns whether the picture may have changed.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> bool {
        let now = cx.ms();
        let mut changed = false;
        if self.announce.take(now) {
            // First, so that tabs that forgot this one during a freeze answer at once.
            let said = self.budget.announcement().encode().to_vec();
            cx.act(Effect::Say(Channel::Power, said));
            changed = self.budget.forget_silent(now);
            if changed {
                self.share(cx);
            }
        }
        if self.plan.is_on() && self.tick.take(now) {
            self.plan.tick(now);
        }
        changed
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        let tick = if self.plan.is_on() {
            self.tick.due()
        } else {
            u64::MAX
        };
        self.announce.due().min(tick)
    }

    /// Passes on the pool's commands and returns what it tells the tab.
    pub fn carry_out(&mut self, cx: &mut Cx<'_>) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        for command in self.plan.take() {
            match command {
                Command::Spawn(id) => cx.act(Effect::Spawn(id)),
                Command::Terminate(id) => cx.act(Effect::Terminate(id)),
                Command::Post(id, order) => cx.act(Effect::Order(id, order)),
                Command::Tell(event) => events.push(event),
            }
        }
        events
    }

    /// Says goodbye, so that others need not wait until they forget this tab.
    pub fn say_goodbye(&mut self, cx: &mut Cx<'_>) {
        let said = self.budget.farewell().encode().to_vec();
        cx.act(Effect::Say(Channel::Power, said));
    }

    /// How much of the machine the pool may use; `None` if it may not.
    pub fn share_now(&self) -> Option<Power> {
        if is_planted(Bug::WholeBudget) && self.mines() {
            return Some(self.budget.power());
        }
        self.budget.share().filter(|_| self.mines())
    }

    /// Hashes per second of real time; 0 when off.
    pub fn rate(&mut self, now: u64) -> u64 {
        if self.on { self.plan.rate(now) } else { 0 }
    }

    /// What the page shows of it.
    pub fn view(&mut self, now: u64, found: u32) -> MiningView {
        MiningView {
            on: self.on,
            power: self.budget.power(),
            share: self.share_now().unwrap_or(Power::NONE),
            tabs: self.budget.mining_tabs(),
            rate: self.rate(now),
            history: self.plan.history(now),
            found,
            restarts: self.plan.restarts(),
        }
    }

    fn mines(&self) -> bool {
        self.on && self.present
    }

    /// Gives the pool this tab's part of the budget, as it is now.
    fn share(&mut self, cx: &mut Cx<'_>) {
        if self.budget.set_mining(self.mines()) {
            self.announce.hurry();
        }
        let share = self.share_now();
        self.plan.set_share(cx.ms(), share);
    }
}
