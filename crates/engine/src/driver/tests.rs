use std::cell::{Cell, RefCell};

use tab::door::{LockAnswer, LockId, QueryId};
use tab::{Due, Effect, Input, Reading};

use super::{Driver, Machine, World};

/// Responds to each input as its script says, and records its inputs.
struct Puppet {
    given: Vec<Input>,
    script: fn(&Input) -> Vec<Effect>,
    /// How many turns are due at once.
    turns: u32,
    /// When the turn after those is due.
    then: u64,
}

impl Puppet {
    fn new(script: fn(&Input) -> Vec<Effect>) -> Self {
        Self {
            given: Vec::new(),
            script,
            turns: 0,
            then: u64::MAX,
        }
    }
}

impl Machine for Puppet {
    fn step(&mut self, _: Reading, input: Input, out: &mut Vec<Effect>) {
        if input == Input::Turn {
            self.turns = self.turns.saturating_sub(1);
        }
        out.extend((self.script)(&input));
        self.given.push(input);
    }

    fn due(&self) -> Due {
        if self.turns > 0 {
            return Due::Now;
        }
        Due::At(self.then)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ring {
    Soon,
    In(i32),
}

/// A world that refuses every lock at once, and whose clock advances a millisecond per reading.
struct Stage {
    driver: Driver<Puppet>,
    done: RefCell<Vec<Effect>>,
    rings: RefCell<Vec<Ring>>,
    steady: Cell<u64>,
}

impl World for Stage {
    fn now(&self) -> Reading {
        let steady = self.steady.replace(self.steady.get() + 1_000);
        Reading { wall: 0, steady }
    }

    fn carry_out(&self, effect: Effect) {
        match &effect {
            Effect::Lock { id, .. } => self.give(refused(id.0)),
            Effect::Unlock(id) => self
                .driver
                .withdraw(|input| matches!(input, Input::Lock(other, _) if other == id)),
            _ => {}
        }
        self.done.borrow_mut().push(effect);
    }

    fn ring_soon(&self) {
        self.rings.borrow_mut().push(Ring::Soon);
    }

    fn ring_in(&self, ms: i32) {
        self.rings.borrow_mut().push(Ring::In(ms));
    }
}

impl Stage {
    fn new(puppet: Puppet) -> Self {
        Self {
            driver: Driver::new(puppet),
            done: RefCell::default(),
            rings: RefCell::default(),
            steady: Cell::new(0),
        }
    }

    fn give(&self, input: Input) {
        self.driver.give(input, self);
    }

    fn given(&self) -> Vec<Input> {
        self.driver.machine.borrow().given.clone()
    }
}

fn lock(id: u64) -> Effect {
    Effect::Lock {
        id: LockId(id),
        name: String::new(),
        wait: false,
    }
}

fn unlock(id: u64) -> Effect {
    Effect::Unlock(LockId(id))
}

fn refused(id: u64) -> Input {
    Input::Lock(LockId(id), LockAnswer::Refused)
}

fn query(id: u64) -> Effect {
    Effect::QueryLocks(QueryId(id))
}

#[test]
fn an_input_caused_by_an_effect_waits_for_the_rest_of_its_step() {
    let stage = Stage::new(Puppet::new(|input| match input {
        Input::Calibrated(_) => vec![lock(1), lock(2), query(3)],
        Input::Lock(LockId(1), _) => vec![query(4)],
        _ => vec![],
    }));
    stage.give(Input::Calibrated(7));
    let given = [Input::Calibrated(7), refused(1), refused(2)];
    assert_eq!(stage.given(), given);
    assert_eq!(*stage.done.borrow(), [lock(1), lock(2), query(3), query(4)]);
}

#[test]
fn what_the_machine_wants_from_the_start_is_carried_out_first() {
    let stage = Stage::new(Puppet::new(|_| vec![query(9)]));
    stage.driver.begin(vec![lock(1), query(2)], &stage);
    assert_eq!(*stage.done.borrow(), [lock(1), query(2), query(9)]);
    assert_eq!(stage.given(), [refused(1)]);
}

#[test]
fn a_withdrawn_answer_is_not_delivered() {
    let stage = Stage::new(Puppet::new(|input| match input {
        Input::Calibrated(_) => vec![lock(1), lock(2), unlock(1)],
        _ => vec![],
    }));
    stage.give(Input::Calibrated(7));
    assert_eq!(stage.given(), [Input::Calibrated(7), refused(2)]);
}

#[test]
fn turns_are_taken_while_they_are_due_but_no_longer_than_a_slice() {
    let mut puppet = Puppet::new(|_| vec![]);
    puppet.turns = 1_000;
    let stage = Stage::new(puppet);
    stage.driver.ring(&stage);
    let taken = stage.given().len();
    assert!((2..8).contains(&taken), "{taken} turns of 2 ms");
    assert_eq!(*stage.rings.borrow(), [Ring::Soon]);
}

#[test]
fn a_turn_comes_at_its_time_and_not_before() {
    let mut puppet = Puppet::new(|_| vec![]);
    puppet.then = 100_000;
    let stage = Stage::new(puppet);
    stage.driver.ring(&stage); // rings early
    assert_eq!(stage.given(), []);
    assert_eq!(*stage.rings.borrow(), [Ring::In(98)]);
    stage.steady.set(100_000);
    stage.driver.ring(&stage);
    assert!(stage.given().contains(&Input::Turn));
}

#[test]
fn a_far_time_is_cut_to_what_timers_can_do() {
    let mut puppet = Puppet::new(|_| vec![]);
    puppet.then = 1; // due by the next reading of the clock
    let stage = Stage::new(puppet);
    stage.give(Input::Calibrated(0));
    let mut puppet = Puppet::new(|_| vec![]);
    puppet.then = u64::MAX;
    let far = Stage::new(puppet);
    far.give(Input::Calibrated(0));
    assert_eq!(*far.rings.borrow(), [Ring::In(i32::MAX)]);
    assert_eq!(*stage.rings.borrow(), [Ring::Soon]);
}
