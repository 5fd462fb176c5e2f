//! Adding a node to a tab that takes part.

use std::collections::BTreeSet;

use chain::PeerId;
use wire::Answer;

use super::Member;
use super::start::silent;
use crate::between::heartbeat::MOST_NODES;
use crate::cx::{Cx, failure};
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::lasting::Lasting;
use crate::session::adding::{Adding, Step};
use crate::session::claim::{Claimed, Wanted};
use crate::session::starting::{self, DATABASE_MS};
use crate::session::taking::Taking;
use crate::storage::DbError;

impl Member {
    /// Somebody wants one more node.
    pub fn add(&mut self, cx: &mut Cx<'_>, l: &Lasting, ask: u32) {
        if self.nodes.len() >= MOST_NODES {
            return cx.answer(
                ask,
                Err(failure("too-many-nodes", "a tab has at most 16 nodes")),
            );
        }
        let wanted = Wanted {
            count: 1,
            besides: self
                .nodes
                .iter()
                .map(|one| one.identity.seat)
                .collect::<BTreeSet<_>>(),
            ..Wanted::default()
        };
        let place = (&l.names, l.room.id());
        let taking = Taking::begin(cx, place, &l.under(), wanted, false);
        self.adding = Some(Adding {
            ask,
            step: Step::Claim(taking),
            until: u64::MAX,
        });
    }

    /// Whether a node is being added.
    pub fn is_adding(&self) -> bool {
        self.adding.is_some()
    }

    pub(super) fn turn_add(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let Some(adding) = &mut self.adding else {
            return;
        };
        let late = cx.ms() >= adding.until;
        match &mut adding.step {
            Step::Claim(claim) => {
                let claimed = claim.turn(cx);
                self.add_claimed(cx, claimed);
            }
            Step::Flush(_) if l.is_written() || late => self.add_flushed(cx, l),
            Step::Rows(_, id) if late => {
                let id = *id;
                l.store.fill(id, Err(silent()));
                self.added(cx, l, id);
            }
            _ => {}
        }
    }

    /// The browser says what became of a lock; a node being added may have asked for it.
    pub fn add_locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) {
        match &mut self.adding {
            Some(Adding {
                step: Step::Claim(claim),
                ..
            }) => {
                let claimed = claim.locked(cx, id, answer);
                self.add_claimed(cx, claimed);
            }
            Some(Adding {
                step: Step::Flush(claimed),
                ..
            }) if answer == LockAnswer::Stolen => claimed.lose(id),
            _ => {}
        }
    }

    /// Rows were read; a node being added may have asked for them.
    pub fn add_read(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) {
        match &mut self.adding {
            Some(Adding {
                step: Step::Claim(claim),
                ..
            }) => {
                let claimed = claim.read(cx, id, rows);
                self.add_claimed(cx, claimed);
            }
            Some(Adding {
                step: Step::Rows(ticket, node),
                ..
            }) if *ticket == id => {
                let node = *node;
                l.store.fill(node, rows.clone());
                self.added(cx, l, node);
            }
            _ => {}
        }
    }

    /// A write is done; a node being added may wait for it.
    pub fn add_written(&mut self, cx: &mut Cx<'_>, id: Ticket, result: &Result<(), DbError>) {
        if let Some(Adding {
            step: Step::Claim(claim),
            ..
        }) = &mut self.adding
        {
            let claimed = claim.written(cx, id, result);
            self.add_claimed(cx, claimed);
        }
    }

    fn add_claimed(&mut self, cx: &Cx<'_>, claimed: Option<Claimed>) {
        if let (Some(claimed), Some(adding)) = (claimed, &mut self.adding) {
            adding.step = Step::Flush(Box::new(claimed));
            adding.until = cx.ms() + DATABASE_MS;
        }
    }

    fn add_flushed(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        if !self.is_running() {
            return; // not while the others are being started
        }
        let Some(Adding {
            ask,
            step: Step::Flush(claimed),
            ..
        }) = self.adding.take()
        else {
            return;
        };
        let none_free = claimed.no_seat.is_some();
        let Some(hosted) = self.take_in(cx, l, *claimed).pop() else {
            if none_free {
                return cx.answer(ask, Err(failure("no-seat", "no seat of this room is free")));
            }
            return self.add(cx, l, ask); // its lock was stolen meanwhile
        };
        self.no_seat = None;
        let id = hosted.id;
        l.store.forget(&id); // it may have lived elsewhere since it lived here
        self.nodes.push(hosted);
        l.recount(); // it may have found blocks before
        self.know_nodes(l);
        let prefix = l.store.missing(&id);
        let ticket = prefix.map(|prefix| starting::ask_rows(cx, prefix));
        let step = Step::Rows(ticket.unwrap_or_else(|| cx.ticket()), id);
        let until = cx.ms() + DATABASE_MS;
        self.adding = Some(Adding { ask, step, until });
        if ticket.is_none() {
            self.added(cx, l, id);
        }
    }

    fn added(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, id: PeerId) {
        let Some(adding) = self.adding.take() else {
            return;
        };
        self.start_node(cx, l, id);
        cx.answer(adding.ask, Ok(Answer::Node(id)));
    }

    /// All nodes are being restarted, and the one being added with them. What is being read for it
    /// is not waited for: it may be of a chain that no longer counts.
    pub(super) fn leave_added_to_start(&mut self, cx: &mut Cx<'_>) {
        if let Some(Adding {
            step: Step::Rows(_, id),
            ask,
            ..
        }) = self
            .adding
            .take_if(|adding| matches!(adding.step, Step::Rows(..)))
        {
            cx.answer(ask, Ok(Answer::Node(id)));
        }
    }
}

impl Adding {
    pub(super) fn waits_for_storage(&self) -> bool {
        matches!(self.step, Step::Flush(_))
    }

    pub(super) fn due(&self) -> u64 {
        match &self.step {
            Step::Claim(claim) => claim.due(),
            _ => self.until,
        }
    }
}
