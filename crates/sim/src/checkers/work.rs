//! Most work: a node's tip never has less work than before, nor less than any block that the node
//! accepted; the node reports its work truthfully; and after a crash it finds again what it had
//! accepted, as far as its disk still has it.

use std::collections::BTreeMap;

use chain::{Block, U256, decode_exact};
use protocol::{Death, Seen};

use super::{Checker, Record};

/// The claim.
#[derive(Clone, Default)]
pub struct MostWork {
    /// The most work that each node ever had, across crashes.
    highest: BTreeMap<u32, U256>,
}

impl Checker for MostWork {
    fn name(&self) -> &'static str {
        "most-work"
    }

    fn after(&mut self, seen: &Seen<'_>, record: &Record, saved: U256) -> Result<(), String> {
        let highest = self.highest.entry(seen.seat).or_default();
        // What is saved was accepted, so the tip has no less, in this life or in the next.
        *highest = saved.max(*highest);
        let Some(glance) = seen.glance.filter(|glance| glance.is_ready) else {
            return Ok(()); // it died, or is still reading its own blocks back
        };
        let entry = record.get(&glance.tip).ok_or("a tip that nobody saved")?;
        if glance.work.0 != entry.work {
            let says = glance.work.0;
            return Err(format!(
                "says work {says:x} where {:x} was done",
                entry.work
            ));
        }
        if entry.work < *highest {
            return Err(format!(
                "went from work {highest:x} back to {:x}",
                entry.work
            ));
        }
        *highest = entry.work;
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>, record: &Record) {
        let Some(remains) = death.remains else {
            return;
        };
        let blocks = remains.shared.values();
        let blocks = blocks.filter_map(|raw| decode_exact::<Block>(raw).ok());
        let works = blocks.filter_map(|block| Some(record.get(&block.id())?.work));
        let most = works.max().unwrap_or_default();
        self.highest.insert(death.seat, most);
    }

    fn fork(&self) -> Box<dyn Checker> {
        Box::new(self.clone())
    }
}
