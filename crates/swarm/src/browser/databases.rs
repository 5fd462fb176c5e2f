//! IndexedDB of one origin: connections, and transactions that happen whole or not at all.
//!
//! Transactions whose stores overlap happen in the order in which they were asked for, unless both
//! only read. A crash of the whole machine may lose relaxed commits; a strict commit secures itself
//! and all before it.

use std::collections::{BTreeMap, BTreeSet};

use tab::door::{DbId, Query, Rows, Ticket};
use tab::storage::{Change, DbError, Durability, Name, Store};

use super::Life;
use super::slow::Slow;
use super::values::Values;

/// What an engine wants of an open database.
#[derive(Clone, Debug)]
pub enum Work {
    /// To read.
    Read(Query),
    /// To write.
    Write(Vec<Change>, Durability),
}

/// A transaction under way.
#[derive(Clone, Debug)]
struct Transaction {
    life: Life,
    db: DbId,
    ticket: Ticket,
    work: Work,
    started: bool,
}

/// One database.
#[derive(Debug, Default)]
pub struct Database {
    /// What it holds.
    pub values: Values,
    /// Every write is refused.
    pub full: bool,
    /// Every opening is refused.
    pub refuses: bool,
    /// A newer version of Tabchain has taken it over.
    pub newer: bool,
    /// A hostile connection is in the way until this time.
    pub blocked_until: u64,
    /// How slow it is.
    pub slow: Slow,
    transactions: BTreeMap<u64, Transaction>,
}

/// A transaction that has ended.
#[derive(Clone, Debug)]
pub struct Done {
    /// Who asked.
    pub life: Life,
    /// Its number.
    pub ticket: Ticket,
    /// What came of it.
    pub result: Outcome,
}

/// What came of a transaction.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Rows, or why there are none.
    Read(Result<Rows, DbError>),
    /// What was written, or why nothing was.
    Written(Result<Vec<Change>, DbError>),
}

/// All databases.
#[derive(Debug, Default)]
pub struct Databases {
    all: BTreeMap<String, Database>,
    connections: BTreeMap<(Life, DbId), String>,
    asked: u64,
}

impl Databases {
    /// A database, created if it does not exist.
    pub fn get(&mut self, name: &str) -> &mut Database {
        self.all.entry(name.into()).or_default()
    }

    /// A database, if it exists.
    #[must_use]
    pub fn look(&self, name: &str) -> Option<&Database> {
        self.all.get(name)
    }

    /// The name of a database; `which` is taken modulo how many there are.
    #[must_use]
    pub fn name(&self, which: u32) -> Option<String> {
        let count = u32::try_from(self.all.len()).ok()?;
        let which = usize::try_from(which.checked_rem(count)?).ok()?;
        self.all.keys().nth(which).cloned()
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.all.keys()
    }

    /// The name of the database that an engine has open under an id.
    #[must_use]
    pub fn of(&self, life: Life, db: DbId) -> Option<&String> {
        self.connections.get(&(life, db))
    }

    /// An engine opens a database.
    ///
    /// # Errors
    /// Why not.
    pub fn open(&mut self, life: Life, db: DbId, name: &str) -> Result<(), DbError> {
        let database = self.get(name);
        if database.refuses {
            return Err(DbError::Refused("SecurityError".into()));
        }
        if database.newer {
            return Err(DbError::OtherVersion(2));
        }
        self.connections.insert((life, db), name.into());
        Ok(())
    }

    /// An engine closes a database: what it has asked for is still answered.
    pub fn close(&mut self, life: Life, db: DbId) {
        self.connections.remove(&(life, db));
    }

    /// How much longer than usual an engine now waits there, in microseconds.
    #[must_use]
    pub fn slowness(&self, name: &str, life: Life, now: u64) -> u64 {
        let database = self.look(name);
        database.map_or(0, |database| database.slow.wait(life, now))
    }

    /// No database is slow any more.
    pub fn hurry(&mut self) {
        let all = self.all.values_mut();
        all.for_each(|database| database.slow = Slow::default());
    }

    /// All engines that have it open.
    #[must_use]
    pub fn connected(&self, name: &str) -> Vec<(Life, DbId)> {
        let here = self.connections.iter().filter(|(_, other)| *other == name);
        here.map(|(connection, _)| *connection).collect()
    }

    /// The browser takes a connection away: its transactions fail.
    pub fn lose(&mut self, life: Life, db: DbId) -> Vec<Done> {
        let Some(name) = self.connections.remove(&(life, db)) else {
            return Vec::new();
        };
        let database = self.get(&name);
        let ours = |transaction: &Transaction| transaction.life == life && transaction.db == db;
        let gone = database
            .transactions
            .extract_if(.., |_, transaction| ours(transaction));
        gone.map(|(_, transaction)| transaction.fail("AbortError"))
            .collect()
    }

    /// An engine asks for something. Returns an answer if that fails at once.
    pub fn ask(&mut self, life: Life, db: DbId, ticket: Ticket, work: Work) -> Option<Done> {
        let transaction = Transaction {
            life,
            db,
            ticket,
            work,
            started: false,
        };
        let Some(name) = self.connections.get(&(life, db)).cloned() else {
            return Some(transaction.fail("InvalidStateError"));
        };
        self.asked += 1;
        let number = self.asked;
        self.get(&name).transactions.insert(number, transaction);
        None
    }

    /// Starts all transactions that nothing blocks. Returns each one's database, engine and number.
    pub fn start(&mut self) -> Vec<(String, Life, u64)> {
        let mut started = Vec::new();
        for (name, database) in &mut self.all {
            for number in database.start() {
                let life = database.transactions[&number].life;
                started.push((name.clone(), life, number));
            }
        }
        started
    }

    /// A transaction under way ends.
    pub fn finish(&mut self, name: &str, number: u64) -> Option<Done> {
        self.get(name).finish(number)
    }

    /// An engine is gone. `commits` says which of its writes under way still happen; returns what
    /// they changed.
    pub fn forget(
        &mut self,
        life: Life,
        mut commits: impl FnMut() -> bool,
    ) -> Vec<(String, Vec<Change>)> {
        self.connections.retain(|(other, _), _| *other != life);
        let mut written = Vec::new();
        for (name, database) in &mut self.all {
            let ours = |transaction: &Transaction| transaction.life == life;
            let numbers: Vec<u64> = database.numbers(ours);
            for number in numbers {
                let started = database.transactions[&number].started;
                let writes = matches!(database.transactions[&number].work, Work::Write(..));
                if started && writes && commits() {
                    if let Some(Outcome::Written(Ok(changes))) =
                        database.finish(number).map(|done| done.result)
                    {
                        written.push((name.clone(), changes));
                    }
                } else {
                    database.transactions.remove(&number);
                }
            }
        }
        written
    }

    /// The whole machine crashed: each database loses its last relaxed commits, as many as `lost`
    /// says of how many there are. Returns the databases that lost any.
    pub fn crash(&mut self, mut lost: impl FnMut(usize) -> usize) -> Vec<String> {
        let mut hit = Vec::new();
        for (name, database) in &mut self.all {
            let count = lost(database.values.unsure());
            if database.values.lose(count) {
                hit.push(name.clone());
            }
        }
        hit
    }
}

impl Database {
    fn start(&mut self) -> Vec<u64> {
        let mut busy: BTreeMap<Store, bool> = BTreeMap::new();
        let mut started = Vec::new();
        for (number, transaction) in &mut self.transactions {
            let writes = matches!(transaction.work, Work::Write(..));
            let stores = transaction.stores();
            let blocked = |store: &Store| busy.get(store).is_some_and(|other| *other || writes);
            if !transaction.started && !stores.iter().any(blocked) {
                transaction.started = true;
                started.push(*number);
            }
            for store in stores {
                *busy.entry(store).or_default() |= writes;
            }
        }
        started
    }

    fn finish(&mut self, number: u64) -> Option<Done> {
        let transaction = self.transactions.remove(&number)?;
        let result = match transaction.work {
            Work::Read(query) => Outcome::Read(Ok(self.values.read(&query))),
            Work::Write(..) if self.full => {
                Outcome::Written(Err(DbError::Refused("QuotaExceededError".into())))
            }
            Work::Write(changes, durability) => {
                self.values.commit(&changes, durability);
                Outcome::Written(Ok(changes))
            }
        };
        Some(Done {
            life: transaction.life,
            ticket: transaction.ticket,
            result,
        })
    }

    fn numbers(&self, which: impl Fn(&Transaction) -> bool) -> Vec<u64> {
        let ours = self.transactions.iter().filter(|(_, one)| which(one));
        ours.map(|(number, _)| *number).collect()
    }
}

impl Transaction {
    fn stores(&self) -> BTreeSet<Store> {
        match &self.work {
            Work::Read(Query::Range(store, _) | Query::Names(store, _)) => [*store].into(),
            Work::Write(changes, _) => changes.iter().map(store_of).collect(),
        }
    }

    fn fail(self, why: &str) -> Done {
        let error = DbError::Refused(why.into());
        let result = match self.work {
            Work::Read(_) => Outcome::Read(Err(error)),
            Work::Write(..) => Outcome::Written(Err(error)),
        };
        Done {
            life: self.life,
            ticket: self.ticket,
            result,
        }
    }
}

fn store_of(change: &Change) -> Store {
    match change {
        Change::Put(store, ..) | Change::Delete(store, _) | Change::DeleteAll(store, _) => *store,
    }
}

/// The name of a value of a store; `which` is taken modulo how many there are.
pub(crate) fn some_name(values: &Values, store: Store, which: u32) -> Option<Name> {
    let count = u32::try_from(values.of(store).count()).ok()?;
    let which = usize::try_from(which.checked_rem(count)?).ok()?;
    values.of(store).nth(which).map(|(name, _)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Life = Life(1);

    fn write(databases: &mut Databases, ticket: u64, store: Store, value: u8) {
        let put = Change::Put(store, vec![1], vec![value]);
        let work = Work::Write(vec![put], Durability::Relaxed);
        assert!(
            databases
                .ask(LIFE, DbId::Room, Ticket(ticket), work)
                .is_none()
        );
    }

    fn opened() -> Databases {
        let mut databases = Databases::default();
        databases.open(LIFE, DbId::Room, "a").expect("allowed");
        databases
    }

    fn numbers(databases: &mut Databases) -> Vec<u64> {
        databases
            .start()
            .into_iter()
            .map(|(.., number)| number)
            .collect()
    }

    #[test]
    fn transactions_that_overlap_wait_and_others_do_not() {
        let mut databases = opened();
        write(&mut databases, 1, Store::Own, 1);
        write(&mut databases, 2, Store::Own, 2);
        write(&mut databases, 3, Store::Meta, 3);
        assert_eq!(numbers(&mut databases), [1, 3]);
        assert_eq!(numbers(&mut databases), []);
        databases.finish("a", 1);
        assert_eq!(numbers(&mut databases), [2]);
    }

    #[test]
    fn a_dead_engines_write_happens_whole_or_not_at_all() {
        for commits in [false, true] {
            let mut databases = opened();
            write(&mut databases, 1, Store::Own, 1);
            databases.start();
            write(&mut databases, 2, Store::Own, 2);
            let written = databases.forget(LIFE, || commits);
            assert_eq!(written.len(), usize::from(commits));
            let left = databases
                .look("a")
                .expect("made")
                .values
                .of(Store::Own)
                .count();
            assert_eq!(left, usize::from(commits));
        }
    }

    #[test]
    fn a_lost_connection_fails_what_was_asked_before_and_after() {
        let mut databases = opened();
        write(&mut databases, 1, Store::Own, 1);
        assert_eq!(databases.lose(LIFE, DbId::Room).len(), 1);
        let work = Work::Read(Query::Range(Store::Own, vec![]));
        assert!(databases.ask(LIFE, DbId::Room, Ticket(2), work).is_some());
    }
}
