//! A database in memory that can be told to fail, for tests of all that stands on [`Db`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::{Change, Db, DbError, Durability, Name, Store};

/// What every store holds.
type Values = BTreeMap<(Store, Name), Vec<u8>>;

/// The database; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    values: Rc<RefCell<Values>>,
    /// Commits from now on that succeed; the ones after them fail and change nothing.
    pub room: Rc<Cell<Option<u32>>>,
    /// Names that each commit touched.
    pub commits: Rc<RefCell<Vec<usize>>>,
}

impl Memory {
    /// How many values there are.
    pub fn len(&self, store: Store) -> usize {
        self.values
            .borrow()
            .keys()
            .filter(|(other, _)| *other == store)
            .count()
    }
}

impl Db for Memory {
    async fn range(&self, store: Store, prefix: &[u8]) -> Result<Vec<(Name, Vec<u8>)>, DbError> {
        let values = self.values.borrow();
        let found = values
            .iter()
            .filter(|((at, name), _)| *at == store && name.starts_with(prefix));
        Ok(found
            .map(|((_, name), value)| (name.clone(), value.clone()))
            .collect())
    }

    async fn read(&self, store: Store, names: &[Name]) -> Result<Vec<Option<Vec<u8>>>, DbError> {
        let values = self.values.borrow();
        Ok(names
            .iter()
            .map(|name| values.get(&(store, name.clone())).cloned())
            .collect())
    }

    async fn commit(&self, changes: &[Change], _: Durability) -> Result<(), DbError> {
        match self.room.get() {
            Some(0) => return Err(DbError::Refused("QuotaExceededError".into())),
            left => self.room.set(left.map(|left| left - 1)),
        }
        let mut values = self.values.borrow_mut();
        for change in changes {
            match change.clone() {
                Change::Put(store, name, value) => drop(values.insert((store, name), value)),
                Change::Delete(store, name) => drop(values.remove(&(store, name))),
                Change::DeleteAll(store, prefix) => {
                    values.retain(|(at, name), _| *at != store || !name.starts_with(&prefix));
                }
            }
        }
        self.commits.borrow_mut().push(changes.len());
        Ok(())
    }
}

/// Runs a future that never has to wait.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future on memory waits for nothing"),
    }
}
