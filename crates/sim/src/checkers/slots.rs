//! One history: every node executes all slots in their order, and whoever executes a slot makes the
//! same of it, whenever that is.

use std::collections::BTreeMap;

use chain::{BlockId, Time};
use protocol::{Claim, Output, Seen};

/// So many of the last slots are remembered.
const REMEMBERED: usize = 100_000;

/// The claim.
#[derive(Clone, Default)]
pub struct OneHistory {
    /// What came of a slot.
    slots: BTreeMap<u64, First>,
    /// How far each seat has come in its present life.
    executed: BTreeMap<u32, u64>,
}

/// Who was first to execute a slot, when, and the block that came of it.
#[derive(Clone, Copy)]
struct First {
    block: Option<BlockId>,
    seat: u32,
    at: Time,
}

impl OneHistory {
    fn executes(
        &mut self,
        seen: &Seen<'_>,
        slot: u64,
        block: Option<BlockId>,
    ) -> Result<(), String> {
        let (seat, at) = (seen.seat, seen.at);
        let before = self.executed.insert(seat, slot).unwrap_or(0);
        if slot != before.saturating_add(1) {
            return Err(format!("node {seat} executes slot {slot} after {before}"));
        }
        let first = self.slots.entry(slot).or_insert(First { block, seat, at });
        let First { block: known, .. } = *first;
        if known != block {
            let (by, at) = (first.seat, first.at.0);
            return Err(format!(
                "node {seat} makes {block:?} of slot {slot}, node {by} made {known:?} at {at} us"
            ));
        }
        if self.slots.len() > REMEMBERED {
            self.slots.pop_first();
        }
        Ok(())
    }
}

impl Claim for OneHistory {
    fn name(&self) -> &'static str {
        "one-history"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for output in seen.out {
            if let Output::Executed { slot, block, .. } = output {
                self.executes(seen, *slot, *block)?;
            }
        }
        if seen.glance.is_none() {
            self.executed.remove(&seen.seat); // its next life begins with the first slot
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
