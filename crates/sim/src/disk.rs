//! A node's disk: a journal of batches, each with its length and checksum, that a crash may tear.
//!
//! Recovery reads records up to the first that is incomplete or damaged and drops the rest, so a
//! batch is written whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{Encode, Reader, sha256};
use protocol::{Batch, Key, Saved, Space, Write};

/// A journal and the values that it leads to.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    journal: Vec<u8>,
    values: BTreeMap<Key, Arc<[u8]>>,
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
        let own = self
            .values
            .iter()
            .filter(|(key, _)| key.space == Space::Own);
        Saved::of(own.map(|(key, value)| (key.name.clone(), value.clone())))
    }

    /// The value under a key.
    #[must_use]
    pub fn load(&self, key: &Key) -> Option<Arc<[u8]>> {
        self.values.get(key).cloned()
    }

    fn apply(&mut self, batch: &Batch) {
        for write in &batch.0 {
            let key = write.key();
            match write.apply(self.values.get(key).map(AsRef::as_ref)) {
                Some(value) => self.values.insert(key.clone(), value),
                None => self.values.remove(key),
            };
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
    let (kind, value) = match write {
        Write::Put { value, .. } => (0, value.to_vec()),
        Write::Append { value, .. } => (1, value.to_vec()),
        Write::Truncate { len, .. } => (2, len.to_le_bytes().to_vec()),
        Write::Delete { .. } => (3, Vec::new()),
    };
    let key = write.key();
    out.push(kind);
    out.push(u8::from(key.space == Space::Shared));
    chain::Script(key.name.clone()).encode_into(out); // a length and bytes
    chain::Script(value).encode_into(out);
}

fn decode(reader: &mut Reader<'_>) -> Option<Write> {
    let kind = reader.u8().ok()?;
    let space = if reader.u8().ok()? == 0 {
        Space::Own
    } else {
        Space::Shared
    };
    let key = Key {
        space,
        name: reader.bytes().ok()?.to_vec(),
    };
    let value = reader.bytes().ok()?;
    Some(match kind {
        0 => Write::Put {
            key,
            value: value.into(),
        },
        1 => Write::Append {
            key,
            value: value.into(),
        },
        2 => Write::Truncate {
            key,
            len: u32::from_le_bytes(value.try_into().ok()?),
        },
        3 => Write::Delete { key },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batches() -> Vec<Batch> {
        let put = |name: &[u8], value: &[u8]| Write::Put {
            key: Key::shared(name),
            value: value.into(),
        };
        let append = |value: &[u8]| Write::Append {
            key: Key::own(*b"log"),
            value: value.into(),
        };
        vec![
            Batch(vec![put(b"a", b"1"), append(b"xy")]),
            Batch(vec![
                append(&[7; 300]),
                Write::Truncate {
                    key: Key::own(*b"log"),
                    len: 3,
                },
            ]),
            Batch(vec![
                Write::Delete {
                    key: Key::shared(*b"a"),
                },
                put(b"b", b""),
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
                assert_eq!(disk.values, before.values, "record {torn} cut at {cut}");
                assert_eq!(disk.journal, before.journal);
            }
        }
    }

    #[test]
    fn a_flipped_bit_anywhere_drops_that_record_and_what_follows() {
        let mut whole = Disk::default();
        let mut states = vec![whole.values.clone()];
        let mut ends = vec![];
        for batch in batches() {
            whole.save(&batch);
            states.push(whole.values.clone());
            ends.push(whole.journal.len());
        }
        for at in 0..whole.journal.len() {
            for bit in 0..8 {
                let mut damaged = whole.journal.clone();
                damaged[at] ^= 1 << bit;
                let intact = ends.iter().filter(|end| **end <= at).count();
                assert_eq!(
                    Disk::recover(&damaged).values,
                    states[intact],
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn appended_truncated_and_deleted_values_read_back() {
        let mut disk = Disk::default();
        batches().iter().for_each(|batch| disk.save(batch));
        assert_eq!(
            disk.load(&Key::own(*b"log")).as_deref(),
            Some(&b"xy\x07"[..])
        );
        assert_eq!(disk.load(&Key::shared(*b"a")), None);
        assert_eq!(disk.load(&Key::shared(*b"b")).as_deref(), Some(&b""[..]));
        assert!(disk.saved().has(b"log"));
        assert!(
            !disk.saved().has(b"b"),
            "shared values are not a node's own"
        );
    }
}
