//! Nodes start from what they saved, stop, start again; a further one comes.

use std::collections::{BTreeSet, VecDeque};

use chain::PeerId;
use wire::{Answer, Damage, Happening};

use super::Member;
use crate::between::heartbeat::MOST_NODES;
use crate::clock::Clock;
use crate::cx::{Cx, failure};
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::lasting::Lasting;
use crate::planted::{Bug, is_planted};
use crate::session::adding::{Adding, Step as AddStep};
use crate::session::claim::{Claim, Claimed, Wanted};
use crate::session::starting::{self, DATABASE_MS, Starting, Step};
use crate::storage::DbError;
use crate::storage::identities::Identity;
use crate::storage::room::{read_generation, youngest_generation};

/// How long the first picture waits for nodes that read their chain, in milliseconds: a short chain
/// should be there at once, of a long one the page shows the progress.
const SETTLE_MS: u64 = 1_500;

fn silent() -> DbError {
    DbError::Refused("the browser does not answer".into())
}

impl Member {
    /// All nodes begin a new life: after sleep, after a reset, after its undoing.
    pub(super) fn relive(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, why: Option<Happening>) {
        self.stop_nodes(cx, l);
        for one in &mut self.nodes {
            one.identity.incarnation = one.identity.incarnation.saturating_add(1);
            one.sequence = 0;
            one.saved_height = None;
        }
        let kept = self
            .nodes
            .iter()
            .filter(|one| one.kept && l.browser_db.is_ok());
        let identities: Vec<Identity> = kept.map(|one| one.identity.clone()).collect();
        // Of several reasons in a row, people are told the first.
        if self.starting.is_some() && is_planted(Bug::StartGoesOnAfterReset) {
            return;
        }
        let why = self.starting.take().and_then(|start| start.why).or(why);
        self.starting = Some(Starting::begin(cx, why, &identities));
        l.pace.change();
    }

    /// Ends all nodes here, and with them whatever is on its way for them.
    pub(super) fn stop_nodes(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.carry_out(cx, l);
        for one in &mut self.nodes {
            self.host.remove(&one.id);
            l.mining.set_job(cx, one.key(), None);
            one.job = None;
        }
        l.writer.forget_asked();
        l.writer.turn(cx, &mut l.store);
    }

    /// Goes on with a start as far as nothing has to be waited for.
    pub(super) fn turn_start(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let Some(start) = &self.starting else {
            return;
        };
        let late = cx.ms() >= start.until;
        match start.step {
            Step::Flush if l.is_written() || is_planted(Bug::BootBeforeWritten) => {
                self.flushed(cx, l);
            }
            _ if late && l.store.is_readable() => {
                self.lose_database(cx, l, silent());
                self.flushed(cx, l);
            }
            _ if late => self.flushed(cx, l),
            _ => {}
        }
    }

    /// A write for a start is done.
    pub fn identities_written(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        result: &Result<(), DbError>,
    ) {
        if let Some(Starting {
            step: Step::Identities(ticket),
            ..
        }) = &self.starting
            && *ticket == id
        {
            if let Err(error) = result {
                self.lose_storage(cx, l, error.clone());
            }
            self.flush(cx);
        }
    }

    fn flush(&mut self, cx: &Cx<'_>) {
        if let Some(start) = &mut self.starting {
            start.go(cx, Step::Flush);
        }
    }

    /// What former nodes saved is written: a new life begins with all of it.
    fn flushed(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.clock = Clock::start(cx.now);
        l.recount();
        if !l.store.is_kept() {
            return self.read_rows(cx, l);
        }
        let ticket = starting::ask_generation(cx);
        if let Some(start) = &mut self.starting {
            start.go(cx, Step::Generation(ticket));
        }
    }

    /// Rows for a start were read.
    pub fn rows_read(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) {
        let Some(start) = &mut self.starting else {
            return;
        };
        match &mut start.step {
            Step::Generation(ticket) if *ticket == id => match rows {
                Ok(rows) => match read_generation(rows) {
                    Some(generation) => {
                        l.store.refresh(generation);
                        self.read_rows(cx, l);
                    }
                    None => {
                        let ticket = starting::ask_all(cx);
                        start.go(cx, Step::Youngest(ticket));
                    }
                },
                Err(error) => self.do_without(cx, l, error),
            },
            Step::Youngest(ticket) if *ticket == id => match rows {
                Ok(rows) => {
                    l.store.refresh(youngest_generation(rows));
                    l.store.write_generation();
                    l.note(cx, Happening::Damaged(Damage::Generation));
                    self.read_rows(cx, l);
                }
                Err(error) => self.do_without(cx, l, error),
            },
            Step::Rows { ticket, node, next } if *ticket == id => {
                let (node, next) = (*node, std::mem::take(next));
                l.store.fill(node, rows.clone());
                self.start_node(cx, l, node);
                self.read_next(cx, l, next);
            }
            _ => {}
        }
    }

    fn do_without(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, error: &DbError) {
        self.lose_storage(cx, l, error.clone());
        self.read_rows(cx, l);
    }

    fn read_rows(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.read_next(cx, l, self.nodes.iter().map(|one| one.id).collect());
    }

    /// Starts the next node that has to be read, and before it those that need not.
    fn read_next(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, mut next: VecDeque<PeerId>) {
        while let Some(node) = next.pop_front() {
            if self.hosted(&node).is_none() {
                continue; // removed meanwhile
            }
            let Some(prefix) = l.store.missing(&node) else {
                self.start_node(cx, l, node);
                continue;
            };
            let ticket = starting::ask_rows(cx, prefix);
            if let Some(start) = &mut self.starting {
                start.go(cx, Step::Rows { ticket, node, next });
            }
            return;
        }
        self.started(cx, l);
    }

    fn start_node(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, id: PeerId) {
        let Some(hosted) = self.hosted_mut(&id) else {
            return;
        };
        let saved = l.store.saved(&id);
        hosted.saved_height = saved_height(&saved);
        let key = hosted.identity.secret.public_key();
        let node = scenario::assemble(&l.room, &key, cx.number(), &l.memo);
        self.host.add(id, node, saved);
        self.change();
    }

    fn started(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let start = self.starting.take();
        self.knows_chain = true;
        self.settle_by = cx.ms() + SETTLE_MS;
        self.change();
        l.pace.change();
        if let Some(why) = start.and_then(|start| start.why) {
            l.note(cx, why);
        }
    }

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
        let claim = Claim::begin(cx, &l.names, l.browser_db.clone(), wanted);
        self.adding = Some(Adding {
            ask,
            step: AddStep::Claim(Box::new(claim)),
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
            AddStep::Claim(claim) => {
                let claimed = claim.turn(cx);
                self.add_claimed(cx, claimed);
            }
            AddStep::Flush(_) if l.is_written() || late => self.add_flushed(cx, l),
            AddStep::Rows(_, id) if late => {
                let id = *id;
                l.store.fill(id, Err(silent()));
                self.added(cx, l, id);
            }
            _ => {}
        }
    }

    /// The browser says something of a lock that a node being added may want.
    pub fn add_locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) {
        if let Some(Adding {
            step: AddStep::Claim(claim),
            ..
        }) = &mut self.adding
        {
            let claimed = claim.locked(cx, id, answer);
            self.add_claimed(cx, claimed);
        }
    }

    /// Rows were read that a node being added may have asked for.
    pub fn add_read(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) {
        match &mut self.adding {
            Some(Adding {
                step: AddStep::Claim(claim),
                ..
            }) => {
                let claimed = claim.read(cx, id, rows);
                self.add_claimed(cx, claimed);
            }
            Some(Adding {
                step: AddStep::Rows(ticket, node),
                ..
            }) if *ticket == id => {
                let node = *node;
                l.store.fill(node, rows.clone());
                self.added(cx, l, node);
            }
            _ => {}
        }
    }

    /// A write is done that a node being added may wait for.
    pub fn add_written(&mut self, cx: &mut Cx<'_>, id: Ticket, result: &Result<(), DbError>) {
        if let Some(Adding {
            step: AddStep::Claim(claim),
            ..
        }) = &mut self.adding
        {
            let claimed = claim.written(cx, id, result);
            self.add_claimed(cx, claimed);
        }
    }

    fn add_claimed(&mut self, cx: &Cx<'_>, claimed: Option<Claimed>) {
        if let (Some(claimed), Some(adding)) = (claimed, &mut self.adding) {
            adding.step = AddStep::Flush(Box::new(claimed));
            adding.until = cx.ms() + DATABASE_MS;
        }
    }

    fn add_flushed(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        if !self.is_running() {
            return; // the others are being started: one after the other
        }
        let Some(Adding {
            ask,
            step: AddStep::Flush(claimed),
            ..
        }) = self.adding.take()
        else {
            return;
        };
        let Some(hosted) = self.take_in(cx, l, *claimed).pop() else {
            return cx.answer(ask, Err(failure("too-many-nodes", "no identity is free")));
        };
        let id = hosted.id;
        l.store.forget(&id); // it may have lived elsewhere since it lived here
        self.nodes.push(hosted);
        l.recount(); // it may have found blocks before
        self.know_nodes(l);
        let prefix = l.store.missing(&id);
        let ticket = prefix.map(|prefix| starting::ask_rows(cx, prefix));
        let step = AddStep::Rows(ticket.unwrap_or_else(|| cx.ticket()), id);
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
        // A restart of all nodes may have come in between, and takes this one along.
        if !self.host.has(&id) && self.is_running() {
            self.start_node(cx, l, id);
        }
        cx.answer(adding.ask, Ok(Answer::Node(id)));
    }

    /// The tab leaves: asks that take time are answered, and what was taken for them is given back.
    pub(super) fn give_up_asks(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        if is_planted(Bug::AskForgottenAtFreeze) {
            return;
        }
        if let Some(adding) = self.adding.take() {
            match adding.step {
                AddStep::Claim(mut claim) => claim.abandon(cx),
                AddStep::Flush(claimed) => claimed.give_back(cx),
                AddStep::Rows(..) => {}
            }
            cx.answer(adding.ask, Err(crate::asks::left()));
        }
        self.give_up_renewal(cx, l);
    }
}

/// The height that a node had saved, as its own short record of it says.
fn saved_height(saved: &protocol::Saved) -> Option<u32> {
    let tip = saved.small.get(&b"tip"[..])?;
    let (_, height) = tip
        .split_last_chunk::<4>()
        .filter(|(id, _)| id.len() == 32)?;
    Some(u32::from_le_bytes(*height))
}

impl Adding {
    pub(super) fn waits_for_storage(&self) -> bool {
        matches!(self.step, AddStep::Flush(_))
    }

    pub(super) fn due(&self) -> u64 {
        match &self.step {
            AddStep::Claim(claim) => claim.due(),
            _ => self.until,
        }
    }
}
