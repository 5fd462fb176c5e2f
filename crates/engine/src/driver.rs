//! One input after another, each one's effects in their order, and when to come back.
//!
//! Nothing of the browser in here: [`Machine`] is what is driven, [`World`] what carries effects
//! out. An effect may bring an input about at once, before the step that it belongs to is through;
//! such inputs wait for their turn.

use std::cell::{RefCell, RefMut};
use std::collections::VecDeque;

use tab::{Due, Effect, Input, Reading};

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

/// How long turns may be taken before others are heard, in microseconds.
const SLICE: u64 = 8_000;

/// What is driven.
pub trait Machine {
    /// Takes one input in and pushes what follows from it.
    fn step(&mut self, now: Reading, input: Input, out: &mut Vec<Effect>);

    /// When it wants a turn.
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

/// Where it is driven.
pub trait World {
    /// Both clocks now.
    fn now(&self) -> Reading;

    /// Carries an effect out. What comes of it is given back at once or later.
    fn carry_out(&self, effect: Effect);

    /// Has [`Driver::ring`] called as soon as everybody else was heard.
    fn ring_soon(&self);

    /// Has [`Driver::ring`] called in so many milliseconds, at least 1, not when it would have been
    /// before.
    fn ring_in(&self, ms: i32);
}

/// Drives a machine.
pub struct Driver<M> {
    /// Borrowed while anybody works on it; for ever, if it panicked meanwhile.
    machine: RefCell<M>,
    waiting: RefCell<VecDeque<Input>>,
}

impl<M: Machine> Driver<M> {
    /// A driver that has done nothing yet.
    pub fn new(machine: M) -> Self {
        Self {
            machine: RefCell::new(machine),
            waiting: RefCell::default(),
        }
    }

    /// Carries out what the machine wanted when it was made.
    pub fn begin(&self, effects: Vec<Effect>, world: &impl World) {
        if let Some(mut machine) = self.seize() {
            for effect in effects {
                world.carry_out(effect);
            }
            self.work(&mut machine, world);
            plan(&*machine, world);
        }
    }

    /// Hands an input in, and works off everything that waits, unless that is being done already.
    pub fn give(&self, input: Input, world: &impl World) {
        self.waiting.borrow_mut().push_back(input);
        if let Some(mut machine) = self.seize() {
            self.work(&mut machine, world);
            plan(&*machine, world);
        }
    }

    /// Takes turns while one is due, for a slice of time at most.
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

    /// Takes back inputs that wait: they must not be delivered any more.
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
        // Browsers' timers take at most 2^31 - 1; ringing early does no harm.
        wait => world.ring_in(i32::try_from(wait.div_ceil(1_000)).unwrap_or(i32::MAX)),
    }
}
