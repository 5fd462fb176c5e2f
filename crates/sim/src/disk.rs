//! A node's disk: a journal of batches, each with its length and checksum, that a crash may tear.
//!
//! Recovery reads records up to the first that is incomplete or damaged and drops the rest, so a
//! batch is written whole or not at all.

use std::sync::Arc;

use chain::{Encode, Reader, sha256};
use protocol::{Batch, Key, Saved, Space, Values, Write};

/// A journal and the values that it leads to.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    journal: Vec<u8>,
    own: Values,
    shared: Values,
}

impl Disk {
    /// Writes a whole batch.
    pub fn save(&mut self, batch: &Batch) {
        self.journal.extend(record(batch));
        self.apply(batch);
    }

    /// Writes only the first bytes of a batch's record, as a crash in the middle of a write does,
    /// and then recovers. `cut` is taken modulo the record's length, so the record is never
    /// complete.
    pub fn tear(&mut self, batch: &Batch, cut: u64) {
        let record = record(batch);
        let len = u64::try_from(record.len()).unwrap_or(u64::MAX);
        let keep = usize::try_from(cut % len).unwrap_or(0);
        self.journal.extend(&record[..keep]);
        *self = Self::recover(&self.journal);
    }

    /// The disk that a journal leads to, up to its first incomplete or damaged record.
    #[must_use]
    pub fn recover(journal: &[u8]) -> Self {
        let mut disk = Self::default();
        let mut rest = journal;
        while let Some((batch, len)) = read_record(rest) {
            disk.journal.extend(&rest[..len]);
            disk.apply(&batch);
            rest = &rest[len..];
        }
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

    fn apply(&mut self, batch: &Batch) {
        for write in &batch.0 {
            write.apply(&mut self.own, &mut self.shared);
        }
    }
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
