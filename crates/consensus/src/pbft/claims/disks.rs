//! What has become durable where, as far as it can be told from outside: a replica's saves, applied once
//! more.

use alloc::sync::Arc;

use chain::decode_exact;
use protocol::{Deed, Remains, kept};
use rpds::RedBlackTreeMapSync as Map;

use crate::claims::trim;
use crate::pbft::message::{Digest, NewView, Prepared, Slot, Stable, View, ViewChange, Vote};
use crate::pbft::saved::{Accepted, CUT, NEW_VIEW, STABLE, Shelf, VIEW_CHANGE, batch_of};

/// One replica's disk.
#[derive(Clone, Default)]
pub(super) struct Disk {
    /// The latest view that it has left for or entered.
    pub view: View,
    pub view_change: Option<Arc<[u8]>>,
    pub new_view: Option<Arc<[u8]>>,
    pub stable: Slot,
    /// What a snapshot stands for.
    pub cut: Slot,
    pub accepted: Map<Slot, Vote>,
    pub prepared: Map<Slot, Vote>,
    pub batches: Map<(Slot, Digest), ()>,
    /// Slots after the next that are decided.
    decided: Map<Slot, ()>,
    /// All up to here is decided.
    settled: Slot,
}

impl Disk {
    /// What is left of a disk.
    pub fn of(remains: &Remains<'_>) -> Self {
        let mut disk = Self::default();
        for (name, value) in remains.own {
            if let Some(name) = kept(name) {
                disk.put(name, value);
            }
        }
        disk
    }

    /// Whether what was said of a slot may be known to others: it is there still, or something later is.
    pub fn may_have_said(&self, vote: Vote, is_commit: bool) -> bool {
        let shelf = if is_commit {
            &self.prepared
        } else {
            &self.accepted
        };
        let is_known = |known: &Vote| *known == vote || known.view > vote.view;
        vote.slot <= self.stable || shelf.get(&vote.slot).is_some_and(is_known)
    }

    /// Applies a deed; false if it takes a promise back.
    pub fn apply(&mut self, deed: &Deed<'_>) -> bool {
        match deed {
            Deed::Put { name, value } => self.put(name, value),
            Deed::DeletedRange { from, until } => self.delete(from, until),
            Deed::Said { .. } => true,
        }
    }

    fn put(&mut self, name: &[u8], value: &Arc<[u8]>) -> bool {
        if name == VIEW_CHANGE {
            let change: Option<ViewChange> = decode_exact(value).ok();
            self.view_change = Some(value.clone());
            let is_later = change
                .as_ref()
                .is_some_and(|change| change.view > self.view);
            self.view = change.map_or(self.view, |change| change.view.max(self.view));
            return is_later;
        }
        if name == NEW_VIEW {
            let new_view: Option<NewView> = decode_exact(value).ok();
            self.new_view = Some(value.clone());
            let is_later = new_view.as_ref().is_some_and(|one| one.view >= self.view);
            self.view = new_view.map_or(self.view, |one| one.view.max(self.view));
            return is_later;
        }
        if name == STABLE {
            let stable: Option<Stable> = decode_exact(value).ok();
            let slot = stable.map_or(Slot(0), |stable| stable.checkpoint.slot);
            let is_later = slot > self.stable;
            self.stable = slot;
            return is_later;
        }
        if name == CUT {
            let slot = value[..].try_into().ok().map(u64::from_le_bytes).map(Slot);
            return slot.is_some_and(|slot| self.cut_off(slot));
        }
        if let Some(slot) = Shelf::Accepted.slot(name) {
            let accepted: Option<Accepted> = decode_exact(value).ok();
            return accepted.is_some_and(|accepted| self.accept(slot, accepted.vote));
        }
        if let Some(slot) = Shelf::Prepared.slot(name) {
            let prepared: Option<Prepared> = decode_exact(value).ok();
            return prepared.is_some_and(|prepared| {
                self.prepared.insert_mut(slot, prepared.vote);
                true
            });
        }
        if let Some(slot) = Shelf::Decided.slot(name) {
            self.decided.insert_mut(slot, ());
            while self.decided.remove_mut(&self.settled.next()) {
                self.settled = self.settled.next();
            }
            trim(&mut self.decided);
        } else if let Some(what) = batch_of(name) {
            self.batches.insert_mut(what, ());
        }
        true
    }

    /// A snapshot stands for what is decided here, or proven by a stable checkpoint, and for no less than the
    /// one before.
    fn cut_off(&mut self, slot: Slot) -> bool {
        let is_sound = slot > self.cut && (slot <= self.settled || slot <= self.stable);
        self.cut = slot;
        self.settled = self.settled.max(slot);
        is_sound
    }

    /// In a view, a slot has one pre-prepare.
    fn accept(&mut self, slot: Slot, vote: Vote) -> bool {
        let before = self.accepted.get(&slot).copied();
        self.accepted.insert_mut(slot, vote);
        before.is_none_or(|before| before.view < vote.view || before == vote)
    }

    /// Nothing that was decided goes but for what a snapshot stands for.
    fn delete(&mut self, from: &[u8], until: &[u8]) -> bool {
        let range = |shelf: Shelf| Some((shelf.slot(from)?, shelf.slot(until)?));
        if let Some((from, until)) = range(Shelf::Accepted) {
            self.accepted = without(&self.accepted, |slot| from <= *slot && *slot < until);
        }
        if let Some((from, until)) = range(Shelf::Prepared) {
            self.prepared = without(&self.prepared, |slot| from <= *slot && *slot < until);
        }
        let name = |(slot, digest): &(Slot, Digest)| crate::pbft::saved::batch_name(*slot, *digest);
        self.batches = without(&self.batches, |what| {
            let name = name(what);
            from <= &name[..] && &name[..] < until
        });
        let decided = range(Shelf::Decided);
        decided.is_none_or(|(_, until)| until <= self.cut.next())
    }

    /// Whether a vote's pre-prepare and batch are durable.
    pub fn accepts(&self, vote: Vote) -> bool {
        self.accepted.get(&vote.slot) == Some(&vote)
            && self.batches.contains_key(&(vote.slot, vote.digest))
    }

    /// Whether a snapshot stands for all up to a slot.
    pub fn has_state(&self, slot: Slot) -> bool {
        slot <= self.cut
    }

    /// Whether this is saved as what the replica said when it left for or entered a view.
    pub fn has_said(saved: Option<&Arc<[u8]>>, message: &impl chain::Encode) -> bool {
        saved.is_some_and(|saved| **saved == message.to_vec()[..])
    }
}

fn without<K: Ord + Copy, V: Clone>(map: &Map<K, V>, gone: impl Fn(&K) -> bool) -> Map<K, V> {
    let left = map.iter().filter(|(key, _)| !gone(key));
    left.map(|(key, value)| (*key, value.clone())).collect()
}
