//! Most work: a node's tip never has less work than before, nor less than any block that the node
//! accepted; the node reports its work truthfully; and after a crash it finds again what it had
//! accepted.

use std::collections::BTreeMap;

use chain::U256;
use protocol::Seen;

use super::{Checker, Record};

/// The claim.
#[derive(Default)]
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
}
