//! Claims about what is decided.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use chain::{Seat, decode_exact};
use protocol::{Claim, Deed, Output, Proposal, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::{Act, Members, acts, trim};
use crate::pbft::message::{Decided, Digest, Message, NewView, Prepared, Slot, View};
use crate::pbft::saved::Shelf;

/// What a deed decides, if it does.
fn decides(deed: &Deed<'_>) -> Option<Decided> {
    match deed {
        Deed::Put { name, value } => {
            Shelf::Decided.slot(name)?;
            decode_exact(value).ok()
        }
        _ => None,
    }
}

/// No two replicas decide or execute different batches in a slot, and each executes what it has decided.
#[derive(Clone)]
pub(super) struct Agreement {
    members: Members,
    slots: Map<Slot, Arc<Proposal>>,
}

impl Agreement {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            slots: Map::new_sync(),
        }
    }

    fn settle(&mut self, seen: &Seen<'_>, slot: Slot, what: &Arc<Proposal>) -> Result<(), String> {
        match self.slots.get(&slot) {
            Some(known) if known != what => {
                let (peer, slot) = (seen.peer, slot.0);
                Err(format!(
                    "{peer} has something else in slot {slot} than others"
                ))
            }
            Some(_) => Ok(()),
            None => {
                self.slots.insert_mut(slot, what.clone());
                trim(&mut self.slots);
                Ok(())
            }
        }
    }
}

impl Claim for Agreement {
    fn name(&self) -> &'static str {
        "pbft/agreement"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if self.members.seat(seen.peer).is_none() {
            return Ok(());
        }
        for deed in seen.deeds() {
            if let Some(decided) = decides(&deed) {
                let proposal = decided.batch.proposal().into();
                self.settle(seen, decided.slot, &proposal)?;
            }
        }
        for output in seen.out {
            if let Output::Executed { slot, proposal, .. } = output {
                self.settle(seen, Slot(*slot), proposal)?;
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// What a replica decides has been prepared by f + 1 members at least, durably (in the paper's words:
/// committed-local implies committed, section 4.2).
#[derive(Clone)]
pub(super) struct CommittedIsPrepared {
    members: Members,
    /// Who has ever saved a prepared certificate of what.
    prepared: Map<(Slot, Digest), Map<Seat, ()>>,
    forgotten: Slot,
}

impl CommittedIsPrepared {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            prepared: Map::new_sync(),
            forgotten: Slot(0),
        }
    }
}

impl Claim for CommittedIsPrepared {
    fn name(&self) -> &'static str {
        "pbft/committed-is-prepared"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = self.members.seat(seen.peer) else {
            return Ok(());
        };
        for deed in seen.deeds() {
            if let Some(decided) = decides(&deed) {
                let what = (decided.slot, decided.batch.digest());
                let by = self.prepared.get(&what).map_or(0, Map::size);
                if by <= self.members.faults() && decided.slot > self.forgotten {
                    let (peer, slot) = (seen.peer, decided.slot.0);
                    return Err(format!(
                        "{peer} decides slot {slot}, which {by} have prepared"
                    ));
                }
            }
            if let Deed::Put { name, value } = deed
                && Shelf::Prepared.slot(name).is_some()
                && let Ok(Prepared { vote, .. }) = decode_exact(value)
            {
                let what = (vote.slot, vote.digest);
                let by = self.prepared.get(&what).cloned().unwrap_or_default();
                self.prepared.insert_mut(what, by.insert(seat, ()));
                if let Some((slot, _)) = trim(&mut self.prepared) {
                    self.forgotten = slot;
                }
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}

/// What was decided in a view is what all later views propose in that slot: prepared certificates
/// survive view changes (section 4.5.1).
#[derive(Clone)]
pub(super) struct CertificatesSurvive {
    members: Members,
    /// In which view and how a slot was decided.
    decided: Map<Slot, (View, Digest)>,
    /// What views proposed.
    proposed: Map<(Slot, View), Digest>,
}

impl CertificatesSurvive {
    pub fn new(members: &Members) -> Self {
        Self {
            members: members.clone(),
            decided: Map::new_sync(),
            proposed: Map::new_sync(),
        }
    }

    fn propose(&mut self, view: View, slot: Slot, digest: Digest) -> Result<(), String> {
        self.proposed.insert_mut((slot, view), digest);
        trim(&mut self.proposed);
        match self.decided.get(&slot) {
            Some((when, what)) if *when < view && *what != digest => Err(format!(
                "view {} puts something else into slot {}, decided in view {}",
                view.0, slot.0, when.0
            )),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, new_view: &NewView) -> Result<(), String> {
        let stable = new_view
            .changes
            .iter()
            .map(|change| change.stable.checkpoint.slot);
        let low = stable.max().unwrap_or(Slot(0));
        let high = low.plus(new_view.pre_prepares.len() as u64);
        let slots = low.until(high).zip(&new_view.pre_prepares);
        for (slot, (digest, _)) in slots {
            self.propose(new_view.view, slot, *digest)?;
        }
        let mut later = self.decided.range(high.next()..);
        match later.find(|(_, (when, _))| *when < new_view.view) {
            None => Ok(()),
            Some((slot, _)) => {
                let (view, slot) = (new_view.view.0, slot.0);
                Err(format!(
                    "view {view} forgets slot {slot}, which was decided before"
                ))
            }
        }
    }

    fn decide(&mut self, decided: &Decided) -> Result<(), String> {
        let (view, slot, digest) = (decided.view, decided.slot, decided.batch.digest());
        let known = self.decided.get(&slot).map(|(when, _)| *when);
        let first = known.map_or(view, |known| known.min(view));
        self.decided.insert_mut(slot, (first, digest));
        trim(&mut self.decided);
        let mut later = self
            .proposed
            .range((slot, View(first.0.saturating_add(1)))..=(slot, View(u64::MAX)));
        match later.find(|(_, other)| **other != digest) {
            None => Ok(()),
            Some(((_, later), _)) => Err(format!(
                "slot {} is decided in view {} and something else in view {}",
                slot.0, first.0, later.0
            )),
        }
    }
}

impl Claim for CertificatesSurvive {
    fn name(&self) -> &'static str {
        "pbft/certificates-survive"
    }

    fn after(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        if self.members.seat(seen.peer).is_none() {
            return Ok(());
        }
        for act in acts(seen) {
            match act {
                Act::Said(Message::PrePrepare {
                    view, slot, batch, ..
                }) => {
                    self.propose(view, slot, batch.digest())?;
                }
                Act::Said(Message::NewView(new_view)) => self.begin(&new_view)?,
                Act::Deed(deed) => {
                    if let Some(decided) = decides(&deed) {
                        self.decide(&decided)?;
                    }
                }
                Act::Said(_) => {}
            }
        }
        Ok(())
    }

    fn fork(&self) -> Box<dyn Claim> {
        Box::new(self.clone())
    }
}
