//! One history: every node executes all slots in their order, and whoever executes a slot makes the
//! same of it, whenever that is. A snapshot may stand for slots that somebody has executed.

use std::collections::BTreeMap;

use chain::{BlockId, Time};
use protocol::{Claim, Death, Output, Seen};

/// So many of the last slots are remembered.
const REMEMBERED: usize = 100_000;

/// The claim.
#[derive(Clone, Default)]
pub struct OneHistory {
    /// What slots led to.
    slots: BTreeMap<u64, First>,
    /// Where each seat stands in its present life.
    stands: BTreeMap<u32, Stand>,
}

/// How far a seat has come, and the best block there; `None` before the first block.
#[derive(Clone, Copy, Default)]
struct Stand {
    slot: u64,
    tip: Option<BlockId>,
}

/// Who was first to execute a slot, when, and the best block after it.
#[derive(Clone, Copy)]
struct First {
    tip: Option<BlockId>,
    seat: u32,
    at: Time,
}

impl First {
    fn differs(&self, seat: u32, slot: u64, tip: Option<BlockId>) -> String {
        let Self {
            tip: known,
            seat: by,
            at,
        } = self;
        let at = at.0;
        format!(
            "node {seat} is at {tip:?} after slot {slot}, node {by} was at {known:?} at {at} us"
        )
    }
}

impl OneHistory {
    fn executes(
        &mut self,
        seen: &Seen<'_>,
        slot: u64,
        block: Option<BlockId>,
    ) -> Result<(), String> {
        let (seat, at) = (seen.seat, seen.at);
        let before = self.stands.get(&seat).copied().unwrap_or_default();
        let tip = block.or(before.tip);
        self.stands.insert(seat, Stand { slot, tip });
        if slot != before.slot.saturating_add(1) {
            let before = before.slot;
            return Err(format!("node {seat} executes slot {slot} after {before}"));
        }
        let first = self.slots.entry(slot).or_insert(First { tip, seat, at });
        if first.tip != tip {
            return Err(first.differs(seat, slot, tip));
        }
        if self.slots.len() > REMEMBERED {
            self.slots.pop_first();
        }
        Ok(())
    }

    /// A snapshot leads forward, to where somebody has been.
    fn restores(&mut self, seat: u32, slot: u64, tip: BlockId) -> Result<(), String> {
        let before = self.stands.get(&seat).copied().unwrap_or_default();
        if slot < before.slot {
            let before = before.slot;
            return Err(format!(
                "node {seat} goes back from slot {before} to {slot}"
            ));
        }
        let tip = match self.slots.get(&slot) {
            // No block so far: the tip is the genesis block.
            Some(First { tip: None, .. }) => None,
            Some(first) if first.tip != Some(tip) => {
                return Err(first.differs(seat, slot, Some(tip)));
            }
            None if self
                .slots
                .last_key_value()
                .is_none_or(|(last, _)| *last < slot) =>
            {
                return Err(format!(
                    "node {seat} has a snapshot of slot {slot} before anybody"
                ));
            }
            _ => Some(tip), // the same; or executed so long ago that it is forgotten
        };
        self.stands.insert(seat, Stand { slot, tip });
        Ok(())
    }
}

impl Claim for OneHistory {
    fn name(&self) -> &'static str {
        "one-history"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for output in seen.out {
            match output {
                Output::Executed { slot, block, .. } => self.executes(seen, *slot, *block)?,
                Output::Restored { slot, tip } => self.restores(seen.seat, *slot, *tip)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.stands.remove(&death.seat); // its next life begins with the first slot, or a snapshot
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
