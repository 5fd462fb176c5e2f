//! What replicas keep, under which names. Slots are written big-endian, so that names are
//! ordered as slots are.

use alloc::vec::Vec;

use chain::Signature;
use protocol::{Keep, Name};

use super::message::{Digest, Slot, Vote};

/// Where a replica keeps its stable checkpoint.
pub const STABLE: &[u8] = b"stable";
/// Where it keeps the slot that its node's snapshot stands for: eight bytes, little-endian. What was
/// decided up to there may be gone.
pub const CUT: &[u8] = b"cut";
/// Where it keeps its last view change: from then on it is in that view or a later one.
pub const VIEW_CHANGE: &[u8] = b"view-change";
/// Where it keeps the new view with which the last view that it took part in began.
pub const NEW_VIEW: &[u8] = b"new-view";

/// What is kept of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// The pre-prepare that was accepted last: [`Accepted`].
    Accepted,
    /// The prepared certificate of the latest view.
    Prepared,
    /// What was decided, with its proof. Stays until a snapshot that is stable stands for it.
    Decided,
}

impl Shelf {
    const fn prefix(self) -> &'static [u8] {
        match self {
            Self::Accepted => b"accepted/",
            Self::Prepared => b"prepared/",
            Self::Decided => b"decided/",
        }
    }

    /// The name of what is kept of a slot.
    #[must_use]
    pub fn name(self, slot: Slot) -> Name {
        [self.prefix(), &slot.0.to_be_bytes()].concat()
    }

    /// Forgets what is kept of a slot.
    #[must_use]
    pub fn forget(self, slot: Slot) -> Keep {
        Keep::DeleteRange(self.name(slot), self.name(slot.next()))
    }

    /// The slot of this name; `None` if it is the name of something else.
    #[must_use]
    pub fn slot(self, name: &[u8]) -> Option<Slot> {
        let digits = name.strip_prefix(self.prefix())?.try_into().ok()?;
        Some(Slot(u64::from_be_bytes(digits)))
    }
}

/// A pre-prepare that a replica has accepted: it accepts no other in that view and slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What was accepted.
    pub vote: Vote,
    /// The primary's signature of the pre-prepare; none with MACs.
    pub signature: Option<Signature>,
}

const BATCH: &[u8] = b"batch/";

/// The name of a batch that was proposed for a slot, and is not decided yet.
#[must_use]
pub fn batch_name(slot: Slot, digest: Digest) -> Name {
    [BATCH, &slot.0.to_be_bytes(), &digest.0].concat()
}

/// Forgets one batch.
#[must_use]
pub fn forget_batch(slot: Slot, digest: Digest) -> Keep {
    forget_name(batch_name(slot, digest))
}

const EARLIER: &[u8] = b"earlier/";

/// The name of the latest view in which a batch was accepted that has given way to another one.
#[must_use]
pub fn earlier_name(slot: Slot, digest: Digest) -> Name {
    [EARLIER, &slot.0.to_be_bytes(), &digest.0].concat()
}

/// Forgets what is kept under one name.
#[must_use]
pub fn forget_name(name: Name) -> Keep {
    let next = [&name[..], &[0]].concat();
    Keep::DeleteRange(name, next)
}

/// The slot and digest of such a batch; `None` if it is the name of something else.
#[must_use]
pub fn earlier_of(name: &[u8]) -> Option<(Slot, Digest)> {
    slot_and_digest(name.strip_prefix(EARLIER)?)
}

/// The slot and digest of the batch of this name; `None` if it is the name of something else.
#[must_use]
pub fn batch_of(name: &[u8]) -> Option<(Slot, Digest)> {
    slot_and_digest(name.strip_prefix(BATCH)?)
}

fn slot_and_digest(name: &[u8]) -> Option<(Slot, Digest)> {
    let (slot, digest) = name.split_first_chunk()?;
    let digest = Digest(digest.try_into().ok()?);
    Some((Slot(u64::from_be_bytes(*slot)), digest))
}

/// Forgets what was decided up to a slot.
#[must_use]
pub fn forget_decided(until: Slot) -> Keep {
    Keep::DeleteRange(
        Shelf::Decided.name(Slot(0)),
        Shelf::Decided.name(until.next()),
    )
}

/// Forgets how slots up to one were agreed upon; what was decided stays.
#[must_use]
pub fn forget(until: Slot) -> Vec<Keep> {
    let shelves = [Shelf::Accepted, Shelf::Prepared];
    let names = |shelf: Shelf| (shelf.name(Slot(0)), shelf.name(until.next()));
    let digests = [BATCH, EARLIER].map(|prefix| {
        let name = |slot: Slot| [prefix, &slot.0.to_be_bytes()].concat();
        (name(Slot(0)), name(until.next()))
    });
    let ranges = shelves.map(names).into_iter().chain(digests);
    ranges
        .map(|(from, end)| Keep::DeleteRange(from, end))
        .collect()
}
