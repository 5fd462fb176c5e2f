//! Starting a tab's nodes from what they saved: after joining, after sleep, after a reset.

use std::collections::VecDeque;

use chain::PeerId;
use wire::Happening;

use crate::cx::Cx;
use crate::door::{DbId, Effect, Query, Ticket};
use crate::storage::identities::Identity;
use crate::storage::room::GENERATION;
use crate::storage::{Change, Durability, Name, Store};

/// How long the database may take for one answer before the nodes do without it, in milliseconds.
pub const DATABASE_MS: u64 = 15_000;

/// Nodes that are being started.
pub struct Starting {
    /// What to tell people once they run.
    pub why: Option<Happening>,
    /// What the start waits for.
    pub step: Step,
    /// The step's deadline, in milliseconds.
    pub until: u64,
}

/// The steps of a start, in order.
pub enum Step {
    /// The nodes' incarnations are being stored: one that is not written down could live twice.
    Identities(Ticket),
    /// What former nodes saved is being written.
    Flush,
    /// Storage is being asked which chain counts.
    Generation(Ticket),
    /// The record of that is damaged: looking for the youngest chain.
    Youngest(Ticket),
    /// What one node saved is being read.
    Rows {
        /// The read.
        ticket: Ticket,
        /// Whose.
        node: PeerId,
        /// The nodes that follow.
        next: VecDeque<PeerId>,
    },
}

impl Starting {
    /// Begins by storing new incarnations, if there are any to store.
    pub fn begin(cx: &mut Cx<'_>, why: Option<Happening>, identities: &[Identity]) -> Self {
        let step = if identities.is_empty() {
            Step::Flush
        } else {
            let id = cx.ticket();
            let changes: Vec<Change> = identities.iter().map(Identity::change).collect();
            let (db, durability) = (DbId::Browser, Durability::Strict);
            cx.act(Effect::Write {
                id,
                db,
                changes,
                durability,
            });
            Step::Identities(id)
        };
        let until = cx.ms() + DATABASE_MS;
        Self { why, step, until }
    }

    /// Moves on to another step.
    pub fn go(&mut self, cx: &Cx<'_>, step: Step) {
        self.step = step;
        self.until = cx.ms() + DATABASE_MS;
    }
}

/// Asks which chain counts.
pub fn ask_generation(cx: &mut Cx<'_>) -> Ticket {
    ask(cx, Query::Names(Store::Meta, vec![GENERATION.to_vec()]))
}

/// Asks for the own values of all nodes, of all chains.
pub fn ask_all(cx: &mut Cx<'_>) -> Ticket {
    ask(cx, Query::Range(Store::Own, Name::new()))
}

/// Asks for the own values whose names start with `prefix`.
pub fn ask_rows(cx: &mut Cx<'_>, prefix: Name) -> Ticket {
    ask(cx, Query::Range(Store::Own, prefix))
}

fn ask(cx: &mut Cx<'_>, query: Query) -> Ticket {
    let (id, db) = (cx.ticket(), DbId::Room);
    cx.act(Effect::Read { id, db, query });
    id
}
