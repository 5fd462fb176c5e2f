//! What goes wrong according to the script.

use std::collections::BTreeSet;

use chain::Stream;
use tab::Input;
use tab::door::DbId;
use tab::storage::Store;
use wire::ask::{SetOnline, StartMining, StopMining};
use wire::{Ask, Power, Subject, ToEngine};

use super::databases::some_name;
use super::events::Event;
use super::slow::Slow;
use super::{MS, State, World};
use crate::checkers::Seen;
use crate::script::{Step, Verb};

impl World {
    /// What the browser does to tabs.
    pub(super) fn strike(&mut self, step: Step) {
        if step.verb == Verb::Crash {
            self.coverage.count(step.verb.text());
            return self.crash(step.how);
        }
        let Some(page) = self.page_of(step.who) else {
            return;
        };
        let frozen = self.pages[page].frozen;
        match step.verb {
            Verb::Freeze if !frozen => self.freeze(page, step.how),
            Verb::Blink if !frozen => self.blink(page, step.how),
            Verb::Thaw if self.pages[page].discarded => self.start_engine(page, 0),
            Verb::Thaw if frozen => self.thaw(page),
            Verb::Discard if frozen => {
                self.end_engine(page);
                self.pages[page].discarded = true;
            }
            Verb::Stall if !frozen => self.stall(page, step.how),
            Verb::Panic if !frozen && self.pages[page].engine.is_some() => self.replace(page),
            _ => return,
        }
        self.coverage.count(step.verb.text());
    }

    fn freeze(&mut self, page: usize, how: u32) {
        let Some(life) = self.pages[page].engine else {
            return;
        };
        self.tell(page, ToEngine::Freeze);
        self.pages[page].frozen = true;
        let soon = match how % 3 {
            0 => 1,
            1 => 5 * MS,
            _ => 300 * MS,
        };
        self.queue.plan(self.now + soon, Event::Freezes(life));
    }

    fn thaw(&mut self, page: usize) {
        self.thaw_page(page);
        if let Some(life) = self.pages[page].engine {
            self.queue.plan(self.now, Event::Goes(life));
            self.tell(page, ToEngine::Resume);
        }
    }

    /// The page says that it freezes, and then that it is back, but the thread never stops.
    fn blink(&mut self, page: usize, how: u32) {
        let Some(life) = self.pages[page].engine else {
            return;
        };
        self.tell(page, ToEngine::Freeze);
        let away: [u64; 4] = [2, 40, 400, 2_500];
        let away = away[usize::try_from(how % 4).unwrap_or(0)] * MS;
        let at = self.now + away + u64::from(how >> 2 & 0xff);
        let back = Box::new(Input::Page(ToEngine::Resume));
        self.queue.plan(at, Event::Input(life, back));
    }

    fn stall(&mut self, page: usize, how: u32) {
        let Some(life) = self.pages[page].engine else {
            return;
        };
        let runs = |engine: &super::Engine| engine.state() == State::Runs;
        if self.engines.get(&life).is_some_and(runs) {
            self.stop(life, State::Stalled);
            let at = self.now + u64::from(how % 9_000) * MS;
            self.queue.plan(at, Event::Goes(life));
        }
    }

    /// All processes die, perhaps the whole machine. Then the session is restored.
    fn crash(&mut self, how: u32) {
        for page in 0..self.pages.len() {
            self.end_engine(page);
        }
        if how.is_multiple_of(2) {
            let mut rng = Stream::new(self.script.seed, how, "lost writes");
            let mut lost = |unsure: usize| {
                let most = u64::try_from(unsure).unwrap_or(0);
                usize::try_from(rng.below(most + 1)).unwrap_or(0)
            };
            for name in self.databases.crash(&mut lost) {
                self.see(&Seen::Lost { name: &name });
                self.coverage.count("relaxed writes lost");
            }
        }
        for page in 0..self.pages.len() {
            if self.pages[page].open {
                self.pages[page].memory.mined = false;
                self.start_engine(page, 0);
            }
        }
    }

    /// What goes wrong with locks, databases, clocks and workers.
    pub(super) fn fault(&mut self, step: Step) {
        let how = u64::from(step.how);
        match step.verb {
            Verb::HoldLock | Verb::StealLock | Verb::KeepLock => {
                if !self.claim(step) {
                    return;
                }
            }
            Verb::Hang => {
                self.hang_until = self.now + how % 9_000 * MS;
                for name in self.databases.names().cloned().collect::<Vec<_>>() {
                    self.see(&Seen::Troubled { name: &name });
                }
            }
            Verb::Clock => self.set_clock(step.how),
            Verb::Sleep => self.sleep(step.how),
            Verb::WorkerDies | Verb::WorkersStall | Verb::WorkerTwice | Verb::BadWorkers => {
                if !self.trouble_workers(step) {
                    return;
                }
            }
            _ => {
                if !self.trouble_database(step) {
                    return;
                }
            }
        }
        self.coverage.count(step.verb.text());
    }

    fn claim(&mut self, step: Step) -> bool {
        let Some(name) = self.locks.name(step.how) else {
            return false;
        };
        self.claims += 1;
        let claim = self.claims;
        let answers = if step.verb == Verb::StealLock {
            self.locks.steal(&name, claim)
        } else {
            self.locks.ask(super::Owner::Hostile(claim), &name, true)
        };
        for (life, ..) in &answers {
            self.see(&Seen::Robbed { life: *life });
        }
        self.answer_locks(answers);
        if step.verb != Verb::KeepLock {
            let at = self.now + u64::from(step.how % 7_001) * MS;
            self.queue.plan(at, Event::Unhold(claim));
        }
        true
    }

    fn set_clock(&mut self, how: u32) {
        let seconds: [i64; 4] = [2, 45, 90, 4_000];
        let by = seconds[usize::try_from(how % 4).unwrap_or(0)] * 1_000_000;
        self.wall_shift += if how >> 2 & 1 == 0 { by } else { -by };
        self.wall_most = self.wall_most.max(self.wall_shift);
        self.see(&Seen::ClockSet);
    }

    fn sleep(&mut self, how: u32) {
        let seconds: [u64; 4] = [3, 20, 70, 3_600];
        let by = seconds[usize::try_from(how % 4).unwrap_or(0)] * 1_000 * MS;
        self.queue.postpone(by);
        self.now += by;
        self.slow_until += by;
        self.hang_until += by;
        if how >> 2 & 1 == 0 {
            self.stood_still += by;
        }
        self.see(&Seen::Slept { by });
    }

    fn trouble_workers(&mut self, step: Step) -> bool {
        let life = self
            .page_of(step.who)
            .and_then(|page| self.pages[page].engine);
        let until = self.now + u64::from(step.how % 12_000) * MS;
        let Some((life, engine)) = life.and_then(|life| Some((life, self.engines.get_mut(&life)?)))
        else {
            return false;
        };
        let which = usize::try_from(step.how).unwrap_or(0);
        let which = which.checked_rem(engine.miners.len());
        let worker = which.and_then(|which| engine.miners.keys().nth(which).copied());
        match (step.verb, worker) {
            (Verb::WorkersStall, Some(_)) => engine.miners_silent_until = until,
            (Verb::BadWorkers, _) => engine.bad_miners = step.how,
            (Verb::WorkerDies, Some(worker)) => {
                engine.miners.remove(&worker);
                self.plan_input(life, Input::WorkerDied(worker));
            }
            (Verb::WorkerTwice, Some(worker)) => {
                let Some(word) = engine.miners.get(&worker).and_then(|one| one.last.clone()) else {
                    return false;
                };
                self.queue
                    .plan(self.now + MS, Event::MinerSays(life, worker, word));
            }
            _ => return false,
        }
        true
    }

    fn trouble_database(&mut self, step: Step) -> bool {
        let Some(name) = self.databases.name(step.how) else {
            return false;
        };
        let how = step.how >> 4;
        let until = self.now + u64::from(how % 9_000) * MS;
        match step.verb {
            Verb::Quota => {
                let database = self.databases.get(&name);
                database.full = !database.full;
            }
            Verb::RefuseOpen => {
                let database = self.databases.get(&name);
                database.refuses = !database.refuses;
            }
            Verb::BlockOpen => self.databases.get(&name).blocked_until = until,
            Verb::SlowDatabase => {
                self.slow_down(&name, step);
                return true; // nothing is refused, so checkers need to excuse nothing
            }
            Verb::LoseDatabase => {
                let life = self
                    .page_of(step.who)
                    .and_then(|page| self.pages[page].engine);
                let Some(life) = life else { return false };
                let db = [DbId::Room, DbId::Browser][usize::try_from(how % 2).unwrap_or(0)];
                if self.databases.of(life, db).is_none() {
                    return false;
                }
                self.lose(life, db, "closed");
            }
            Verb::OtherVersion => {
                self.databases.get(&name).newer = true;
                for (life, db) in self.databases.connected(&name) {
                    self.lose(life, db, "versionchange");
                }
            }
            Verb::Damage => return self.damage(&name, how),
            _ => return false,
        }
        self.see(&Seen::Troubled { name: &name });
        true
    }

    fn slow_down(&mut self, name: &str, step: Step) {
        let how = step.how >> 4;
        let by = [30, 150, 500, 1_200][usize::try_from(how % 4).unwrap_or(0)] * MS;
        let page = self.page_of(step.who);
        let life = page.and_then(|page| self.pages[page].engine);
        self.databases.get(name).slow = Slow {
            by,
            until: self.now + (500 + u64::from(how >> 2) % 10_000) * MS,
            only: life.filter(|_| how >> 14 & 1 == 0),
        };
    }

    fn lose(&mut self, life: super::Life, db: DbId, why: &str) {
        for done in self.databases.lose(life, db) {
            self.answer_transaction(done);
        }
        self.plan_input(life, Input::Lost(db, why.into()));
        self.pump();
    }

    fn damage(&mut self, name: &str, how: u32) -> bool {
        let stores = [Store::Meta, Store::Own, Store::Blocks, Store::Identities];
        let store = stores[usize::try_from(how % 4).unwrap_or(0)];
        let values = &mut self.databases.get(name).values;
        let Some(key) = some_name(values, store, how >> 4) else {
            return false;
        };
        let mut value = values.get(store, &key).cloned().unwrap_or_default();
        let at = usize::try_from(how >> 5).unwrap_or(0);
        let at = at.checked_rem(value.len());
        let changed = match (how >> 2 & 3, at) {
            (0, _) => None,
            (1, Some(at)) => {
                value[at] ^= 1 << (how % 8);
                Some(value)
            }
            (2, Some(at)) => {
                value.truncate(at);
                Some(value)
            }
            _ => Some(vec![0xab; 37]),
        };
        values.damage(store, &key, changed);
        let key = &key;
        self.see(&Seen::Damaged { name, store, key });
        true
    }

    /// Passing faults end: everybody is back and joined, and nobody mines.
    pub(super) fn calm_down(&mut self) {
        self.calm = true;
        self.slow_until = 0;
        self.hang_until = self.hang_until.min(self.now + 5_000 * MS);
        self.databases.hurry();
        if self.wall_shift < self.wall_most {
            // People set the clock right again, or mined blocks would stay in the future for long.
            self.wall_shift = self.wall_most;
            self.see(&Seen::ClockSet);
        }
        for page in 0..self.pages.len() {
            if !self.pages[page].open {
                continue;
            }
            self.pages[page].busy_until = 0;
            if self.pages[page].discarded {
                self.start_engine(page, 0);
            } else if self.pages[page].frozen {
                self.thaw(page);
            }
            if let Some(life) = self.pages[page].engine {
                self.queue.plan(self.now, Event::Goes(life));
            }
        }
        self.join_all();
        self.see(&Seen::Calm);
    }

    /// People join all tabs and nodes, and stop mining.
    pub(super) fn join_all(&mut self) {
        for page in 0..self.pages.len() {
            if !self.pages[page].open {
                continue;
            }
            self.ask(page, Ask::StopMining(StopMining));
            self.join(page, Subject::Here);
            for (node, here) in self.pages[page].nodes.clone() {
                if here {
                    self.join(page, Subject::Node(node));
                }
            }
        }
    }

    /// One tab of each room mines for a while, so that ties end.
    pub(super) fn mine_last(&mut self) {
        let mut rooms = BTreeSet::new();
        for page in 0..self.pages.len() {
            let life = self.pages[page].engine;
            let view = life.and_then(|life| self.views.get(&life));
            let view = view.filter(|view| view.takes_part(self.now, 0));
            if view.is_some_and(|view| rooms.insert(view.glance.room)) {
                let power = Some(Power {
                    workers: 1,
                    duty: 100,
                });
                self.ask(page, Ask::StartMining(StartMining { power }));
            }
        }
        self.see(&Seen::LastBlocks);
    }

    fn join(&mut self, page: usize, subject: Subject) {
        let online = true;
        self.ask(page, Ask::SetOnline(SetOnline { subject, online }));
    }
}
