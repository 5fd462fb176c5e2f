//! What Raft promises (paper figure 3), judged from outside: from what replicas say, save and look
//! like. Of their code, only the codec is shared. Each claim remembers the latest few thousand lines
//! and terms.

use alloc::{boxed::Box, format, string::String, sync::Arc, vec, vec::Vec};

use chain::{PeerId, decode_exact};
use protocol::{Claim, Death, Deed, Glance, Seen, Terms};
use rpds::RedBlackTreeMapSync as Map;

use super::LEADER;
use super::message::{Index, Message, Term};
use super::saved::entry_index;

mod committed;
mod disks;
mod promises;
#[cfg(test)]
mod tests;

use committed::{CommittedIsDurable, LeaderCompleteness, StateMachineSafety};
use disks::{Change, Disks, trim};
use promises::PromisesAreDurable;

/// All claims about a run on these terms.
pub(super) fn all(terms: &Terms) -> Vec<Box<dyn Claim>> {
    let members = &terms.members;
    vec![
        Box::new(ElectionSafety::new(members)),
        Box::new(LeaderAppendOnly::new(members)),
        Box::new(LogMatching::new(members)),
        Box::new(LeaderCompleteness::new(members)),
        Box::new(StateMachineSafety::new(members)),
        Box::new(CommittedIsDurable::new(members)),
        Box::new(PromisesAreDurable::new(members)),
    ]
}

/// The term in which a machine leads at present, if it does.
fn reign(glance: Option<Glance>) -> Option<Term> {
    let glance = glance?;
    (glance.role == LEADER).then_some(Term(glance.epoch))
}

/// At most one leader is elected in a term.
#[derive(Clone)]
struct ElectionSafety {
    members: Arc<[PeerId]>,
    leaders: Map<Term, PeerId>,
}

impl ElectionSafety {
    fn new(members: &Arc<[PeerId]>) -> Self {
        Self {
            members: members.clone(),
            leaders: Map::new_sync(),
        }
    }

    fn leads(&mut self, peer: PeerId, term: Term) -> Result<(), String> {
        match self.leaders.get(&term) {
            Some(other) if *other != peer => {
                Err(format!("{other} and {peer} both lead in term {}", term.0))
            }
            Some(_) => Ok(()),
            None => {
                self.leaders.insert_mut(term, peer);
                trim(&mut self.leaders);
                Ok(())
            }
        }
    }
}

impl Claim for ElectionSafety {
    fn name(&self) -> &'static str {
        "raft/election-safety"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if !self.members.contains(&seen.peer) {
            return Ok(());
        }
        for deed in seen.deeds() {
            // Whoever appends says that it leads, even if it crashes in the same step.
            if let Deed::Said { bytes, .. } = deed
                && let Ok(Message::Append { term, .. }) = decode_exact(bytes)
            {
                self.leads(seen.peer, term)?;
            }
        }
        reign(seen.glance).map_or(Ok(()), |term| self.leads(seen.peer, term))
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// A leader never overwrites or deletes entries in its log.
#[derive(Clone)]
struct LeaderAppendOnly {
    disks: Disks,
    reigns: Map<PeerId, Term>,
}

impl LeaderAppendOnly {
    fn new(members: &Arc<[PeerId]>) -> Self {
        Self {
            disks: Disks::new(members.clone()),
            reigns: Map::new_sync(),
        }
    }
}

impl Claim for LeaderAppendOnly {
    fn name(&self) -> &'static str {
        "raft/leader-append-only"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let now = reign(seen.glance);
        let goes_on = now.is_some() && self.reigns.get(&seen.peer) == now.as_ref();
        for deed in seen.deeds() {
            let last = self.disks.of(seen.peer).map(|disk| disk.last());
            let first = match deed {
                Deed::Put { name, .. } | Deed::DeletedRange { from: name, .. } => entry_index(name),
                Deed::Said { .. } => None,
            };
            if goes_on && first.is_some() && first <= last {
                return Err(format!("{} leads and changes what it has", seen.peer));
            }
            self.disks.apply(seen.peer, &deed);
        }
        match now {
            Some(term) => self.reigns.insert_mut(seen.peer, term),
            None => drop(self.reigns.remove_mut(&seen.peer)),
        }
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.disks.see_death(death);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// Entries of the same index and term are the same, and so is all before them. If the term of the
/// entry before is part of what is compared, the second half follows by induction.
#[derive(Clone)]
struct LogMatching {
    disks: Disks,
    named: Map<(Index, Term), Known>,
}

/// What index and term determine.
#[derive(Clone, PartialEq, Eq)]
struct Known {
    value: Arc<[u8]>,
    /// The term of the entry before.
    before: Term,
}

impl LogMatching {
    fn new(members: &Arc<[PeerId]>) -> Self {
        Self {
            disks: Disks::new(members.clone()),
            named: Map::new_sync(),
        }
    }

    fn wrote(&mut self, peer: PeerId, index: Index) -> Result<(), String> {
        let Some((disk, line)) = self
            .disks
            .of(peer)
            .and_then(|disk| disk.log.get(&index).map(|line| (disk, line)))
        else {
            return Ok(());
        };
        let before = match index.prev() {
            Index(0) => Term(0),
            prev if prev <= disk.forgotten => return Ok(()),
            prev => match disk.log.get(&prev) {
                Some(line) => line.term,
                None => return Err(format!("{peer} has {} but not the one before", index.0)),
            },
        };
        let (name, value) = ((index, line.term), line.value.clone());
        let entry = Known { value, before };
        match self.named.get(&name) {
            Some(other) if *other != entry => {
                let (index, term) = (name.0.0, name.1.0);
                Err(format!("{peer} has another entry {index} of term {term}"))
            }
            Some(_) => Ok(()),
            None => {
                self.named.insert_mut(name, entry);
                trim(&mut self.named);
                Ok(())
            }
        }
    }
}

impl Claim for LogMatching {
    fn name(&self) -> &'static str {
        "raft/log-matching"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for deed in seen.deeds() {
            if let Some(Change::Wrote(index)) = self.disks.apply(seen.peer, &deed) {
                self.wrote(seen.peer, index)?;
            }
        }
        Ok(())
    }

    fn died(&mut self, death: &Death<'_>) -> Result<(), String> {
        self.disks.see_death(death);
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
