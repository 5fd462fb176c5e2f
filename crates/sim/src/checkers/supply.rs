//! Supply: the coins in a node's state are those that its blocks created, and no more than the
//! subsidies allow.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use chain::{BlockId, ChainParams};
use protocol::{Output, Sheet};

use super::Checker;
use super::record::{Record, claimed};

/// The claim.
pub struct Supply {
    record: Rc<RefCell<Record>>,
    halving: u32,
    subsidy: u64,
    /// Coins created and coins allowed up to each block, so that nothing is added up twice.
    sums: BTreeMap<BlockId, (i128, i128)>,
}

impl Supply {
    /// A checker on a shared record.
    #[must_use]
    pub fn new(record: Rc<RefCell<Record>>, params: &ChainParams) -> Self {
        let (halving, subsidy) = (params.halving, params.subsidy.to_sat());
        Self {
            record,
            halving,
            subsidy,
            sums: BTreeMap::new(),
        }
    }

    /// Coins created and allowed from the genesis block up to `tip`.
    fn sums(&mut self, tip: BlockId) -> Option<(i128, i128)> {
        let record = self.record.borrow();
        record.get(&tip)?;
        let mut open = Vec::new();
        let mut sums = (0, 0);
        for (id, entry) in record.path(tip) {
            if let Some(known) = self.sums.get(&id) {
                sums = *known;
                break;
            }
            open.push((id, entry));
        }
        for (id, entry) in open.into_iter().rev() {
            let halvings = entry.height.0 / self.halving.max(1);
            let genesis = entry.height.0 == 0;
            let allowed = if genesis {
                0
            } else {
                self.subsidy.checked_shr(halvings).unwrap_or(0)
            };
            sums = (sums.0 + entry.created, sums.1 + i128::from(allowed));
            self.sums.insert(id, sums);
        }
        Some(sums)
    }
}

impl Checker for Supply {
    fn name(&self) -> &'static str {
        "supply"
    }

    fn after_step(&mut self, _seat: u32, out: &[Output], sheet: &Sheet) -> Result<(), String> {
        self.record.borrow_mut().learn(out)?;
        let claimed = claimed(sheet)?;
        let (made, allowed) = self.sums(claimed.tip).ok_or("a tip that nobody saved")?;
        if i128::from(claimed.supply) != made {
            return Err(format!(
                "holds {} where its blocks made {made}",
                claimed.supply
            ));
        }
        if made > allowed {
            return Err(format!("{made} made where {allowed} are allowed"));
        }
        Ok(())
    }
}
