//! Checkpoints (paper section 4.3): once a quorum has executed so far, how it was agreed upon can be
//! forgotten, and the window moves on.

use chain::{Encode as _, Seat, Signature};
use protocol::Cx;
use rpds::RedBlackTreeMapSync as Map;

use super::message::{Checkpoint, Kind, Message, Signatures, Slot, Stable};
use super::saved::{STABLE, forget};
use super::state::{Replica, votes_for};

impl Replica {
    /// Says that it has executed so far.
    pub fn take_checkpoint(&mut self, cx: &mut Cx<'_>, checkpoint: Checkpoint) {
        if checkpoint.slot <= self.low() {
            return; // others were faster
        }
        let checkpoint = self.sworn(checkpoint);
        let signature = self.setup.sign(Kind::Checkpoint, &checkpoint);
        self.broadcast(cx, &Message::Checkpoint(checkpoint, signature));
        self.count_checkpoint(cx, self.setup.me, checkpoint, signature);
    }

    /// A member has executed so far. Its first checkpoint of a slot counts; those beyond the window
    /// can wait until they are stable.
    pub fn on_checkpoint(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        checkpoint: Checkpoint,
        signature: Signature,
    ) {
        let slot = checkpoint.slot;
        let is_due = slot.0.is_multiple_of(self.setup.interval)
            && self.low() < slot
            && slot <= self.low().plus(self.setup.window());
        let votes = self.checkpoints.get(&slot);
        let is_known = votes.is_some_and(|votes| votes.contains_key(&from));
        if is_due
            && !is_known
            && self.setup.group().has_signed(
                from,
                Kind::Checkpoint,
                &checkpoint.to_vec(),
                &signature,
            )
        {
            self.count_checkpoint(cx, from, checkpoint, signature);
        }
    }

    fn count_checkpoint(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        checkpoint: Checkpoint,
        signature: Signature,
    ) {
        let votes = self.checkpoints.get(&checkpoint.slot).cloned();
        let votes = votes.unwrap_or_default();
        let votes = votes.insert(from, (checkpoint.digest, signature));
        let signatures = votes_for(&votes, checkpoint.digest);
        let signatures: Signatures = signatures.map(|(seat, one)| (seat, *one)).collect();
        self.checkpoints.insert_mut(checkpoint.slot, votes);
        if signatures.len() >= self.setup.group().enough_for_stable() {
            let stable = Stable {
                checkpoint,
                signatures,
            };
            self.stabilise(cx, stable);
            self.propose(cx);
        }
    }

    /// Somebody shows that a checkpoint is stable.
    pub fn on_stable(&mut self, cx: &mut Cx<'_>, stable: Stable) {
        if stable.checkpoint.slot > self.low() && self.setup.group().is_stable(&stable) {
            self.stabilise(cx, stable);
            self.propose(cx);
        }
    }

    /// Moves the window on, and forgets how slots before it were agreed upon. A replica that has not
    /// executed them yet fetches them, or the state that they led to.
    pub fn stabilise(&mut self, cx: &Cx<'_>, stable: Stable) {
        let slot = stable.checkpoint.slot;
        if slot <= self.low() {
            return;
        }
        self.keep(STABLE.to_vec(), &stable);
        self.unsaved.extend(forget(slot));
        self.stable = stable;
        self.log = after(&self.log, slot);
        self.checkpoints = after(&self.checkpoints, slot);
        self.settle(cx);
    }

    /// This replica's checkpoints that are not stable yet.
    pub fn own_checkpoints(&self) -> impl Iterator<Item = Message> {
        self.checkpoints.iter().filter_map(|(slot, votes)| {
            let (digest, signature) = *votes.get(&self.setup.me)?;
            let checkpoint = Checkpoint {
                slot: *slot,
                digest,
            };
            Some(Message::Checkpoint(checkpoint, signature))
        })
    }
}

/// What belongs to slots after this one.
pub(super) fn after<T: Clone>(map: &Map<Slot, T>, slot: Slot) -> Map<Slot, T> {
    let later = map.range(slot.next()..);
    later.map(|(slot, value)| (*slot, value.clone())).collect()
}
