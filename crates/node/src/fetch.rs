//! Bodies: which are wanted, who has them, who was asked, and what if nothing comes.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::cmp::Reverse;

use chain::{BitcoinHeader, BlockId, Height, PeerId, Time};
use protocol::To;

use crate::answers::cost_of_block;
use crate::intake::{Source, Taken};
use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};
use crate::tables::Flight;

/// How many more bodies each peer may owe us.
type Free = BTreeMap<PeerId, usize>;

/// Somebody who has the blocks of a branch up to a height.
struct Supplier {
    peer: PeerId,
    reach: Height,
}

impl Node {
    /// Asks for missing bodies: the heaviest branch first, each of somebody who has it.
    pub(crate) fn fetch(&mut self, turn: &mut Turn<'_>) {
        if self.tables.goals.is_empty() {
            return;
        }
        let mut free = self.free_places(turn.now);
        let mut requests: BTreeMap<PeerId, Vec<BlockId>> = BTreeMap::new();
        for goal in self.goals_by_weight() {
            if free.is_empty() {
                break;
            }
            for (id, peer) in self.share_out(turn.now, &goal, &mut free) {
                self.tables_mut().flights.insert(
                    id,
                    Flight {
                        peer,
                        at: turn.now,
                        failed: false,
                    },
                );
                requests.entry(peer).or_default().push(id);
            }
        }
        for (peer, ids) in requests {
            turn.send(To::Peer(peer), &Message::GetBodies(ids));
        }
        self.start_ticking(turn);
    }

    /// Peers that may be asked for more.
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

    /// Who is asked for which bodies of a branch.
    fn share_out(&self, now: Time, goal: &BlockId, free: &mut Free) -> Vec<(BlockId, PeerId)> {
        let mut wanted = self.books.index.above_ready(goal, limits::FETCH_AHEAD);
        wanted.retain(|id| self.is_to_be_asked_for(id));
        if wanted.is_empty() {
            return Vec::new(); // as mostly: all are under way
        }
        let suppliers = self.suppliers(goal, free);
        let mut shares = Vec::new();
        for id in wanted {
            if free.is_empty() {
                break;
            }
            let Some(peer) = self.choose(now, &id, &suppliers, free) else {
                continue;
            };
            if let Some(places) = free.get_mut(&peer) {
                *places -= 1;
            }
            free.retain(|_, places| *places > 0);
            shares.push((id, peer));
        }
        shares
    }

    /// Whether a body is neither here nor on its way.
    fn is_to_be_asked_for(&self, id: &BlockId) -> bool {
        let flight = self.tables.flights.get(id);
        self.books.index.lacks_body(id) && flight.is_none_or(|flight| flight.failed)
    }

    /// Who is asked for a body: of those who have it and owe us least, one that has not just failed.
    fn choose(
        &self,
        now: Time,
        id: &BlockId,
        suppliers: &[Supplier],
        free: &Free,
    ) -> Option<PeerId> {
        let index = &self.books.index;
        let flight = self.tables.flights.get(id);
        let failed = flight.map(|flight| flight.peer);
        let is_patient =
            flight.is_none_or(|flight| now.saturating_since(flight.at) >= limits::RETRY);
        let height = index.height(id)?;
        let sender = self.holders.get(id).copied();
        let has = |one: &&Supplier| one.reach >= height || sender == Some(one.peer);
        let candidates = suppliers
            .iter()
            .filter(has)
            .filter(|one| is_patient || failed != Some(one.peer))
            .filter_map(|one| Some((one.peer, *free.get(&one.peer)?)));
        candidates
            .max_by_key(|(peer, places)| (failed != Some(*peer), *places, Reverse(*peer)))
            .map(|(peer, _)| peer)
    }

    /// How far each peer that may be asked has a branch, as far as its best block and the headers
    /// that it sent tell.
    fn suppliers(&self, goal: &BlockId, free: &Free) -> Vec<Supplier> {
        let index = &self.books.index;
        // Most peers stand on the same few blocks.
        let mut forks: BTreeMap<BlockId, Option<Height>> = BTreeMap::new();
        let mut fork = |end: BlockId| {
            let height = || index.height(&index.tree.fork_point(goal, &end)?);
            *forks.entry(end).or_insert_with(height)
        };
        let supplier = |id: &PeerId| {
            let peer = self.tables.peers.get(id);
            let ends = peer.map(|peer| [peer.best.map(|best| best.id), peer.sent]);
            let reach = ends
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(&mut fork)
                .max();
            Supplier {
                peer: *id,
                reach: reach.unwrap_or_default(),
            }
        };
        free.keys().map(supplier).collect()
    }

    pub(crate) fn on_body(&mut self, turn: &mut Turn<'_>, from: PeerId, block: &Arc<[u8]>) {
        let Some(head) = block.first_chunk() else {
            return;
        };
        let header = BitcoinHeader::decode(head);
        let id = header.id();
        let is_answer = self.tables.is_owed(&from, &id);
        let cost = cost_of_block(block);
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

    pub(crate) fn on_not_found(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[BlockId]) {
        for id in ids {
            self.note_failure(from, id);
        }
        self.fetch(turn);
    }

    /// A peer did not deliver what it was asked for: others come first.
    pub(crate) fn note_failure(&mut self, peer: PeerId, id: &BlockId) {
        let flight = self.tables_mut().flights.get_mut(id);
        let Some(flight) = flight.filter(|flight| flight.peer == peer && !flight.failed) else {
            return;
        };
        flight.failed = true;
    }

    /// Gives up on requests that were not answered, and forgets those that no longer matter.
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

    /// Nothing more is expected of a peer.
    pub(crate) fn drop_peer(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let tables = self.tables_mut();
        tables.asks.remove(&peer);
        tables.presyncs.remove(&peer);
        tables.flights.retain(|_, flight| flight.peer != peer);
        self.fetch(turn);
    }
}
