//! The databases of an ideal browser.

use std::collections::BTreeMap;

use tab::door::{DbId, Query};
use tab::storage::{Change, Name, Store};

/// What is stored in them.
#[derive(Default)]
pub struct Disk(BTreeMap<(DbId, Store, Name), Vec<u8>>);

impl Disk {
    pub fn read(&self, db: DbId, query: Query) -> Vec<(Name, Vec<u8>)> {
        match query {
            Query::Range(store, prefix) => self
                .0
                .iter()
                .filter(|((d, s, n), _)| (*d, *s) == (db, store) && n.starts_with(&prefix))
                .map(|((.., name), value)| (name.clone(), value.clone()))
                .collect(),
            Query::Names(store, names) => {
                let value = |name: Name| {
                    let value = self.0.get(&(db, store, name.clone()))?;
                    Some((name, value.clone()))
                };
                names.into_iter().filter_map(value).collect()
            }
        }
    }

    pub fn write(&mut self, db: DbId, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put(store, name, value) => drop(self.0.insert((db, store, name), value)),
                Change::Delete(store, name) => drop(self.0.remove(&(db, store, name))),
                Change::DeleteAll(store, prefix) => self
                    .0
                    .retain(|(d, s, n), _| (*d, *s) != (db, store) || !n.starts_with(&prefix)),
            }
        }
    }
}
