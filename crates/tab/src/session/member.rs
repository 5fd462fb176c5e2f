//! A tab that takes part in its room: its nodes, and what it does without being asked.

use std::collections::{BTreeMap, BTreeSet};

use chain::PeerId;
use node::{Node, Replica};
use protocol::{AskId, Glance, Input, JobId, Machine, Payee, Role};
use scenario::Assembled;
use wire::Happening;
use wire::live::NoSeat;

use super::adding::Adding;
use super::claim::{Claimed, Wanted};
use super::joining::Joined;
use super::renewing::Renewing;
use super::starting::{Starting, Step};
use crate::beat::Beat;
use crate::between::inbox::Inbox;
use crate::between::tabs::Tabs;
use crate::clock::Clock;
use crate::cx::Cx;
use crate::door::{LockId, QueryId, Ticket};
use crate::host::Host;
use crate::lasting::Lasting;
use crate::planted::{Bug, is_planted};
use crate::storage::identities::Identity;

mod add;
mod carry;
mod network;
mod pay;
mod renew;
mod serve;
mod start;

pub use network::progress;

/// A tab sends a heartbeat at least this often, in milliseconds ...
const HEARTBEAT_EVERY: u64 = 1_000;
/// ... and at most this often.
const HEARTBEAT_GAP: u64 = 200;
/// How often locks are looked at, and the least time between two looks, in milliseconds.
const LOOK_EVERY: u64 = 1_000;
const LOOK_GAP: u64 = 250;
/// Least time between two hints for which storage is asked what counts, in milliseconds.
const HINT_GAP: u64 = 250;

/// The session of a tab that takes part.
pub struct Member {
    /// Locks of the tab's name and label.
    pub locks: Vec<LockId>,
    /// Locks of removed nodes; given up once all that they saved is written.
    departing: Vec<LockId>,
    clock: Clock,
    /// The nodes as machines.
    pub host: Host<Assembled>,
    /// Who the nodes are.
    pub nodes: Vec<Hosted>,
    inbox: Inbox,
    /// The other tabs.
    pub tabs: Tabs,
    heartbeat: Beat,
    look: Beat,
    /// An open question about locks, and when it was asked.
    looking: Option<(QueryId, u64)>,
    /// The read that asks which chain counts, and the tab that hinted at another.
    hinted: Option<(Ticket, PeerId)>,
    hint: Beat,
    /// Whether who reaches whom has to be worked out anew.
    moved: bool,
    /// The start under way; `None` if the nodes run.
    starting: Option<Starting>,
    adding: Option<Adding>,
    renewing: Option<Renewing>,
    /// Whether it has learnt which chain counts.
    knows_chain: bool,
    /// Until when pictures wait for nodes that read back their chain.
    settle_by: u64,
    /// Why the tab has no seat, in a room that has seats.
    pub no_seat: Option<NoSeat>,
    /// Transactions that were given to its client or a node and wait for an answer, with the ask of each.
    submitted: BTreeMap<AskId, u32>,
    /// The number of the last one.
    last_submitted: u64,
    /// Whom blocks that are found here pay, unless each node is paid itself.
    payee: Option<Payee>,
}

/// A node of this tab.
pub struct Hosted {
    /// Its peer id.
    pub id: PeerId,
    /// Its key and seat.
    pub identity: Identity,
    /// What it is for.
    pub role: Role,
    /// Its own switch.
    pub online: bool,
    /// What others were told of it last, where slots are decided.
    told: Glance,
    /// The job that is searched for it.
    job: Option<JobId>,
    /// Whether its identity is stored; if not, somebody else's may be in its place.
    kept: bool,
    /// While this is held nobody else lives under its identity. `None`: nobody else has its key.
    pub lock: Option<LockId>,
    /// The height that it had saved, if known.
    saved_height: Option<u32>,
}

impl Hosted {
    fn new(identity: Identity, role: Role, lock: Option<LockId>, stored: bool) -> Self {
        Self {
            id: identity.id(),
            identity,
            role,
            online: true,
            told: Glance::default(),
            job: None,
            kept: stored && lock.is_some(),
            lock,
            saved_height: None,
        }
    }

    /// What the pool calls it: job numbers start over in each incarnation, so each has its own key.
    pub fn key(&self) -> u64 {
        u64::from(self.identity.seat) << 32 | (self.identity.incarnation & u64::from(u32::MAX))
    }
}

impl Member {
    /// Becomes a member: listens, and starts the nodes.
    pub fn begin(cx: &mut Cx<'_>, l: &mut Lasting, joined: Joined) -> Self {
        let former = std::mem::take(&mut l.wanted.former);
        let continued = joined.claimed.continued(&former);
        l.store.give_up_saves(|node| continued.contains(node));
        l.label = joined.label;
        l.held_up(cx, joined.held_up);
        let mut member = Self {
            locks: joined.locks,
            departing: Vec::new(),
            clock: Clock::start(cx.now),
            host: Host::after(if is_planted(Bug::FormerWriteCounts) {
                0
            } else {
                l.store.last_ticket()
            }),
            nodes: Vec::new(),
            inbox: Inbox::new(l.room.id(), cx.ms()),
            tabs: Tabs::default(),
            heartbeat: Beat::new(HEARTBEAT_EVERY, HEARTBEAT_GAP),
            look: Beat::new(LOOK_EVERY, LOOK_GAP),
            looking: None,
            hinted: None,
            hint: Beat::new(0, HINT_GAP),
            moved: false,
            starting: None,
            adding: None,
            renewing: None,
            knows_chain: false,
            settle_by: 0,
            no_seat: joined.claimed.no_seat,
            submitted: BTreeMap::new(),
            last_submitted: 0,
            payee: None,
        };
        member.nodes = member.take_in(cx, l, joined.claimed);
        member.know_nodes(l);
        member.listen(cx, l);
        member.starting = Some(Starting::begin(cx, None, &[]));
        member
    }

    /// Whether the nodes run.
    pub fn is_running(&self) -> bool {
        self.starting.is_none()
    }

    /// Whether it has learnt which chain counts.
    pub fn knows_chain(&self) -> bool {
        self.knows_chain
    }

    /// Whether nodes have just been started and are still reading back their chain.
    pub fn is_settling(&self, now: u64) -> bool {
        now < self.settle_by && !self.nodes.iter().all(|one| self.is_ready(one))
    }

    /// This tab's first node that takes part in deciding, once it has been started.
    pub fn first_machine(&self) -> Option<&Assembled> {
        let mut members = self.nodes.iter().filter(|one| one.role == Role::Member);
        self.host.get(&members.next()?.id)
    }

    /// The same where blocks are mined.
    pub fn first(&self) -> Option<&Node> {
        self.first_machine()?.forks()
    }

    /// The same where slots are decided.
    pub fn first_server(&self) -> Option<&Replica> {
        self.first_machine()?.slots()
    }

    /// All nodes of this tab that have been started and keep a tree of blocks.
    pub fn running(&self) -> impl Iterator<Item = &Node> {
        let machines = self.nodes.iter().filter_map(|one| self.host.get(&one.id));
        machines.filter_map(Assembled::forks)
    }

    /// One of this tab's nodes.
    pub fn hosted(&self, id: &PeerId) -> Option<&Hosted> {
        self.nodes.iter().find(|one| one.id == *id)
    }

    fn hosted_mut(&mut self, id: &PeerId) -> Option<&mut Hosted> {
        self.nodes.iter_mut().find(|one| one.id == *id)
    }

    /// Roughly the bytes held of what others said.
    pub fn bytes(&self) -> usize {
        self.inbox.bytes() + self.tabs.bytes()
    }

    /// Does one piece of work, or what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.turn_start(cx, l);
        self.turn_add(cx, l);
        self.turn_renew(cx, l);
        self.release_departed(cx, l);
        if !self.is_running() {
            return;
        }
        let moment = self.clock.read(cx.now);
        if moment.broken {
            return self.relive(cx, l, Some(Happening::Resumed));
        }
        self.release_retained(l);
        self.hear_said(cx, l);
        self.look_after_peers(cx, l);
        self.host.wake(moment.now);
        self.advance(cx, l);
        self.watch_servers(l);
        self.look_after_room(cx, l);
        self.report_garbage(cx, l);
    }

    /// Whether there is work that can be done now.
    pub fn is_busy(&self) -> bool {
        self.is_running()
            && (self.moved
                || self.inbox.has_said()
                || self.host.is_busy()
                || (!self.inbox.is_empty() && !self.host.is_choked()))
    }

    /// Whether something here waits only for storage.
    pub fn waits_for_storage(&self) -> bool {
        !self.departing.is_empty()
            || matches!(&self.starting, Some(start) if matches!(start.step, Step::Flush))
            || self
                .adding
                .as_ref()
                .is_some_and(|one| one.waits_for_storage() && self.is_running())
            || self
                .renewing
                .as_ref()
                .is_some_and(Renewing::waits_for_storage)
    }

    /// When [`Self::turn`] has something to do, in milliseconds; nodes' timers are apart.
    pub fn due(&self) -> u64 {
        let start = self.starting.as_ref().map_or(u64::MAX, |one| one.until);
        let add = self.adding.as_ref().map_or(u64::MAX, Adding::due);
        let renew = self.renewing.as_ref().map_or(u64::MAX, Renewing::due);
        let due = start.min(add).min(renew);
        if !self.is_running() {
            return due;
        }
        due.min(self.heartbeat.due()).min(self.look.due())
    }

    /// When a node's next timer is due, by the steady clock in microseconds.
    pub fn next_timer(&self, now: crate::clock::Reading) -> u64 {
        let timer = self.host.next_timer().filter(|_| self.is_running());
        timer.map_or(u64::MAX, |timer| {
            let wait = timer.0.saturating_sub(self.clock.last().0);
            now.steady.saturating_add(wait)
        })
    }

    /// Steps one node once, or hands in one packet.
    fn advance(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let now = self.clock.last();
        if !self.host.step(now) && !self.host.is_choked() {
            let generation = l.store.generation().current;
            if let Some(came) = self.inbox.next_packet(generation) {
                self.host.arrive(came.from, came.to, &came.packet);
            }
        }
        self.carry_out(cx, l);
    }

    fn release_retained(&self, l: &mut Lasting) {
        if l.store.retains() && self.nodes.iter().all(|one| self.is_ready(one)) {
            l.store.release();
        }
    }

    /// Whether a node has read its chain.
    fn is_ready(&self, one: &Hosted) -> bool {
        let machine = self.host.get(&one.id);
        machine.is_some_and(|machine| machine.glance().is_ready)
    }

    fn report_garbage(&mut self, cx: &Cx<'_>, l: &mut Lasting) {
        let inbox = self.inbox.take_garbage();
        let garbage = inbox.saturating_add(self.host.take_dropped());
        if l.log.garbage(cx.wall_ms(), garbage) {
            l.pace.change();
        }
        if self.inbox.take_other_version() {
            l.other_version(cx);
        }
    }

    /// Lets a node go; its identity is free for others once all that it saved is written.
    pub fn remove(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, id: &PeerId) {
        self.host.remove(id);
        self.give_up_submitted(cx);
        let Some(place) = self.nodes.iter().position(|one| one.id == *id) else {
            return;
        };
        let gone = self.nodes.remove(place);
        l.mining.set_job(cx, gone.key(), None);
        self.departing.extend(gone.lock);
        l.recount();
        self.change();
        l.pace.change();
    }

    fn release_departed(&mut self, cx: &mut Cx<'_>, l: &Lasting) {
        if !self.departing.is_empty() && l.is_written() {
            cx.unlock(std::mem::take(&mut self.departing));
        }
    }

    /// Something that other tabs should know has changed.
    pub fn change(&mut self) {
        self.heartbeat.hurry();
        self.moved = true;
    }

    /// Tells all nodes whether there is a search for nonces.
    pub fn set_search(&mut self, on: bool) {
        for one in &self.nodes {
            self.host.give(one.id, Input::Search { on });
        }
    }

    /// Gives an input to a node, by what the pool calls it.
    pub fn give_to_miner(&mut self, key: u64, input: Input) {
        if let Some(id) = self
            .nodes
            .iter()
            .find(|one| one.key() == key)
            .map(|one| one.id)
        {
            self.host.give(id, input);
        }
    }

    /// Takes in what a claim took and saw; returns the nodes to live here.
    fn take_in(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, mut claimed: Claimed) -> Vec<Hosted> {
        claimed.taken_in(cx);
        l.held_up(cx, claimed.held_up);
        if claimed.damaged > 0 {
            let count = u32::try_from(claimed.damaged).unwrap_or(u32::MAX);
            l.note(cx, Happening::Damaged(wire::Damage::Identities(count)));
        }
        let kept = claimed.kept.is_ok();
        if let Err(error) = claimed.kept {
            // If its owner is not stored, nobody will find a chain again.
            self.lose_storage(cx, l, error);
        }
        l.know_seats(claimed.known); // they may have found blocks before this tab was opened
        let taken = claimed.taken.into_iter();
        taken
            .map(|(identity, lock)| {
                let role = l.role_of(&identity.id());
                Hosted::new(identity, role, lock, kept && !l.has_slots())
            })
            .collect()
    }

    fn know_nodes(&mut self, l: &mut Lasting) {
        l.know_seats(self.nodes.iter().map(|one| (one.id, one.identity.seat)));
        l.pace.change();
    }

    /// Leaves the room. Returns the locks to give up once everything is written, and the identities
    /// that the tab wants when it is back. Asks under way are answered.
    pub fn leave(
        mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        without: Option<LockId>,
    ) -> (Vec<LockId>, Wanted) {
        self.say_goodbye(cx, l);
        self.stop_nodes(cx, l);
        let unwritten = self.give_up_asks(cx);
        let stays = |one: &&Hosted| one.lock.is_none() || one.lock != without;
        let wanted = Wanted {
            ids: self.nodes.iter().filter(stays).map(|one| one.id).collect(),
            // Seats need no keys of their own to come back, and others may sit there meanwhile.
            former: self
                .nodes
                .iter()
                .filter(stays)
                .filter(|_| !l.has_slots())
                .map(|one| one.identity.clone())
                .collect(),
            count: self.nodes.len(),
            besides: BTreeSet::new(),
            patient: false,
        };
        let mut locks = self.locks;
        locks.extend(self.departing);
        locks.extend(unwritten);
        locks.extend(self.nodes.iter().filter_map(|one| one.lock));
        locks.retain(|lock| Some(*lock) != without);
        (locks, wanted)
    }

    /// Whether a lock is one of this session's.
    pub fn holds(&self, id: LockId) -> bool {
        self.locks.contains(&id) || self.nodes.iter().any(|one| one.lock == Some(id))
    }
}
