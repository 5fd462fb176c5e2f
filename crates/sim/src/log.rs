//! What nodes told, for people to read after a run.

use chain::Time;
use protocol::Event;

use crate::queue::SeatIx;
use crate::run::Sim;

/// How many events are kept at most; the oldest are dropped first.
const MOST: usize = 10_000;

/// The latest events: all of up to 10,000, and at least the last 5,000 of more.
#[derive(Clone, Debug, Default)]
pub struct Log {
    events: Vec<(Time, SeatIx, Event)>,
    forgotten: u64,
}

impl Log {
    /// Takes down what was told in a run's last step.
    pub fn note(&mut self, sim: &Sim) {
        for (seat, event) in sim.told() {
            if self.events.len() == MOST {
                self.events.drain(..MOST / 2);
                self.forgotten += MOST as u64 / 2;
            }
            self.events.push((sim.now(), *seat, event.clone()));
        }
    }

    /// The events, oldest first.
    #[must_use]
    pub fn events(&self) -> &[(Time, SeatIx, Event)] {
        &self.events
    }

    /// How many of the oldest are no longer kept.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
