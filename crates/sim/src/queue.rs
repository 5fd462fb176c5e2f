//! What happens next: events ordered by time, and events at the same time by when they were
//! planned.

use std::collections::BTreeMap;

use chain::{PeerId, Time};
use protocol::{Job, Key, Packet, TimerKey};

/// A node's place in the scenario, from 0.
pub(crate) type SeatIx = u32;

/// A planned event.
#[derive(Clone, Debug)]
pub(crate) enum Planned {
    /// A node starts, or starts again.
    Boot(SeatIx),
    /// A packet arrives.
    Deliver {
        to: SeatIx,
        from: PeerId,
        packet: Packet,
    },
    /// A timer is due, unless it has been armed again since.
    Timer {
        seat: SeatIx,
        key: TimerKey,
        armed: u64,
    },
    /// A search succeeds, unless its job has been replaced since.
    Mined { seat: SeatIx, job: Job, life: u64 },
    /// A value was read from the disk in this life of the node.
    Loaded { seat: SeatIx, key: Key, life: u64 },
    /// So many batches on a disk are synced, unless its power has failed since.
    Synced {
        seat: SeatIx,
        batches: u64,
        outages: u64,
    },
    /// A node that stood still goes on, unless it has died since.
    Resume { seat: SeatIx, life: u64 },
    /// A client wants its next transaction carried out.
    Submit(SeatIx),
    /// A fault of the scenario, by its index in the list.
    Fault(u32),
}

impl Planned {
    /// Whose process it happens to: who stands still is not there for it yet.
    pub(crate) fn process(&self) -> Option<SeatIx> {
        match self {
            Self::Deliver { to: seat, .. }
            | Self::Timer { seat, .. }
            | Self::Mined { seat, .. }
            | Self::Loaded { seat, .. }
            | Self::Submit(seat) => Some(*seat),
            Self::Boot(_) | Self::Synced { .. } | Self::Resume { .. } | Self::Fault(_) => None,
        }
    }
}

/// Everything that is planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    planned: BTreeMap<(Time, u64), Planned>,
    sequence: u64,
}

impl Queue {
    /// Plans an event; `what` receives its number, which no other event has.
    pub(crate) fn plan_with(&mut self, at: Time, what: impl FnOnce(u64) -> Planned) -> u64 {
        self.sequence += 1;
        self.planned
            .insert((at, self.sequence), what(self.sequence));
        self.sequence
    }

    /// Plans an event.
    pub(crate) fn plan(&mut self, at: Time, what: Planned) {
        self.plan_with(at, |_| what);
    }

    /// Takes out the next event, with its time and number.
    pub(crate) fn next(&mut self) -> Option<(Time, u64, Planned)> {
        let ((at, sequence), what) = self.planned.pop_first()?;
        Some((at, sequence, what))
    }

    /// The time of the next event.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_at_the_same_time_come_in_the_order_they_were_planned() {
        let mut queue = Queue::default();
        for (at, seat) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            queue.plan(Time(at), Planned::Boot(seat));
        }
        let mut order = Vec::new();
        while let Some((_, _, Planned::Boot(seat))) = queue.next() {
            order.push(seat);
        }
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
