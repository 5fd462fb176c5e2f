//! Opening a database, with patience: a busy browser is slow, another page may block it, and some
//! browsers never answer.

use crate::cx::Cx;
use crate::door::{DbId, Effect};
use crate::storage::{DbError, Store};

/// Tries before the tab does without.
const TRIES: u32 = 3;
/// No further try after this many milliseconds: people are waiting.
const PATIENCE_MS: u64 = 2_000;
/// Milliseconds between two tries.
const PAUSE_MS: u64 = 100;
/// How long another page may block it, in milliseconds.
const BLOCKED_MS: u64 = 3_000;
/// How long to wait for a browser that says nothing at all, in milliseconds.
const SILENT_MS: u64 = 6_000;

/// A database that is being opened.
#[derive(Debug)]
pub struct Opening {
    db: DbId,
    name: String,
    stores: &'static [Store],
    begun: u64,
    tries: u32,
    wait: Wait,
}

/// What is waited for, and until when.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Answer(u64),
    NextTry(u64),
}

impl Opening {
    /// Asks the browser to open it.
    pub fn begin(cx: &mut Cx<'_>, db: DbId, name: String, stores: &'static [Store]) -> Self {
        let begun = cx.ms();
        let mut opening = Self {
            db,
            name,
            stores,
            begun,
            tries: 0,
            wait: Wait::NextTry(begun),
        };
        opening.ask(cx);
        opening
    }

    /// The browser has answered. Returns the outcome, unless another try follows.
    pub fn answered(
        &mut self,
        cx: &mut Cx<'_>,
        result: Result<(), DbError>,
    ) -> Option<Result<(), DbError>> {
        let may = self.tries < TRIES && cx.ms() < self.begun + PATIENCE_MS;
        if may && matches!(result, Err(DbError::Refused(_))) {
            self.wait = Wait::NextTry(cx.ms() + PAUSE_MS);
            return None;
        }
        Some(result)
    }

    /// Another page's connection is in the way.
    pub fn blocked(&mut self, cx: &Cx<'_>) {
        if let Wait::Answer(until) = &mut self.wait {
            *until = cx.ms() + BLOCKED_MS;
        }
    }

    /// Tries again, or gives up, when the time has come.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<DbError> {
        match self.wait {
            Wait::NextTry(at) if cx.ms() >= at => {
                self.ask(cx);
                None
            }
            Wait::Answer(until) if cx.ms() >= until => {
                // If it opens after all, it must not stay open behind our back.
                cx.act(Effect::Close(self.db));
                Some(DbError::Refused("the browser does not answer".into()))
            }
            _ => None,
        }
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match self.wait {
            Wait::Answer(at) | Wait::NextTry(at) => at,
        }
    }

    fn ask(&mut self, cx: &mut Cx<'_>) {
        self.tries += 1;
        self.wait = Wait::Answer(cx.ms() + SILENT_MS);
        let (db, name, stores) = (self.db, self.name.clone(), self.stores);
        cx.act(Effect::Open { db, name, stores });
    }
}
