//! Mining in this tab: nodes' jobs go to the pool, its answers go back, and all tabs of the browser
//! keep to one budget.

use pool::budget::{ANNOUNCE_EVERY, Budgeting};
use pool::message::FromMiner;
use pool::plan::{Command, Job, NodeKey, Plan, PoolEvent, WorkerId};
use wire::{MiningView, Power};

use crate::beat::Beat;
use crate::cx::Cx;
use crate::door::{Channel, Effect};
use crate::planted::{Bug, is_planted};

/// How often workers are looked after, in milliseconds.
const TICK_MS: u64 = 250;
/// Answers to newcomers come no closer than this, in milliseconds: a burst of garbage is not worth
/// a burst of answers.
const ANSWER_MS: u64 = 50;

/// The pool and this tab's end of the shared budget. Off until somebody presses.
pub struct Mining {
    on: bool,
    /// Whether the tab takes part; a frozen one does not mine, pressed or not.
    present: bool,
    plan: Plan,
    budget: Budgeting,
    announce: Beat,
    tick: Beat,
}

impl Mining {
    /// A pool that is off; workers must come from `build`.
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

    /// Somebody pressed Mine, or Stop. Whether that is new.
    pub fn set_on(&mut self, cx: &mut Cx<'_>, on: bool) -> bool {
        let new = std::mem::replace(&mut self.on, on) != on;
        self.share(cx);
        new
    }

    /// The tab is frozen, or back: meanwhile others may use its part of the budget.
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

    /// What a node wants searched from now on.
    pub fn set_job(&mut self, cx: &mut Cx<'_>, node: NodeKey, job: Option<Job>) {
        self.plan.set_job(cx.ms(), node, job);
    }

    /// Another tab says something on the power channel. Whether the picture may be different.
    pub fn hear(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> bool {
        // Garbage is nothing.
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

    /// A worker says something.
    pub fn hear_worker(&mut self, cx: &mut Cx<'_>, id: WorkerId, message: FromMiner) {
        self.plan.hear(cx.ms(), id, message);
    }

    /// A worker ended.
    pub fn worker_died(&mut self, cx: &mut Cx<'_>, id: WorkerId) {
        self.plan.died(cx.ms(), id);
    }

    /// What has come due; whether the picture may be different.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> bool {
        let now = cx.ms();
        let mut changed = false;
        if self.announce.take(now) {
            // First, so that tabs that forgot this one while it was frozen answer at once.
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

    /// Hands on what the pool wants; what it tells the tab.
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

    /// Others need not wait until this tab is forgotten.
    pub fn say_goodbye(&mut self, cx: &mut Cx<'_>) {
        let said = self.budget.farewell().encode().to_vec();
        cx.act(Effect::Say(Channel::Power, said));
    }

    /// What the pool may use of the machine.
    pub fn share_now(&self) -> Option<Power> {
        if is_planted(Bug::WholeBudget) && self.mines() {
            return Some(self.budget.power());
        }
        self.budget.share().filter(|_| self.mines())
    }

    /// Hashes a second by wall clock; 0 when off.
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
