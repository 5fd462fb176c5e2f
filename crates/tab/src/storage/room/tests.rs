use std::cell::{Cell, RefCell};

use proptest::prelude::*;

use super::*;

/// A database in memory that can be told to refuse.
#[derive(Default)]
struct Memory {
    values: RefCell<BTreeMap<(Store, Name), Vec<u8>>>,
    is_full: Cell<bool>,
}

impl Memory {
    fn len(&self, store: Store) -> usize {
        self.range(store, &[]).len()
    }

    fn range(&self, store: Store, prefix: &[u8]) -> Rows {
        let values = self.values.borrow();
        let here = |(at, name): &&(Store, Name)| *at == store && name.starts_with(prefix);
        let found = values.iter().filter(|(key, _)| here(key));
        found
            .map(|((_, name), value)| (name.clone(), value.clone()))
            .collect()
    }

    fn read(&self, store: Store, name: &[u8]) -> Option<Vec<u8>> {
        self.values.borrow().get(&(store, name.to_vec())).cloned()
    }

    fn commit(&self, changes: &[Change]) -> Result<(), DbError> {
        if self.is_full.get() {
            return Err(DbError::Refused("QuotaExceededError".into()));
        }
        let mut values = self.values.borrow_mut();
        for change in changes.iter().cloned() {
            match change {
                Change::Put(store, name, value) => drop(values.insert((store, name), value)),
                Change::Delete(store, name) => drop(values.remove(&(store, name))),
                Change::DeleteAll(store, prefix) => {
                    values.retain(|(at, name), _| *at != store || !name.starts_with(&prefix));
                }
            }
        }
        Ok(())
    }
}

const NODE: PeerId = PeerId::from_bytes([1; 32]);
const OTHER: PeerId = PeerId::from_bytes([2; 32]);

fn generation_of(db: &Memory) -> Option<Generation> {
    let row = db.read(Store::Meta, GENERATION);
    read_generation(
        &row.into_iter()
            .map(|value| (GENERATION.to_vec(), value))
            .collect(),
    )
}

fn open(db: &Memory) -> RoomStore {
    let mut room = RoomStore::new(Ok(()));
    room.refresh(generation_of(db).unwrap());
    room
}

fn in_memory() -> RoomStore {
    RoomStore::new(Err(DbError::Refused("SecurityError".into())))
}

fn put(key: Key, value: &[u8]) -> Write {
    Write::Put {
        key,
        value: value.into(),
    }
}

fn store(room: &mut RoomStore, db: &Memory) {
    if let Some(flush) = room.take_flush() {
        match db.commit(&flush.changes) {
            Ok(()) => room.flushed(&flush.shared),
            Err(error) => room.fail(error),
        }
    }
}

fn boot(room: &mut RoomStore, db: &Memory, node: PeerId) -> Saved {
    if let Some(prefix) = room.missing(&node) {
        room.fill(node, Ok(db.range(Store::Own, &prefix)));
    }
    room.saved(&node)
}

fn value(room: &mut RoomStore, db: &Memory, node: PeerId, name: &[u8]) -> Option<Vec<u8>> {
    boot(room, db, node);
    let loaded = room.load(&node, &Key::own(name)).unwrap();
    loaded.map(|value| value.to_vec())
}

#[test]
fn what_was_saved_is_there_in_the_next_life() {
    let db = Memory::default();
    let mut room = open(&db);
    let batch = Batch(vec![
        put(Key::own(*b"tip"), b"x"),
        put(Key::shared(*b"block"), b"b"),
    ]);
    room.save(NODE, 1, &batch);
    room.save(OTHER, 2, &Batch(vec![put(Key::own(*b"tip"), b"y")]));
    let flush = room.take_flush().unwrap();
    assert_eq!((flush.ticket, flush.changes.len()), (2, 3));
    db.commit(&flush.changes).unwrap();
    room.flushed(&flush.shared);

    let mut room = open(&db);
    let saved = boot(&mut room, &db, NODE);
    assert_eq!(saved.small.len(), 1);
    assert_eq!(value(&mut room, &db, NODE, b"tip"), Some(b"x".to_vec()));
    assert_eq!(value(&mut room, &db, OTHER, b"tip"), Some(b"y".to_vec()));
    let name = room.load(&NODE, &Key::shared(*b"block")).unwrap_err();
    assert_eq!(db.read(Store::Blocks, &name), Some(b"b".to_vec()));
}

#[test]
fn shared_values_are_readable_before_they_are_written() {
    let db = Memory::default();
    let mut room = open(&db);
    room.save(NODE, 1, &Batch(vec![put(Key::shared(*b"block"), b"b")]));
    let loaded = room.load(&OTHER, &Key::shared(*b"block")).unwrap();
    assert_eq!(loaded.as_deref(), Some(&b"b"[..]));
    store(&mut room, &db);
    assert!(room.shared.is_empty());
}

#[test]
fn a_full_disk_loses_nothing_that_was_accepted() {
    let db = Memory::default();
    let mut room = open(&db);
    room.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::shared(*b"one"), b"1"),
            put(Key::own(*b"n"), b"1"),
        ]),
    );
    store(&mut room, &db);
    db.is_full.set(true);
    room.save(
        NODE,
        2,
        &Batch(vec![
            put(Key::shared(*b"two"), b"2"),
            put(Key::own(*b"n"), b"2"),
        ]),
    );
    store(&mut room, &db);
    assert_eq!(
        *room.view(),
        StorageView::Memory("QuotaExceededError".into())
    );
    room.save(
        NODE,
        3,
        &Batch(vec![
            put(Key::shared(*b"three"), b"3"),
            put(Key::own(*b"n"), b"3"),
        ]),
    );
    assert!(room.take_flush().is_none());
    for name in [&b"two"[..], b"three"] {
        assert!(room.load(&NODE, &Key::shared(name)).unwrap().is_some());
    }
    let name = room.load(&NODE, &Key::shared(*b"one")).unwrap_err();
    assert_eq!(db.read(Store::Blocks, &name), Some(b"1".to_vec()));
    assert_eq!(value(&mut room, &db, NODE, b"n"), Some(b"3".to_vec()));
    // The database holds the whole first batch and nothing of the second.
    assert_eq!(value(&mut open(&db), &db, NODE, b"n"), Some(b"1".to_vec()));
}

#[test]
fn without_a_database_everything_works_in_memory() {
    let db = Memory::default();
    let mut room = in_memory();
    room.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::own(*b"n"), b"1"),
            put(Key::shared(*b"b"), b"2"),
        ]),
    );
    assert_eq!(value(&mut room, &db, NODE, b"n"), Some(b"1".to_vec()));
    assert_eq!(
        room.load(&NODE, &Key::shared(*b"b")).unwrap().as_deref(),
        Some(&b"2"[..])
    );
    assert_eq!(room.load(&NODE, &Key::shared(*b"?")), Ok(None));
    assert_eq!((room.take_flush().is_none(), room.last_ticket()), (true, 1));
}

#[test]
fn data_of_a_newer_version_is_left_alone() {
    let room = RoomStore::new(Err(DbError::OtherVersion(9)));
    assert_eq!(*room.view(), StorageView::OtherVersion(9));
}

#[test]
fn a_reset_puts_the_chain_away_and_can_be_undone_once() {
    let db = Memory::default();
    let mut room = open(&db);
    let save = |room: &mut RoomStore, ticket, text: &[u8]| {
        let batch = Batch(vec![
            put(Key::own(*b"n"), text),
            put(Key::shared(*b"b"), text),
        ]);
        room.save(NODE, ticket, &batch);
        store(room, &db);
    };
    save(&mut room, 1, b"first");
    let reset = room.generation().reset();
    room.set_generation(reset);
    store(&mut room, &db);
    assert_eq!(value(&mut room, &db, NODE, b"n"), None);
    save(&mut room, 2, b"second");
    assert_eq!((db.len(Store::Own), db.len(Store::Blocks)), (2, 2));

    // Another tab, or another life of this one, sees the same.
    let mut later = open(&db);
    assert_eq!(later.generation(), reset);
    assert_eq!(value(&mut later, &db, NODE, b"n"), Some(b"second".to_vec()));
    let undone = reset.undone().unwrap();
    later.set_generation(undone);
    store(&mut later, &db);
    assert_eq!(value(&mut later, &db, NODE, b"n"), Some(b"first".to_vec()));
    assert_eq!((later.generation().undo, db.len(Store::Own)), (None, 1));

    // Of two resets in a row only the last can be undone; the oldest chain is gone.
    let mut room = open(&db);
    for _ in 0..2 {
        room.set_generation(room.generation().reset());
        store(&mut room, &db);
    }
    assert_eq!((db.len(Store::Own), db.len(Store::Blocks)), (0, 0));
}

#[test]
fn a_damaged_generation_record_leads_to_the_youngest_chain_and_is_repaired() {
    let db = Memory::default();
    let mut room = open(&db);
    for text in [&b"first"[..], b"second"] {
        room.save(NODE, 1, &Batch(vec![put(Key::own(*b"n"), text)]));
        store(&mut room, &db);
        if text == b"first" {
            room.set_generation(room.generation().reset());
        }
    }
    let junk = Change::Put(Store::Meta, GENERATION.to_vec(), vec![0; 100]);
    db.commit(&[junk]).unwrap();
    assert_eq!(generation_of(&db), None);

    let mut room = RoomStore::new(Ok(()));
    room.refresh(guess_generation(&db.range(Store::Own, &[])));
    room.write_generation();
    let found = value(&mut room, &db, NODE, b"n");
    assert_eq!(found.as_deref(), Some(&b"second"[..]));
    assert_eq!(room.generation().reset().current, 2);
    store(&mut room, &db);
    assert_eq!(generation_of(&db), Some(Generation::default().reset()));
}

#[test]
fn in_memory_a_reset_can_be_undone_too() {
    let db = Memory::default();
    let mut room = in_memory();
    room.save(
        NODE,
        1,
        &Batch(vec![
            put(Key::own(*b"n"), b"1"),
            put(Key::shared(*b"b"), b"1"),
        ]),
    );
    room.set_generation(room.generation().reset());
    assert_eq!(value(&mut room, &db, NODE, b"n"), None);
    assert_eq!(room.load(&NODE, &Key::shared(*b"b")), Ok(None));
    room.set_generation(room.generation().undone().unwrap());
    assert_eq!(value(&mut room, &db, NODE, b"n"), Some(b"1".to_vec()));
}

const OWN: &[u8] = b"n";
const BLOCK: &[u8] = b"b";

/// A store whose node stopped after it had saved an own and a shared value.
fn with_a_node_that_stopped() -> (Memory, RoomStore) {
    let db = Memory::default();
    let mut room = open(&db);
    let both = vec![put(Key::own(OWN), b"1"), put(Key::shared(BLOCK), b"2")];
    room.save(NODE, 1, &Batch(both));
    store(&mut room, &db);
    room.retain(&Key::shared(BLOCK), Arc::from(*b"2"));
    (db, room)
}

/// Both values, which must not need the database.
fn in_memory_still(room: &RoomStore) -> [Option<Vec<u8>>; 2] {
    [Key::own(OWN), Key::shared(BLOCK)].map(|key| {
        let value = room.load(&NODE, &key).expect("in memory");
        value.map(|value| value.to_vec())
    })
}

#[test]
fn a_database_that_is_taken_away_while_nodes_start_takes_nothing_with_it() {
    let (_, mut room) = with_a_node_that_stopped();
    room.refresh(Generation::default());
    assert!(
        room.missing(&NODE).is_some(),
        "another tab may have written"
    );
    room.lose(DbError::Refused("taken away".into()));
    assert_eq!(room.missing(&NODE), None);
    assert_eq!(
        in_memory_still(&room),
        [Some(b"1".to_vec()), Some(b"2".to_vec())]
    );
}

#[test]
fn what_a_tab_in_memory_mode_had_read_outlives_the_database() {
    let db = Memory::default();
    let mut room = open(&db);
    let shared = Key::shared(*b"b");
    room.fail(DbError::Refused("QuotaExceededError".into()));
    assert!(room.load(&NODE, &shared).is_err(), "to be read");
    room.retain(&shared, Arc::from(*b"2"));
    room.lose(DbError::Refused("taken away".into()));
    let block = room.load(&NODE, &shared).unwrap();
    assert_eq!(block.as_deref(), Some(&b"2"[..]));
}

#[test]
fn what_a_reset_put_away_is_retained() {
    let (db, mut room) = with_a_node_that_stopped();
    let reset = room.generation().reset();
    room.set_generation(reset);
    store(&mut room, &db);
    room.refresh(reset);
    room.release();
    room.lose(DbError::Refused("taken away".into()));
    room.set_generation(reset.undone().unwrap());
    assert_eq!(
        in_memory_still(&room),
        [Some(b"1".to_vec()), Some(b"2".to_vec())]
    );
}

#[test]
fn what_was_read_back_is_no_longer_retained() {
    let db = Memory::default();
    let mut room = open(&db);
    let shared = Key::shared(*b"b");
    room.retain(&shared, Arc::from(*b"2"));
    assert!(room.retains());
    assert!(room.load(&NODE, &shared).is_ok(), "in memory");
    room.release();
    assert!(!room.retains());
    assert!(room.load(&NODE, &shared).is_err(), "to be read");
    room.retain(&shared, Arc::from(*b"2"));
    room.set_generation(room.generation().reset());
    room.set_generation(room.generation().reset());
    assert!(!room.retains(), "nobody can go back to that chain");
}

#[test]
fn what_is_written_twice_before_a_flush_is_written_once() {
    let mut room = open(&Memory::default());
    let write = |byte| put(Key::own(*b"tip"), &[byte; 32]);
    room.save(NODE, 1, &Batch((0..100).map(write).collect()));
    let flush = room.take_flush().unwrap();
    let [Change::Put(Store::Own, _, value)] = &flush.changes[..] else {
        panic!("{:?}", flush.changes);
    };
    assert_eq!(value, &[99; 32]);
}

#[test]
fn what_could_not_be_read_is_put_aside_before_it_is_overwritten() {
    let db = Memory::default();
    let mut room = open(&db);
    room.save(NODE, 1, &Batch(vec![put(Key::own(*b"log/0"), b"junk")]));
    store(&mut room, &db);
    let mut room = open(&db);
    boot(&mut room, &db, NODE);
    room.put_aside(&NODE);
    room.save(NODE, 1, &Batch(vec![put(Key::own(*b"log/0"), b"new")]));
    store(&mut room, &db);
    let copy = db.read(Store::Meta, &layout::aside(0, &NODE)).unwrap();
    let values: BTreeMap<Name, Vec<u8>> = record::open(&copy).unwrap();
    assert_eq!(values.get(&b"log/0"[..]), Some(&b"junk".to_vec()));
}

/// Names of different lengths, in and outside of what a range may delete.
const NAMES: [&[u8]; 5] = [b"a", b"b/1", b"b/10", b"b/2", b"c"];

fn write() -> impl Strategy<Value = Write> {
    let name = || proptest::sample::select(&NAMES[..]).prop_map(<[u8]>::to_vec);
    let bytes =
        || (any::<u8>(), 0usize..9_000).prop_map(|(byte, len)| Arc::<[u8]>::from(vec![byte; len]));
    prop_oneof![
        3 => (name(), bytes()).prop_map(|(name, value)| Write::Put { key: Key::own(name), value }),
        1 => name().prop_map(|name| Write::Delete { name }),
        1 => (name(), name()).prop_map(|(from, until)| Write::DeleteRange { from, until }),
    ]
}

proptest! {
    /// Whatever is written, in whatever batches, what comes back is what the contract says.
    #[test]
    fn any_writes_come_back(writes in proptest::collection::vec((write(), any::<bool>()), 0..24)) {
        let db = Memory::default();
        let mut room = open(&db);
        let mut model = Values::new();
        for (ticket, (write, flush_now)) in (1..).zip(writes) {
            match &write {
                Write::Put { key, value } => drop(model.insert(key.name.clone(), value.clone())),
                Write::Delete { name } => drop(model.remove(name)),
                Write::DeleteRange { from, until } => {
                    model.retain(|name, _| name < from || name >= until);
                }
            }
            room.save(NODE, ticket, &Batch(vec![write]));
            if flush_now {
                store(&mut room, &db);
            }
        }
        store(&mut room, &db);
        let mut again = open(&db);
        for name in NAMES {
            let expected = model.get(name).map(|value| value.to_vec());
            prop_assert_eq!(value(&mut room, &db, NODE, name), expected.clone());
            prop_assert_eq!(value(&mut again, &db, NODE, name), expected);
        }
    }
}
