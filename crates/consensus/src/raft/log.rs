//! The log, as far as it is kept, and the configurations that stand in it.

use alloc::sync::Arc;

use chain::Time;
use protocol::{Body, Config};
use rpds::{RedBlackTreeMapSync as Map, VectorSync as Vector};

use super::message::{Configured, Entry, Index, Point, Term};

/// The log, as far as it is kept. Terms never fall along it, and no entry is of term 0.
#[derive(Clone)]
pub(super) struct Log {
    /// The last entry that a snapshot stands for and that is gone.
    base: Point,
    entries: Vector<Entry>,
    /// The configurations that its entries bring, and the one that holds before them.
    configs: Map<Index, Arc<Config>>,
}

impl Log {
    /// An empty log behind an entry, with the configuration that holds there.
    pub fn after(base: Point, configured: Configured) -> Self {
        let Configured { since, config } = configured;
        Self {
            base,
            entries: Vector::new_sync(),
            configs: Map::new_sync().insert(since, config),
        }
    }

    /// The configuration that holds: the latest one, committed or not (paper section 6).
    pub fn configured(&self) -> Configured {
        self.configured_at(self.last().index)
    }

    /// The configuration that held at an index, which must not be before the snapshot.
    pub fn configured_at(&self, index: Index) -> Configured {
        let latest = self.configs.range(..=index).next_back();
        let Some((since, config)) = latest.or_else(|| self.configs.first()) else {
            unreachable!("one holds before the first entry");
        };
        let (since, config) = (*since, config.clone());
        Configured { since, config }
    }

    /// The last entry that is gone; `(0, 0)` if all are here.
    pub fn base(&self) -> Point {
        self.base
    }

    /// The last entry's name.
    pub fn last(&self) -> Point {
        let index = self.base.index.plus(self.entries.len() as u64);
        let term = self
            .entries
            .last()
            .map_or(self.base.term, |entry| entry.term);
        Point { index, term }
    }

    /// When the last entry was proposed.
    pub fn last_time(&self) -> Time {
        self.entries
            .last()
            .map_or(Time(0), |entry| entry.proposal.time)
    }

    pub fn get(&self, index: Index) -> Option<&Entry> {
        let behind = index.0.checked_sub(self.base.index.0)?;
        self.entries
            .get(usize::try_from(behind.checked_sub(1)?).ok()?)
    }

    /// The term at an index, that of the last entry which is gone included; `None` for all others that
    /// are not here.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            Some(self.base.term)
        } else {
            self.get(index).map(|entry| entry.term)
        }
    }

    /// Whether an entry of this name is here, or is the last that is gone.
    pub fn has(&self, point: Point) -> bool {
        self.term_at(point.index) == Some(point.term)
    }

    /// The log without all up to an entry.
    pub fn without(&self, base: Point) -> Self {
        let mut log = Self::after(base, self.configured_at(base.index));
        self.from(base.index.next())
            .for_each(|entry| log.push(entry.clone()));
        log
    }

    /// Entries from an index on.
    pub fn from(&self, first: Index) -> impl Iterator<Item = &Entry> {
        (first.0..).map_while(|index| self.get(Index(index)))
    }

    pub fn push(&mut self, entry: Entry) {
        debug_assert!(entry.term >= self.last().term.max(Term(1)));
        if let Body::Config(config) = &entry.proposal.body {
            let index = self.last().index.next();
            self.configs.insert_mut(index, Arc::new(config.clone()));
        }
        self.entries.push_back_mut(entry);
    }

    /// Drops all from an index on.
    pub fn truncate(&mut self, from: Index) {
        while self.last().index >= from.max(self.base.index.next()) {
            self.configs.remove_mut(&self.last().index);
            self.entries.drop_last_mut();
        }
    }

    /// The first index whose term is at least this one; the one after the last if none is.
    pub fn first_since(&self, term: Term) -> Index {
        let (mut low, mut high) = (self.base.index.0 + 1, self.last().index.0 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.term_at(Index(middle)) < Some(term) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Index(low)
    }
}
