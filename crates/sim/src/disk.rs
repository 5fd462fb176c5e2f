//! A node's disk: a journal of batches, each with its length and checksum, and a cache of those that
//! are not synced.
//!
//! Recovery reads records up to the first that is incomplete or damaged and drops the rest, so a
//! batch is there whole or not at all, and nothing is there without what was written before it.

use std::collections::VecDeque;
use std::sync::Arc;

use chain::{Encode, Reader, sha256};
use protocol::{Batch, Key, Remains, Saved, Space, Values, Write};

/// A journal and the values that it leads to.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    journal: Vec<u8>,
    own: Values,
    shared: Values,
    /// The lengths of the last records, which a loss of power may damage.
    unsynced: VecDeque<usize>,
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

impl Disk {
    /// Writes a whole batch. It can be read at once.
    pub fn save(&mut self, batch: &Batch) {
        let record = record(batch);
        self.unsynced.push_back(record.len());
        self.written += 1;
        self.journal.extend(record);
        self.apply(batch);
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
        while self.synced() < batches && self.unsynced.pop_front().is_some() {}
    }

    /// Loses power: what is not synced is damaged, each record by itself as `damage` says, and the
    /// disk recovers. Says how many batches are lost.
    pub fn lose_power(&mut self, mut damage: impl FnMut() -> Damage) -> u64 {
        let mut at = self.journal.len() - self.unsynced.iter().sum::<usize>();
        for len in std::mem::take(&mut self.unsynced) {
            let kept = match damage() {
                Damage::None => len,
                Damage::Torn(bytes) => within(bytes, len),
                Damage::Missing => 0,
            };
            self.journal[at + kept..at + len].fill(0); // what was never written reads as zeros
            at += len;
        }
        let before = self.written;
        *self = Self::recover(&self.journal);
        before - self.written
    }

    /// Writes only the first bytes of a batch's record, as a process that dies in the middle of a
    /// write does, and then recovers. `cut` is taken modulo the record's length, so the record is
    /// never complete.
    pub fn tear(&mut self, batch: &Batch, cut: u64) {
        let record = record(batch);
        self.journal.extend(&record[..within(cut, record.len())]);
        let unsynced = std::mem::take(&mut self.unsynced);
        *self = Self::recover(&self.journal);
        self.unsynced = unsynced;
    }

    /// The disk that a journal leads to, up to its first incomplete or damaged record.
    #[must_use]
    pub fn recover(journal: &[u8]) -> Self {
        let mut disk = Self::default();
        let mut rest = journal;
        while let Some((batch, len)) = read_record(rest) {
            disk.written += 1;
            disk.apply(&batch);
            rest = &rest[len..];
        }
        let whole = journal.len() - rest.len();
        disk.journal.extend(&journal[..whole]);
        disk
    }

    /// The bytes on the disk.
    #[must_use]
    pub fn journal(&self) -> &[u8] {
        &self.journal
    }

    /// What a booting machine is told is saved.
    #[must_use]
    pub fn saved(&self) -> Saved {
        Saved::of(&self.own)
    }

    /// The value under a key.
    #[must_use]
    pub fn load(&self, key: &Key) -> Option<Arc<[u8]>> {
        let values = match key.space {
            Space::Own => &self.own,
            Space::Shared => &self.shared,
        };
        values.get(&key.name).cloned()
    }

    /// All values.
    #[must_use]
    pub fn values(&self) -> Remains<'_> {
        let (own, shared) = (&self.own, &self.shared);
        Remains { own, shared }
    }

    fn apply(&mut self, batch: &Batch) {
        for write in &batch.0 {
            write.apply(&mut self.own, &mut self.shared);
        }
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
                assert_eq!(
                    (&disk.own, &disk.shared),
                    (&before.own, &before.shared),
                    "record {torn} cut at {cut}"
                );
                assert_eq!(disk.journal, before.journal);
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_drops_that_record_and_what_follows() {
        let mut whole = Disk::default();
        let mut states = vec![whole.clone()];
        for batch in batches() {
            whole.save(&batch);
            states.push(whole.clone());
        }
        for at in 0..whole.journal.len() {
            for bit in 0..8 {
                let mut damaged = whole.journal.clone();
                damaged[at] ^= 1 << bit;
                let intact = states.iter().rfind(|state| state.journal.len() <= at);
                let (disk, intact) = (Disk::recover(&damaged), intact.expect("the empty one"));
                assert_eq!(
                    (disk.own, disk.shared),
                    (intact.own.clone(), intact.shared.clone()),
                    "byte {at} bit {bit}"
                );
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
                assert_eq!(disk.own, expected.own);
                assert_eq!(disk.shared, expected.shared);
                assert_eq!(disk.journal, expected.journal);
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
        let own: Vec<_> = disk.own.keys().cloned().collect();
        assert_eq!(own, [b"e\x03"]);
        assert_eq!(disk.load(&Key::shared(*b"a")).as_deref(), Some(&b"1"[..]));
        assert_eq!(disk.load(&Key::shared(*b"b")).as_deref(), Some(&b""[..]));
        assert!(disk.saved().has(b"e\x03"));
        assert!(
            !disk.saved().has(b"b"),
            "shared values are not a node's own"
        );
    }
}
