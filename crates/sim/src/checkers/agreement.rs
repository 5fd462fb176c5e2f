//! Agreement: blocks that are deep enough below a node's tip are final. No two nodes, and no node
//! at two times, consider different blocks of a height final.

use std::collections::BTreeMap;

use chain::{BlockId, Height, U256};
use protocol::Seen;
use rpds::RedBlackTreeMapSync as Map;

use super::{Checker, Record};

/// The claim.
#[derive(Clone)]
pub struct Agreement {
    depth: u32,
    /// The final block of each height, and the node that was first to consider it final.
    finals: Map<Height, (BlockId, u32)>,
    /// Where each node stood last.
    tips: BTreeMap<u32, BlockId>,
}

impl Agreement {
    /// `depth` blocks on top make a block final.
    #[must_use]
    pub fn new(depth: u32) -> Self {
        Self {
            depth,
            finals: Map::new_sync(),
            tips: BTreeMap::new(),
        }
    }
}

impl Checker for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn after(&mut self, seen: &Seen<'_>, record: &Record, _saved: U256) -> Result<(), String> {
        let Some(glance) = seen.glance else {
            return Ok(());
        };
        let (seat, tip) = (seen.seat, glance.tip);
        if self.tips.insert(seat, tip) == Some(tip) {
            return Ok(()); // nothing is final that was not
        }
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
                    self.finals.insert_mut(entry.height, (id, seat));
                }
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Checker> {
        Box::new(self.clone())
    }
}
