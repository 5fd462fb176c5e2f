//! What happens in a run: events with a number each, and with the event that each follows from.

use std::num::NonZeroU64;

use chain::Time;
use protocol::{Packet, TimerKey};

use crate::queue::SeatIx;

/// An event's number in its run: 1 for the first, without gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(NonZeroU64);

impl Number {
    /// The event of this number; there is none of number 0.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

/// An event: a machine gets its next input, a disk has synced, or a fault or act of the scenario is due. What
/// comes to nothing is none, such as a timer that has been armed again since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// The event that it follows from. The scenario, and what clients want, are the causes of the rest.
    pub cause: Option<Number>,
    /// Where; nowhere in particular for a fault or an act.
    pub seat: Option<SeatIx>,
    /// What.
    pub what: What,
}

/// The kinds of events, and what each follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A machine starts: from the scenario, or from what had stopped it.
    Boot,
    /// A packet arrives: from the step that said what is in it, which is not yet the moment at which it
    /// leaves if a disk is slow.
    Packet {
        /// The sender.
        from: SeatIx,
    },
    /// A timer is due: from the step that armed it.
    Timer {
        /// Its name.
        key: TimerKey,
    },
    /// A search for nonces ends: from the step that asked for it.
    Searched,
    /// A value is read: from the step that asked for it.
    Loaded,
    /// A write is synced: from the step that wrote it.
    Synced,
    /// A process that stood still goes on: from the fault that had stopped it.
    Resumed,
    /// A client wants something.
    Asked,
    /// A fault of the scenario begins.
    Fault {
        /// Its place in the scenario's list.
        index: u32,
    },
    /// Somebody does something.
    Act {
        /// Its place in the scenario's list.
        index: u32,
    },
}

/// A packet on its way.
#[derive(Clone, Copy, Debug)]
pub struct Flight<'a> {
    /// What no other packet of the run has.
    pub id: u64,
    /// The sender ...
    pub from: SeatIx,
    /// ... and the receiver.
    pub to: SeatIx,
    /// When it left.
    pub left: Time,
    /// When it arrives, unless it has to wait for a process that stands still.
    pub arrives: Time,
    /// The step that said what is in it.
    pub said: Option<Number>,
    /// The packet.
    pub packet: &'a Packet,
}
