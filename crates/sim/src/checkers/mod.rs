//! Judges outside the nodes: each claim is a small stateful checker that looks at the run after
//! every event and shares no code with what it judges. Each is itself tested with forged
//! violations.

mod agreement;
mod record;
mod supply;
mod work;

use std::cell::RefCell;
use std::rc::Rc;

use chain::ChainParams;
use protocol::{Output, Sheet};

pub use agreement::Agreement;
pub use record::Record;
pub use supply::Supply;
pub use work::MostWork;

/// One claim about a run.
pub trait Checker {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// A node begins a new life.
    fn booted(&mut self, _seat: u32) {}

    /// A node died during a step; `out` is the part of the step that it completed.
    ///
    /// # Errors
    /// What was seen that breaks the claim.
    fn died(&mut self, _seat: u32, _out: &[Output]) -> Result<(), String> {
        Ok(())
    }

    /// Looks at a node after a step.
    ///
    /// # Errors
    /// What was seen that breaks the claim.
    fn after_step(&mut self, seat: u32, out: &[Output], sheet: &Sheet) -> Result<(), String>;
}

/// Every checker for a chain; `depth` blocks make a block final.
pub(crate) fn all(params: &ChainParams, depth: u32) -> Vec<Box<dyn Checker>> {
    let record = Rc::new(RefCell::new(Record::new(params)));
    vec![
        // The record is shared; the first checker to look records the blocks of the step.
        Box::new(MostWork::new(record.clone())),
        Box::new(Supply::new(record.clone(), params)),
        Box::new(Agreement::new(record, depth)),
    ]
}
