//! Fetching bodies: which are wanted, who has them, who was asked, and what happens if none
//! arrives.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::cmp::Reverse;

use chain::{BitcoinHeader, BlockId, Height, Micros, PeerId, Time};
use protocol::To;

use crate::answers::cost_of_block;
use crate::intake::{Source, Taken};
use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};
use crate::peers::{Peer, Standing};
use crate::tables::Flight;

/// How many more bodies each peer may owe us.
type Free = BTreeMap<PeerId, usize>;

/// A peer that has the blocks of a branch up to a height.
struct Supplier {
    peer: PeerId,
    reach: Height,
    standing: Standing,
}

/// A body and the peer to ask for it.
struct Share {
    id: BlockId,
    peer: PeerId,
    /// Whether another peer has it too.
    has_others: bool,
}

impl Node {
    /// Asks for missing bodies, the heaviest branch first, each from a peer that has it.
    pub(crate) fn fetch(&mut self, turn: &mut Turn<'_>) {
        if self.tables.goals.is_empty() {
            return;
        }
        let mut free = None;
        let mut requests: BTreeMap<PeerId, Vec<BlockId>> = BTreeMap::new();
        for goal in self.goals_by_weight() {
            let wanted = self.wanted_of(turn.now, &goal);
            if wanted.is_empty() {
                continue; // the usual case: all are under way
            }
            let free = free.get_or_insert_with(|| self.free_places(turn.now));
            if free.is_empty() {
                break;
            }
            for share in self.share_out(turn.now, &goal, wanted, free) {
                self.begin_flight(turn, &share);
                requests.entry(share.peer).or_default().push(share.id);
            }
        }
        for (peer, ids) in requests {
            turn.send(To::Peer(peer), &Message::GetBodies(ids));
        }
        self.start_ticking(turn);
    }

    /// Records that a peer is asked for a body; if another was asked before, its request was in
    /// vain.
    fn begin_flight(&mut self, turn: &mut Turn<'_>, share: &Share) {
        let before = self.tables.flights.get(&share.id).map(|flight| flight.peer);
        if let Some(peer) = before {
            self.note_failure(peer, &share.id);
        }
        let before = self.tables.flights.get(&share.id);
        let failures = before.map_or(0, |flight| flight.failures);
        let patience = match self.tables.peers.get(&share.peer) {
            Some(peer) if peer.is_proven() => {
                let (least, most) = (limits::FLIGHT_PATIENCE, limits::FLIGHT_TIMEOUT);
                peer.patience.lasts(least, most)
            }
            Some(peer) if peer.vain > 0 => limits::RETRY,
            _ => limits::FLIGHT_PATIENCE,
        };
        let late = turn.now.saturating_add(patience);
        let flight = Flight {
            peer: share.peer,
            at: turn.now,
            late,
            failures,
            failed: false,
        };
        self.tables_mut().flights.insert(share.id, flight);
        if share.has_others {
            self.tick_at(turn, late);
        }
    }

    /// Peers that may be asked for more bodies, and how many each.
    fn free_places(&self, now: Time) -> Free {
        let peers = self.tables.peers.iter().map(|(peer, _)| *peer);
        let heard = peers.filter(|peer| !self.tables.peers.is_muted(now, peer));
        let mut free: Free = heard.map(|peer| (peer, limits::FLIGHTS_PER_PEER)).collect();
        for flight in self.tables.flights.values().filter(|flight| !flight.failed) {
            if let Some(places) = free.get_mut(&flight.peer) {
                *places = places.saturating_sub(1);
            }
        }
        free.retain(|_, places| *places > 0);
        free
    }

    /// Which bodies of a branch are to be asked for next.
    fn wanted_of(&self, now: Time, goal: &BlockId) -> Vec<BlockId> {
        let mut wanted = self.books.index.above_ready(goal, limits::FETCH_AHEAD);
        wanted.retain(|id| self.is_to_be_asked_for(now, id));
        wanted
    }

    /// Decides who is asked for which of them.
    fn share_out(
        &self,
        now: Time,
        goal: &BlockId,
        wanted: Vec<BlockId>,
        free: &mut Free,
    ) -> Vec<Share> {
        let suppliers = self.suppliers(now, goal);
        let pause = self.pause_between_asks(now, goal);
        let mut shares = Vec::new();
        for id in wanted {
            if free.is_empty() {
                break;
            }
            let Some(share) = self.choose((now, pause), id, &suppliers, free) else {
                continue;
            };
            if let Some(places) = free.get_mut(&share.peer) {
                *places -= 1;
            }
            free.retain(|_, places| *places > 0);
            shares.push(share);
        }
        shares
    }

    /// How long a peer that did not have a body is left alone: the longer nothing of the branch has
    /// come, the longer. Perhaps nobody has that body any more.
    fn pause_between_asks(&self, now: Time, goal: &BlockId) -> Micros {
        let goal = self.tables.goals.get(goal);
        let idle = goal.map_or(Micros(0), |goal| now.saturating_since(goal.moved));
        Micros(idle.0 / 4).clamp(limits::RETRY, limits::RETRY_AT_MOST)
    }

    /// Whether a body is neither here nor on its way.
    fn is_to_be_asked_for(&self, now: Time, id: &BlockId) -> bool {
        let flight = self.tables.flights.get(id);
        self.books.index.lacks_body(id)
            && flight.is_none_or(|flight| flight.failed || flight.late <= now)
    }

    /// Chooses whom to ask for a body: of the peers that have it and have not just failed to send
    /// it, the one of best standing that owes us least. Peers that left a request unanswered are
    /// asked only when there is nobody else.
    fn choose(
        &self,
        (now, pause): (Time, Micros),
        id: BlockId,
        suppliers: &[Supplier],
        free: &Free,
    ) -> Option<Share> {
        let flight = self.tables.flights.get(&id);
        let before = flight.map(|flight| flight.peer);
        let height = self.books.index.height(&id)?;
        let sender = self.holders.get(&id).copied();
        let has = |one: &&Supplier| one.reach >= height || sender == Some(one.peer);
        let mut able: Vec<&Supplier> = suppliers.iter().filter(has).collect();
        let rests = |flight: &&Flight| now.saturating_since(flight.at) < pause;
        if let Some(flight) = flight.filter(|flight| !flight.failed || rests(flight)) {
            // Others are asked at once, until each has failed twice: then all rest for a while.
            able.retain(|one| one.peer != flight.peer);
            if rests(&flight) && flight.failures > 2 * able.len() {
                return None;
            }
        }
        let is_sound = |one: &Supplier| one.standing.vain == 0 && before != Some(one.peer);
        let any_sound = able.iter().any(|one| is_sound(one));
        let candidates = able
            .iter()
            .filter(|one| !any_sound || is_sound(one))
            .filter_map(|one| Some((one, *free.get(&one.peer)?)));
        let (chosen, _) = candidates.max_by_key(|(one, places)| {
            let is_other = before != Some(one.peer);
            (is_other, Reverse(one.standing), *places, Reverse(one.peer))
        })?;
        Some(Share {
            id,
            peer: chosen.peer,
            has_others: able.len() > 1,
        })
    }

    /// How far up each peer that is not muted has a branch, as far as its best block and the
    /// headers that it sent tell.
    fn suppliers(&self, now: Time, goal: &BlockId) -> Vec<Supplier> {
        let index = &self.books.index;
        // Cached, because most peers stand on the same few blocks.
        let mut forks: BTreeMap<BlockId, Option<Height>> = BTreeMap::new();
        let mut fork = |end: BlockId| {
            let height = || index.height(&index.tree.fork_point(goal, &end)?);
            *forks.entry(end).or_insert_with(height)
        };
        let peers = &self.tables.peers;
        let heard = peers.iter().filter(|(id, _)| !peers.is_muted(now, id));
        let supplier = |(id, peer): (&PeerId, &Peer)| {
            let ends = [peer.best.map(|best| best.id), peer.sent];
            let reach = ends.into_iter().flatten().filter_map(&mut fork).max();
            let mut standing = peer.standing();
            let ask = self.tables.asks.get(id);
            standing.vain += u32::from(ask.is_some_and(|ask| ask.late <= now));
            Supplier {
                peer: *id,
                reach: reach.unwrap_or_default(),
                standing,
            }
        };
        heard.map(supplier).collect()
    }

    pub(crate) fn on_body(&mut self, turn: &mut Turn<'_>, from: PeerId, block: &Arc<[u8]>) {
        let Some(head) = block.first_chunk() else {
            return;
        };
        let header = BitcoinHeader::decode(head);
        let id = header.id();
        let is_answer = self.tables.is_owed(&from, &id);
        let cost = cost_of_block(block);
        if is_answer {
            self.note_trip(turn.now, from, &id);
        }
        if !is_answer && !self.tables_mut().peers.spend(turn.now, from, cost) {
            return;
        }
        if !self.books.index.tree.contains(&id)
            && self.take_headers(turn, Source::Peer(from), &[header]) == Taken::Orphan
        {
            return self.ask(turn, from, id);
        }
        self.take_block(turn, Source::Peer(from), id, block);
        if self.books.index.lacks_body(&id) {
            self.note_failure(from, &id);
        } else {
            self.tables_mut().flights.remove(&id);
        }
        if self.tables.flights_of(&from) <= limits::FLIGHTS_PER_PEER / 2 {
            self.fetch(turn);
        }
        self.follow(turn, from);
    }

    /// A body is here: notes how long it took. If it was asked for before, it may be the answer to that.
    fn note_trip(&mut self, now: Time, from: PeerId, id: &BlockId) {
        let flight = self.tables.flights.get(id).copied();
        let peer = self.tables_mut().peers.get_mut(&from);
        if let (Some(flight), Some(peer)) = (flight.filter(|flight| flight.failures == 0), peer) {
            peer.patience.note(now.saturating_since(flight.at));
        }
    }

    pub(crate) fn on_not_found(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[BlockId]) {
        for id in ids {
            self.note_failure(from, id);
        }
        self.fetch(turn);
    }

    /// A peer did not deliver what it was asked for: others are asked first from now on.
    pub(crate) fn note_failure(&mut self, peer: PeerId, id: &BlockId) {
        let flight = self.tables_mut().flights.get_mut(id);
        let Some(flight) = flight.filter(|flight| flight.peer == peer && !flight.failed) else {
            return;
        };
        flight.failed = true;
        flight.failures = flight.failures.saturating_add(1);
        self.note_answer(peer, false);
        if let Some(peer) = self.tables_mut().peers.get_mut(&peer) {
            peer.patience.note_late();
        }
    }

    /// Gives up on unanswered requests, and forgets those that no longer matter.
    pub(crate) fn expire_flights(&mut self, now: Time) {
        let index = &self.books.index;
        let tables = Arc::make_mut(&mut self.tables);
        tables.flights.retain(|id, flight| {
            index.lacks_body(id) && now.saturating_since(flight.at) < limits::FLIGHT_MEMORY
        });
        let late = |flight: &Flight| now.saturating_since(flight.at) >= limits::FLIGHT_TIMEOUT;
        let flights = tables.flights.iter().filter(|(_, flight)| late(flight));
        let expired: Vec<_> = flights.map(|(id, flight)| (*id, flight.peer)).collect();
        for (id, peer) in expired {
            self.note_failure(peer, &id);
        }
    }

    /// Forgets what a peer was asked for, and asks others for it.
    pub(crate) fn drop_peer(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let tables = self.tables_mut();
        tables.asks.remove(&peer);
        tables.presyncs.remove(&peer);
        tables.flights.retain(|_, flight| flight.peer != peer);
        self.drop_orphans(&peer);
        self.fetch(turn);
    }
}
