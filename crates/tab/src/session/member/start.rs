//! Starting nodes from what they saved, stopping them, and starting them again.

use std::collections::VecDeque;

use chain::PeerId;
use node::Node;
use protocol::{Input, Order, Role, Values};
use wire::{Damage, Happening};

use super::Member;
use crate::between::generation::Generation;
use crate::between::hint::may_follow;
use crate::clock::Clock;
use crate::cx::Cx;
use crate::door::{LockId, Rows, Ticket};
use crate::lasting::Lasting;
use crate::planted::{Bug, is_planted};
use crate::session::adding::Step as AddStep;
use crate::session::renewing::Renewal;
use crate::session::starting::{self, Starting, Step};
use crate::storage::DbError;
use crate::storage::identities::Identity;
use crate::storage::room::{guess_generation, read_generation};

/// How long pictures wait for nodes that read back their chain, in milliseconds: a short chain
/// should show at once; for a long one the page shows progress.
const SETTLE_MS: u64 = 1_500;

pub(super) fn silent() -> DbError {
    DbError::Refused("the browser does not answer".into())
}

impl Member {
    /// All nodes begin a new incarnation: after sleep, a reset, or its undoing.
    pub(super) fn relive(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, why: Option<Happening>) {
        self.stop_nodes(cx, l);
        self.leave_added_to_start(cx);
        self.renew_client(cx);
        for one in &mut self.nodes {
            one.identity.incarnation = one.identity.incarnation.saturating_add(1);
            one.saved_height = None;
        }
        let kept = self
            .nodes
            .iter()
            .filter(|one| one.kept && l.browser_db.is_ok());
        let identities: Vec<Identity> = kept.map(|one| one.identity.clone()).collect();
        if self.starting.is_some() && is_planted(Bug::StartGoesOnAfterReset) {
            return;
        }
        // Of several reasons in a row, people are told the first.
        let why = self.starting.take().and_then(|start| start.why).or(why);
        self.starting = Some(Starting::begin(cx, why, &identities));
        l.pace.change();
    }

    /// Stops all nodes, and drops what is on its way to them.
    pub(super) fn stop_nodes(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.carry_out(cx, l);
        self.retain_blocks(l);
        for one in &mut self.nodes {
            self.host.remove(&one.id);
            l.mining.set_job(cx, one.key(), None);
            one.job = None;
        }
        self.give_up_submitted(cx);
        l.writer.forget_asked();
        l.writer.turn(cx, &mut l.store);
    }

    /// Keeps nodes' blocks in memory until their successors have read them back.
    pub(super) fn retain_blocks(&self, l: &mut Lasting) {
        for (key, block) in self.running().flat_map(Node::blocks) {
            l.store.retain(&key, block);
        }
    }

    /// Goes on with a start that has waited for writes, or too long for an answer.
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

    /// A write is done or failed; a start may have waited for it.
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

    /// What former nodes saved is written, so the new incarnations find all of it.
    fn flushed(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.clock = Clock::start(cx.now);
        l.recount();
        if !l.store.is_readable() {
            return self.read_rows(cx, l);
        }
        let ticket = starting::ask_generation(cx);
        if let Some(start) = &mut self.starting {
            start.go(cx, Step::Generation(ticket));
        }
    }

    /// Rows were read; a start may have asked for them.
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
            Step::Generation(ticket) if *ticket == id && !l.store.is_kept() => {
                let stored = rows.as_ref().ok().and_then(read_generation);
                self.heed(l, stored);
                self.read_rows(cx, l);
            }
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
                    l.store.refresh(guess_generation(rows));
                    l.note(cx, Happening::Damaged(Damage::Generation));
                    self.read_rows(cx, l);
                    self.write_guess(cx, l);
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

    /// The record of which chain counts is written again, but under the room's lock only: somebody
    /// may be writing another. A renewal under way has that lock, or waits for it.
    fn write_guess(&mut self, cx: &mut Cx<'_>, l: &Lasting) {
        let guess = l.store.generation();
        if !self.is_renewing() {
            self.renew(cx, l, (None, guess), Renewal::Restore(guess));
        }
    }

    /// Storage takes no writes of this tab, but says which chain counts for those whose writes it
    /// takes: a tab that slept through a reset goes over to it, if its nodes lose nothing by that.
    fn heed(&mut self, l: &mut Lasting, stored: Option<Generation>) {
        let ours = l.store.generation();
        let mut saved = self.nodes.iter().map(|one| l.store.values_of(&one.id));
        let is_empty = saved.all(|values| values.is_none_or(Values::is_empty));
        if let Some(stored) = stored
            && may_follow(ours, stored, is_empty, false)
        {
            l.store.refresh(stored);
        }
    }

    fn do_without(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, error: &DbError) {
        self.lose_storage(cx, l, error.clone());
        self.read_rows(cx, l);
    }

    fn read_rows(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        if !l.store.is_kept() {
            self.give_up_seats(l);
        }
        self.read_next(cx, l, self.nodes.iter().map(|one| one.id).collect());
    }

    /// Reads the next node that has to be read, and starts those before it that need no reading.
    fn read_next(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, mut next: VecDeque<PeerId>) {
        while let Some(node) = next.pop_front() {
            let Some(hosted) = self.hosted(&node) else {
                continue; // removed meanwhile
            };
            let passing = hosted.role == Role::Client;
            let Some(prefix) = l.store.missing(&node).filter(|_| !passing) else {
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

    pub(super) fn start_node(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, id: PeerId) {
        // A tab's last node is the one that replaces the stolen one.
        let is_last = self.nodes.last().is_some_and(|last| last.id == id);
        if let Some((generation, former)) = l.inheritance.take_if(|_| is_last)
            && generation == l.store.generation().current
        {
            l.store.inherit(id, &former);
        }
        if !l.store.is_kept() {
            self.give_up_seats(l); // this one, too, if it is a server
        }
        let Some(hosted) = self.hosted_mut(&id) else {
            return;
        };
        let saved = l.store.saved(&id);
        hosted.saved_height = saved_height(&saved);
        let (key, role) = (hosted.identity.secret.clone(), hosted.role);
        let machine = l.assemble(cx, key, role, hosted.identity.seat);
        match role {
            Role::Member => self.host.add(id, machine, saved),
            Role::Client => self.host.add_passing(id, machine),
        }
        if let Some(payee) = self.payee {
            self.host.give(id, Input::Order(Order::PayTo { payee }));
        }
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

    /// The tab leaves: answers asks under way, and gives back what was taken for them. Returns the
    /// room's lock if it has to be held until everything is written.
    pub(super) fn give_up_asks(&mut self, cx: &mut Cx<'_>) -> Option<LockId> {
        if is_planted(Bug::AskForgottenAtFreeze) {
            return None;
        }
        if let Some(adding) = self.adding.take() {
            match adding.step {
                AddStep::Claim(mut claim) => claim.abandon(cx),
                AddStep::Flush(claimed) => claimed.give_back(cx),
                AddStep::Rows(..) => {}
            }
            cx.answer(adding.ask, Err(crate::asks::left()));
        }
        self.give_up_renewal(cx)
    }
}

/// The height that a node had saved, from the short record that it keeps of its tip.
fn saved_height(saved: &protocol::Saved) -> Option<u32> {
    let tip = saved.small.get(&b"tip"[..])?;
    let (_, height) = tip
        .split_last_chunk::<4>()
        .filter(|(id, _)| id.len() == 32)?;
    Some(u32::from_le_bytes(*height))
}
