use proptest::prelude::*;

use super::super::Durability;
use super::super::memory::{Memory, now};
use super::*;

const NODE: PeerId = PeerId::from_bytes([1; 32]);
const OTHER: PeerId = PeerId::from_bytes([2; 32]);

fn open(db: &Memory) -> Depot<Memory> {
    let mut depot = Depot::new(Ok(db.clone()));
    depot.refresh(now(read_generation(db)));
    depot
}

fn in_memory() -> Depot<Memory> {
    Depot::new(Err(DbError::Refused("SecurityError".into())))
}

fn put(key: Key, value: &[u8]) -> Write {
    Write::Put {
        key,
        value: value.into(),
    }
}

fn store(depot: &mut Depot<Memory>) {
    if let Some(flush) = depot.take_flush() {
        let db = depot.db().unwrap();
        match now(db.commit(&flush.changes, Durability::Relaxed)) {
            Ok(()) => depot.flushed(&flush),
            Err(error) => depot.fail(error),
        }
    }
}

fn boot(depot: &mut Depot<Memory>, node: PeerId) -> Saved {
    if let Some((db, prefix)) = depot.missing(&node) {
        let rows = now(db.range(Store::Own, &prefix));
        depot.fill(node, rows);
    }
    depot.saved(&node)
}

fn value(depot: &mut Depot<Memory>, node: PeerId, name: &[u8]) -> Option<Vec<u8>> {
    boot(depot, node);
    depot
        .load(&node, &Key::own(name))
        .unwrap()
        .map(|value| value.to_vec())
}

#[test]
fn what_was_saved_is_there_in_the_next_life() {
    let db = Memory::default();
    let mut depot = open(&db);
    let batch = Batch(vec![
        put(Key::own(*b"tip"), b"x"),
        put(Key::shared(*b"block"), b"b"),
    ]);
    depot.save(NODE, 1, &batch);
    depot.save(OTHER, 2, &Batch(vec![put(Key::own(*b"tip"), b"y")]));
    let flush = depot.take_flush().unwrap();
    assert_eq!((flush.ticket, flush.changes.len()), (2, 3));
    now(db.commit(&flush.changes, Durability::Relaxed)).unwrap();
    depot.flushed(&flush);

    let mut depot = open(&db);
    let saved = boot(&mut depot, NODE);
    assert_eq!(saved.small.len(), 1);
    assert_eq!(value(&mut depot, NODE, b"tip"), Some(b"x".to_vec()));
    assert_eq!(value(&mut depot, OTHER, b"tip"), Some(b"y".to_vec()));
    let name = depot.load(&NODE, &Key::shared(*b"block")).unwrap_err();
    assert_eq!(
        now(db.read(Store::Blocks, &[name])).unwrap(),
        [Some(b"b".to_vec())]
    );
}

#[test]
fn shared_values_are_readable_before_they_are_written() {
    let mut depot = open(&Memory::default());
    depot.save(NODE, 1, &Batch(vec![put(Key::shared(*b"block"), b"b")]));
    let loaded = depot.load(&OTHER, &Key::shared(*b"block")).unwrap();
    assert_eq!(loaded.as_deref(), Some(&b"b"[..]));
    store(&mut depot);
    assert!(depot.shared.is_empty());
}

#[test]
fn a_full_disk_loses_nothing_that_was_accepted() {
    let db = Memory::default();
    let mut depot = open(&db);
    depot.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::shared(*b"one"), b"1"),
            put(Key::own(*b"n"), b"1"),
        ]),
    );
    store(&mut depot);
    db.room.set(Some(0));
    depot.save(
        NODE,
        2,
        &Batch(vec![
            put(Key::shared(*b"two"), b"2"),
            put(Key::own(*b"n"), b"2"),
        ]),
    );
    store(&mut depot);
    assert_eq!(
        *depot.view(),
        StorageView::Memory("QuotaExceededError".into())
    );
    depot.save(
        NODE,
        3,
        &Batch(vec![
            put(Key::shared(*b"three"), b"3"),
            put(Key::own(*b"n"), b"3"),
        ]),
    );
    assert!(depot.take_flush().is_none());
    for name in [&b"two"[..], b"three"] {
        assert!(depot.load(&NODE, &Key::shared(name)).unwrap().is_some());
    }
    let name = depot.load(&NODE, &Key::shared(*b"one")).unwrap_err();
    assert_eq!(
        now(db.read(Store::Blocks, &[name])).unwrap(),
        [Some(b"1".to_vec())]
    );
    assert_eq!(value(&mut depot, NODE, b"n"), Some(b"3".to_vec()));
    // The database holds the whole first batch and nothing of the second.
    assert_eq!(value(&mut open(&db), NODE, b"n"), Some(b"1".to_vec()));
}

#[test]
fn without_a_database_everything_works_in_memory() {
    let mut depot = in_memory();
    depot.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::own(*b"n"), b"1"),
            put(Key::shared(*b"b"), b"2"),
        ]),
    );
    assert_eq!(value(&mut depot, NODE, b"n"), Some(b"1".to_vec()));
    assert_eq!(
        depot.load(&NODE, &Key::shared(*b"b")).unwrap().as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(depot.load(&NODE, &Key::shared(*b"?")), Ok(None));
    assert_eq!(
        (depot.take_flush().is_none(), depot.last_ticket()),
        (true, 1)
    );
}

#[test]
fn data_of_a_newer_version_is_left_alone() {
    let depot: Depot<Memory> = Depot::new(Err(DbError::OtherVersion(9)));
    assert_eq!(*depot.view(), StorageView::OtherVersion(9));
}

#[test]
fn a_reset_puts_the_chain_away_and_can_be_undone_once() {
    let db = Memory::default();
    let mut depot = open(&db);
    let save = |depot: &mut Depot<Memory>, ticket, text: &[u8]| {
        let batch = Batch(vec![
            put(Key::own(*b"n"), text),
            put(Key::shared(*b"b"), text),
        ]);
        depot.save(NODE, ticket, &batch);
        store(depot);
    };
    save(&mut depot, 1, b"first");
    let reset = depot.generation().reset();
    depot.set_generation(reset);
    store(&mut depot);
    assert_eq!(value(&mut depot, NODE, b"n"), None);
    save(&mut depot, 2, b"second");
    assert_eq!((db.len(Store::Own), db.len(Store::Blocks)), (2, 2));

    // In another tab or another life it is the same.
    let mut later = open(&db);
    assert_eq!(later.generation(), reset);
    assert_eq!(value(&mut later, NODE, b"n"), Some(b"second".to_vec()));
    let undone = reset.undone().unwrap();
    later.set_generation(undone);
    store(&mut later);
    assert_eq!(value(&mut later, NODE, b"n"), Some(b"first".to_vec()));
    assert_eq!((later.generation().undo, db.len(Store::Own)), (None, 1));

    // Two resets in a row: only the last can be undone, the chain before it is gone.
    let mut depot = open(&db);
    for _ in 0..2 {
        depot.set_generation(depot.generation().reset());
        store(&mut depot);
    }
    assert_eq!((db.len(Store::Own), db.len(Store::Blocks)), (0, 0));
}

#[test]
fn a_damaged_record_of_resets_leads_to_the_youngest_chain_and_is_told_once() {
    let db = Memory::default();
    let mut depot = open(&db);
    for text in [&b"first"[..], b"second"] {
        depot.save(NODE, 1, &Batch(vec![put(Key::own(*b"n"), text)]));
        store(&mut depot);
        if text == b"first" {
            depot.set_generation(depot.generation().reset());
        }
    }
    let junk = Change::Put(Store::Meta, GENERATION.to_vec(), vec![0; 100]);
    now(db.commit(&[junk], Durability::Relaxed)).unwrap();

    let mut depot = Depot::new(Ok(db.clone()));
    assert!(depot.refresh(now(read_generation(&db))));
    assert_eq!(
        value(&mut depot, NODE, b"n").as_deref(),
        Some(&b"second"[..])
    );
    assert_eq!(depot.generation().reset().current, 2);
    store(&mut depot);
    let mut depot = Depot::new(Ok(db.clone()));
    assert!(!depot.refresh(now(read_generation(&db))));
}

#[test]
fn in_memory_a_reset_can_be_undone_too() {
    let mut depot = in_memory();
    depot.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::own(*b"n"), b"1"),
            put(Key::shared(*b"b"), b"1"),
        ]),
    );
    depot.set_generation(depot.generation().reset());
    assert_eq!(value(&mut depot, NODE, b"n"), None);
    assert_eq!(depot.load(&NODE, &Key::shared(*b"b")), Ok(None));
    depot.set_generation(depot.generation().undone().unwrap());
    assert_eq!(value(&mut depot, NODE, b"n"), Some(b"1".to_vec()));
}

#[test]
fn appending_writes_only_the_last_piece() {
    let db = Memory::default();
    let mut depot = open(&db);
    let append = |byte| Write::Append {
        key: Key::own(*b"log"),
        value: Arc::from([byte; 100]),
    };
    depot.save(NODE, 1, &Batch((0..200).map(append).collect()));
    store(&mut depot);
    depot.save(NODE, 2, &Batch(vec![append(7)]));
    let flush = depot.take_flush().unwrap();
    assert!(
        matches!(&flush.changes[..], [Change::Put(Store::Own, _, piece)] if piece.len() < PIECE)
    );
}

#[test]
fn a_missing_piece_ends_a_value_instead_of_joining_what_does_not_belong_together() {
    let name = |index| layout::piece(0, &NODE, b"log", index);
    let rows = [
        (name(0), vec![1]),
        (name(2), vec![3]),
        (b"stray".to_vec(), vec![9]),
    ];
    assert_eq!(join(&rows), Values::from([(b"log".to_vec(), vec![1])]));
}

fn write() -> impl Strategy<Value = Write> {
    let key = || prop_oneof![Just(Key::own(*b"a")), Just(Key::own(*b"b"))];
    let bytes = || {
        (any::<u8>(), 0usize..3 * PIECE).prop_map(|(byte, len)| Arc::<[u8]>::from(vec![byte; len]))
    };
    prop_oneof![
        (key(), bytes()).prop_map(|(key, value)| Write::Put { key, value }),
        (key(), bytes()).prop_map(|(key, value)| Write::Append { key, value }),
        (key(), 0u32..10_000).prop_map(|(key, len)| Write::Truncate { key, len }),
        key().prop_map(|key| Write::Delete { key }),
    ]
}

proptest! {
    /// Whatever is written, in whatever batches: what comes back is what the contract says.
    #[test]
    fn any_writes_come_back(writes in proptest::collection::vec((write(), any::<bool>()), 0..24)) {
        let db = Memory::default();
        let mut depot = open(&db);
        let mut model: BTreeMap<Name, Arc<[u8]>> = BTreeMap::new();
        for (ticket, (write, flush_now)) in (1..).zip(writes) {
            let name = write.key().name.clone();
            match write.apply(model.get(&name).map(AsRef::as_ref)) {
                Some(value) => model.insert(name, value),
                None => model.remove(&name),
            };
            depot.save(NODE, ticket, &Batch(vec![write]));
            if flush_now {
                store(&mut depot);
            }
        }
        store(&mut depot);
        let mut again = open(&db);
        for name in [&b"a"[..], b"b"] {
            let expected = model.get(name).map(|value| value.to_vec());
            prop_assert_eq!(value(&mut depot, NODE, name), expected.clone());
            prop_assert_eq!(value(&mut again, NODE, name), expected);
        }
    }
}
