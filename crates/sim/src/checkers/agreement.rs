//! Agreement: blocks that are deep enough below a node's tip are final. No two nodes, and no node
//! at two times, consider different blocks of a height final.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chain::{BlockId, Height};
use protocol::{Output, Sheet};

use super::Checker;
use super::record::{Record, claimed};

/// The claim.
pub struct Agreement {
    record: Rc<RefCell<Record>>,
    depth: u32,
    /// The final block of each height, and the node that was first to consider it final.
    finals: BTreeMap<Height, (BlockId, u32)>,
}

impl Agreement {
    /// A checker on a shared record; `depth` blocks on top make a block final.
    #[must_use]
    pub fn new(record: Rc<RefCell<Record>>, depth: u32) -> Self {
        Self {
            record,
            depth,
            finals: BTreeMap::new(),
        }
    }
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn after_step(&mut self, seat: u32, out: &[Output], sheet: &Sheet) -> Result<(), String> {
        self.record.borrow_mut().learn(out)?;
        let tip = claimed(sheet)?.tip;
        let record = self.record.borrow();
        let deep = usize::try_from(self.depth).unwrap_or(usize::MAX);
        for (id, entry) in record.path(tip).skip(deep) {
            match self.finals.get(&entry.height) {
                Some((known, _)) if *known == id => break, // and so are all below it
                Some((known, by)) => {
                    let height = entry.height;
                    return Err(format!(
                        "height {height}: {id} is final for node {seat}, {known} for node {by}"
                    ));
                }
                None => {
                    self.finals.insert(entry.height, (id, seat));
                }
            }
        }
        Ok(())
    }
}
