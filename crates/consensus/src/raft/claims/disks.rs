//! What has become durable where, as far as it can be told from outside: the replicas' saves, applied
//! once more.

use alloc::{format, string::String, sync::Arc, vec::Vec};

use chain::{PeerId, Seat, decode_exact};
use protocol::{Death, Deed, Input, Seen, kept};
use rpds::RedBlackTreeMapSync as Map;

use crate::raft::message::{Index, Message, Term};
use crate::raft::saved::{PROMISE, Promise, entry_index, entry_term};
use crate::raft::seat_of;

/// How many lines of a log, and how many terms, are remembered: the latest.
pub(super) const KEPT: usize = 4096;

/// A saved entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub term: Term,
    pub value: Arc<[u8]>,
}

/// One replica's disk.
#[derive(Clone, Default)]
pub(super) struct Disk {
    pub promise: Promise,
    pub log: Map<Index, Line>,
    /// All lines up to here may have been forgotten.
    pub forgotten: Index,
}

impl Disk {
    pub fn last(&self) -> Index {
        let last = self.log.last().map(|(index, _)| *index);
        last.unwrap_or(self.forgotten)
    }

    /// Whether the disk holds this line; true if that has been forgotten.
    pub fn holds(&self, index: Index, line: &Line) -> bool {
        index <= self.forgotten || self.log.get(&index) == Some(line)
    }

    fn write(&mut self, index: Index, line: Line) {
        self.log.insert_mut(index, line);
        if let Some(oldest) = trim(&mut self.log) {
            self.forgotten = oldest;
        }
    }

    fn remove(&mut self, from: Index, until: Index) {
        let range = self.log.range(from..until.max(from));
        let gone: Vec<Index> = range.map(|(index, _)| *index).collect();
        for index in gone {
            self.log.remove_mut(&index);
        }
        self.forgotten = self.forgotten.min(from.prev());
    }
}

/// Drops the lowest name of a map that has too many, and says which.
pub(super) fn trim<K: Ord + Copy, V>(map: &mut Map<K, V>) -> Option<K> {
    let lowest = map.first().map(|(key, _)| *key)?;
    (map.size() > KEPT && map.remove_mut(&lowest)).then_some(lowest)
}

/// The disks of all members.
#[derive(Clone)]
pub(super) struct Disks {
    pub members: Arc<[PeerId]>,
    disks: Map<PeerId, Disk>,
}

/// What a deed did to a disk.
pub(super) enum Change {
    /// A line was written.
    Wrote(Index),
    /// All lines from here on are gone.
    Cut(Index),
    /// The promise is another; this is the one before.
    Vowed(Promise),
}

impl Disks {
    pub fn new(members: Arc<[PeerId]>) -> Self {
        let disks = members.iter().map(|peer| (*peer, Disk::default()));
        Self {
            disks: disks.collect(),
            members,
        }
    }

    /// A member's disk; `None` for all others.
    pub fn of(&self, peer: PeerId) -> Option<&Disk> {
        self.disks.get(&peer)
    }

    pub fn seat(&self, peer: PeerId) -> Option<Seat> {
        seat_of(&self.members, peer)
    }

    /// Applies what a member did.
    pub fn apply(&mut self, peer: PeerId, deed: &Deed<'_>) -> Option<Change> {
        let disk = self.disks.get_mut(&peer)?;
        match deed {
            Deed::Put { name, value } if *name == PROMISE => {
                let promise = decode_exact(value).ok()?;
                Some(Change::Vowed(core::mem::replace(
                    &mut disk.promise,
                    promise,
                )))
            }
            Deed::Put { name, value } => {
                let (index, term) = (entry_index(name)?, entry_term(value)?);
                let value = (*value).clone();
                disk.write(index, Line { term, value });
                Some(Change::Wrote(index))
            }
            Deed::DeletedRange { from, until } => {
                let (from, until) = (entry_index(from)?, entry_index(until)?);
                disk.remove(from, until);
                Some(Change::Cut(from))
            }
            Deed::Said { .. } => None,
        }
    }

    /// Looks at a death; says whether the disk lost something, which is then no longer there.
    pub fn see_death(&mut self, death: &Death<'_>) -> bool {
        let (Some(remains), true) = (death.remains, self.disks.contains_key(&death.peer)) else {
            return false;
        };
        self.disks.insert_mut(death.peer, Disk::default());
        for (name, value) in remains.own {
            if let Some(name) = kept(name) {
                self.apply(death.peer, &Deed::Put { name, value });
            }
        }
        true
    }

    /// Whether a majority holds a line.
    pub fn is_durable(&self, index: Index, line: &Line) -> bool {
        let holders = self.disks.values().filter(|disk| disk.holds(index, line));
        holders.count() > self.members.len() / 2
    }
}

/// What is known to be committed: what replicas executed, and what leaders say is.
#[derive(Clone)]
pub(super) struct Committed {
    pub disks: Disks,
    /// Each line with the term in which it was first known to be committed.
    pub lines: Map<Index, (Line, Term)>,
    /// How far each replica is known to take its log as committed.
    known: Map<PeerId, Index>,
    /// All lines up to here have been forgotten.
    forgotten: Index,
}

impl Committed {
    pub fn new(members: Arc<[PeerId]>) -> Self {
        Self {
            disks: Disks::new(members),
            lines: Map::new_sync(),
            known: Map::new_sync(),
            forgotten: Index(0),
        }
    }

    /// Looks at a step; returns what it committed, and from where on lines were lost or replaced.
    pub fn see(&mut self, seen: &Seen<'_>) -> Result<(Vec<Index>, Option<Index>), String> {
        let (mut fresh, mut touched) = (Vec::new(), None::<Index>);
        if let Input::Boot { .. } = seen.input {
            self.known.remove_mut(&seen.peer);
        }
        for deed in seen.deeds() {
            match self.disks.apply(seen.peer, &deed) {
                Some(Change::Wrote(index) | Change::Cut(index)) => {
                    touched = Some(touched.map_or(index, |first| first.min(index)));
                }
                Some(Change::Vowed(_)) | None => {}
            }
            if let Deed::Said { bytes, .. } = deed
                && let Ok(Message::Append { term, commit, .. }) = decode_exact(bytes)
            {
                self.note(seen.peer, commit, term, &mut fresh)?;
            }
        }
        if let Some(glance) = seen.glance {
            let (executed, term) = (Index(glance.executed), Term(glance.epoch));
            self.note(seen.peer, executed, term, &mut fresh)?;
        }
        Ok((fresh, touched))
    }

    /// Learns that a replica takes its log as committed up to an index.
    fn note(
        &mut self,
        peer: PeerId,
        until: Index,
        term: Term,
        fresh: &mut Vec<Index>,
    ) -> Result<(), String> {
        let Some(disk) = self.disks.of(peer) else {
            return Ok(());
        };
        let known = self.known.get(&peer).copied().unwrap_or_default();
        let mut next = known.max(disk.forgotten).max(self.forgotten).next();
        while next <= until {
            let Some(line) = disk.log.get(&next) else {
                return Err(format!("{peer} commits {} without having it", next.0));
            };
            match self.lines.get(&next) {
                Some((other, _)) if other != line => {
                    return Err(format!(
                        "slot {} is decided twice, by {peer} differently",
                        next.0
                    ));
                }
                Some(_) => {}
                None => {
                    self.lines.insert_mut(next, (line.clone(), term));
                    fresh.push(next);
                }
            }
            next = next.next();
        }
        self.known.insert_mut(peer, known.max(until));
        while let Some(oldest) = trim(&mut self.lines) {
            self.forgotten = oldest;
        }
        Ok(())
    }
}
