//! One history: all who have executed the same slots stand on the same block, whenever they did so.

use std::collections::BTreeMap;

use chain::{BlockId, Time};
use protocol::{Claim, Seen};

/// So many of the last slots are remembered.
const REMEMBERED: usize = 100_000;

/// The claim.
#[derive(Clone, Default)]
pub struct OneHistory {
    /// The block on which somebody stood after a slot, who was first, and when.
    after: BTreeMap<u64, (BlockId, u32, Time)>,
    /// How far each seat was.
    executed: BTreeMap<u32, u64>,
}

impl Claim for OneHistory {
    fn name(&self) -> &'static str {
        "one-history"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let Some(glance) = seen.glance else {
            self.executed.remove(&seen.seat);
            return Ok(());
        };
        let slot = glance.executed;
        let before = self.executed.insert(seen.seat, slot).unwrap_or(0);
        if slot < before {
            return Err(format!(
                "node {} went from slot {before} back to {slot} without a crash",
                seen.seat
            ));
        }
        if slot == before || slot == 0 {
            return Ok(());
        }
        let ours = (glance.tip, seen.seat, seen.at);
        let (tip, by, at) = *self.after.entry(slot).or_insert(ours);
        if self.after.len() > REMEMBERED {
            self.after.pop_first();
        }
        if tip != glance.tip {
            return Err(format!(
                "after slot {slot} node {} is on {}, node {by} was on {tip} at {} us",
                seen.seat, glance.tip, at.0
            ));
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
