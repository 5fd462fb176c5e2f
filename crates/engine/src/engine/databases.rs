//! The tab's databases.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use browser::database::{self as idb, Database, OpenError, Refused};
use tab::Input;
use tab::door::{DbId, Query, Rows, Ticket};
use tab::storage::{Change, DbError, Durability, Store};
use wasm_bindgen_futures::spawn_local;

use super::Engine;

/// Version of the stores and their contents.
const SCHEMA: u32 = 1;

/// The databases that the tab has asked for and not closed.
#[derive(Default)]
pub struct Databases {
    asked: RefCell<BTreeMap<DbId, Asked>>,
    /// Numbers the openings, so that late results of an abandoned one are recognised and dropped.
    openings: Cell<u64>,
}

struct Asked {
    opening: u64,
    database: Option<Database>,
}

impl Engine {
    pub(super) fn open(&self, db: DbId, name: String, stores: &'static [Store]) {
        let databases = &self.0.databases;
        let opening = databases.openings.get() + 1;
        databases.openings.set(opening);
        let asked = Asked {
            opening,
            database: None,
        };
        databases.asked.borrow_mut().insert(db, asked);
        let engine = self.clone();
        spawn_local(async move {
            let stores: Vec<_> = stores.iter().map(|store| store.name()).collect();
            let (ear, other_ear) = (engine.clone(), engine.clone());
            let blocked = move || ear.tell_of(db, opening, Input::Blocked(db));
            let lost = move |why| other_ear.tell_of(db, opening, Input::Lost(db, why));
            let result = Database::open(&name, SCHEMA, &stores, blocked, lost).await;
            engine.opened(db, opening, result);
        });
    }

    /// An abandoned opening's database is dropped here, which closes it.
    fn opened(&self, db: DbId, opening: u64, result: Result<Database, OpenError>) {
        let result = match result {
            Ok(database) => {
                let mut asked = self.0.databases.asked.borrow_mut();
                if let Some(asked) = asked.get_mut(&db).filter(|one| one.opening == opening) {
                    asked.database = Some(database);
                }
                Ok(())
            }
            Err(OpenError::OtherVersion(version)) => Err(DbError::OtherVersion(version)),
            Err(OpenError::Refused(why)) => Err(DbError::Refused(why)),
        };
        self.tell_of(db, opening, Input::Opened(db, result));
    }

    /// Passes an input of an opening to the tab, unless the tab has abandoned that opening.
    fn tell_of(&self, db: DbId, opening: u64, input: Input) {
        let present = self
            .0
            .databases
            .asked
            .borrow()
            .get(&db)
            .map(|one| one.opening);
        if present == Some(opening) {
            self.give(input);
        }
    }

    pub(super) fn close(&self, db: DbId) {
        self.0.databases.asked.borrow_mut().remove(&db);
    }

    pub(super) fn read(&self, id: Ticket, db: DbId, query: Query) {
        let engine = self.clone();
        let begun = self.with(db, |database| match query {
            Query::Range(store, prefix) => {
                let rows = database.range(store.name(), &prefix);
                spawn_local(async move { engine.answer_read(id, rows.await) });
            }
            Query::Names(store, names) => {
                let values = database.get(store.name(), &names);
                spawn_local(async move {
                    let values = values.await;
                    let rows = values.map(|values| rows_of(names, values));
                    engine.answer_read(id, rows);
                });
            }
        });
        if let Err(error) = begun {
            self.give(Input::Read(id, Err(error)));
        }
    }

    fn answer_read(&self, id: Ticket, rows: Result<Rows, Refused>) {
        self.give(Input::Read(id, rows.map_err(refused)));
    }

    pub(super) fn write(&self, id: Ticket, db: DbId, changes: &[Change], durability: Durability) {
        let durability = match durability {
            Durability::Relaxed => idb::Durability::Relaxed,
            Durability::Strict => idb::Durability::Strict,
        };
        let changes: Vec<_> = changes.iter().map(change).collect();
        let engine = self.clone();
        let begun = self.with(db, |database| {
            let written = database.commit(&changes, durability);
            spawn_local(async move {
                engine.give(Input::Written(id, written.await.map_err(refused)));
            });
        });
        if let Err(error) = begun {
            self.give(Input::Written(id, Err(error)));
        }
    }

    fn with(&self, db: DbId, act: impl FnOnce(&Database)) -> Result<(), DbError> {
        let asked = self.0.databases.asked.borrow();
        let database = asked.get(&db).and_then(|asked| asked.database.as_ref());
        let closed = || DbError::Refused("the database is not open".into());
        database.map(act).ok_or_else(closed)
    }
}

fn change(change: &Change) -> idb::Change<'_> {
    match change {
        Change::Put(store, name, value) => idb::Change::Put(store.name(), name, value),
        Change::Delete(store, name) => idb::Change::Delete(store.name(), name),
        Change::DeleteAll(store, prefix) => idb::Change::DeleteAll(store.name(), prefix),
    }
}

/// The values that exist, each with its name.
fn rows_of(names: Vec<Vec<u8>>, values: Vec<Option<Vec<u8>>>) -> Rows {
    let rows = names.into_iter().zip(values);
    rows.filter_map(|(name, value)| Some((name, value?)))
        .collect()
}

fn refused(Refused(why): Refused) -> DbError {
    DbError::Refused(why)
}
