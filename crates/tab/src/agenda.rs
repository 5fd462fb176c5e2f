//! Timers by name: arming a name again replaces its timer, and a timer fires once however late it
//! is, so that a machine that slept is not flooded with all it missed.

use std::collections::{BTreeMap, BTreeSet};

use chain::Time;

/// When each name is due.
#[derive(Debug)]
pub struct Agenda<K> {
    names: BTreeMap<K, (Time, u64)>,
    times: BTreeSet<(Time, u64, K)>,
    armed: u64,
}

impl<K: Ord + Copy> Default for Agenda<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord + Copy> Agenda<K> {
    /// An agenda on which nothing is due.
    #[must_use]
    pub fn new() -> Self {
        Self {
            names: BTreeMap::new(),
            times: BTreeSet::new(),
            armed: 0,
        }
    }

    /// Sets when `name` is due; names due at the same time fire in the order of arming.
    pub fn arm(&mut self, name: K, at: Time) {
        self.disarm(name);
        self.armed += 1;
        self.names.insert(name, (at, self.armed));
        self.times.insert((at, self.armed, name));
    }

    /// Forgets `name`.
    pub fn disarm(&mut self, name: K) {
        if let Some((at, turn)) = self.names.remove(&name) {
            self.times.remove(&(at, turn, name));
        }
    }

    /// Forgets all names but those that `keep` accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&K) -> bool) {
        self.times.retain(|(_, _, name)| keep(name));
        let times = &self.times;
        self.names
            .retain(|name, (at, turn)| times.contains(&(*at, *turn, *name)));
    }

    /// When the next name is due.
    #[must_use]
    pub fn next(&self) -> Option<Time> {
        self.times.first().map(|(at, ..)| *at)
    }

    /// Takes all names that are due, earliest first.
    pub fn take_due(&mut self, now: Time) -> Vec<K> {
        let mut due = Vec::new();
        while self.next().is_some_and(|at| at <= now) {
            let Some((_, _, name)) = self.times.pop_first() else {
                break;
            };
            self.names.remove(&name);
            due.push(name);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arming_again_replaces() {
        let mut agenda = Agenda::new();
        agenda.arm('a', Time(5));
        agenda.arm('b', Time(5));
        agenda.arm('a', Time(9));
        assert_eq!(agenda.next(), Some(Time(5)));
        assert_eq!(agenda.take_due(Time(5)), ['b']);
        assert_eq!(agenda.take_due(Time(8)), []);
        assert_eq!(agenda.take_due(Time(9)), ['a']);
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn the_same_time_keeps_the_order_of_arming() {
        let mut agenda = Agenda::new();
        for name in ['c', 'a', 'b'] {
            agenda.arm(name, Time(1));
        }
        agenda.disarm('a');
        assert_eq!(agenda.take_due(Time(1)), ['c', 'b']);
    }

    #[test]
    fn a_name_that_is_not_kept_never_fires() {
        let mut agenda = Agenda::new();
        for name in 0..4 {
            agenda.arm(name, Time(1));
        }
        agenda.retain(|name| *name > 1);
        assert_eq!(agenda.take_due(Time(1)), [2, 3]);
    }
}
