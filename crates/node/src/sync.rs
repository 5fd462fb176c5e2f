//! Headers-first sync: requests for the headers that lead to a better block.

use alloc::{vec, vec::Vec};

use chain::{BitcoinHeader, BlockId, Height, PeerId, Time};
use protocol::To;

use crate::gossip::TICK;
use crate::intake::{Source, Taken};
use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};
use crate::peers::Peer;
use crate::tables::Ask;

impl Node {
    /// Asks a peer for the headers from our chain to a block, unless a request to it is under way,
    /// it is too early for one, or bodies must come first.
    pub(crate) fn ask(&mut self, turn: &mut Turn<'_>, peer: PeerId, stop: BlockId) {
        let tables = &self.tables;
        let is_busy = tables.asks.contains_key(&peer) || tables.presyncs.contains_key(&peer);
        let is_later = tables.later.keys().any(|(_, id)| *id == stop);
        if is_busy || is_later {
            return;
        }
        let sent = tables.peers.get(&peer).and_then(|peer| peer.sent);
        if sent.is_some_and(|sent| self.room_ahead(&sent, false) < limits::HEADERS) {
            return; // bodies come first
        }
        let from = tables.may_ask_from(turn.now, &stop);
        if from > turn.now {
            return self.tick_at(turn, from);
        }
        let is_known = tables.peers.get(&peer).is_some_and(|peer| peer.given > 0);
        if !is_known && !self.tables_mut().has_ask_place(turn.now) {
            return;
        }
        let tree = &self.books.index.tree;
        let mut locator = tree.locator(&tree.best_header());
        if locator.len() > limits::LOCATOR {
            locator.truncate(limits::LOCATOR - 1);
            locator.push(tree.root());
        }
        self.ask_with(turn, peer, locator, stop);
    }

    pub(crate) fn ask_with(
        &mut self,
        turn: &mut Turn<'_>,
        peer: PeerId,
        locator: Vec<BlockId>,
        stop: BlockId,
    ) {
        self.ask_on(turn, peer, locator, stop, Height::GENESIS);
    }

    /// Asks a peer whose answers have led up to height `reached` so far.
    fn ask_on(
        &mut self,
        turn: &mut Turn<'_>,
        peer: PeerId,
        locator: Vec<BlockId>,
        stop: BlockId,
        reached: Height,
    ) {
        let (from, at) = (self.books.index.tree.best_header(), turn.now);
        let known = self.tables.peers.get(&peer);
        let patience = match known.is_some_and(Peer::is_proven) {
            true => limits::ASK_PATIENCE_PROVEN,
            false => limits::ASK_PATIENCE,
        };
        let late = at.saturating_add(patience);
        let ask = Ask {
            stop,
            from,
            reached,
            at,
            late,
        };
        let tables = self.tables_mut();
        tables.asks.insert(peer, ask);
        if let Some(peer) = tables.peers.get_mut(&peer) {
            peer.asked = at;
        }
        turn.send(To::Peer(peer), &Message::GetHeaders { locator, stop });
        self.start_ticking(turn);
    }

    /// Asks a peer for what is still missing between our chain and its best block.
    pub(crate) fn follow(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let Some(best) = self.tables.peers.get(&peer).and_then(|peer| peer.best) else {
            return;
        };
        if !self.books.index.tree.contains(&best.id) && self.is_near_in_work(best.work) {
            self.ask(turn, peer, best.id);
        }
    }

    pub(crate) fn on_headers(
        &mut self,
        turn: &mut Turn<'_>,
        from: PeerId,
        headers: &[BitcoinHeader],
    ) {
        let asked = self.tables_mut().asks.remove(&from);
        let cost = u32::try_from(headers.len() / 16).unwrap_or(u32::MAX);
        if asked.is_none() && !self.tables_mut().peers.spend(turn.now, from, cost) {
            return;
        }
        if headers.windows(2).any(|pair| pair[0].id() != pair[1].prev) {
            return self.blame_message(turn, from, "headers that do not build on each other");
        }
        if self.tables.presyncs.contains_key(&from) {
            return self.continue_presync(turn, from, headers);
        }
        let taken = match headers {
            [] => Taken::Refused,
            headers => self.take_headers(turn, Source::Peer(from), headers),
        };
        let moved = asked.is_some_and(|ask| ask.from != self.books.index.tree.best_header());
        if asked.is_some() {
            self.note_answer(
                from,
                taken == Taken::Stored || (taken == Taken::Known && moved),
            );
        }
        match taken {
            Taken::Stored => self.fetch_and_follow(turn, from),
            Taken::Known if moved => self.fetch_and_follow(turn, from),
            Taken::Known if self.leads_on(turn, from, asked, headers) => {}
            Taken::Orphan if asked.is_none() => {
                self.ask(
                    turn,
                    from,
                    headers.last().map_or(BlockId::ZERO, BitcoinHeader::id),
                );
            }
            Taken::Measured => {}
            // The answer does not lead to what the peer announced: wait for its next announcement.
            Taken::Known | Taken::Orphan | Taken::Refused => {
                self.forget_best(turn, from);
            }
        }
    }

    /// Continues from a full answer whose headers are all known: the new ones lie above them. Far
    /// below the tip, a locator has gaps longer than an answer, so a long fork starts like this.
    fn leads_on(
        &mut self,
        turn: &mut Turn<'_>,
        from: PeerId,
        asked: Option<Ask>,
        headers: &[BitcoinHeader],
    ) -> bool {
        let (Some(ask), Some(last)) = (asked, headers.last().map(BitcoinHeader::id)) else {
            return false;
        };
        let height = self.books.index.height(&last).unwrap_or_default();
        // Each answer must lead higher, so this terminates.
        let leads_on = headers.len() == limits::HEADERS && height > ask.reached;
        if leads_on {
            self.ask_on(turn, from, vec![last], ask.stop, height);
        }
        leads_on
    }

    fn fetch_and_follow(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        self.fetch(turn);
        self.follow(turn, peer);
    }

    /// Records whether a request to a peer brought something useful or was in vain.
    pub(crate) fn note_answer(&mut self, peer: PeerId, is_useful: bool) {
        if let Some(peer) = self.tables_mut().peers.get_mut(&peer) {
            peer.answered |= is_useful;
            peer.vain = match is_useful {
                true => 0,
                false => peer.vain.saturating_add(1),
            };
        }
    }

    /// Nobody knows where a peer stands: it is told where we do, and may say so again.
    pub(crate) fn forget_best(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        if let Some(peer) = self.tables_mut().peers.get_mut(&peer) {
            peer.best = None;
        }
        self.gossip_soon(turn);
    }

    /// Gives up on requests that were not answered in time, and asks again.
    pub(crate) fn tick_requests(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let tables = self.tables_mut();
        tables.tick = None;
        let is_over = |ask: &Ask| now.saturating_since(ask.at) >= limits::ASK_TIMEOUT;
        let over = tables.asks.iter().filter(|(_, ask)| is_over(ask));
        let over: Vec<PeerId> = over.map(|(peer, _)| *peer).collect();
        tables.asks.retain(|_, ask| !is_over(ask));
        tables
            .presyncs
            .retain(|_, presync| now.saturating_since(presync.heard) < limits::PRESYNC_IDLE);
        for peer in over {
            self.note_answer(peer, false);
        }
        self.expire_flights(now);
        let peers = self.tables.peers.iter();
        let mut peers: Vec<_> = peers
            .map(|(id, peer)| (peer.standing(), peer.asked, *id))
            .collect();
        // Among peers of equal standing, the one asked least recently comes first.
        peers.sort_unstable();
        for (.., peer) in peers {
            self.repeat_presync(turn, peer);
            self.follow(turn, peer);
        }
        self.fetch(turn);
        self.tick_offers(turn);
        self.start_ticking(turn);
    }

    /// Arms the timer if anything is under way.
    pub(crate) fn start_ticking(&mut self, turn: &mut Turn<'_>) {
        if self.tables.is_waiting() {
            self.tick_at(turn, turn.now.saturating_add(limits::TICK));
        }
    }

    /// Arms the timer for `at`, unless it fires earlier anyway.
    pub(crate) fn tick_at(&mut self, turn: &mut Turn<'_>, at: Time) {
        if self.tables.tick.is_none_or(|tick| at < tick) {
            self.tables_mut().tick = Some(at);
            turn.arm(TICK, at);
        }
    }
}
