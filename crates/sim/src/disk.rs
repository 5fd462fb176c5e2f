//! A node's disk: the values that are synced, and a journal of batches that are not, each with its length
//! and checksum.
//!
//! Recovery reads records up to the first that is incomplete or damaged and drops the rest, so a
//! batch is there whole or not at all, and nothing is there without what was written before it. What
//! is synced needs no record any more: no fault that there is so far damages it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Included};
use std::rc::Rc;
use std::sync::Arc;

use chain::{Encode, Reader, sha256};
use protocol::{Batch, Key, Name, Saved, Space, ValueMap, Values, Write};
use rpds::RedBlackTreeMapSync as Map;

/// Names and values that were written lately, so that disks which hold the same hold it once. This changes
/// what memory a run takes and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Pool(Rc<RefCell<BTreeMap<Bytes, Bytes>>>);

type Bytes = Arc<[u8]>;

/// Most names in a pool: nodes write the same soon after each other.
const POOLED: usize = 1_024;

impl Pool {
    /// The same name and value, shared if they were written before.
    fn share(&self, name: &[u8], value: &Bytes) -> (Bytes, Bytes) {
        let mut pool = self.0.borrow_mut();
        let name = match pool.get_key_value(name) {
            Some((name, known)) if known == value => return (name.clone(), known.clone()),
            Some((name, _)) => name.clone(),
            None => name.into(),
        };
        if pool.len() >= POOLED {
            pool.clear();
        }
        pool.insert(name.clone(), value.clone());
        (name, value.clone())
    }
}

/// Values by name that are copied in O(1).
#[derive(Clone, Debug, Default)]
struct Shelf {
    values: Map<Bytes, Bytes>,
    pool: Pool,
}

/// A machine's own values, and those of its room.
#[derive(Clone, Debug, Default)]
struct Shelves {
    own: Shelf,
    shared: Shelf,
}

/// Values, and the batches that a loss of power may take. Copied in O(1), but for these.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    values: Shelves,
    /// The values without the batches that are not synced, if there are any.
    synced: Option<Shelves>,
    unsynced: VecDeque<Arc<Batch>>,
    /// How many batches were written.
    written: u64,
}

/// What a loss of power does to a record that is not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// It was written in time.
    None,
    /// Only so many of its bytes were, modulo its length.
    Torn(u64),
    /// It was not.
    Missing,
}

impl ValueMap for Shelf {
    fn put(&mut self, name: &Name, value: &Arc<[u8]>) {
        let (name, value) = self.pool.share(name, value);
        self.values.insert_mut(name, value);
    }

    fn remove(&mut self, name: &Name) {
        self.values.remove_mut(&name[..]);
    }

    fn remove_between(&mut self, from: &Name, until: &Name) {
        if from < until {
            let range = (Included(&from[..]), Excluded(&until[..]));
            let range = self.values.range::<[u8], _>(range);
            let gone: Vec<Arc<[u8]>> = range.map(|(name, _)| name.clone()).collect();
            for name in gone {
                self.values.remove_mut(&name);
            }
        }
    }
}

impl Shelf {
    fn to_values(&self) -> Values {
        let pairs = self.values.iter();
        pairs
            .map(|(name, value)| (name.to_vec(), value.clone()))
            .collect()
    }
}

impl Shelves {
    fn apply(&mut self, batch: &Batch) {
        for write in &batch.0 {
            write.apply(&mut self.own, &mut self.shared);
        }
    }
}

impl Disk {
    /// An empty disk, which holds what others of the same pool hold once with them.
    #[must_use]
    pub fn pooled(pool: &Pool) -> Self {
        let shelf = || Shelf {
            values: Map::new_sync(),
            pool: pool.clone(),
        };
        Self {
            values: Shelves {
                own: shelf(),
                shared: shelf(),
            },
            ..Self::default()
        }
    }

    /// Writes a whole batch. It can be read at once.
    pub fn save(&mut self, batch: &Batch) {
        let values = &self.values;
        self.synced.get_or_insert_with(|| values.clone());
        self.unsynced.push_back(Arc::new(batch.clone()));
        self.write(batch);
    }

    /// Writes a whole batch, and syncs all.
    pub fn save_synced(&mut self, batch: &Batch) {
        self.write(batch);
        self.sync(self.written);
    }

    fn write(&mut self, batch: &Batch) {
        self.values.apply(batch);
        self.written += 1;
    }

    /// How many batches were written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// How many of them no loss of power can take any more.
    #[must_use]
    pub fn synced(&self) -> u64 {
        self.written - self.unsynced.len() as u64
    }

    /// The first so many batches are synced.
    pub fn sync(&mut self, batches: u64) {
        if batches >= self.written {
            self.unsynced.clear();
        }
        while self.synced() < batches
            && let (Some(synced), Some(batch)) = (&mut self.synced, self.unsynced.pop_front())
        {
            synced.apply(&batch);
        }
        if self.unsynced.is_empty() {
            self.synced = None;
        }
    }

    /// Loses power: what is not synced is damaged, each record by itself as `damage` says, and the
    /// disk recovers. Says how many batches are lost.
    pub fn lose_power(&mut self, mut damage: impl FnMut() -> Damage) -> u64 {
        let (written, mut journal) = (self.written, Vec::new());
        self.written = self.synced();
        for batch in std::mem::take(&mut self.unsynced) {
            let mut record = record(&batch);
            let kept = match damage() {
                Damage::None => record.len(),
                Damage::Torn(bytes) => within(bytes, record.len()),
                Damage::Missing => 0,
            };
            record[kept..].fill(0); // what was never written reads as zeros
            journal.extend(record);
        }
        if let Some(synced) = self.synced.take() {
            self.values = synced;
        }
        self.recover(&journal);
        written - self.written
    }

    /// Damages one of the machine's own values, the one that `pick` says of so many: it can never be read
    /// again. False if there is none.
    pub fn rot(&mut self, pick: impl FnOnce(u64) -> u64) -> bool {
        let own = &self.values.own.values;
        let place = match own.size() {
            0 => return false,
            count => usize::try_from(pick(count as u64)).unwrap_or(0),
        };
        let Some(name) = own.keys().nth(place).cloned() else {
            return false;
        };
        self.values.own.values.remove_mut(&name);
        if let Some(synced) = &mut self.synced {
            synced.own.values.remove_mut(&name);
        }
        true
    }

    /// Writes only the first bytes of a batch's record, as a process that dies in the middle of a
    /// write does, and then recovers. `cut` is taken modulo the record's length, so the record is
    /// never complete.
    pub fn tear(&mut self, batch: &Batch, cut: u64) {
        let record = record(batch);
        self.recover(&record[..within(cut, record.len())]);
    }

    /// Takes up what a journal has, up to its first incomplete or damaged record.
    fn recover(&mut self, mut journal: &[u8]) {
        while let Some((batch, len)) = read_record(journal) {
            self.write(&batch);
            journal = &journal[len..];
        }
    }

    /// What a booting machine is told is saved.
    #[must_use]
    pub fn saved(&self) -> Saved {
        Saved::of(&self.values.own.to_values())
    }

    /// The value under a key.
    #[must_use]
    pub fn load(&self, key: &Key) -> Option<Arc<[u8]>> {
        let shelf = match key.space {
            Space::Own => &self.values.own,
            Space::Shared => &self.values.shared,
        };
        shelf.values.get(&key.name[..]).cloned()
    }

    /// All values: the machine's own, and those of its room.
    #[must_use]
    pub fn values(&self) -> [Values; 2] {
        let Shelves { own, shared } = &self.values;
        [own, shared].map(Shelf::to_values)
    }
}

/// A number of bytes of a record, but not all.
fn within(bytes: u64, len: usize) -> usize {
    usize::try_from(bytes % len as u64).unwrap_or(0)
}

const HEAD: usize = 8; // length (4) and the first bytes of the payload's SHA-256 (4)

fn record(batch: &Batch) -> Vec<u8> {
    let mut payload = Vec::new();
    for write in &batch.0 {
        encode(write, &mut payload);
    }
    let len = u32::try_from(payload.len()).expect("a batch is far below 4 GiB");
    [&len.to_le_bytes(), &sha256(&payload)[..4], &payload].concat()
}

/// The first record's batch and length, unless it is incomplete or damaged.
fn read_record(journal: &[u8]) -> Option<(Batch, usize)> {
    let len = u32::from_le_bytes(journal.get(..4)?.try_into().ok()?);
    let end = HEAD.checked_add(usize::try_from(len).ok()?)?;
    let payload = journal.get(HEAD..end)?;
    if journal[4..HEAD] != sha256(payload)[..4] {
        return None;
    }
    let mut reader = Reader::new(payload);
    let mut batch = Batch::default();
    while !reader.remaining().is_empty() {
        batch.0.push(decode(&mut reader)?);
    }
    Some((batch, end))
}

fn encode(write: &Write, out: &mut Vec<u8>) {
    let (kind, name, value): (u8, _, &[u8]) = match write {
        Write::Put { key, value } if key.space == Space::Own => (0, &key.name, value),
        Write::Put { key, value } => (1, &key.name, value),
        Write::Delete { name } => (2, name, &[]),
        Write::DeleteRange { from, until } => (3, from, until),
    };
    out.push(kind);
    chain::Script(name.clone()).encode_into(out); // a length and bytes
    chain::Script(value.to_vec()).encode_into(out);
}

fn decode(reader: &mut Reader<'_>) -> Option<Write> {
    let kind = reader.u8().ok()?;
    let name = reader.bytes().ok()?.to_vec();
    let value = reader.bytes().ok()?;
    let put = |key| Write::Put {
        key,
        value: value.into(),
    };
    Some(match kind {
        0 => put(Key::own(name)),
        1 => put(Key::shared(name)),
        2 if value.is_empty() => Write::Delete { name },
        3 => Write::DeleteRange {
            from: name,
            until: value.to_vec(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(key: Key, value: &[u8]) -> Write {
        let value = value.into();
        Write::Put { key, value }
    }

    fn batches() -> Vec<Batch> {
        let entry = |number: u8| put(Key::own([b'e', number]), &[number; 300]);
        vec![
            Batch(vec![put(Key::shared(*b"a"), b"1"), entry(1), entry(2)]),
            Batch(vec![
                entry(3),
                Write::DeleteRange {
                    from: b"e\x01".to_vec(),
                    until: b"e\x03".to_vec(),
                },
                put(Key::own(*b"tip"), b"3"),
            ]),
            Batch(vec![
                Write::Delete {
                    name: b"tip".to_vec(),
                },
                put(Key::shared(*b"b"), b""),
            ]),
        ]
    }

    #[test]
    fn disks_of_a_pool_hold_the_same_once_and_go_their_own_ways() {
        let pool = Pool::default();
        let [mut one, mut two] = [(); 2].map(|()| Disk::pooled(&pool));
        let batch = |value: u8| {
            let (key, value) = (Key::own([1]), [value][..].into());
            Batch(vec![Write::Put { key, value }])
        };
        one.save_synced(&batch(1));
        two.save_synced(&batch(1));
        let value = |disk: &Disk| disk.load(&Key::own([1])).expect("saved");
        assert!(Arc::ptr_eq(&value(&one), &value(&two)));
        two.save_synced(&batch(2));
        assert_eq!((&*value(&one), &*value(&two)), (&[1][..], &[2][..]));
    }

    /// Crashes after k bytes of a record, for every k: recovery ends at the end of the previous
    /// record.
    #[test]
    fn a_torn_write_leaves_the_state_before_it() {
        for torn in 0..batches().len() {
            let mut before = Disk::default();
            batches()[..torn]
                .iter()
                .for_each(|batch| before.save(batch));
            let last = &batches()[torn];
            for cut in 0..record(last).len() {
                let mut disk = before.clone();
                disk.tear(last, u64::try_from(cut).expect("small"));
                assert_eq!(disk.values(), before.values(), "record {torn} cut at {cut}");
                assert_eq!(disk.written, before.written);
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_drops_that_record_and_what_follows() {
        let (mut whole, mut journal) = (Disk::default(), Vec::new());
        let mut states = vec![(0, whole.clone())];
        for batch in batches() {
            whole.save(&batch);
            journal.extend(record(&batch));
            states.push((journal.len(), whole.clone()));
        }
        for at in 0..journal.len() {
            for bit in 0..8 {
                let mut damaged = journal.clone();
                damaged[at] ^= 1 << bit;
                let intact = states.iter().rfind(|(len, _)| *len <= at);
                let (_, intact) = intact.expect("the empty one");
                let mut disk = Disk::default();
                disk.recover(&damaged);
                assert_eq!(disk.values(), intact.values(), "byte {at} bit {bit}");
                assert_eq!(disk.written, intact.written, "byte {at} bit {bit}");
            }
        }
    }

    /// However each unsynced record is damaged, whole batches up to some point are left, and what was
    /// synced is among them.
    #[test]
    fn a_loss_of_power_leaves_what_was_synced_and_some_of_what_follows() {
        let kinds = [
            Damage::None,
            Damage::Torn(5),
            Damage::Torn(90),
            Damage::Missing,
        ];
        let mut states = vec![Disk::default()];
        for batch in batches() {
            let mut next = states.last().expect("one").clone();
            next.save(&batch);
            states.push(next);
        }
        for synced in 0..4u64 {
            for pattern in 0..64usize {
                let mut disk = states[3].clone();
                disk.sync(synced);
                let mut damage = (0..).map(|place| kinds[(pattern >> (2 * place)) & 3]);
                let damage: Vec<Damage> = damage.by_ref().take(3).collect();
                let whole = damage.iter().take_while(|kind| **kind == Damage::None);
                let left = 3.min(synced + whole.count() as u64);
                let mut next = damage.iter().copied();
                let lost = disk.lose_power(|| next.next().expect("three at most"));
                let expected = &states[usize::try_from(left).expect("small")];
                assert_eq!(lost, 3 - left, "{synced} synced, {damage:?}");
                assert_eq!(disk.values(), expected.values());
                assert_eq!((disk.written(), disk.synced()), (left, left));
            }
        }
    }

    #[test]
    fn a_process_that_dies_syncs_nothing_and_loses_nothing_else() {
        let mut disk = Disk::default();
        batches()[..2].iter().for_each(|batch| disk.save(batch));
        disk.sync(1);
        disk.tear(&batches()[2], 7);
        assert_eq!((disk.written(), disk.synced()), (2, 1));
    }

    #[test]
    fn what_was_put_and_not_deleted_reads_back() {
        let mut disk = Disk::default();
        batches().iter().for_each(|batch| disk.save(batch));
        let [own, shared] = disk.values();
        let names = |values: Values| values.into_keys().collect::<Vec<_>>();
        assert_eq!(names(own), [b"e\x03"]);
        assert_eq!(names(shared), [b"a", b"b"]);
        assert_eq!(disk.load(&Key::shared(*b"a")).as_deref(), Some(&b"1"[..]));
        assert_eq!(disk.load(&Key::shared(*b"b")).as_deref(), Some(&b""[..]));
        assert!(disk.saved().has(b"e\x03"));
        assert!(
            !disk.saved().has(b"b"),
            "shared values are not a node's own"
        );
    }
}
