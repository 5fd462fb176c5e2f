//! Claims about what is decided.

use alloc::{format, string::String, sync::Arc};

use chain::{PeerId, Seat};
use protocol::{Proposal, Seen};
use rpds::RedBlackTreeMapSync as Map;

use super::new_views::{first, proposed};
use super::observer::{Act, Observer};
use crate::claims::{Rule, trim};
use crate::pbft::message::{Digest, Message, NewView, Slot, View, Vote};

/// No two replicas decide or execute different batches in a slot, and each executes what it has decided.
#[derive(Clone, Default)]
pub(super) struct Agreement {
    slots: Map<Slot, Arc<Proposal>>,
}

impl Agreement {
    fn settle(&mut self, peer: PeerId, slot: Slot, what: &Arc<Proposal>) -> Result<(), String> {
        match self.slots.get(&slot) {
            Some(known) if known != what => {
                let slot = slot.0;
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

impl Rule for Agreement {
    type Observer = Observer;

    const NAME: &'static str = "pbft/agreement";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        if observer.latest.seat.is_none() {
            return Ok(());
        }
        for act in &observer.latest.acts {
            match act {
                Act::Decided { vote, batch } => {
                    let proposal = batch.proposal().into();
                    self.settle(seen.peer, vote.slot, &proposal)?;
                }
                Act::Executed { slot, proposal } => self.settle(seen.peer, *slot, proposal)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// What a replica decides has been prepared by f + 1 members at least, durably (in the paper's words:
/// committed-local implies committed, section 4.2).
#[derive(Clone, Default)]
pub(super) struct CommittedIsPrepared {
    /// Who has ever saved a prepared certificate of what.
    prepared: Map<(Slot, Digest), Map<Seat, ()>>,
    forgotten: Slot,
}

impl CommittedIsPrepared {
    fn prepare(&mut self, seat: Seat, vote: Vote) {
        let what = (vote.slot, vote.digest);
        let by = self.prepared.get(&what).cloned().unwrap_or_default();
        self.prepared.insert_mut(what, by.insert(seat, ()));
        if let Some((slot, _)) = trim(&mut self.prepared) {
            self.forgotten = slot;
        }
    }
}

impl Rule for CommittedIsPrepared {
    type Observer = Observer;

    const NAME: &'static str = "pbft/committed-is-prepared";

    fn after(&mut self, observer: &Observer, seen: &Seen<'_>) -> Result<(), String> {
        let Some(seat) = observer.latest.seat else {
            return Ok(());
        };
        for act in &observer.latest.acts {
            match act {
                Act::Decided { vote, .. } => {
                    let by = self.prepared.get(&(vote.slot, vote.digest));
                    let by = by.map_or(0, Map::size);
                    if by <= observer.members.faults() && vote.slot > self.forgotten {
                        let (peer, slot) = (seen.peer, vote.slot.0);
                        return Err(format!(
                            "{peer} decides slot {slot}, which {by} have prepared"
                        ));
                    }
                }
                Act::Prepared(vote) => self.prepare(seat, *vote),
                _ => {}
            }
        }
        Ok(())
    }

    fn after_twisted(&mut self, observer: &Observer, _seen: &Seen<'_>) {
        for (seat, act) in observer.latest.by_member() {
            if let Act::Prepared(vote) = act {
                self.prepare(seat, *vote);
            }
        }
    }
}

/// What was decided in a view is what all later views propose in that slot: prepared certificates
/// survive view changes (section 4.5.1).
#[derive(Clone, Default)]
pub(super) struct CertificatesSurvive {
    /// In which view and how a slot was decided.
    decided: Map<Slot, (View, Digest)>,
    /// What views proposed.
    proposed: Map<(Slot, View), Digest>,
}

impl CertificatesSurvive {
    fn propose(&mut self, Vote { view, slot, digest }: Vote) -> Result<(), String> {
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
        let high = first(new_view).plus(new_view.pre_prepares.len() as u64);
        for vote in proposed(new_view) {
            self.propose(vote)?;
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

    fn decide(&mut self, Vote { view, slot, digest }: Vote) -> Result<(), String> {
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

impl Rule for CertificatesSurvive {
    type Observer = Observer;

    const NAME: &'static str = "pbft/certificates-survive";

    fn after(&mut self, observer: &Observer, _seen: &Seen<'_>) -> Result<(), String> {
        if observer.latest.seat.is_none() {
            return Ok(());
        }
        for act in &observer.latest.acts {
            match act {
                Act::PrePrepared(vote) => self.propose(*vote)?,
                Act::Said {
                    message: Message::NewView(new_view),
                    ..
                } => self.begin(new_view)?,
                Act::Decided { vote, .. } => self.decide(*vote)?,
                _ => {}
            }
        }
        Ok(())
    }
}
