//! What happens next: events ordered by time, and events at the same time by when they were
//! planned.

use std::collections::BTreeMap;

use chain::Time;
use protocol::{Job, Key, Packet, TimerKey};

use crate::happening::{Flight, Happening, Number, What};

/// A node's place in the scenario, from 0.
pub(crate) type SeatIx = u32;

/// The same as a place in a list.
pub(crate) fn usize_of(seat: SeatIx) -> usize {
    usize::try_from(seat).expect("seats are few")
}

/// A planned event.
#[derive(Clone, Debug)]
pub(crate) enum Planned {
    /// A node starts, or starts again.
    Boot(SeatIx),
    /// A packet arrives.
    Deliver {
        to: SeatIx,
        from: SeatIx,
        packet: Packet,
    },
    /// A timer is due, unless it has been armed again since.
    Timer {
        seat: SeatIx,
        key: TimerKey,
        armed: u64,
    },
    /// A search succeeds, unless its job has been replaced since.
    Mined {
        seat: SeatIx,
        job: Box<Job>,
        life: u64,
    },
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
    /// An act, likewise.
    Act(u32),
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
            Self::Boot(_)
            | Self::Synced { .. }
            | Self::Resume { .. }
            | Self::Fault(_)
            | Self::Act(_) => None,
        }
    }
}

/// A planned event, and what led to it.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    /// The event that it follows from.
    pub(crate) cause: Option<Number>,
    /// When it was planned.
    pub(crate) since: Time,
    pub(crate) what: Planned,
}

impl Due {
    /// What it is, once it happens.
    pub(crate) fn happening(&self, at: Time) -> Happening {
        let (seat, what) = match self.what {
            Planned::Boot(seat) => (Some(seat), What::Boot),
            Planned::Deliver { to, from, .. } => (Some(to), What::Packet { from }),
            Planned::Timer { seat, key, .. } => (Some(seat), What::Timer { key }),
            Planned::Mined { seat, .. } => (Some(seat), What::Searched),
            Planned::Loaded { seat, .. } => (Some(seat), What::Loaded),
            Planned::Synced { seat, .. } => (Some(seat), What::Synced),
            Planned::Resume { seat, .. } => (Some(seat), What::Resumed),
            Planned::Submit(seat) => (Some(seat), What::Asked),
            Planned::Fault(index) => (None, What::Fault { index }),
            Planned::Act(index) => (None, What::Act { index }),
        };
        Happening {
            at,
            cause: self.cause,
            seat,
            what,
        }
    }
}

/// The number of an act: no other event comes so far.
fn act_number(index: u32) -> u64 {
    1 << 63 | u64::from(index)
}

/// Everything that is planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queue {
    planned: BTreeMap<(Time, u64), Due>,
    sequence: u64,
}

impl Queue {
    /// Plans an event; `what` receives its number, which no other event has.
    pub(crate) fn plan_with(&mut self, at: Time, due: impl FnOnce(u64) -> Due) -> u64 {
        self.sequence += 1;
        self.planned.insert((at, self.sequence), due(self.sequence));
        self.sequence
    }

    /// Plans an event.
    pub(crate) fn plan(&mut self, at: Time, due: Due) {
        self.plan_with(at, |_| due);
    }

    /// Plans what follows from nothing else.
    pub(crate) fn begin(&mut self, at: Time, what: Planned) {
        let (cause, since) = (None, Time::ZERO);
        self.plan(at, Due { cause, since, what });
    }

    /// Plans an act. It comes after all else at its time, and takes no number from others: what comes
    /// before it is as it was without it.
    pub(crate) fn plan_act(&mut self, at: Time, index: u32) {
        let (cause, since, what) = (None, Time::ZERO, Planned::Act(index));
        let due = Due { cause, since, what };
        self.planned.insert((at, act_number(index)), due);
    }

    /// Takes back an act that is planned.
    pub(crate) fn cancel_act(&mut self, at: Time, index: u32) {
        self.planned.remove(&(at, act_number(index)));
    }

    /// Takes out a packet that is on its way, and says when it would have arrived.
    pub(crate) fn take_flight(&mut self, id: u64) -> Option<(Time, Due)> {
        let flight = self.flights().find(|flight| flight.id == id)?;
        let at = flight.arrives;
        self.planned.remove(&(at, id)).map(|due| (at, due))
    }

    /// Lets a packet that was taken out arrive at a time, under its number.
    pub(crate) fn put_flight(&mut self, at: Time, id: u64, due: Due) {
        self.planned.insert((at, id), due);
    }

    /// Takes out the next event, with its time and number.
    pub(crate) fn next(&mut self) -> Option<(Time, u64, Due)> {
        let ((at, sequence), due) = self.planned.pop_first()?;
        Some((at, sequence, due))
    }

    /// The time of the next event.
    pub(crate) fn next_at(&self) -> Option<Time> {
        self.planned.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many events are planned.
    pub(crate) fn len(&self) -> usize {
        self.planned.len()
    }

    /// The packets on their way, in the order in which they arrive.
    pub(crate) fn flights(&self) -> impl Iterator<Item = Flight<'_>> {
        self.planned.iter().filter_map(|((arrives, id), due)| {
            let Planned::Deliver { to, from, packet } = &due.what else {
                return None;
            };
            Some(Flight {
                id: *id,
                from: *from,
                to: *to,
                left: due.since,
                arrives: *arrives,
                said: due.cause,
                packet,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_at_the_same_time_come_in_the_order_they_were_planned() {
        let mut queue = Queue::default();
        for (at, seat) in [(5, 0), (3, 1), (5, 2), (3, 3)] {
            queue.begin(Time(at), Planned::Boot(seat));
        }
        let mut order = Vec::new();
        while let Some((_, _, due)) = queue.next() {
            order.push(due.happening(Time(0)).seat.expect("a node starts"));
        }
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
