//! Claims about what is committed.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use chain::{BlockId, PeerId};
use protocol::{Claim, Death, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::disks::{Committed, trim};
use super::reign;
use crate::raft::message::{Index, Term};

/// What is committed in a term is in the logs of the leaders of all later terms.
#[derive(Clone)]
pub(super) struct LeaderCompleteness {
    committed: Committed,
    reigns: Map<PeerId, Term>,
}

impl LeaderCompleteness {
    pub fn new(members: &Arc<[PeerId]>) -> Self {
        Self {
            committed: Committed::new(members.clone()),
            reigns: Map::new_sync(),
        }
    }

    fn begins(&self, peer: PeerId, term: Term) -> Result<(), String> {
        let Some(disk) = self.committed.disks.of(peer) else {
            return Ok(());
        };
        // Late votes can make a leader of an older term, which need not have what later ones committed.
        let earlier = self
            .committed
            .lines
            .iter()
            .filter(|(_, (_, when))| *when < term);
        for (index, (line, _)) in earlier {
            if !disk.holds(*index, line) {
                let (term, index) = (term.0, index.0);
                return Err(format!(
                    "{peer} leads in term {term} without committed entry {index}"
                ));
            }
        }
        Ok(())
    }
}

impl Claim for LeaderCompleteness {
    fn name(&self) -> &'static str {
        "raft/leader-completeness"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.committed.see(seen)?;
        match reign(seen.glance) {
            Some(term) if self.reigns.get(&seen.peer) != Some(&term) => {
                self.reigns.insert_mut(seen.peer, term);
                self.begins(seen.peer, term)
            }
            _ => Ok(()),
        }
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.committed.disks.see_death(death);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// No two replicas execute different things in a slot.
#[derive(Clone)]
pub(super) struct StateMachineSafety {
    committed: Committed,
    /// The best block after each slot.
    tips: Map<u64, BlockId>,
}

impl StateMachineSafety {
    pub fn new(members: &Arc<[PeerId]>) -> Self {
        Self {
            committed: Committed::new(members.clone()),
            tips: Map::new_sync(),
        }
    }
}

impl Claim for StateMachineSafety {
    fn name(&self) -> &'static str {
        "raft/state-machine-safety"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        self.committed.see(seen)?;
        let (Some(glance), Some(_)) = (seen.glance, self.committed.disks.of(seen.peer)) else {
            return Ok(());
        };
        match self.tips.get(&glance.executed) {
            Some(tip) if *tip != glance.tip => {
                let (peer, slot) = (seen.peer, glance.executed);
                return Err(format!(
                    "after slot {slot}, {peer} is at another block than others"
                ));
            }
            Some(_) => {}
            None => self.tips.insert_mut(glance.executed, glance.tip),
        }
        trim(&mut self.tips);
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.committed.disks.see_death(death);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// What is committed is on the disks of a majority, then and ever after.
#[derive(Clone)]
pub(super) struct CommittedIsDurable {
    committed: Committed,
}

impl CommittedIsDurable {
    pub fn new(members: &Arc<[PeerId]>) -> Self {
        let committed = Committed::new(members.clone());
        Self { committed }
    }

    fn check_from(&self, first: Index) -> Result<(), String> {
        for (index, (line, _)) in self.committed.lines.range(first..) {
            if !self.committed.disks.is_durable(*index, line) {
                let index = index.0;
                return Err(format!(
                    "{index} is committed and not on a majority's disks"
                ));
            }
        }
        Ok(())
    }
}

impl Claim for CommittedIsDurable {
    fn name(&self) -> &'static str {
        "raft/committed-is-durable"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let (fresh, touched) = self.committed.see(seen)?;
        let Some(first) = fresh.first().copied().into_iter().chain(touched).min() else {
            return Ok(());
        };
        self.check_from(first)
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        if self.committed.disks.see_death(death) {
            self.check_from(Index(0))?;
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
