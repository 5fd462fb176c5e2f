//! Feeds a machine one input after another, carries out each step's effects in order, and schedules
//! the next turn.
//!
//! Nothing here knows the browser: [`Machine`] is what is driven, [`World`] carries effects out. An
//! effect may cause an input at once, before the effects of its own step have all been carried out;
//! such inputs are queued.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;

use tab::{Due, Effect, Input, Reading};

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// How long to take turns before yielding to other tasks of the worker, in microseconds.
const SLICE: u64 = 8_000;

/// What is driven.
pub trait Machine {
    /// Takes in one input and pushes the effects that follow from it.
    fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>);

    /// When the machine wants its next turn.
    fn due(&self) -> Due;
}

impl Machine for tab::Tab {
    fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>) {
        Self::step(self, now, input, out);
    }

    fn due(&self) -> Due {
        Self::due(self)
    }
}

impl Machine for Box<dyn Machine> {
    fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>) {
        (**self).step(now, input, out);
    }

    fn due(&self) -> Due {
        (**self).due()
    }
}

/// What the machine is driven in.
pub trait World {
    /// Reads both clocks.
    fn now(&self) -> Reading;

    /// Carries out an effect. Inputs that result come back through [`Driver::give`], at once or
    /// later.
    fn carry_out(&self, effect: Effect);

    /// Schedules a call of [`Driver::ring`] right behind the tasks that are already queued.
    fn ring_soon(&self);

    /// Schedules a call of [`Driver::ring`] in `ms` milliseconds, at least 1; replaces an earlier
    /// delay.
    fn ring_in(&self, ms: i32);
}

/// Drives a machine.
pub struct Driver<M> {
    /// Borrowed while it steps, and forever once it has panicked in a step.
    machine: RefCell<M>,
    waiting: RefCell<VecDeque<Input>>,
}

impl<M: Machine> Driver<M> {
    /// A driver that has not stepped its machine yet.
    pub fn new(machine: M) -> Self {
        Self {
            machine: RefCell::new(machine),
            waiting: RefCell::default(),
        }
    }

    /// Carries out the effects that the machine's constructor asked for.
    pub fn begin(&self, effects: Vec<Effect>, world: &impl World) {
        if let Some(mut machine) = self.seize() {
            for effect in effects {
                world.carry_out(effect);
            }
            self.work(&mut machine, world);
            plan(&*machine, world);
        }
    }

    /// Queues an input and works off the queue, unless a caller up the stack is already doing so.
    pub fn give(&self, input: Input, world: &impl World) {
        self.waiting.borrow_mut().push_back(input);
        if let Some(mut machine) = self.seize() {
            self.work(&mut machine, world);
            plan(&*machine, world);
        }
    }

    /// Takes turns while one is due, for at most a slice of time.
    pub fn ring(&self, world: &impl World) {
        let Some(mut machine) = self.seize() else {
            return;
        };
        let end = world.now().steady.saturating_add(SLICE);
        loop {
            let now = world.now().steady;
            if now >= end || wait(&*machine, now) > 0 {
                break;
            }
            self.waiting.borrow_mut().push_back(Input::Turn);
            self.work(&mut machine, world);
        }
        plan(&*machine, world);
    }

    /// Drops queued inputs that must not be delivered any more.
    pub fn withdraw(&self, is_over: impl Fn(&Input) -> bool) {
        self.waiting.borrow_mut().retain(|input| !is_over(input));
    }

    fn seize(&self) -> Option<RefMut<'_, M>> {
        self.machine.try_borrow_mut().ok()
    }

    fn work(&self, machine: &mut M, world: &impl World) {
        let mut effects = Vec::new();
        while let Some(input) = self.next() {
            machine.step(world.now(), input, &mut effects);
            for effect in effects.drain(..) {
                world.carry_out(effect);
            }
        }
    }

    fn next(&self) -> Option<Input> {
        self.waiting.borrow_mut().pop_front()
    }
}

/// How long until a turn is due, in microseconds.
fn wait(machine: &impl Machine, now: u64) -> u64 {
    match machine.due() {
        Due::Now => 0,
        Due::At(at) => at.saturating_sub(now),
    }
}

fn plan(machine: &impl Machine, world: &impl World) {
    match wait(machine, world.now().steady) {
        0 => world.ring_soon(),
        // Browser timers take at most 2^31 - 1 ms; ringing early does no harm.
        wait => world.ring_in(i32::try_from(wait.div_ceil(1_000)).unwrap_or(i32::MAX)),
    }
}
