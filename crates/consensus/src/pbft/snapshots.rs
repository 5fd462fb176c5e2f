//! The state at checkpoints (paper section 4.3 and 5.3 of the dissertation): it takes the place of what led
//! to it, and whoever lacks what others have forgotten is given it.

use alloc::{sync::Arc, vec, vec::Vec};

use chain::Seat;
use protocol::{Assembly, Cx, Keep, Snapshot};

use super::checkpoint::after;
use super::message::{Checkpoint, Digest, Message, Slot};
use super::saved::{CUT, forget_decided};
use super::state::Replica;

/// The most bytes of a state in one message.
const PIECE: u64 = 64 * 1024;

/// A state on its way here. What it has to be is known: its checkpoint is stable.
#[derive(Clone)]
pub(super) struct Arrival {
    from: Seat,
    checkpoint: Checkpoint,
    len: u64,
    pieces: Assembly,
    /// Whether a piece has come since this replica last said where it stands.
    is_moving: bool,
}

/// A state on its way to another member.
#[derive(Clone)]
pub(super) struct Shipment {
    state: Snapshot,
    /// Whether that has asked for a piece since it last said where it stands.
    is_asked_for: bool,
}

impl Replica {
    /// Makes the state durable as it is after a slot. What led to it goes as far as it is stable.
    pub fn take_snapshot(&mut self, cx: &mut Cx<'_>, slot: Slot) {
        if slot >= self.low() && slot > self.cut.slot {
            self.flush(cx);
            cx.snapshot(changes(slot, self.low()));
        }
    }

    /// A state is durable: one that was taken here, or that of a stable checkpoint.
    pub fn on_snapshot(&mut self, cx: &mut Cx<'_>, snapshot: &Snapshot) {
        let checkpoint = checkpoint_of(snapshot);
        let slot = checkpoint.slot;
        self.cut = checkpoint;
        self.executed = self.executed.max(slot);
        self.told = after(&self.told, slot);
        let arrival = self.arrival.take();
        self.arrival = arrival.filter(|arrival| arrival.checkpoint.slot > slot);
        self.settle(cx);
        self.take_checkpoint(cx, checkpoint);
        self.watch(cx);
        self.propose(cx);
    }

    /// Forgets what was decided as far as the state stands for it and is stable; keeps the state at the
    /// stable checkpoint for others.
    pub fn settle(&mut self, cx: &Cx<'_>) {
        if self.cut.slot == self.low() {
            let latest = cx.chain.snapshot();
            self.state = latest.filter(|one| one.slot == self.low().0).cloned();
        }
        let settled = self.settled();
        let first = self.decided.first().map(|(slot, _)| *slot);
        if first.is_some_and(|first| first <= settled) {
            self.decided = after(&self.decided, settled);
            self.unsaved.push(forget_decided(settled));
        }
    }

    /// The last slot of which it may have forgotten what was decided.
    fn settled(&self) -> Slot {
        self.cut.slot.min(self.low())
    }

    /// Stands where the node's snapshot stands.
    pub fn restore_state(&mut self, cx: &Cx<'_>) {
        if let Some(snapshot) = cx.chain.snapshot() {
            self.cut = checkpoint_of(snapshot);
            (self.executed, self.replayed) = (self.cut.slot, self.cut.slot);
            if self.cut.slot == self.low() {
                self.state = Some(snapshot.clone());
            }
        }
    }

    /// Gives a member the state, if it lacks what this replica has forgotten.
    pub fn tell_state(&mut self, cx: &mut Cx<'_>, to: Seat, executed: Slot) {
        if executed >= self.settled() {
            self.shipments.remove_mut(&to);
            return;
        }
        // As long as pieces are asked for, the same state goes on; otherwise a later one is as good.
        let begun = self
            .shipments
            .get(&to)
            .filter(|shipment| shipment.is_asked_for);
        let begun = begun.map(|shipment| &shipment.state);
        if let Some(state) = begun.or(self.state.as_ref()).cloned() {
            let is_asked_for = false;
            let shipment = Shipment {
                state,
                is_asked_for,
            };
            self.shipments.insert_mut(to, shipment);
            self.ship(cx, to, 0);
        }
    }

    /// A member wants the next piece.
    pub fn on_fetch(&mut self, cx: &mut Cx<'_>, from: Seat, slot: Slot, offset: u64) {
        if let Some(shipment) = self.shipments.get_mut(&from)
            && shipment.state.slot == slot.0
            && offset < shipment.state.len()
        {
            shipment.is_asked_for = true;
            self.ship(cx, from, offset);
        }
    }

    fn ship(&mut self, cx: &mut Cx<'_>, to: Seat, offset: u64) {
        if let Some(Shipment { state, .. }) = self.shipments.get(&to) {
            let message = Message::Data {
                slot: Slot(state.slot),
                len: state.len(),
                offset,
                bytes: state.piece(offset, PIECE).into(),
            };
            self.send(cx, to, &message);
        }
    }

    /// A piece of the state of a stable checkpoint comes in. One member gives all pieces: should they not
    /// come to what is stable, it lied, and another one is asked.
    pub fn on_data(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        (slot, len): (Slot, u64),
        offset: u64,
        bytes: Arc<[u8]>,
    ) {
        let same = |arrival: &Arrival| {
            arrival.from == from && arrival.checkpoint.slot == slot && arrival.len == len
        };
        let is_busy = |arrival: &Arrival| arrival.is_moving && !same(arrival);
        if slot <= self.executed || self.arrival.as_ref().is_some_and(is_busy) {
            return;
        }
        let known = self.arrival.take_if(|arrival| same(arrival));
        let new = || {
            let stable = Some(self.stable.checkpoint).filter(|stable| stable.slot == slot);
            Some(Arrival {
                from,
                checkpoint: stable?,
                len,
                pieces: Assembly::new(slot.0, len)?,
                is_moving: false,
            })
        };
        let Some(mut arrival) = known.or_else(new) else {
            return;
        };
        let before = arrival.pieces.have();
        arrival.pieces.take(offset, bytes);
        let have = arrival.pieces.have();
        arrival.is_moving |= have > before;
        if let Some(state) = arrival.pieces.complete() {
            self.arrival = None;
            if checkpoint_of(&state) == arrival.checkpoint {
                self.flush(cx);
                cx.install(state, changes(slot, slot));
            }
            return;
        }
        self.arrival = Some(arrival);
        self.send(cx, from, &Message::Fetch { slot, offset: have });
    }

    /// A state of which no piece has come for a while is asked of somebody else.
    pub fn rest_arrival(&mut self) {
        let arrival = self.arrival.take().filter(|arrival| arrival.is_moving);
        self.arrival = arrival.map(|arrival| Arrival {
            is_moving: false,
            ..arrival
        });
    }
}

fn checkpoint_of(snapshot: &Snapshot) -> Checkpoint {
    Checkpoint {
        slot: Slot(snapshot.slot),
        digest: Digest(*snapshot.digest().as_bytes()),
    }
}

/// What changes on the disk together with a state: what was decided up to a slot goes.
fn changes(cut: Slot, forgotten: Slot) -> Vec<Keep> {
    let value = cut.0.to_le_bytes()[..].into();
    vec![Keep::Put(CUT.to_vec(), value), forget_decided(forgotten)]
}
