//! A run with all that happened in it, and a present somewhere in it.

use chain::Time;
use scenario::{Fault, FaultKind, Scenario, ScenarioError};
use sim::{Number, Sim, What};

use crate::checkpoints::Checkpoints;
use crate::tape::{Mark, Tape};

/// A run up to its head, the furthest moment that was reached, and a present that goes back and forth
/// before it. A moment is a number of events: those that have happened by then.
pub struct Recording {
    /// What leads to this run: all that was done in it is among its acts.
    scenario: Scenario,
    head: Sim,
    /// The run at the present moment, unless that is the head.
    past: Option<Sim>,
    tape: Tape,
    checkpoints: Checkpoints,
}

/// Goes on to the next event; false at the end of the scenario.
fn advance(sim: &mut Sim) -> bool {
    let before = sim.happened();
    while sim.happened() == before {
        if !sim.advance() {
            return false;
        }
    }
    true
}

impl Recording {
    /// The beginning of a run.
    ///
    /// # Errors
    /// The first thing in the scenario that is outside its limits.
    pub fn new(scenario: Scenario) -> Result<Self, ScenarioError> {
        let head = Sim::new(&scenario)?;
        Ok(Self {
            scenario,
            checkpoints: Checkpoints::new(head.fork()),
            head,
            past: None,
            tape: Tape::default(),
        })
    }

    /// An independent copy, which shares what happened so far.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            scenario: self.scenario.clone(),
            head: self.head.fork(),
            past: self.past.as_ref().map(Sim::fork),
            tape: self.tape.clone(),
            checkpoints: self.checkpoints.clone(),
        }
    }

    /// The scenario that leads to this run, with all that was done in it.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// What happened up to the head.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The run as it is at the present moment.
    #[must_use]
    pub fn sim(&self) -> &Sim {
        self.past.as_ref().unwrap_or(&self.head)
    }

    /// The present moment.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.sim().happened()
    }

    /// The furthest moment that was reached.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.head.happened()
    }

    /// How many states of the run are kept to start from.
    #[must_use]
    pub fn checkpoints(&self) -> usize {
        self.checkpoints.len()
    }

    /// Goes on by so many events, beyond the head if the scenario does; says by how many it went.
    pub fn forward(&mut self, events: u64) -> u64 {
        let before = self.present();
        self.seek(before.saturating_add(events));
        while self.present() - before < events && self.extend() {}
        self.present() - before
    }

    /// Goes back by so many events, or to the beginning.
    pub fn back(&mut self, events: u64) {
        self.seek(self.present().saturating_sub(events));
    }

    /// Goes to a moment, or to the head if it is not as far. Takes as long as running from the checkpoint
    /// before it.
    pub fn seek(&mut self, events: u64) {
        if events >= self.head() {
            self.past = None;
            return;
        }
        let (start, checkpoint) = self.checkpoints.before(events);
        let is_near = |sim: &Sim| (start..=events).contains(&sim.happened());
        let near = self.past.take().filter(is_near);
        let mut sim = near.unwrap_or_else(|| checkpoint.fork());
        sim.set_acts(&self.scenario.acts);
        while sim.happened() < events && advance(&mut sim) {}
        self.past = Some(sim);
    }

    /// Goes to the moment after all that happened up to a time, to the head if it is not as far, and not to
    /// what the tape has forgotten.
    pub fn seek_time(&mut self, until: Time) {
        let (mut least, mut most) = (self.tape.forgotten(), self.head());
        while least < most {
            let middle = least + (most - least) / 2;
            let next = Number::new(middle + 1).and_then(|number| self.tape.get(number));
            match next.is_some_and(|happening| happening.at <= until) {
                true => least = middle + 1,
                false => most = middle,
            }
        }
        self.seek(least);
    }

    /// Goes on to the next event with a mark, up to the head; false if there is none, and nothing
    /// changes.
    pub fn next_mark(&mut self) -> bool {
        let next = self.tape.marks_within(self.present(), u64::MAX).next();
        self.seek_some(next.map(|marked| marked.number))
    }

    /// Goes back to the last event before this one that has a mark; false if there is none, and nothing
    /// changes.
    pub fn previous_mark(&mut self) -> bool {
        let before = self.present().saturating_sub(1);
        let previous = self.tape.marks_within(0, before).next_back();
        self.seek_some(previous.map(|marked| marked.number))
    }

    fn seek_some(&mut self, number: Option<Number>) -> bool {
        number.inspect(|number| self.seek(number.get())).is_some()
    }

    /// Does something to the run at the present moment, as the last thing that happens in this
    /// microsecond. From here on the future is another one: what was known of it is forgotten, and with it
    /// what was done there.
    ///
    /// # Errors
    /// What is outside its limits; nothing changes then.
    pub fn act(&mut self, kind: FaultKind) -> Result<(), ScenarioError> {
        let (mut scenario, now) = (self.scenario.clone(), self.sim().now());
        match &self.past {
            Some(past) => scenario.acts.truncate(past.acted()),
            None => scenario.acts.retain(|act| act.at <= now),
        }
        scenario.acts.push(Fault { at: now, kind });
        scenario.check()?;
        if let Some(past) = self.past.take() {
            self.head = past;
        }
        self.head.set_acts(&scenario.acts);
        self.tape.truncate(self.head.happened());
        self.checkpoints.truncate(self.head.happened());
        self.scenario = scenario;
        Ok(())
    }

    /// Goes on from the head, which is the present moment, to the next event; false at the end of the
    /// scenario.
    fn extend(&mut self) -> bool {
        if !advance(&mut self.head) {
            return false;
        }
        if let Some(happening) = self.head.latest() {
            self.tape.push(*happening, marks(&self.head));
            self.checkpoints.offer(self.head.happened(), &self.head);
        }
        true
    }
}

/// What there is to see in a run's latest event.
fn marks(sim: &Sim) -> impl Iterator<Item = Mark> {
    let done = sim.latest().and_then(|happening| match happening.what {
        What::Fault { index } => Some(Mark::Fault { index }),
        What::Act { index } => Some(Mark::Act { index }),
        _ => None,
    });
    let told = sim.told().iter().map(|(seat, event)| Mark::Told {
        seat: *seat,
        event: event.clone(),
    });
    let fell = sim.fallen().map(|(claim, what)| Mark::Fell {
        claim,
        what: what.to_owned(),
    });
    done.into_iter().chain(told).chain(fell)
}
