//! Most work: a node's tip never has less work than before, nor less than any block that the node
//! accepted; the node reports its work truthfully; and after a crash it finds again what it had
//! accepted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chain::U256;
use protocol::{Output, Sheet};

use super::Checker;
use super::record::{Record, claimed};

/// The claim.
pub struct MostWork {
    record: Rc<RefCell<Record>>,
    /// The most work that each node ever had, across crashes.
    highest: BTreeMap<u32, U256>,
}

impl MostWork {
    /// A checker on a shared record.
    #[must_use]
    pub fn new(record: Rc<RefCell<Record>>) -> Self {
        Self {
            record,
            highest: BTreeMap::new(),
        }
    }
}

impl Checker for MostWork {
    fn name(&self) -> &'static str {
        "most-work"
    }

    /// Nodes save what they have accepted, so the next life begins with all that was saved.
    fn died(&mut self, seat: u32, out: &[Output]) -> Result<(), String> {
        let saved = self.record.borrow_mut().learn(out)?;
        let highest = self.highest.entry(seat).or_default();
        *highest = saved.max(*highest);
        Ok(())
    }

    fn after_step(&mut self, seat: u32, out: &[Output], sheet: &Sheet) -> Result<(), String> {
        let saved = self.record.borrow_mut().learn(out)?;
        let highest = self.highest.entry(seat).or_default();
        *highest = saved.max(*highest); // what is saved was accepted, so the tip has no less
        let claimed = claimed(sheet)?;
        if !claimed.ready {
            return Ok(()); // it is still reading its own blocks back
        }
        let record = self.record.borrow();
        let entry = record.get(&claimed.tip).ok_or("a tip that nobody saved")?;
        if claimed.work != format!("{:x}", entry.work) {
            return Err(format!(
                "says work {} where {:x} was done",
                claimed.work, entry.work
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
