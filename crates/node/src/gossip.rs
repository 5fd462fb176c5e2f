//! Gossip: dispatches what peers send, and announces the tip again and again to peers that may be
//! behind it, so that nodes converge whatever was lost.

use alloc::string::ToString;

use chain::{BitcoinHeader, BlockId, Micros, PeerId, Time, Work};
use protocol::{Channel, Event, Packet, To, said};

use crate::intake::{Source, Taken};
use crate::limits;
use crate::message::{Claim, Message};
use crate::node::{Node, Turn};
use crate::peers::Best;
use crate::pool::wtxid_of;

/// The timer of anti-entropy.
pub(crate) const GOSSIP: u16 = 0;
/// The timer of unanswered requests.
pub(crate) const TICK: u16 = 1;
/// The timer of headers from the future.
pub(crate) const LATER: u16 = 2;

impl Node {
    /// Handles a packet.
    pub(crate) fn hear(&mut self, turn: &mut Turn<'_>, from: PeerId, packet: &Packet) {
        let is_ours = from != self.books.config.me && packet.channel == Channel::MAIN;
        if !is_ours || self.tables_mut().peers.heard(turn.now, from).is_none() {
            return;
        }
        if let Some(bytes) = said(packet) {
            if self.tables_mut().peers.spend(turn.now, from, 1) {
                self.consult(turn, |protocol, cx| protocol.on_message(cx, from, bytes));
            }
            return;
        }
        match Message::decode(&packet.bytes) {
            Ok(message) if self.may_heed(turn.now, from, &message) => {
                self.heed(turn, from, message);
            }
            Ok(_) => {}
            Err(error) => self.blame(turn, Source::Peer(from), limits::BLAME / 5, &error),
        }
    }

    /// Whether we asked for a message, or its sender has a token left to pay for it.
    fn may_heed(&mut self, now: Time, from: PeerId, message: &Message) -> bool {
        let is_answer = match message {
            Message::Headers(_) => self.tables.asks.contains_key(&from),
            Message::Body(block) => {
                let id = block
                    .first_chunk()
                    .map(|head| BitcoinHeader::decode(head).id());
                id.is_some_and(|id| self.tables.is_owed(&from, &id))
            }
            Message::Transaction(tx) => self.tables.offers.is_owed(&from, &wtxid_of(tx)),
            _ => false,
        };
        is_answer || self.tables_mut().peers.spend(now, from, 1)
    }

    fn heed(&mut self, turn: &mut Turn<'_>, from: PeerId, message: Message) {
        match message {
            Message::Tip(claim) => self.on_tip(turn, from, &claim),
            Message::Inv(claim) => self.on_claim(turn, from, &claim, claim.header.id()),
            Message::GetHeaders { locator, stop } => {
                self.on_get_headers(turn, from, &locator, &stop);
            }
            Message::Headers(headers) => self.on_headers(turn, from, &headers),
            Message::GetBodies(ids) => self.on_get_bodies(turn, from, &ids),
            Message::Body(block) => self.on_body(turn, from, &block),
            Message::NotFound(ids) => self.on_not_found(turn, from, &ids),
            Message::OfferTransactions(ids) => self.on_offer(turn, from, &ids),
            Message::GetTransactions(ids) => self.on_get_transactions(turn, from, &ids),
            Message::GetParents(ids) => self.on_get_parents(turn, from, &ids),
            Message::Transaction(tx) => self.on_transaction(turn, from, &tx),
        }
    }

    fn on_tip(&mut self, turn: &mut Turn<'_>, from: PeerId, claim: &Claim) {
        let id = claim.header.id();
        let best = Best {
            id,
            height: claim.height,
            work: claim.work,
        };
        let peer = self.tables_mut().peers.get_mut(&from);
        let before = peer.map(|peer| peer.best.replace(best));
        let is_new = matches!(before, Some(None));
        let before = before.flatten().map(|before| before.id);
        if before.is_some_and(|before| before != best.id) {
            self.hear_of_move(from);
        }
        self.on_claim(turn, from, claim, id);
        let index = &self.books.index;
        let (work, ours) = (index.work(&best.id).unwrap_or(claim.work), self.told_work());
        if work == ours && before == Some(best.id) {
            self.confirm(turn, from);
        }
        if work < ours {
            // The peer is behind. Everybody answers its first announcement: the crowd may be
            // invented, so a newcomer must not depend on the draw. Later ones are answered by a few
            // drawn at random, or a large crowd would flood it.
            let crowd = self.tables.peers.up().max(limits::ANSWERS);
            if self.dice.below(crowd) < limits::ANSWERS || is_new {
                self.send_tip(turn, To::Peer(from));
            }
            self.gossip_soon(turn);
        }
    }

    /// A peer stands elsewhere than before: it may have now what it lacked, and it listens.
    fn hear_of_move(&mut self, peer: PeerId) {
        let tables = self.tables_mut();
        tables.forgive(&peer);
        if let Some(peer) = tables.peers.get_mut(&peer) {
            peer.told = None;
        }
    }

    /// A peer says once more where it stands, and we keep up with it: it may not have heard that.
    fn confirm(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let tip = self.told_tip();
        let known = self.tables.peers.get(&peer);
        if known.is_some_and(|known| known.is_told_at(&tip) <= turn.now) {
            self.send_tip(turn, To::Peer(peer));
        }
    }

    /// A peer has a block: fetches or asks for what we want of it.
    fn on_claim(&mut self, turn: &mut Turn<'_>, from: PeerId, claim: &Claim, id: BlockId) {
        let (source, header) = (Source::Peer(from), claim.header);
        let taken = if self.books.index.tree.contains(&id) {
            self.take_known(turn, source, &header, id)
        } else {
            self.take_headers(turn, source, &[header])
        };
        match taken {
            Taken::Stored | Taken::Known => self.fetch(turn),
            Taken::Orphan if self.is_near_in_work(claim.work) => {
                self.ask(turn, from, id);
            }
            Taken::Orphan | Taken::Refused | Taken::Measured => {}
        }
    }

    /// The set of reachable peers changed: forgets what those that left owed us, and announces the
    /// tip to those that came.
    pub(crate) fn meet(&mut self, turn: &mut Turn<'_>, up: &[PeerId]) {
        let me = self.books.config.me;
        let up: alloc::vec::Vec<PeerId> = up.iter().copied().filter(|peer| *peer != me).collect();
        let tables = self.tables_mut();
        let new = tables.peers.set_up(turn.now, &up);
        let gone = |tables: &crate::tables::Tables, peer: &PeerId| tables.peers.get(peer).is_none();
        let asked = tables.asks.keys().chain(tables.presyncs.keys());
        let asked = asked.chain(tables.flights.values().map(|flight| &flight.peer));
        let left: alloc::collections::BTreeSet<PeerId> =
            asked.filter(|peer| gone(tables, peer)).copied().collect();
        for peer in left {
            self.drop_peer(turn, peer);
        }
        if !self.is_ready() {
            return;
        }
        if new.len() == up.len() && !up.is_empty() {
            self.offer_best(turn, To::All);
            return self.send_tip(turn, To::All);
        }
        for peer in new {
            self.send_tip(turn, To::Peer(peer));
            self.offer_best(turn, To::Peer(peer));
        }
        self.gossip_soon(turn);
    }

    /// Anti-entropy: announces the tip to peers that may be behind it, as long as there are any.
    pub(crate) fn gossip(&mut self, turn: &mut Turn<'_>) {
        self.tables_mut().gossip = None;
        self.expire_sync(turn.now);
        let (tip, work) = (self.told_tip(), self.told_work());
        let due = self.tables.peers.behind(turn.now, &tip, work).due;
        if due.len() as u64 * 2 > self.tables.peers.up() {
            self.send_tip(turn, To::All);
        } else {
            for peer in due {
                self.send_tip(turn, To::Peer(peer));
            }
        }
        if let Some(next) = self.tables.peers.behind(turn.now, &tip, work).next {
            self.gossip_at(turn, next);
        }
        if self.tables.sync.is_some() {
            self.gossip_soon(turn);
        }
    }

    /// There may be somebody to tell of the tip, or a sync to be forgotten.
    pub(crate) fn gossip_soon(&mut self, turn: &mut Turn<'_>) {
        self.gossip_at(turn, turn.now.saturating_add(limits::GOSSIP));
    }

    /// Arms the timer, unless it fires soon enough anyway.
    fn gossip_at(&mut self, turn: &mut Turn<'_>, at: Time) {
        let latest = at.saturating_add(limits::GOSSIP_JITTER);
        if self.tables.gossip.is_none_or(|armed| armed > latest) {
            let jitter = Micros(self.dice.below(limits::GOSSIP_JITTER.0));
            let at = at.saturating_add(jitter);
            self.tables_mut().gossip = Some(at);
            turn.arm(GOSSIP, at);
        }
    }

    /// What peers are told is our best block: what is, unless the protocol poses.
    pub(crate) fn told_tip(&self) -> BlockId {
        self.pose.unwrap_or_else(|| self.books.index.tree.best())
    }

    /// The work of that.
    fn told_work(&self) -> Work {
        self.books.index.work(&self.told_tip()).unwrap_or_default()
    }

    /// Announces our best block.
    pub(crate) fn send_tip(&mut self, turn: &mut Turn<'_>, to: To) {
        let tip = self.told_tip();
        let Some(claim) = self.claim(&tip) else {
            return;
        };
        turn.send(to, &Message::Tip(claim));
        self.tables_mut().peers.note_told(turn.now, to, tip);
    }

    /// What we claim about a block that we know.
    pub(crate) fn claim(&self, id: &BlockId) -> Option<Claim> {
        let index = &self.books.index;
        let link = index.tree.get(id)?;
        Some(Claim {
            header: index.header(id)?,
            height: link.height,
            work: link.weight,
        })
    }

    /// Whether the tip is only a stage on the way to a branch that is being fetched.
    pub(crate) fn is_catching_up(&self) -> bool {
        let (index, tip) = (&self.books.index, self.books.index.tree.best());
        self.tables
            .sync
            .is_some_and(|sync| index.tree.is_ancestor(&tip, &sync.goal))
    }

    /// Tells people once when a long sync begins; [`Self::note_sync`] tells them when it is done.
    pub(crate) fn tell_sync(&mut self, turn: &mut Turn<'_>, peer: PeerId, goal: BlockId) {
        let index = &self.books.index;
        let outweighs = index
            .work(&goal)
            .is_some_and(|work| work > index.tip_work());
        let (Some(height), Some(edge)) = (index.height(&goal), index.ready_edge(&goal)) else {
            return;
        };
        let current = self.tables.sync;
        let extends = current.is_some_and(|sync| index.tree.is_ancestor(&sync.goal, &goal));
        let is_long = height.0.saturating_sub(edge.0) >= limits::SYNC_GAP;
        if !outweighs || !(extends || (current.is_none() && is_long)) {
            return;
        }
        self.tables_mut().sync = Some(crate::tables::Sync {
            goal,
            moved: turn.now,
        });
        self.gossip_soon(turn);
        if current.is_none() {
            turn.tell(Event::SyncStarted { peer, goal: height });
        }
    }

    /// Blocks were applied or condemned: notes whether a sync has progressed, finished or lost its
    /// goal.
    pub(crate) fn note_sync(&mut self, turn: &mut Turn<'_>, applied: &[BlockId]) {
        let Some(sync) = self.tables.sync else { return };
        let index = &self.books.index;
        if index
            .tree
            .get(&sync.goal)
            .is_none_or(|goal| goal.is_invalid())
        {
            self.tables_mut().sync = None;
        } else if index.is_ready(&sync.goal) {
            let (_, height) = index.tip();
            turn.tell(Event::SyncDone { height });
            self.tables_mut().sync = None;
        } else if applied
            .iter()
            .any(|id| index.tree.is_ancestor(id, &sync.goal))
        {
            self.tables_mut().sync = Some(crate::tables::Sync {
                moved: turn.now,
                ..sync
            });
        }
    }

    /// Forgets a sync that has stalled.
    fn expire_sync(&mut self, now: Time) {
        let stalled =
            |sync: crate::tables::Sync| now.saturating_since(sync.moved) > limits::SYNC_STALL;
        if self.tables.sync.is_some_and(stalled) {
            self.tables_mut().sync = None;
        }
    }

    /// Blames a peer for a message that decodes but that no correct node sends.
    pub(crate) fn blame_message(&mut self, turn: &mut Turn<'_>, from: PeerId, why: &str) {
        self.blame(turn, Source::Peer(from), 50, &why.to_string());
    }
}
