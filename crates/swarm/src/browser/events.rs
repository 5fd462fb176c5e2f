//! Events that can be planned, and what they lead to.

use pool::message::FromMiner;
use pool::plan::WorkerId;
use tab::Input;
use tab::door::{DbId, LockAnswer, LockId, QueryId};
use wire::FromEngine;

use super::locks::Owner;
use super::{Life, Receiver, State, World};
use crate::checkers::Seen;

/// Something that will happen.
#[derive(Debug)]
pub(super) enum Event {
    /// A step of the script.
    Step(usize),
    /// Passing faults end, everybody is joined, nobody mines.
    Calm,
    /// One tab of each room mines for a while.
    LastBlocks,
    /// Everybody is told once more to join and to stop mining.
    Joined,
    /// From now on there are only heartbeats.
    Quiet,
    /// The run ends.
    End,
    /// A page's engine of this number is up.
    Born(usize, u32),
    /// A page starts another engine, unless it has moved on from this number.
    Start(usize, u32),
    /// A page checks on its engine.
    Tick(usize),
    /// Something reaches an engine.
    Input(Life, Box<Input>),
    /// A message arrives on a channel.
    Heard(Receiver, Option<Vec<u8>>),
    /// An engine's timer goes off.
    Wake(Life, u64),
    /// A hostile page says something on the channel of this name.
    Hostile(String, Vec<u8>),
    /// What an engine said reaches its page.
    ToPage(Life, Box<FromEngine>),
    /// An engine asks for a lock.
    AskLock(Life, LockId, String, bool),
    /// An engine lets a lock go.
    Unlock(Life, LockId),
    /// An engine asks which locks are held.
    QueryLocks(Life, QueryId),
    /// An answer about a lock reaches an engine.
    Lock(Life, LockId, LockAnswer),
    /// A hostile page lets its lock go.
    Unhold(u64),
    /// The browser has cleaned up after a dead engine.
    Bury(Life),
    /// A database is being opened.
    Opening(Life, DbId, u64, String),
    /// A transaction ends.
    Transaction(String, u64),
    /// A mining worker is up.
    MinerUp(Life, WorkerId),
    /// A mining worker has its turn.
    MinerTurn(Life, WorkerId, u64),
    /// What a mining worker said reaches its engine.
    MinerSays(Life, WorkerId, FromMiner),
    /// An engine freezes, if its page still says so.
    Freezes(Life),
    /// An engine that stood still runs again.
    Goes(Life),
}

impl Event {
    /// The engine whose thread it needs.
    fn needs(&self) -> Option<Life> {
        match self {
            Self::Input(life, _)
            | Self::Lock(life, ..)
            | Self::Opening(life, ..)
            | Self::MinerUp(life, _)
            | Self::MinerSays(life, ..)
            | Self::Heard(Receiver { life, .. }, _) => Some(*life),
            _ => None,
        }
    }
}

impl World {
    pub(super) fn happen(&mut self, event: Event) {
        if let Some(engine) = event.needs().and_then(|life| self.engines.get_mut(&life)) {
            match (engine.state(), &event) {
                (State::Runs, _) => {}
                (State::Frozen, Event::Heard(..)) => {
                    return self.coverage.count("dropped while frozen");
                }
                (State::Frozen | State::Stalled, _) => return engine.keep(event),
            }
        }
        match event {
            Event::Step(number) => self.act(self.script.steps[number]),
            Event::Calm => self.calm_down(),
            Event::LastBlocks => self.mine_last(),
            Event::Joined => self.join_all(),
            Event::Quiet => self.see(&Seen::Quiet),
            Event::End => {
                self.see(&Seen::End);
                self.over = true;
            }
            Event::Born(page, generation) => self.engine_is_up(page, generation),
            Event::Start(page, generation) => self.start_again(page, generation),
            Event::Tick(page) => self.page_ticks(page),
            Event::Input(life, input) => self.step(life, *input),
            Event::Heard(to, bytes) => self.arrive(to, bytes),
            Event::Hostile(name, bytes) => self.say_as_a_stranger(&name, &bytes),
            Event::Wake(life, number) => self.wake(life, number),
            Event::ToPage(life, message) => self.page_hears(life, *message),
            Event::AskLock(life, id, name, wait) => {
                if self.engines.contains_key(&life) {
                    let answers = self.locks.ask(Owner::Engine(life, id), &name, wait);
                    self.answer_locks(answers);
                }
            }
            Event::Unlock(life, id) => {
                let answers = self.locks.release(Owner::Engine(life, id));
                self.answer_locks(answers);
            }
            Event::QueryLocks(life, id) => {
                let held = self.locks.held();
                self.plan_input(life, Input::Locks(id, held));
            }
            Event::Lock(life, id, answer) => self.lock_answered(life, id, answer),
            Event::Unhold(claim) => {
                let answers = self.locks.release(Owner::Hostile(claim));
                self.answer_locks(answers);
            }
            Event::Bury(life) => {
                let answers = self.locks.forget(life);
                self.answer_locks(answers);
            }
            Event::Opening(life, db, attempt, name) => self.opening(life, db, attempt, name),
            Event::Transaction(name, number) => self.transaction_ends(&name, number),
            Event::MinerUp(life, worker) => self.miner_is_up(life, worker),
            Event::MinerTurn(life, worker, turn) => self.miner_turns(life, worker, turn),
            Event::MinerSays(life, worker, word) => self.miner_says(life, worker, word),
            Event::Freezes(life) => self.stand_still(life),
            Event::Goes(life) => self.go_on(life),
        }
    }
}
