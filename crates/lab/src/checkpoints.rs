//! Where a run can be taken up again. Close together near its end, for people step back there; further
//! apart behind, but never so far that whoever seeks has to wait.

use std::collections::BTreeMap;
use std::rc::Rc;

use sim::Sim;

/// The shortest distance between two checkpoints, in events.
const NEAR: u64 = 1_024;
/// The longest in a run of up to a million events; in longer ones, it is one part in 256 of the run.
const FAR: u64 = 4_096;
/// Between, the distance is this part of the age.
const PART: u64 = 16;

/// States of one run, by the number of events that led there.
#[derive(Clone)]
pub(crate) struct Checkpoints(BTreeMap<u64, Rc<Sim>>);

/// How far apart checkpoints may be so many events before the end of a run of so many.
fn distance(age: u64, events: u64) -> u64 {
    let far = FAR.max(events / 256);
    (age / PART).clamp(NEAR, far)
}

impl Checkpoints {
    /// The beginning of a run, which stays.
    pub(crate) fn new(beginning: Sim) -> Self {
        Self(BTreeMap::from([(0, Rc::new(beginning))]))
    }

    /// The latest that is not after so many events, and how many led there.
    pub(crate) fn before(&self, events: u64) -> (u64, &Rc<Sim>) {
        let found = self.0.range(..=events).next_back();
        let (number, sim) = found.expect("the beginning stays");
        (*number, sim)
    }

    /// Keeps the state after so many events if the last one is far enough behind: at least as far as there
    /// is something to copy, so that copying never outweighs the run itself.
    pub(crate) fn offer(&mut self, events: u64, sim: &Sim) {
        let (last, _) = self.before(events);
        if events - last >= NEAR.max(sim.under_way() as u64) {
            self.0.insert(events, Rc::new(sim.fork()));
            self.thin(events);
        }
    }

    /// Forgets all after so many events.
    pub(crate) fn truncate(&mut self, events: u64) {
        self.0.split_off(&(events + 1));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets those whose neighbours are close enough without them.
    fn thin(&mut self, events: u64) {
        let numbers: Vec<u64> = self.0.keys().copied().collect();
        let mut before = 0;
        for pair in numbers[1..].windows(2) {
            let [here, after] = [pair[0], pair[1]];
            if after - before <= distance(events - after, events) {
                self.0.remove(&here);
            } else {
                before = here;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sim() -> Sim {
        let text = "title = \"\"\nseed = 1\nseconds = 1\nchain = { name = \"c\", protocol = \"raft\", ledger = \"kv\" }\nnodes = { count = 1 }";
        Sim::new(&toml::from_str(text).expect("a scenario")).expect("within limits")
    }

    /// However long the run, there are few of them, no gap is longer than it may be, and the latest is
    /// close to the end.
    #[test]
    fn they_thin_out_with_age() {
        let mut kept = Checkpoints::new(sim());
        let state = sim();
        for events in (0..4_000_000).step_by(512) {
            kept.offer(events, &state);
            assert!(kept.len() <= 700, "{} after {events}", kept.len());
            if events % (512 * 501) == 0 {
                let mut numbers: Vec<u64> = kept.0.keys().copied().collect();
                numbers.push(events);
                for pair in numbers.windows(2) {
                    let most = distance(events - pair[0], events);
                    assert!(pair[1] - pair[0] <= most, "{pair:?} after {events}");
                }
            }
        }
    }

    #[test]
    fn what_comes_after_is_forgotten_and_the_beginning_is_not() {
        let mut kept = Checkpoints::new(sim());
        for events in [1_024, 2_048, 3_072] {
            kept.offer(events, &sim());
        }
        assert_eq!(kept.before(3_000).0, 2_048);
        kept.truncate(2_048);
        assert_eq!(kept.before(9_000).0, 2_048);
        kept.truncate(0);
        assert_eq!(kept.before(9_000).0, 0);
    }
}
