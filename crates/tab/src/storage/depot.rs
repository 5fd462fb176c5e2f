//! What this tab's nodes have saved in a room: in memory, and in the database as long as that takes
//! it. When the database refuses, everything goes on in memory and nothing that was accepted is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chain::PeerId;
use protocol::{Batch, Key, Saved, Space, Write};

use super::layout::{self, PIECE};
use super::{Change, Db, DbError, Name, Store, record};
use crate::between::beacon::Generation;
use wire::StorageView;

const GENERATION: &[u8] = b"generation";

/// The room's storage.
#[derive(Debug)]
pub struct Depot<D> {
    db: Option<D>,
    view: StorageView,
    generation: Generation,
    /// Own values of nodes that were booted here.
    own: BTreeMap<(u32, PeerId), Values>,
    /// Shared values that are only here.
    shared: BTreeMap<Name, Arc<[u8]>>,
    /// What has to be written next.
    pending: Vec<Change>,
    last_ticket: u64,
    /// Whether a ticket was taken in since the last flush.
    owed: bool,
}

type Values = BTreeMap<Name, Vec<u8>>;

/// What a database says about which chain counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The chain that counts.
    pub generation: Generation,
    /// Whether that had to be guessed, because the record of it was damaged.
    pub damaged: bool,
}

/// Changes on their way to the database.
#[derive(Clone, Debug)]
pub struct Flush {
    /// What to write.
    pub changes: Vec<Change>,
    /// The last ticket in it.
    pub ticket: u64,
}

impl<D: Db + Clone> Depot<D> {
    /// Storage on this database, or in memory because of an error.
    #[must_use]
    pub fn new(db: Result<D, DbError>) -> Self {
        let (db, view) = match db {
            Ok(db) => (Some(db), StorageView::Kept),
            Err(error) => (None, memory_view(error)),
        };
        Self {
            db,
            view,
            generation: Generation::default(),
            own: BTreeMap::new(),
            shared: BTreeMap::new(),
            pending: Vec::new(),
            last_ticket: 0,
            owed: false,
        }
    }

    /// What the database says counts, read anew: another tab may have changed it, and may have
    /// lived under the same identities. Whether the record was damaged; then it is written again.
    pub fn refresh(&mut self, found: Result<Found, DbError>) -> bool {
        match found {
            Ok(found) => {
                self.generation = self.generation.max(found.generation);
                self.own.clear();
                if found.damaged {
                    self.write_generation();
                }
                found.damaged
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Which chain counts.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Another chain counts from now on; of those before only the one that can be brought back
    /// is kept.
    pub fn set_generation(&mut self, generation: Generation) {
        let old: BTreeSet<u32> = [Some(self.generation.current), self.generation.undo]
            .into_iter()
            .flatten()
            .filter(|old| !generation.keeps(*old))
            .collect();
        self.generation = generation;
        self.own.retain(|(of, _), _| generation.keeps(*of));
        for old in old {
            let prefix = layout::generation(old);
            self.shared.retain(|name, _| !name.starts_with(&prefix));
            self.pending
                .push(Change::DeleteAll(Store::Own, prefix.clone()));
            self.pending.push(Change::DeleteAll(Store::Blocks, prefix));
        }
        self.write_generation();
    }

    fn write_generation(&mut self) {
        let record = record::seal(&self.generation);
        self.pending
            .push(Change::Put(Store::Meta, GENERATION.to_vec(), record));
        self.settle();
    }

    /// Where a node's own values have to be read from before it boots; `None`: they are here.
    #[must_use]
    pub fn missing(&self, node: &PeerId) -> Option<(D, Name)> {
        let generation = self.generation.current;
        let here = self.own.contains_key(&(generation, *node));
        let db = self.db.clone().filter(|_| !here)?;
        Some((db, layout::of_node(generation, node)))
    }

    /// Takes in what was read for a node.
    pub fn fill(&mut self, node: PeerId, rows: Result<Vec<(Name, Vec<u8>)>, DbError>) {
        let key = (self.generation.current, node);
        match rows {
            Ok(rows) => drop(self.own.entry(key).or_insert_with(|| join(&rows))),
            Err(error) => self.fail(error),
        }
    }

    /// What a node finds of its own at boot.
    #[must_use]
    pub fn saved(&self, node: &PeerId) -> Saved {
        let values = self
            .own
            .get(&(self.generation.current, *node))
            .into_iter()
            .flatten();
        Saved::of(values.map(|(name, value)| (name.clone(), Arc::from(value.as_slice()))))
    }

    /// Takes a batch in; it is durable when a flush with this ticket or a later one is done.
    pub fn save(&mut self, node: PeerId, ticket: u64, batch: &Batch) {
        let generation = self.generation.current;
        self.last_ticket = ticket;
        self.owed = true;
        for write in &batch.0 {
            match write.key().space {
                Space::Own => self.save_own(generation, node, write),
                Space::Shared => self.save_shared(generation, write),
            }
        }
        self.settle();
    }

    fn save_own(&mut self, generation: u32, node: PeerId, write: &Write) {
        let name = &write.key().name;
        let values = self.own.entry((generation, node)).or_default();
        let before = values.get(name).map_or(0, Vec::len);
        let dirty = apply(values, write);
        let after = values.get(name).map_or(&[][..], Vec::as_slice);
        let present = values.contains_key(name);
        let pieces = |len: usize| len.div_ceil(PIECE).max(1);
        for (index, piece) in (0..).zip(pieces_of(after, present)) {
            if index as usize * PIECE + piece.len() > dirty || piece.is_empty() {
                let name = layout::piece(generation, &node, name, index);
                self.pending
                    .push(Change::Put(Store::Own, name, piece.to_vec()));
            }
        }
        let left = if present { pieces(after.len()) } else { 0 };
        for index in left..pieces(before) {
            let name = layout::piece(generation, &node, name, index as u32);
            self.pending.push(Change::Delete(Store::Own, name));
        }
    }

    fn save_shared(&mut self, generation: u32, write: &Write) {
        // Whoever writes a shared name writes the same value: nothing else than setting is allowed.
        if let Write::Put { key, value } = write {
            let name = layout::shared(generation, &key.name);
            if self.shared.insert(name.clone(), value.clone()).is_none() {
                self.pending
                    .push(Change::Put(Store::Blocks, name, value.to_vec()));
            }
        }
    }

    /// What has to be written now, if anything.
    pub fn take_flush(&mut self) -> Option<Flush> {
        let owed = std::mem::take(&mut self.owed);
        (owed || !self.pending.is_empty()).then(|| Flush {
            changes: std::mem::take(&mut self.pending),
            ticket: self.last_ticket,
        })
    }

    /// The last ticket that was taken in; in memory mode all of them count as durable.
    #[must_use]
    pub fn last_ticket(&self) -> u64 {
        self.last_ticket
    }

    /// A flush is done. Shared values that the database has need not be kept here.
    pub fn flushed(&mut self, flush: &Flush) {
        if self.is_kept() {
            for change in &flush.changes {
                if let Change::Put(Store::Blocks, name, _) = change {
                    self.shared.remove(name);
                }
            }
        }
    }

    /// A value that a node asked for, if it is in memory; `Err` says what to read.
    pub fn load(&self, node: &PeerId, key: &Key) -> Result<Option<Arc<[u8]>>, Name> {
        let generation = self.generation.current;
        match key.space {
            Space::Own => {
                let values = self.own.get(&(generation, *node));
                let value = values.and_then(|values| values.get(&key.name));
                Ok(value.map(|value| Arc::from(value.as_slice())))
            }
            Space::Shared => {
                let name = layout::shared(generation, &key.name);
                match self.shared.get(&name) {
                    Some(value) => Ok(Some(value.clone())),
                    None if self.db.is_none() => Ok(None),
                    None => Err(name),
                }
            }
        }
    }

    /// The database to read from, kept or not.
    #[must_use]
    pub fn db(&self) -> Option<D> {
        self.db.clone()
    }

    /// The database as long as it is written to.
    #[must_use]
    pub fn kept(&self) -> Option<D> {
        self.db.clone().filter(|_| self.is_kept())
    }

    /// Forgets what is in memory of a node that does not live here, once all of it is written.
    pub fn forget(&mut self, node: &PeerId) {
        if self.is_kept() {
            self.own.retain(|(_, whose), _| whose != node);
        }
    }

    /// Where things are kept.
    #[must_use]
    pub fn view(&self) -> &StorageView {
        &self.view
    }

    /// Whether writes go to the database.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.view == StorageView::Kept
    }

    /// From now on everything stays in memory. What was on its way is here already: own values
    /// as they are, shared ones until their flush is done.
    pub fn fail(&mut self, error: DbError) {
        if self.is_kept() {
            self.view = memory_view(error);
        }
        self.settle();
    }

    /// Takes back a shared value that the database had, as that may not be read any more.
    pub fn take_back(&mut self, key: &Key, value: Arc<[u8]>) {
        let name = layout::shared(self.generation.current, &key.name);
        self.shared.entry(name).or_insert(value);
    }

    /// In memory mode nothing waits to be written.
    fn settle(&mut self) {
        if !self.is_kept() {
            self.pending.clear();
            self.owed = false;
        }
    }
}

/// Which chain of a room counts, as its database says.
///
/// # Errors
/// What the database says.
pub async fn read_generation(db: &impl Db) -> Result<Found, DbError> {
    let values = db.read(Store::Meta, &[GENERATION.to_vec()]).await?;
    let Some(bytes) = values.into_iter().flatten().next() else {
        return Ok(Found::default());
    };
    if let Some(generation) = record::open(&bytes) {
        let damaged = false;
        return Ok(Found {
            generation,
            damaged,
        });
    }
    // The youngest chain that there is; counting on from it, no number is used twice.
    let rows = db.range(Store::Own, &[]).await?;
    let numbers = rows.iter().filter_map(|(name, _)| name.first_chunk());
    let youngest = numbers.map(|number| u32::from_be_bytes(*number)).max();
    let stamp = youngest.unwrap_or_default();
    let generation = Generation {
        stamp,
        current: stamp,
        undo: None,
    };
    let damaged = true;
    Ok(Found {
        generation,
        damaged,
    })
}

fn memory_view(error: DbError) -> StorageView {
    match error {
        DbError::OtherVersion(version) => StorageView::OtherVersion(version),
        DbError::Refused(why) => StorageView::Memory(why),
    }
}

/// Own values from their pieces. A value whose pieces have a gap ends at the gap.
fn join(rows: &[(Name, Vec<u8>)]) -> Values {
    let mut values = Values::new();
    let mut next: BTreeMap<&[u8], u32> = BTreeMap::new();
    for (full, bytes) in rows {
        let Some((name, index)) = layout::parse_piece(full) else {
            continue;
        };
        let expected = next.entry(name).or_default();
        if *expected == index {
            *expected += 1;
            values
                .entry(name.to_vec())
                .or_default()
                .extend_from_slice(bytes);
        }
    }
    values
}

/// A value's pieces; an empty value has one empty piece, an absent one none.
fn pieces_of(value: &[u8], present: bool) -> impl Iterator<Item = &[u8]> {
    let empty = (present && value.is_empty()).then_some(value);
    value.chunks(PIECE).chain(empty)
}

/// Does a write in place, as [`Write::apply`] says, and returns up to which byte nothing changed.
fn apply(values: &mut Values, write: &Write) -> usize {
    let name = &write.key().name;
    match write {
        Write::Put { value, .. } => {
            values.insert(name.clone(), value.to_vec());
            0
        }
        Write::Append { value, .. } => {
            let all = values.entry(name.clone()).or_default();
            let before = all.len();
            all.extend_from_slice(value);
            before
        }
        Write::Truncate { len, .. } => {
            let Some(all) = values.get_mut(name) else {
                return 0;
            };
            all.truncate(usize::try_from(*len).unwrap_or(usize::MAX));
            // The piece that was cut has to be written again: everything before it stays.
            all.len().saturating_sub(1) / PIECE * PIECE
        }
        Write::Delete { .. } => {
            values.remove(name);
            0
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
mod tests;
