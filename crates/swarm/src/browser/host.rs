//! The host's part: carries out a tab's effects and brings back the answers, each with its delay.

use pool::message::FromMiner;
use pool::plan::WorkerId;
use tab::door::{Channel, DbId, LockAnswer, LockId};
use tab::{Due, Effect, Input};

use super::databases::{Done, Outcome, Work};
use super::events::Event;
use super::locks::Answers;
use super::miners::{Miner, RATE, Speech};
use super::{BUILD, Life, MS, Receiver, State, World};
use crate::checkers::Seen;

impl World {
    pub(super) fn carry_out(&mut self, life: Life, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Post(message) => {
                let Some(engine) = self.engines.get_mut(&life) else {
                    return;
                };
                let at = engine.page_line.max(now + engine.delay(100, 2 * MS));
                engine.page_line = at;
                self.queue.plan(at, Event::ToPage(life, Box::new(message)));
            }
            Effect::Listen(channel, name) => self.channels.listen(life, channel, name),
            Effect::Deafen(channel) => self.channels.deafen(life, channel),
            Effect::Say(channel, bytes) => {
                for to in self.channels.say(life, channel, &bytes) {
                    self.send(u64::from(life.0), to, &bytes);
                }
            }
            Effect::Lock { id, name, wait } => {
                let at = self.lock_time(life);
                if let Some(engine) = self.engines.get_mut(&life) {
                    engine.locks.insert(id);
                }
                self.queue.plan(at, Event::AskLock(life, id, name, wait));
            }
            Effect::Unlock(id) => {
                let at = self.lock_time(life);
                if let Some(engine) = self.engines.get_mut(&life) {
                    engine.locks.remove(&id);
                }
                self.queue.plan(at, Event::Unlock(life, id));
            }
            Effect::QueryLocks(id) => {
                let at = self.lock_time(life);
                self.queue.plan(at, Event::QueryLocks(life, id));
            }
            Effect::Open { .. } | Effect::Close(_) | Effect::Read { .. } | Effect::Write { .. } => {
                self.store(life, effect);
            }
            Effect::Spawn(_)
            | Effect::Terminate(_)
            | Effect::Order(..)
            | Effect::Calibrate { .. } => self.mine(life, effect),
        }
    }

    fn store(&mut self, life: Life, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Open { db, name, .. } => {
                let Some(engine) = self.engines.get_mut(&life) else {
                    return;
                };
                engine.attempts += 1;
                let attempt = engine.attempts;
                engine.opening.insert(db, attempt);
                let slow = self.databases.slowness(&name, life, now);
                let at = now + engine.delay(MS, 30 * MS) + slow;
                let at = at.max(self.hang_until);
                self.queue.plan(at, Event::Opening(life, db, attempt, name));
            }
            Effect::Close(db) => {
                if let Some(engine) = self.engines.get_mut(&life) {
                    engine.opening.remove(&db);
                }
                self.databases.close(life, db);
            }
            Effect::Read { id, db, query } => {
                if let Some(done) = self.databases.ask(life, db, id, Work::Read(query)) {
                    self.answer_transaction(done);
                }
            }
            Effect::Write {
                id,
                db,
                changes,
                durability,
            } => {
                let work = Work::Write(changes, durability);
                if let Some(done) = self.databases.ask(life, db, id, work) {
                    self.answer_transaction(done);
                }
            }
            _ => {}
        }
    }

    fn mine(&mut self, life: Life, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::Spawn(worker) => {
                let Some(engine) = self.engines.get_mut(&life) else {
                    return;
                };
                let at = now + engine.delay(20 * MS, 200 * MS);
                engine.miners.insert(worker, Miner::default());
                self.queue.plan(at, Event::MinerUp(life, worker));
            }
            Effect::Terminate(worker) => {
                if let Some(engine) = self.engines.get_mut(&life) {
                    engine.miners.remove(&worker);
                }
            }
            Effect::Order(worker, order) => {
                let Some(engine) = self.engines.get_mut(&life) else {
                    return;
                };
                let rng = &mut engine.rng;
                if let Some(miner) = engine.miners.get_mut(&worker) {
                    let speech = miner.hear(now, order, rng);
                    self.plan_miner(life, worker, speech);
                }
            }
            Effect::Calibrate { ms } => {
                let rate = RATE / 100 * (50 + self.below(100));
                let at = now + u64::from(ms) * MS;
                self.queue
                    .plan(at, Event::Input(life, Box::new(Input::Calibrated(rate))));
            }
            _ => {}
        }
    }

    /// Brings an input to an engine after a while.
    pub(super) fn plan_input(&mut self, life: Life, input: Input) {
        if let Some(engine) = self.engines.get_mut(&life) {
            let at = self.now + engine.delay(50, MS);
            self.queue.plan(at, Event::Input(life, Box::new(input)));
        }
    }

    /// Plans the next turn that the tab wants.
    pub(super) fn plan_wake(&mut self, life: Life) {
        let (now, stood_still) = (self.now, self.stood_still);
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        if engine.state() != State::Runs {
            return;
        }
        let at = match engine.due() {
            Due::Now => now + 300,
            Due::At(steady) => {
                let at = steady
                    .saturating_add(engine.began())
                    .saturating_add(stood_still);
                at.max(now).saturating_add(engine.delay(0, MS)).max(now + 1)
            }
        };
        engine.wake += 1;
        let number = engine.wake;
        if at < now + 3_600_000 * MS {
            self.queue.plan(at, Event::Wake(life, number));
        }
    }

    pub(super) fn wake(&mut self, life: Life, number: u64) {
        let counts = |engine: &&mut super::Engine| engine.wake == number;
        if let Some(engine) = self.engines.get_mut(&life).filter(counts)
            && engine.state() == State::Runs
        {
            self.step(life, Input::Turn);
        }
    }

    /// Sends bytes to one listener; messages of one sender to one engine stay in order.
    pub(super) fn send(&mut self, sender: u64, to: Receiver, bytes: &[u8]) {
        let slow = self.now < self.slow_until;
        let Some(engine) = self.engines.get_mut(&to.life) else {
            return;
        };
        let delay = engine.delay(200, if slow { 1_500 * MS } else { 6 * MS });
        let line = engine.heard_line.entry(sender).or_default();
        *line = (*line).max(self.now + delay);
        let at = *line;
        let fits = bytes.len() <= to.channel.most_bytes();
        let bytes = fits.then(|| bytes.to_vec());
        self.queue.plan(at, Event::Heard(to, bytes));
    }

    pub(super) fn arrive(&mut self, to: Receiver, bytes: Option<Vec<u8>>) {
        if !self.channels.hears(to) {
            return;
        }
        if to.channel == Channel::Room {
            self.coverage.count("heard on a room's channel");
        }
        self.step(to.life, Input::Heard(to.channel, bytes));
    }

    fn lock_time(&mut self, life: Life) -> u64 {
        let now = self.now;
        let Some(engine) = self.engines.get_mut(&life) else {
            return now;
        };
        let at = engine.lock_line.max(now + engine.delay(50, 2 * MS));
        engine.lock_line = at;
        at
    }

    pub(super) fn answer_locks(&mut self, answers: Answers) {
        for (life, id, answer) in answers {
            if let Some(engine) = self.engines.get_mut(&life) {
                // In order with all else between this engine and the lock manager.
                let at = engine.lock_line.max(self.now + engine.delay(50, 2 * MS));
                engine.lock_line = at;
                self.queue.plan(at, Event::Lock(life, id, answer));
            }
        }
    }

    pub(super) fn lock_answered(&mut self, life: Life, id: LockId, answer: LockAnswer) {
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        // The tab has let go meanwhile and must hear nothing; the `Unlock` is on its way.
        if !engine.locks.contains(&id) {
            return;
        }
        if answer != LockAnswer::Granted {
            engine.locks.remove(&id);
        }
        self.step(life, Input::Lock(id, answer));
    }

    pub(super) fn opening(&mut self, life: Life, db: DbId, attempt: u64, name: String) {
        let wanted = |engine: &super::Engine| engine.opening.get(&db) == Some(&attempt);
        if !self.engines.get(&life).is_some_and(wanted) {
            return; // closed before it opened
        }
        if self.now < self.hang_until {
            let at = self.hang_until + MS;
            self.queue.plan(at, Event::Opening(life, db, attempt, name));
            return;
        }
        let blocked = self.databases.get(&name).blocked_until;
        if self.now < blocked {
            self.queue
                .plan(blocked, Event::Opening(life, db, attempt, name));
            self.coverage.count("opening blocked");
            self.step(life, Input::Blocked(db));
            return;
        }
        if let Some(engine) = self.engines.get_mut(&life) {
            engine.opening.remove(&db);
        }
        let result = self.databases.open(life, db, &name);
        if result.is_err() {
            self.coverage.count("opening refused");
        }
        self.step(life, Input::Opened(db, result));
    }

    /// Starts the transactions that can start.
    pub(super) fn pump(&mut self) {
        for (name, life, number) in self.databases.start() {
            let slow = self.databases.slowness(&name, life, self.now);
            let delay = 200 + self.below(4 * MS) + slow;
            let at = (self.now + delay).max(self.hang_until + delay);
            self.queue.plan(at, Event::Transaction(name, number));
        }
    }

    pub(super) fn transaction_ends(&mut self, name: &str, number: u64) {
        let Some(done) = self.databases.finish(name, number) else {
            return;
        };
        if let Outcome::Written(Ok(changes)) = &done.result {
            let life = Some(done.life);
            self.see(&Seen::Committed {
                life,
                name,
                changes,
            });
        }
        self.answer_transaction(done);
        self.pump();
    }

    pub(super) fn answer_transaction(&mut self, done: Done) {
        let input = match done.result {
            Outcome::Read(result) => Input::Read(done.ticket, result),
            Outcome::Written(result) => {
                if result.is_err() {
                    self.coverage.count("write refused");
                }
                Input::Written(done.ticket, result.map(drop))
            }
        };
        self.plan_input(done.life, input);
    }

    pub(super) fn miner_is_up(&mut self, life: Life, worker: WorkerId) {
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        if !engine.miners.contains_key(&worker) {
            return;
        }
        match engine.bad_miners % 4 {
            0 => self.step(life, Input::Worker(worker, Miner::hello(BUILD))),
            1 => self.step(life, Input::Worker(worker, Miner::hello("another build"))),
            2 => self.step(life, Input::WorkerDied(worker)),
            _ => {} // it hangs at the start
        }
    }

    pub(super) fn miner_turns(&mut self, life: Life, worker: WorkerId, turn: u64) {
        let now = self.now;
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        let silent = engine.miners_silent_until;
        let frozen = engine.is_frozen();
        let rng = &mut engine.rng;
        let Some(miner) = engine
            .miners
            .get_mut(&worker)
            .filter(|miner| miner.turn == turn)
        else {
            return;
        };
        if now < silent || frozen {
            let at = silent.max(now + 100 * MS);
            self.queue.plan(at, Event::MinerTurn(life, worker, turn));
            return;
        }
        let speech = miner.speak(now, rng);
        self.plan_miner(life, worker, speech);
    }

    fn plan_miner(&mut self, life: Life, worker: WorkerId, speech: Speech) {
        let now = self.now;
        let Some(engine) = self.engines.get_mut(&life) else {
            return;
        };
        let delay = engine.delay(50, 500);
        let Some(miner) = engine.miners.get_mut(&worker) else {
            return;
        };
        let turn = miner.turn;
        for (number, word) in (0..).zip(speech.words) {
            if matches!(word, FromMiner::Found { .. }) {
                self.coverage.count("nonces found");
            }
            miner.last = Some(word.clone());
            self.queue
                .plan(now + delay + number, Event::MinerSays(life, worker, word));
        }
        if let Some(next) = speech.next {
            self.queue
                .plan(now + next, Event::MinerTurn(life, worker, turn));
        }
    }

    pub(super) fn miner_says(&mut self, life: Life, worker: WorkerId, word: FromMiner) {
        // Nothing from a terminated worker may be delivered.
        let lives = |engine: &super::Engine| engine.miners.contains_key(&worker);
        if self.engines.get(&life).is_some_and(lives) {
            self.step(life, Input::Worker(worker, word));
        }
    }
}
