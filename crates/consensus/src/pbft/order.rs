//! What the view changes of a quorum come to: where the new view starts, and what has to stand in which
//! slot, so that whatever may have been decided stays as it is. All who compute it come to the same.

use alloc::{sync::Arc, vec::Vec};

use super::group::Group;
use super::message::{Batch, Digest, Slot, Stable, View, ViewChange, Vote};

/// Where the log of a new view starts: the latest stable checkpoint of its view changes (the paper's
/// min-s).
#[must_use]
pub fn start(changes: &[Arc<ViewChange>]) -> &Stable {
    static GENESIS: Stable = Stable::GENESIS;
    let stable = changes.iter().map(|change| &change.stable);
    let latest = stable.max_by_key(|stable| stable.checkpoint.slot);
    latest.unwrap_or(&GENESIS)
}

impl Group {
    /// What has to stand in the slots after the start, in their order: what may have been decided, and
    /// nothing where nothing was. `None` if it takes further view changes to tell.
    #[must_use]
    pub fn order<'a>(&self, changes: &'a [Arc<ViewChange>]) -> Option<(&'a Stable, Vec<Digest>)> {
        let start = start(changes);
        let low = start.checkpoint.slot;
        let claims = changes.iter().flat_map(|change| &change.prepared);
        let last = claims.map(|one| one.vote.slot).max().unwrap_or(low);
        let chosen = low.until(last).map(|slot| self.choose(slot, changes));
        let mut chosen = chosen.collect::<Option<Vec<Option<Digest>>>>()?;
        let length = chosen.iter().rposition(Option::is_some);
        chosen.truncate(length.map_or(0, |last| last + 1));
        let null = Batch::null().digest();
        let digests = chosen.into_iter().map(|digest| digest.unwrap_or(null));
        Some((start, digests.collect()))
    }

    fn choose(&self, slot: Slot, changes: &[Arc<ViewChange>]) -> Option<Option<Digest>> {
        if self.has_macs() {
            self.choose_by_count(slot, changes)
        } else {
            Some(latest(slot, changes).map(|(_, digest)| digest))
        }
    }

    /// The choice among claims that nobody can prove (Castro and Liskov, *Practical Byzantine Fault
    /// Tolerance and Proactive Recovery*, TOCS 2002, on view changes). The batch of a claim is
    /// chosen if a quorum has prepared nothing later or else there, and f + 1, one of them correct, have
    /// pre-prepared it then or later; nothing, if a quorum has prepared nothing.
    ///
    /// What was decided was prepared by a quorum, so any quorum of view changes has a correct one that says
    /// so: nothing is not chosen, nor anything of an earlier view; and no correct one has pre-prepared
    /// anything else in a later one.
    fn choose_by_count(&self, slot: Slot, changes: &[Arc<ViewChange>]) -> Option<Option<Digest>> {
        let claims = || changes.iter().filter_map(|change| change.claim(slot));
        let is_one = |(view, digest): (View, Digest)| {
            let agree = changes.iter().filter(|change| {
                let claim = change.claim(slot);
                claim.is_none_or(|(v, d)| v < view || v == view && d == digest)
            });
            let vouch = changes.iter().filter(|change| {
                let wanted = Vote { view, slot, digest };
                change.pre_prepared_since(wanted)
            });
            agree.count() >= self.quorum() && vouch.count() > self.faults()
        };
        let chosen = claims().filter(|claim| is_one(*claim)).max();
        let silent = changes.len() - claims().count();
        match chosen {
            Some((_, digest)) => Some(Some(digest)),
            None => (silent >= self.quorum()).then_some(None),
        }
    }
}

/// The latest certificate for a slot. No two of a view differ; should too many lie, all at least choose
/// alike.
fn latest(slot: Slot, changes: &[Arc<ViewChange>]) -> Option<(View, Digest)> {
    let claims = changes.iter().filter_map(|change| change.claim(slot));
    claims.max()
}

impl ViewChange {
    /// What it says was prepared in a slot, and in which view.
    fn claim(&self, slot: Slot) -> Option<(View, Digest)> {
        let place = self
            .prepared
            .binary_search_by_key(&slot, |one| one.vote.slot);
        let vote = self.prepared.get(place.ok()?)?.vote;
        Some((vote.view, vote.digest))
    }

    /// Whether it says that this was pre-prepared in that view or a later one.
    fn pre_prepared_since(&self, wanted: Vote) -> bool {
        let key = (wanted.slot, wanted.digest);
        let all = &self.pre_prepared;
        let place = all.binary_search_by_key(&key, |vote| (vote.slot, vote.digest));
        place.is_ok_and(|place| all[place].view >= wanted.view)
    }
}
