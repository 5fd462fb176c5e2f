//! What this tab's nodes have saved in a room: in memory, and in the database while that accepts
//! it. When the database refuses, all goes on in memory and nothing that was accepted is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chain::PeerId;
use protocol::{Batch, Key, Saved, Space, Values, Write, names_between};
use wire::StorageView;

use super::retained::Retained;
use super::{Change, DbError, Name, Store, layout, record};
use crate::between::generation::Generation;
use crate::door::Rows;

/// Where the record of the generation is, in [`Store::Meta`].
pub const GENERATION: &[u8] = b"generation";
/// Most bytes of a copy of one node's damaged values; a larger one is not made.
const MOST_ASIDE: usize = 16 << 20;

/// The room's storage.
#[derive(Debug)]
pub struct RoomStore {
    /// Whether the database can be read, even if it takes no writes.
    readable: bool,
    view: StorageView,
    generation: Generation,
    /// Own values of nodes booted here.
    own: BTreeMap<(u32, PeerId), Values>,
    /// Shared values that the database does not have.
    shared: BTreeMap<Name, Arc<[u8]>>,
    /// What stopped nodes had in memory, while the database has it, too.
    retained: Retained,
    /// What to write next.
    pending: Vec<Change>,
    /// Nodes whose damaged values were put aside in this life: only the first copy is complete.
    aside: BTreeSet<PeerId>,
    last_ticket: u64,
    /// Whether a save was taken in since the last flush.
    owed: bool,
}

/// Changes on their way to the database.
#[derive(Clone, Debug)]
pub struct Flush {
    /// What to write.
    pub changes: Vec<Change>,
    /// The last save in it.
    pub ticket: u64,
    /// Names of the shared values in it, which need not stay in memory once written.
    pub shared: Vec<Name>,
}

impl RoomStore {
    /// Storage in the room's database, or in memory if opening that failed.
    #[must_use]
    pub fn new(db: Result<(), DbError>) -> Self {
        let readable = db.is_ok();
        Self {
            readable,
            view: db.map_or_else(memory_view, |()| StorageView::Kept),
            generation: Generation::default(),
            own: BTreeMap::new(),
            shared: BTreeMap::new(),
            retained: Retained::default(),
            pending: Vec::new(),
            aside: BTreeSet::new(),
            last_ticket: 0,
            owed: false,
        }
    }

    /// Which chain counts was read anew: another tab may have changed that, and may have lived
    /// under the same identities.
    pub fn refresh(&mut self, generation: Generation) {
        self.generation = self.generation.max(generation);
        self.aside.clear();
        if self.is_kept() {
            self.retained.keep_own(std::mem::take(&mut self.own));
            self.retained.keep_chains(self.generation);
        }
    }

    /// Which chain counts.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Another generation counts from now on, and is written.
    pub fn set_generation(&mut self, generation: Generation) {
        self.turn_to(generation);
        self.write_generation();
    }

    /// Storage says that another generation counts; of former chains only the one that can be
    /// brought back is kept. The record stays as it is: by now it may say something younger.
    pub fn turn_to(&mut self, generation: Generation) {
        let old: BTreeSet<u32> = [Some(self.generation.current), self.generation.undo]
            .into_iter()
            .flatten()
            .filter(|old| !generation.keeps(*old))
            .collect();
        self.generation = generation;
        self.own.retain(|(of, _), _| generation.keeps(*of));
        self.retained.keep_chains(generation);
        for old in old {
            let prefix = layout::generation(old);
            self.shared.retain(|name, _| !name.starts_with(&prefix));
            self.pending
                .push(Change::DeleteAll(Store::Own, prefix.clone()));
            self.pending.push(Change::DeleteAll(Store::Blocks, prefix));
        }
        self.settle();
    }

    /// Stores which chain counts.
    pub fn write_generation(&mut self) {
        let record = record::seal(&self.generation);
        self.pending
            .push(Change::Put(Store::Meta, GENERATION.to_vec(), record));
        self.settle();
    }

    /// What has to be read before a node boots; `None` if nothing has to, or nothing can be.
    #[must_use]
    pub fn missing(&self, node: &PeerId) -> Option<Name> {
        let generation = self.generation.current;
        let here = self.own.contains_key(&(generation, *node));
        (self.readable && !here).then(|| layout::of_node(generation, node))
    }

    /// Takes in what was read for a node.
    pub fn fill(&mut self, node: PeerId, rows: Result<Rows, DbError>) {
        let key = (self.generation.current, node);
        let before = self.retained.take_own(&key);
        match rows {
            Ok(rows) => drop(self.own.entry(key).or_insert_with(|| values(rows))),
            Err(error) => {
                self.fail(error);
                if let Some(before) = before {
                    self.own.entry(key).or_insert(before);
                }
            }
        }
    }

    /// What a node has saved, if it was booted here.
    #[must_use]
    pub fn values_of(&self, node: &PeerId) -> Option<&Values> {
        self.own.get(&(self.generation.current, *node))
    }

    /// Whether no node has anything saved of the chain that counts, as far as memory knows.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        let generation = self.generation.current;
        let mut here = self.own.iter().filter(|((of, _), _)| *of == generation);
        here.all(|(_, values)| values.is_empty())
    }

    /// Adds what the node of a stolen identity had saved to what its successor has.
    pub fn inherit(&mut self, heir: PeerId, former: &Values) {
        let generation = self.generation.current;
        let own = self.own.entry((generation, heir)).or_default();
        for write in node::inherit(own, former).0 {
            self.save_own(generation, heir, &write);
        }
        self.settle();
    }

    /// Keeps a copy of what a node saved and cannot read, before the node overwrites it.
    pub fn put_aside(&mut self, node: &PeerId) {
        let generation = self.generation.current;
        let Some(values) = self.own.get(&(generation, *node)) else {
            return;
        };
        if !self.aside.insert(*node) {
            return;
        }
        let copy: BTreeMap<&Name, &[u8]> = values
            .iter()
            .map(|(name, value)| (name, &**value))
            .collect();
        let copy = record::seal(&copy);
        if copy.len() <= MOST_ASIDE {
            let name = layout::aside(generation, node);
            self.pending.push(Change::Put(Store::Meta, name, copy));
            self.settle();
        }
    }

    /// The own values that a node finds at boot.
    #[must_use]
    pub fn saved(&self, node: &PeerId) -> Saved {
        let values = self.own.get(&(self.generation.current, *node));
        values.map(Saved::of).unwrap_or_default()
    }

    /// Takes in a batch; it is durable once a flush with this ticket or a later one is done.
    pub fn save(&mut self, node: PeerId, ticket: u64, batch: &Batch) {
        let generation = self.generation.current;
        self.last_ticket = ticket;
        self.owed = true;
        for write in &batch.0 {
            match write {
                Write::Put { key, value } if key.space == Space::Shared => {
                    self.save_shared(generation, &key.name, value);
                }
                _ => self.save_own(generation, node, write),
            }
        }
        self.settle();
    }

    fn save_own(&mut self, generation: u32, node: PeerId, write: &Write) {
        let values = self.own.entry((generation, node)).or_default();
        let stored = |name: &Name| layout::own(generation, &node, name);
        let delete = |name: &Name| Change::Delete(Store::Own, stored(name));
        match write {
            Write::Put { key, value } => {
                let put = Change::Put(Store::Own, stored(&key.name), value.to_vec());
                self.pending.push(put);
            }
            Write::Delete { name } => self.pending.push(delete(name)),
            // In the database names are ordered by their lengths first: each goes by itself.
            Write::DeleteRange { from, until } => {
                let gone = names_between(values, from, until);
                self.pending.extend(gone.iter().map(delete));
            }
        }
        write.apply(values, &mut Values::new());
    }

    /// All who write a shared name write the same value.
    fn save_shared(&mut self, generation: u32, name: &Name, value: &Arc<[u8]>) {
        let name = layout::shared(generation, name);
        if self.shared.insert(name.clone(), value.clone()).is_none() {
            self.pending
                .push(Change::Put(Store::Blocks, name, value.to_vec()));
        }
    }

    /// Gives up pending writes of nodes under whose identities others may have lived since: they
    /// would overwrite what those saved.
    pub fn give_up_saves(&mut self, continues: impl Fn(&PeerId) -> bool) {
        self.pending.retain(|change| match change {
            Change::Put(Store::Own, name, _) | Change::Delete(Store::Own, name) => {
                layout::node_of(name).is_some_and(|node| continues(&node))
            }
            _ => true,
        });
    }

    /// Takes what has to be written now, if anything.
    pub fn take_flush(&mut self) -> Option<Flush> {
        let owed = std::mem::take(&mut self.owed);
        if !owed && self.pending.is_empty() {
            return None;
        }
        let changes = last_of_each(std::mem::take(&mut self.pending));
        let block = |change: &Change| match change {
            Change::Put(Store::Blocks, name, _) => Some(name.clone()),
            _ => None,
        };
        let shared = changes.iter().filter_map(block).collect();
        Some(Flush {
            changes,
            ticket: self.last_ticket,
            shared,
        })
    }

    /// Whether something has to be written.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.owed || !self.pending.is_empty()
    }

    /// The last ticket taken in; in memory mode all up to it count as durable.
    #[must_use]
    pub fn last_ticket(&self) -> u64 {
        self.last_ticket
    }

    /// A flush is done. Shared values that the database has need not stay in memory.
    pub fn flushed(&mut self, shared: &[Name]) {
        if self.is_kept() {
            for name in shared {
                self.shared.remove(name);
            }
        }
    }

    /// A value that a node asked for; `Err` names what to read from the database.
    pub fn load(&self, node: &PeerId, key: &Key) -> Result<Option<Arc<[u8]>>, Name> {
        let generation = self.generation.current;
        match key.space {
            Space::Own => {
                let values = self.own.get(&(generation, *node));
                Ok(values.and_then(|values| values.get(&key.name)).cloned())
            }
            Space::Shared => {
                let name = layout::shared(generation, &key.name);
                let here = self.shared.get(&name);
                match here.or_else(|| self.retained.shared(&name)) {
                    Some(value) => Ok(Some(value.clone())),
                    None if !self.readable => Ok(None),
                    None => Err(name),
                }
            }
        }
    }

    /// Whether the database can be read, even if it takes no writes.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.readable
    }

    /// Forgets what memory has of a node that does not run here; all of it must be written.
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

    /// From now on everything stays in memory. What was on its way is still there: own values
    /// always are, shared ones until their flush is done.
    pub fn fail(&mut self, error: DbError) {
        if self.is_kept() {
            self.view = memory_view(error);
            for (name, value) in self.retained.take_all_shared() {
                self.shared.entry(name).or_insert(value);
            }
        }
        self.settle();
    }

    /// The database is gone: it cannot be read, either.
    pub fn lose(&mut self, error: DbError) {
        self.readable = false;
        for (whose, values) in self.retained.take_all_own() {
            self.own.entry(whose).or_insert(values);
        }
        self.fail(error);
    }

    /// Keeps a shared value that the database has, in case it can no longer be read from there.
    pub fn retain(&mut self, key: &Key, value: Arc<[u8]>) {
        let name = layout::shared(self.generation.current, &key.name);
        if self.is_kept() {
            self.retained.keep_shared(name, value);
        } else {
            self.shared.entry(name).or_insert(value);
        }
    }

    /// Whether anything of the chain that counts is kept for nodes to come.
    #[must_use]
    pub fn retains(&self) -> bool {
        self.retained.has(self.generation.current)
    }

    /// The nodes have read back all that former ones had. What a reset put away stays, so that it
    /// can be brought back without the database, too.
    pub fn release(&mut self) {
        self.retained.keep_only(self.generation.undo);
    }

    /// In memory mode nothing waits to be written.
    fn settle(&mut self) {
        if !self.is_kept() {
            self.pending.clear();
            self.owed = false;
        }
    }
}

/// Which chain of a room counts, by its record; `None` if that is damaged.
#[must_use]
pub fn read_generation(rows: &Rows) -> Option<Generation> {
    match rows.first() {
        None => Some(Generation::default()),
        Some((_, bytes)) => record::open(bytes),
    }
}

/// Which chain counts if the record of that is damaged: the youngest stored. An older one beside it
/// can be brought back, as nothing else is kept. Counting on from there, the number of no stored
/// chain is used again.
#[must_use]
pub fn guess_generation(own: &Rows) -> Generation {
    let numbers = own
        .iter()
        .filter_map(|(name, _)| layout::generation_of(name));
    let kept: BTreeSet<u32> = numbers.collect();
    let mut youngest_first = kept.into_iter().rev();
    let current = youngest_first.next().unwrap_or_default();
    Generation {
        stamp: current,
        current,
        undo: youngest_first.next(),
    }
}

fn memory_view(error: DbError) -> StorageView {
    match error {
        DbError::OtherVersion(version) => StorageView::OtherVersion(version),
        DbError::Refused(why) => StorageView::Memory(why),
    }
}

/// Own values from their rows.
fn values(rows: Rows) -> Values {
    let value =
        |(name, value): (Name, Vec<u8>)| Some((layout::parse_own(&name)?.to_vec(), value.into()));
    rows.into_iter().filter_map(value).collect()
}

/// Drops writes that a later write of the same name makes redundant.
fn last_of_each(changes: Vec<Change>) -> Vec<Change> {
    let mut later = BTreeSet::new();
    let mut kept: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes.into_iter().rev() {
        match &change {
            // Only writes on the same side of it are compared.
            Change::DeleteAll(..) => later.clear(),
            Change::Put(store, name, _) | Change::Delete(store, name) => {
                if !later.insert((*store, name.clone())) {
                    continue;
                }
            }
        }
        kept.push(change);
    }
    kept.reverse();
    kept
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
mod tests;
