//! Between the host and storage: one write transaction at a time, with everything that waits for
//! one; one read transaction at a time for all values that were asked for.

use std::sync::Arc;

use chain::PeerId;
use protocol::{Batch, Input, Key};
use wasm_bindgen_futures::spawn_local;

use super::{Engine, Handle};
use crate::engine::browser::timers::pause;
use crate::engine::storage::depot::Depot;
use crate::engine::storage::idb::Idb;
use crate::engine::storage::{Db, DbError, Durability, Name, Store};

/// Most values read in one transaction.
const MOST_READS: usize = 256;

/// The room's storage and what it is busy with.
pub struct Storage {
    pub depot: Depot<Idb>,
    writing: bool,
    reading: bool,
    asked: Vec<Asked>,
}

/// A value that a node waits for.
struct Asked {
    node: PeerId,
    key: Key,
    name: Name,
    life: u64,
}

impl Storage {
    /// Storage on this database, or in memory.
    pub fn new(db: Result<Idb, DbError>) -> Self {
        Self {
            depot: Depot::new(db),
            writing: false,
            reading: false,
            asked: Vec::new(),
        }
    }
}

impl Handle {
    /// Waits until storage has what it was given, but not for ever.
    pub(super) async fn written(&self) {
        for _ in 0..400 {
            let writing = self.act(|engine| {
                engine.look_after_storage();
                engine.storage.writing
            });
            if writing != Some(true) {
                return;
            }
            pause(5).await;
        }
    }
}

impl Engine {
    pub(super) fn save(&mut self, node: PeerId, ticket: u64, batch: &Batch) {
        self.storage.depot.save(node, ticket, batch);
        if !self.storage.depot.is_kept() {
            self.host.durable(ticket, self.clock.last());
        }
    }

    pub(super) fn load(&mut self, node: PeerId, key: Key) {
        match self.storage.depot.load(&node, &key) {
            Ok(value) => self.host.give(node, Input::Loaded { key, value }),
            Err(name) => self.storage.asked.push(Asked {
                node,
                key,
                name,
                life: self.life,
            }),
        }
    }

    /// Starts what can be started.
    pub(super) fn look_after_storage(&mut self) {
        self.write();
        self.read();
    }

    fn write(&mut self) {
        if self.storage.writing {
            return;
        }
        let Some(db) = self.storage.depot.db() else {
            return;
        };
        let Some(flush) = self.storage.depot.take_flush() else {
            return;
        };
        self.storage.writing = true;
        let handle = self.handle.clone();
        spawn_local(async move {
            let result = db.commit(&flush.changes, Durability::Relaxed).await;
            handle.act(|engine| {
                engine.storage.writing = false;
                let ticket = flush.ticket;
                if let Err(error) = result {
                    return engine.lose_storage(error);
                }
                engine.storage.depot.flushed(&flush);
                engine.host.durable(ticket, engine.clock.last());
                engine.look_after_storage();
            });
        });
    }

    fn read(&mut self) {
        if self.storage.reading || self.storage.asked.is_empty() {
            return;
        }
        let most = MOST_READS.min(self.storage.asked.len());
        let asked: Vec<Asked> = self.storage.asked.drain(..most).collect();
        let Some(db) = self.storage.depot.db() else {
            return;
        };
        self.storage.reading = true;
        let handle = self.handle.clone();
        spawn_local(async move {
            let names: Vec<Name> = asked.iter().map(|asked| asked.name.clone()).collect();
            let values = db.read(Store::Blocks, &names).await;
            handle.act(|engine| {
                engine.storage.reading = false;
                // What cannot be read counts as lost: nodes fetch it again from others.
                let values = values.unwrap_or_else(|error| {
                    engine.lose_storage(error);
                    vec![None; asked.len()]
                });
                for (asked, value) in asked.into_iter().zip(values) {
                    if asked.life == engine.life {
                        let value = value.map(Arc::from);
                        engine.host.give(
                            asked.node,
                            Input::Loaded {
                                key: asked.key,
                                value,
                            },
                        );
                    }
                }
                engine.read();
            });
        });
    }

    /// Nothing that is written will be found again: the database was taken away, or is full. From
    /// now on everything is in memory, and nothing waits for it.
    pub(super) fn lose_storage(&mut self, why: DbError) {
        let was_kept = self.storage.depot.is_kept();
        self.storage.depot.fail(why);
        let residents = self.residents.iter().filter(|_| was_kept);
        let nodes = residents.filter_map(|one| self.host.get(&one.id));
        for node in nodes {
            for (key, block) in node.blocks() {
                self.storage.depot.take_back(&key, block);
            }
        }
        self.host
            .durable(self.storage.depot.last_ticket(), self.clock.last());
        self.pace.change();
    }
}
