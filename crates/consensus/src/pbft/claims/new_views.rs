//! What a new view says, computed here once more.

use crate::pbft::message::{NewView, Slot, Vote};

/// The slot after which a new view begins: the latest stable checkpoint in it.
pub(super) fn first(new_view: &NewView) -> Slot {
    let changes = new_view.changes.iter();
    let stable = changes.map(|change| change.stable.checkpoint.slot);
    stable.max().unwrap_or(Slot(0))
}

/// The pre-prepares in it.
pub(super) fn proposed(new_view: &NewView) -> impl Iterator<Item = Vote> {
    let view = new_view.view;
    let slots = first(new_view).until(Slot(u64::MAX));
    slots
        .zip(&new_view.pre_prepares)
        .map(move |(slot, (digest, _))| Vote {
            view,
            slot,
            digest: *digest,
        })
}
