//! Supply: the coins in a node's state are those that its blocks created, and no more than the
//! subsidies allow.

use chain::{BlockId, ChainParams, U256};
use protocol::Seen;
use rpds::RedBlackTreeMapSync as Map;

use super::{Checker, Record};

/// The claim.
#[derive(Clone)]
pub struct Supply {
    halving: u32,
    subsidy: u64,
    /// Coins created and coins allowed up to each block, so that nothing is added up twice.
    sums: Map<BlockId, (i128, i128)>,
}

impl Supply {
    /// The subsidies of a chain.
    #[must_use]
    pub fn new(params: &ChainParams) -> Self {
        let (halving, subsidy) = (params.halving, params.subsidy.to_sat());
        Self {
            halving,
            subsidy,
            sums: Map::new_sync(),
        }
    }

    /// Coins created and allowed from the genesis block up to `tip`.
    fn sums(&mut self, record: &Record, tip: BlockId) -> Option<(i128, i128)> {
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
            self.sums.insert_mut(id, sums);
        }
        Some(sums)
    }
}

impl Checker for Supply {
    fn name(&self) -> &'static str {
        "supply"
    }

    fn after(&mut self, seen: &Seen<'_>, record: &Record, _saved: U256) -> Result<(), String> {
        let Some(glance) = seen.glance else {
            return Ok(());
        };
        let sums = self.sums(record, glance.tip);
        let (made, allowed) = sums.ok_or("a tip that nobody saved")?;
        let supply = glance.supply.to_sat();
        if i128::from(supply) != made {
            return Err(format!("holds {supply} where its blocks made {made}"));
        }
        if made > allowed {
            return Err(format!("{made} made where {allowed} are allowed"));
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Checker> {
        Box::new(self.clone())
    }
}
