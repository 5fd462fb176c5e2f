//! What a node stores, and how it reads it back.
//!
//! Shared between nodes: `b/<id>` holds a block, header and body. A node's own: each entry `log/<n>`
//! of its log lists the ids of blocks that were applied together, parents first; `tip` names the best
//! block and its height for readers outside the node. A log that lost its end is a shorter log;
//! nothing else has to be repaired. To read back is to apply the same blocks again, so the checks
//! that keep bad blocks out also detect damage, and damaged blocks are fetched again from peers.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    sync::Arc,
    vec,
    vec::Vec,
};

use chain::{BitcoinHeader, BlockId, LinkState};
use protocol::planted::is_planted;
use protocol::{Batch, Event, Key, Output, Saved, Space, Values, Write};

use crate::index::Index;
use crate::intake::{Source, Taken};
use crate::limits;
use crate::node::{Node, Turn};

const ENTRY: &str = "log/";
const BLOCK: &str = "b/";
const TIP: &str = "tip";
const ID: usize = 32;

/// Where the log ends.
#[derive(Clone, Default)]
pub(crate) struct Log {
    /// The number of the next entry.
    next: u32,
}

impl Log {
    /// The writes that make applied blocks durable.
    pub fn record(&mut self, index: &Index, applied: &[BlockId], tip: Option<BlockId>) -> Batch {
        let mut writes = Vec::new();
        let mut ids = Vec::with_capacity(applied.len());
        for id in applied {
            if let Some(block) = index.block(id) {
                let (key, value) = (block_key(id), block.clone());
                writes.push(Write::Put { key, value });
                ids.push(*id.as_bytes());
            }
        }
        for together in ids.chunks(limits::ENTRY) {
            let (key, value) = (entry_key(self.next), together.concat().into());
            writes.push(Write::Put { key, value });
            self.next = self.next.saturating_add(1);
        }
        if let Some(tip) = tip {
            let height = index.height(&tip).unwrap_or_default();
            let value = [tip.as_bytes().as_slice(), &height.0.to_le_bytes()].concat();
            writes.push(Write::Put {
                key: Key::own(TIP),
                value: value.into(),
            });
        }
        Batch(writes)
    }
}

impl Log {
    /// Removes from the log what could not be read back, so that its loss is reported only once. A
    /// block that is fetched again is recorded like any other.
    fn without(loader: &Loader) -> Vec<Write> {
        let lost: BTreeSet<&BlockId> = loader.lost.iter().collect();
        let mut repair = Vec::new();
        let entries = loader.entries.iter().filter(|_| !lost.is_empty());
        for (entry, value) in entries {
            let (ids, _) = value.as_deref().unwrap_or_default().as_chunks::<ID>();
            let stays = |id: &&[u8; ID]| !lost.contains(&BlockId::from_bytes(**id));
            let kept: Vec<[u8; ID]> = ids.iter().filter(stays).copied().collect();
            if kept.len() == ids.len() {
                continue;
            }
            // An entry that is empty now stays: a gap would count as damage.
            let (key, value) = (entry_key(*entry), kept.concat().into());
            repair.push(Write::Put { key, value });
        }
        repair
    }
}

fn entry_key(entry: u32) -> Key {
    Key::own(format!("{ENTRY}{entry:08}"))
}

fn entry_of(name: &[u8]) -> Option<u32> {
    let number = core::str::from_utf8(name)
        .ok()?
        .strip_prefix(ENTRY)?
        .parse()
        .ok()?;
    (entry_key(number).name == name).then_some(number)
}

pub(crate) fn block_key(id: &BlockId) -> Key {
    Key::shared(format!("{BLOCK}{id}"))
}

fn block_of(name: &[u8]) -> Option<BlockId> {
    core::str::from_utf8(name)
        .ok()?
        .strip_prefix(BLOCK)?
        .parse()
        .ok()
}

/// The writes that append the log of `former` to that of `own`, for a host that lost its identity
/// and goes on under another. Blocks are shared, so only the lists of ids are copied.
#[must_use]
pub fn inherit(own: &Values, former: &Values) -> Batch {
    let last = own.keys().filter_map(|name| entry_of(name)).max();
    let first = last.map_or(0, |last| last.saturating_add(1));
    let listed = former.iter().filter(|(name, _)| entry_of(name).is_some());
    let put = |(key, value): (Key, &Arc<[u8]>)| Write::Put {
        key,
        value: value.clone(),
    };
    let entries = (first..).map(entry_key);
    let mut writes: Vec<Write> = entries.zip(listed.map(|(_, ids)| ids)).map(put).collect();
    if let Some(tip) = former.get(TIP.as_bytes()).filter(|_| first == 0) {
        writes.push(put((Key::own(TIP), tip)));
    }
    Batch(writes)
}

/// The stage of a node's life.
#[derive(Clone)]
pub(crate) enum Phase {
    /// Before `Boot`.
    Asleep,
    /// Reading back what was stored.
    Loading(Arc<Loader>),
    /// Taking part.
    Ready,
}

/// The progress of reading back.
#[derive(Clone, Default)]
pub(crate) struct Loader {
    /// Entries by number; `None` for those that cannot be read.
    entries: BTreeMap<u32, Option<Arc<[u8]>>>,
    /// Entries not requested yet, the lowest last.
    unasked: Vec<u32>,
    /// Entries requested but not here yet.
    awaited: BTreeSet<u32>,
    /// Blocks in the order of the log, once all entries are here.
    ids: Option<Arc<[BlockId]>>,
    /// Blocks requested but not here yet, and their places in `ids`.
    places: BTreeMap<BlockId, u32>,
    asked: u32,
    /// Blocks whose turn has not come yet, by place.
    early: BTreeMap<u32, Option<Arc<[u8]>>>,
    taken: u32,
    /// How many blocks to expect, judging by the lengths of entries.
    expected: u32,
    /// Blocks read in this pass that precede their parents in the log: read again in the next one.
    orphans: Vec<BlockId>,
    /// How many blocks this pass has put in place.
    placed: u32,
    /// How many blocks earlier passes have put in place.
    before: u32,
    lost: Vec<BlockId>,
    damage: Vec<String>,
    /// What mends damaged entries. Hosts hear of the damage first, and may want a copy of it.
    repair: Vec<Write>,
}

/// What became of a stored block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Placed,
    Orphan,
    Lost,
}

impl Loader {
    fn of(saved: &Saved) -> Self {
        let mut loader = Self::default();
        let mut bytes = 0;
        for (name, value) in &saved.small {
            if let Some(entry) = entry_of(name) {
                bytes += value.len();
                loader.entries.insert(entry, Some(value.clone()));
            }
        }
        for (name, len) in &saved.large {
            if let Some(entry) = entry_of(name) {
                bytes += usize::try_from(*len).unwrap_or_default();
                loader.unasked.push(entry);
            }
        }
        loader.unasked.reverse();
        loader.expected = u32::try_from(bytes / ID).unwrap_or(u32::MAX);
        loader
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.unasked.is_empty()
    }

    /// The number of blocks put in place, and of all.
    pub fn progress(&self) -> (u32, u32) {
        (self.before + self.placed, self.expected)
    }

    /// Requests what comes next, with a bounded number of answers outstanding.
    fn ask(&mut self, out: &mut Vec<Output>) {
        while self.awaited.len() < limits::LOADS
            && let Some(entry) = self.unasked.pop()
        {
            self.awaited.insert(entry);
            out.push(Output::Load {
                key: entry_key(entry),
            });
        }
        let Some(ids) = &self.ids else { return };
        while self.places.len() + self.early.len() < limits::LOADS
            && let Some(id) = usize::try_from(self.asked).ok().and_then(|at| ids.get(at))
        {
            self.places.insert(*id, self.asked);
            self.asked += 1;
            out.push(Output::Load { key: block_key(id) });
        }
    }

    /// Takes a value that was loaded, if it was requested.
    fn answer(&mut self, key: &Key, value: Option<Arc<[u8]>>) {
        match key.space {
            Space::Own => {
                if let Some(entry) = entry_of(&key.name).filter(|at| self.awaited.remove(at)) {
                    self.entries.insert(entry, value);
                }
            }
            Space::Shared => {
                if let Some(place) = block_of(&key.name).and_then(|id| self.places.remove(&id)) {
                    self.early.insert(place, value);
                }
            }
        }
    }

    /// Lists the blocks, once all entries are here. Returns where the log goes on.
    fn list(&mut self) -> Log {
        let (mut ids, mut seen) = (Vec::new(), BTreeSet::new());
        let entries = core::mem::take(&mut self.entries);
        let mut log = Log::default();
        for (entry, value) in &entries {
            if *entry != log.next {
                let last = entry - 1; // entries come in order, so there is one before
                self.damage
                    .push(format!("log entries {} to {last} are missing", log.next));
            }
            log.next = entry.saturating_add(1);
            let Some(value) = value else {
                self.damage
                    .push(format!("log entry {entry} cannot be read"));
                continue;
            };
            let (chunks, torn) = value.as_chunks::<ID>();
            if !torn.is_empty() {
                self.damage
                    .push(format!("log entry {entry} ends within an id"));
                let (key, value) = (entry_key(*entry), chunks.concat().into());
                self.repair.push(Write::Put { key, value });
            }
            let fresh = chunks.iter().map(|id| BlockId::from_bytes(*id));
            ids.extend(fresh.filter(|id| seen.insert(*id)));
        }
        self.entries = entries;
        self.expected = count(&ids);
        self.ids = Some(ids.into());
        log
    }

    /// Records what became of a block whose turn came.
    fn sort(&mut self, id: BlockId, read: Read) {
        match read {
            Read::Placed => self.placed += 1,
            Read::Orphan => self.orphans.push(id),
            Read::Lost => self.lost.push(id),
        }
    }

    /// Whether everything is read. A log that was mended may list parents after their children: as
    /// long as a pass puts blocks in place, those that lacked a parent get another pass.
    fn is_done(&mut self) -> bool {
        if self.ids.as_ref().is_none_or(|ids| self.taken < count(ids)) {
            return false;
        }
        let orphans = core::mem::take(&mut self.orphans);
        if orphans.is_empty() || self.placed == 0 {
            self.lost.extend(orphans);
            return true;
        }
        self.before += core::mem::take(&mut self.placed);
        (self.asked, self.taken) = (0, 0);
        self.ids = Some(orphans.into());
        false
    }

    /// What was wrong, as a sentence.
    fn report(&self) -> Option<String> {
        let spelt = self.damage.iter().take(limits::DAMAGE_SPELT);
        let mut parts: Vec<String> = spelt.cloned().collect();
        let more = self.damage.len() - parts.len();
        if more > 0 {
            parts.push(format!("{more} more like these"));
        }
        if !self.lost.is_empty() {
            let spelt = self
                .lost
                .iter()
                .take(limits::DAMAGE_SPELT)
                .map(|id| format!("{id}"));
            let spelt = spelt.collect::<Vec<_>>().join(", ");
            let (lost, all) = (self.lost.len(), self.expected);
            parts.push(format!(
                "{lost} of {all} blocks cannot be read back, first {spelt}"
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

fn count<T>(list: &[T]) -> u32 {
    u32::try_from(list.len()).unwrap_or(u32::MAX)
}

impl Node {
    /// Starts to read back what was saved.
    pub(crate) fn load(&mut self, turn: &mut Turn<'_>, saved: &Saved) {
        let loader = match is_planted("node/blocks-forgotten") {
            true => Loader::default(),
            false => Loader::of(saved),
        };
        if loader.is_empty() && self.shelf.is_complete() {
            return self.wake(turn);
        }
        self.advance(turn, loader);
    }

    pub(crate) fn loaded(&mut self, turn: &mut Turn<'_>, key: &Key, value: Option<Arc<[u8]>>) {
        match core::mem::replace(&mut self.phase, Phase::Asleep) {
            Phase::Loading(loader) => {
                self.shelf.answer(key, value.clone());
                let mut loader = Arc::unwrap_or_clone(loader);
                loader.answer(key, value);
                self.advance(turn, loader);
            }
            other => self.phase = other,
        }
    }

    fn advance(&mut self, turn: &mut Turn<'_>, mut loader: Loader) {
        if loader.ids.is_none() && loader.unasked.is_empty() && loader.awaited.is_empty() {
            self.log = loader.list();
        }
        while let Some(value) = loader.early.remove(&loader.taken) {
            let at = usize::try_from(loader.taken).unwrap_or(usize::MAX);
            let id = loader.ids.as_ref().and_then(|ids| ids.get(at)).copied();
            loader.taken += 1;
            if let Some(id) = id {
                loader.sort(id, self.take_back(turn, &id, value.as_ref()));
            }
        }
        if self.shelf.is_complete() && loader.is_done() {
            return self.finish_loading(turn, &loader);
        }
        loader.ask(turn.out);
        self.phase = Phase::Loading(Arc::new(loader));
    }

    /// Puts a stored block through all checks again.
    fn take_back(&mut self, turn: &Turn<'_>, id: &BlockId, value: Option<&Arc<[u8]>>) -> Read {
        let Some((block, head)) = value.and_then(|block| Some((block, block.first_chunk()?)))
        else {
            return Read::Lost;
        };
        let header = BitcoinHeader::decode(head);
        if header.id() != *id {
            return Read::Lost;
        }
        // Outputs about stored blocks are dropped: the report sums them up.
        let mut unsaid = vec![];
        let turn = &mut Turn {
            now: turn.now,
            clock: turn.clock,
            out: &mut unsaid,
        };
        if self.take_headers(turn, Source::Disk, &[header]) == Taken::Orphan {
            return Read::Orphan;
        }
        self.take_block(turn, Source::Disk, *id, block);
        match self.books.index.state(id) {
            Some(LinkState::Ready) => Read::Placed,
            // Its parent's body is lost or will be read later.
            Some(LinkState::Body) => Read::Orphan,
            _ => Read::Lost,
        }
    }

    fn finish_loading(&mut self, turn: &mut Turn<'_>, loader: &Loader) {
        if let Some(what) = loader.report() {
            turn.tell(Event::Damaged { what });
        }
        let repair = [loader.repair.clone(), Log::without(loader)].concat();
        if !repair.is_empty() {
            turn.out.push(Output::Save(Batch(repair)));
        }
        let (_, height) = self.books.index.tip();
        turn.tell(Event::Restored { height });
        self.wake(turn);
    }
}
