//! What a database holds, and how much of it a crash of the machine may take back.

use std::collections::BTreeMap;

use tab::door::{Query, Rows};
use tab::storage::{Change, Durability, Name, Store};

/// Values by store and name.
#[derive(Clone, Debug, Default)]
pub struct Values {
    now: BTreeMap<(Store, Name), Vec<u8>>,
    /// What the relaxed commits since the last strict one replaced, oldest commit first.
    unsure: Vec<Vec<Before>>,
}

/// What was under a name before.
type Before = ((Store, Name), Option<Vec<u8>>);

/// All relaxed commits but the last so many are surely on disk by now.
const MOST_UNSURE: usize = 64;

impl Values {
    /// Makes all changes.
    pub fn commit(&mut self, changes: &[Change], durability: Durability) {
        let mut before = Vec::new();
        for change in changes {
            match change.clone() {
                Change::Put(store, name, value) => {
                    self.set((store, name), Some(value), &mut before)
                }
                Change::Delete(store, name) => self.set((store, name), None, &mut before),
                Change::DeleteAll(store, prefix) => {
                    for key in self.names(store, &prefix) {
                        self.set(key, None, &mut before);
                    }
                }
            }
        }
        match durability {
            Durability::Strict => self.unsure.clear(),
            Durability::Relaxed => self.unsure.push(before),
        }
        if self.unsure.len() > MOST_UNSURE {
            self.unsure.remove(0);
        }
    }

    /// What a query finds.
    #[must_use]
    pub fn read(&self, query: &Query) -> Rows {
        match query {
            Query::Range(store, prefix) => {
                let names = self.names(*store, prefix);
                names.into_iter().filter_map(|key| self.row(key)).collect()
            }
            Query::Names(store, names) => {
                let keys = names.iter().map(|name| (*store, name.clone()));
                keys.filter_map(|key| self.row(key)).collect()
            }
        }
    }

    /// One value.
    #[must_use]
    pub fn get(&self, store: Store, name: &[u8]) -> Option<&Vec<u8>> {
        self.now.get(&(store, name.to_vec()))
    }

    /// All values of a store, by name.
    pub fn of(&self, store: Store) -> impl Iterator<Item = (&Name, &Vec<u8>)> {
        let from = self.now.range((store, Vec::new())..);
        from.take_while(move |((other, _), _)| *other == store)
            .map(|((_, name), value)| (name, value))
    }

    /// Changes a value behind everybody's back.
    pub fn damage(&mut self, store: Store, name: &[u8], value: Option<Vec<u8>>) {
        let key = (store, name.to_vec());
        match value {
            Some(value) => drop(self.now.insert(key, value)),
            None => drop(self.now.remove(&key)),
        }
    }

    /// How many of the last commits a crash may take back.
    #[must_use]
    pub fn unsure(&self) -> usize {
        self.unsure.len()
    }

    /// Takes back this many commits, and keeps the rest for good. Returns whether any was lost.
    pub fn lose(&mut self, commits: usize) -> bool {
        for _ in 0..commits {
            for (key, value) in self.unsure.pop().into_iter().flatten().rev() {
                match value {
                    Some(value) => self.now.insert(key, value),
                    None => self.now.remove(&key),
                };
            }
        }
        self.unsure.clear();
        commits > 0
    }

    fn set(&mut self, key: (Store, Name), value: Option<Vec<u8>>, before: &mut Vec<Before>) {
        let old = match value {
            Some(value) => self.now.insert(key.clone(), value),
            None => self.now.remove(&key),
        };
        before.push((key, old));
    }

    fn row(&self, key: (Store, Name)) -> Option<(Name, Vec<u8>)> {
        let value = self.now.get(&key)?.clone();
        Some((key.1, value))
    }

    fn names(&self, store: Store, prefix: &[u8]) -> Vec<(Store, Name)> {
        let from = self.now.range((store, prefix.to_vec())..);
        from.map(|(key, _)| key)
            .take_while(|(other, name)| *other == store && name.starts_with(prefix))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(name: u8, value: u8) -> Change {
        Change::Put(Store::Own, vec![1, name], vec![value])
    }

    #[test]
    fn a_crash_takes_back_the_last_relaxed_commits_whole() {
        let mut values = Values::default();
        values.commit(&[put(1, 1)], Durability::Relaxed);
        values.commit(&[put(1, 2), put(2, 2)], Durability::Strict);
        values.commit(&[put(1, 3)], Durability::Relaxed);
        let gone = Change::DeleteAll(Store::Own, vec![1]);
        values.commit(&[gone], Durability::Relaxed);
        assert_eq!((values.of(Store::Own).count(), values.unsure()), (0, 2));
        let mut one = values.clone();
        assert!(one.lose(1));
        assert_eq!(one.get(Store::Own, &[1, 1]), Some(&vec![3]));
        assert!(values.lose(2));
        assert_eq!(values.get(Store::Own, &[1, 1]), Some(&vec![2]));
        assert_eq!(values.get(Store::Own, &[1, 2]), Some(&vec![2]));
        assert!(!values.lose(0));
    }
}
