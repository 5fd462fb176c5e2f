//! What will happen, in order of time, then of planning.

use std::collections::BTreeMap;

/// The plan.
#[derive(Debug)]
pub struct Queue<E> {
    planned: BTreeMap<(u64, u64), E>,
    sequence: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            planned: BTreeMap::new(),
            sequence: 0,
        }
    }
}

impl<E> Queue<E> {
    /// Plans something for this time, in microseconds.
    pub fn plan(&mut self, at: u64, what: E) {
        self.sequence += 1;
        self.planned.insert((at, self.sequence), what);
    }

    /// Takes out what comes next, with its time.
    pub fn take_next(&mut self) -> Option<(u64, E)> {
        let ((at, _), what) = self.planned.pop_first()?;
        Some((at, what))
    }

    /// Moves everything by the time that the machine slept.
    pub fn postpone(&mut self, by: u64) {
        let planned = std::mem::take(&mut self.planned);
        let later = planned
            .into_iter()
            .map(|((at, sequence), what)| ((at + by, sequence), what));
        self.planned = later.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_at_the_same_time_keep_the_order_of_planning_even_after_sleep() {
        let mut queue = Queue::default();
        for (at, what) in [(5, 'a'), (3, 'b'), (5, 'c'), (3, 'd')] {
            queue.plan(at, what);
        }
        queue.postpone(10);
        let order: Vec<_> = std::iter::from_fn(|| queue.take_next()).collect();
        assert_eq!(order, [(13, 'b'), (13, 'd'), (15, 'a'), (15, 'c')]);
    }
}
