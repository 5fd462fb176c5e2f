//! Between the nodes and the room's database: one write at a time, of everything that waits; one
//! read at a time, of all values asked for.

use std::sync::Arc;

use chain::PeerId;
use protocol::{Input, Key};

use super::room::RoomStore;
use super::{DbError, Durability, Name, Store};
use crate::cx::Cx;
use crate::door::{DbId, Effect, Query, Rows, Ticket};

/// Most values in one read.
const MOST_READS: usize = 256;

/// What is on its way to the database and back.
#[derive(Debug, Default)]
pub struct Writer {
    writing: Option<Writing>,
    reading: Option<(Ticket, Vec<Asked>)>,
    asked: Vec<Asked>,
}

#[derive(Debug)]
struct Writing {
    id: Ticket,
    /// The last save in it.
    save: u64,
    /// Shared values in it.
    shared: Vec<Name>,
    /// When it was handed to the browser, in milliseconds.
    since: u64,
}

/// A value that a node waits for.
#[derive(Debug)]
struct Asked {
    node: PeerId,
    key: Key,
    name: Name,
}

impl Writer {
    /// Passes on what waits, unless the browser is still busy with what came before.
    pub fn turn(&mut self, cx: &mut Cx<'_>, store: &mut RoomStore) {
        if !store.is_readable() {
            return;
        }
        if self.writing.is_none()
            && let Some(flush) = store.take_flush()
        {
            let id = cx.ticket();
            cx.act(Effect::Write {
                id,
                db: DbId::Room,
                changes: flush.changes,
                durability: Durability::Relaxed,
            });
            self.writing = Some(Writing {
                id,
                save: flush.ticket,
                shared: flush.shared,
                since: cx.ms(),
            });
        }
        if self.reading.is_none() && !self.asked.is_empty() {
            let most = MOST_READS.min(self.asked.len());
            let asked: Vec<Asked> = self.asked.drain(..most).collect();
            let names = asked.iter().map(|asked| asked.name.clone()).collect();
            let id = cx.ticket();
            cx.act(Effect::Read {
                id,
                db: DbId::Room,
                query: Query::Names(Store::Blocks, names),
            });
            self.reading = Some((id, asked));
        }
    }

    /// A write is done: the last save that is durable now, or why none is. `None` if not ours.
    pub fn written(
        &mut self,
        store: &mut RoomStore,
        id: Ticket,
        result: &Result<(), DbError>,
    ) -> Option<Result<u64, DbError>> {
        let done = self.writing.take_if(|writing| writing.id == id)?;
        Some(match result {
            Ok(()) => {
                store.flushed(&done.shared);
                Ok(done.save)
            }
            Err(error) => Err(error.clone()),
        })
    }

    /// A node asked for a value that only the database has.
    pub fn ask(&mut self, node: PeerId, key: Key, name: Name) {
        self.asked.push(Asked { node, key, name });
    }

    /// Values were read: the inputs for the nodes that asked. What cannot be read counts as lost:
    /// nodes fetch it again from others. `None` if not ours.
    pub fn read(&mut self, id: Ticket, rows: &Rows) -> Option<Vec<(PeerId, Input)>> {
        let (_, asked) = self.reading.take_if(|(reading, _)| *reading == id)?;
        let mut rows = rows.iter().peekable();
        let answer = |asked: Asked| {
            let found = rows.next_if(|(name, _)| *name == asked.name);
            let value = found.map(|(_, value)| Arc::from(value.as_slice()));
            let key = asked.key;
            (asked.node, Input::Loaded { key, value })
        };
        Some(asked.into_iter().map(answer).collect())
    }

    /// Drops what former nodes asked for: it must not reach their successors.
    pub fn forget_asked(&mut self) {
        self.asked.clear();
        self.reading = None;
    }

    /// When the write under way began, in milliseconds.
    pub fn writing_since(&self) -> Option<u64> {
        self.writing.as_ref().map(|writing| writing.since)
    }

    /// The database is gone: stops waiting. Returns inputs that tell nodes their values are lost.
    pub fn give_up(&mut self) -> Vec<(PeerId, Input)> {
        self.writing = None;
        let reading = self.reading.take().into_iter().flat_map(|(_, asked)| asked);
        let all = reading.chain(std::mem::take(&mut self.asked));
        all.map(|asked| {
            let (key, value) = (asked.key, None);
            (asked.node, Input::Loaded { key, value })
        })
        .collect()
    }
}
