//! What a node stores, and how it reads it back.
//!
//! Shared between nodes: `b/<id>` holds a block, header and body. A node's own: `log/<n>` lists the
//! ids of blocks in the order in which they were applied, parents first, 128 per segment; `tip`
//! names the best block and its height for readers outside the node. A log that lost its end is a
//! shorter log; nothing else has to be repaired. To read back is to apply the same blocks again, so
//! the checks that keep bad blocks out also detect damage, and damaged blocks are fetched again
//! from peers.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    sync::Arc,
    vec,
    vec::Vec,
};

use chain::{BitcoinHeader, BlockId, LinkState};
use protocol::{Batch, Event, Key, Name, Output, Saved, Space, Write};

use crate::index::Index;
use crate::intake::{Source, Taken};
use crate::limits;
use crate::node::{Node, Turn};

const SEGMENT: &str = "log/";
const BLOCK: &str = "b/";
const TIP: &str = "tip";
const ID: usize = 32;

/// Where the log ends.
#[derive(Clone, Default)]
pub(crate) struct Log {
    segment: u32,
    used: u32,
}

impl Log {
    /// The writes that make applied blocks durable.
    pub fn record(&mut self, index: &Index, applied: &[BlockId], tip: Option<BlockId>) -> Batch {
        let mut writes = Vec::new();
        for id in applied {
            let Some(block) = index.block(id) else {
                continue;
            };
            writes.push(Write::Put {
                key: block_key(id),
                value: block.clone(),
            });
            let value = id.as_bytes().as_slice().into();
            writes.push(Write::Append {
                key: segment_key(self.segment),
                value,
            });
            self.used += 1;
            if self.used >= limits::SEGMENT {
                (self.segment, self.used) = (self.segment.saturating_add(1), 0);
            }
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
    fn without(&mut self, loader: &Loader) -> Vec<Write> {
        let lost: BTreeSet<&BlockId> = loader.lost.iter().collect();
        let mut repair = Vec::new();
        let segments = loader.segments.iter().filter(|_| !lost.is_empty());
        for (segment, value) in segments {
            let (ids, _) = value.as_deref().unwrap_or_default().as_chunks::<ID>();
            let stays = |id: &&[u8; ID]| !lost.contains(&BlockId::from_bytes(**id));
            let kept: Vec<[u8; ID]> = ids.iter().filter(stays).copied().collect();
            if kept.len() == ids.len() {
                continue;
            }
            if *segment == self.segment {
                self.used = count(&kept);
            }
            repair.push(Write::Put {
                key: segment_key(*segment),
                value: kept.concat().into(),
            });
        }
        repair
    }
}

fn segment_key(segment: u32) -> Key {
    Key::own(format!("{SEGMENT}{segment:08}"))
}

fn segment_of(name: &[u8]) -> Option<u32> {
    let number = core::str::from_utf8(name)
        .ok()?
        .strip_prefix(SEGMENT)?
        .parse()
        .ok()?;
    (segment_key(number).name == name).then_some(number)
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
    let segments = |values: &Values| values.keys().filter_map(|name| segment_of(name)).max();
    let first = segments(own).map_or(0, |last| last.saturating_add(1));
    let listed = former.iter().filter(|(name, _)| segment_of(name).is_some());
    let put = |(segment, value): (u32, &Vec<u8>)| Write::Put {
        key: segment_key(segment),
        value: value.as_slice().into(),
    };
    let mut writes: Vec<Write> = (first..)
        .zip(listed.map(|(_, value)| value))
        .map(put)
        .collect();
    if let Some(tip) = former.get(TIP.as_bytes()).filter(|_| first == 0) {
        let (key, value) = (Key::own(TIP), tip.as_slice().into());
        writes.push(Write::Put { key, value });
    }
    Batch(writes)
}

/// A node's own values by name.
pub type Values = BTreeMap<Name, Vec<u8>>;

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
    /// Segments by number; `None` for those that cannot be read.
    segments: BTreeMap<u32, Option<Arc<[u8]>>>,
    /// Segments not requested yet, the lowest last.
    unasked: Vec<u32>,
    /// Segments requested but not here yet.
    awaited: BTreeSet<u32>,
    /// Blocks in the order of the log, once all segments are here.
    ids: Option<Arc<[BlockId]>>,
    /// Blocks requested but not here yet, and their places in `ids`.
    places: BTreeMap<BlockId, u32>,
    asked: u32,
    /// Blocks whose turn has not come yet, by place.
    early: BTreeMap<u32, Option<Arc<[u8]>>>,
    taken: u32,
    /// How many blocks to expect, judging by the lengths of segments.
    expected: u32,
    /// Blocks read in this pass that precede their parents in the log: read again in the next one.
    orphans: Vec<BlockId>,
    /// How many blocks this pass has put in place.
    placed: u32,
    /// How many blocks earlier passes have put in place.
    before: u32,
    lost: Vec<BlockId>,
    damage: Vec<String>,
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
            if let Some(segment) = segment_of(name) {
                bytes += value.len();
                loader.segments.insert(segment, Some(value.clone()));
            }
        }
        for (name, len) in &saved.large {
            if let Some(segment) = segment_of(name) {
                bytes += usize::try_from(*len).unwrap_or_default();
                loader.unasked.push(segment);
            }
        }
        loader.unasked.reverse();
        loader.expected = u32::try_from(bytes / ID).unwrap_or(u32::MAX);
        loader
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.unasked.is_empty()
    }

    /// The number of blocks put in place, and of all.
    pub fn progress(&self) -> (u32, u32) {
        (self.before + self.placed, self.expected)
    }

    /// Requests what comes next, with a bounded number of answers outstanding.
    fn ask(&mut self, out: &mut Vec<Output>) {
        while self.awaited.len() < limits::LOADS
            && let Some(segment) = self.unasked.pop()
        {
            self.awaited.insert(segment);
            out.push(Output::Load {
                key: segment_key(segment),
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
                if let Some(segment) = segment_of(&key.name).filter(|at| self.awaited.remove(at)) {
                    self.segments.insert(segment, value);
                }
            }
            Space::Shared => {
                if let Some(place) = block_of(&key.name).and_then(|id| self.places.remove(&id)) {
                    self.early.insert(place, value);
                }
            }
        }
    }

    /// Lists the blocks, once all segments are here. Returns where the log continues (segment and
    /// ids in it), and the writes that repair it.
    fn list(&mut self) -> (u32, u32, Vec<Write>) {
        let (mut ids, mut seen, mut repair) = (Vec::new(), BTreeSet::new(), Vec::new());
        let mut end = (0, 0);
        let segments = core::mem::take(&mut self.segments);
        let mut next = 0;
        for (segment, value) in &segments {
            if *segment != next {
                let last = segment - 1; // segments come in order, so there is one before
                self.damage
                    .push(format!("log segments {next} to {last} are missing"));
            }
            next = segment.saturating_add(1);
            let Some(value) = value else {
                self.damage
                    .push(format!("log segment {segment} cannot be read"));
                end = (segment.saturating_add(1), 0);
                continue;
            };
            let (chunks, torn) = value.as_chunks::<ID>();
            if !torn.is_empty() {
                self.damage
                    .push(format!("log segment {segment} ends within an id"));
                let len = u32::try_from(value.len() - torn.len()).unwrap_or(u32::MAX);
                repair.push(Write::Truncate {
                    key: segment_key(*segment),
                    len,
                });
            }
            let fresh = chunks.iter().map(|id| BlockId::from_bytes(*id));
            ids.extend(fresh.filter(|id| seen.insert(*id)));
            end = (*segment, count(chunks));
            if end.1 >= limits::SEGMENT {
                end = (segment.saturating_add(1), 0);
            }
        }
        self.segments = segments;
        self.expected = count(&ids);
        self.ids = Some(ids.into());
        (end.0, end.1, repair)
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
        let mut parts = self.damage.clone();
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
        let loader = Loader::of(saved);
        if loader.is_empty() {
            return self.wake(turn);
        }
        self.advance(turn, loader);
    }

    pub(crate) fn loaded(&mut self, turn: &mut Turn<'_>, key: &Key, value: Option<Arc<[u8]>>) {
        match core::mem::replace(&mut self.phase, Phase::Asleep) {
            Phase::Loading(loader) => {
                let mut loader = Arc::unwrap_or_clone(loader);
                loader.answer(key, value);
                self.advance(turn, loader);
            }
            other => self.phase = other,
        }
    }

    fn advance(&mut self, turn: &mut Turn<'_>, mut loader: Loader) {
        if loader.ids.is_none() && loader.unasked.is_empty() && loader.awaited.is_empty() {
            let (segment, used, repair) = loader.list();
            (self.log.segment, self.log.used) = (segment, used);
            if !repair.is_empty() {
                turn.out.push(Output::Save(Batch(repair)));
            }
        }
        while let Some(value) = loader.early.remove(&loader.taken) {
            let at = usize::try_from(loader.taken).unwrap_or(usize::MAX);
            let id = loader.ids.as_ref().and_then(|ids| ids.get(at)).copied();
            loader.taken += 1;
            if let Some(id) = id {
                loader.sort(id, self.take_back(turn, &id, value.as_ref()));
            }
        }
        if loader.is_done() {
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
        let repair = self.log.without(loader);
        if !repair.is_empty() {
            turn.out.push(Output::Save(Batch(repair)));
        }
        let (_, height) = self.books.index.tip();
        turn.tell(Event::Restored { height });
        self.wake(turn);
    }
}
