//! How transactions travel: a node offers what it took in by its hash, and peers ask for what they lack.
//! When a block has come, a few nodes offer once more what still waits, so that losses heal.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;

use chain::mempool::{Mempool, Pending};
use chain::{PeerId, Time, Txid, Wtxid};
use protocol::To;

use crate::answers::cost;
use crate::intake::Source;
use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};
use crate::pool::wtxid_of;

/// The timer of offers that are collected.
pub(crate) const OFFER: u16 = 3;

/// What a node offers and asks for. Bounded by [`limits`], never stored.
#[derive(Clone, Debug, Default)]
pub(crate) struct Offers {
    /// Taken in and not offered yet.
    fresh: Vec<Wtxid>,
    /// Asked for and not here yet.
    wanted: BTreeMap<Wtxid, Wanted>,
    /// Refused on top of this best block; those in front are forgotten first.
    refused: VecDeque<Wtxid>,
}

/// A transaction that was asked for.
#[derive(Clone, Debug)]
struct Wanted {
    asked: PeerId,
    at: Time,
    /// Who offered it besides.
    others: Vec<PeerId>,
}

impl Offers {
    /// Whether any request is under way.
    pub fn is_waiting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Whether a peer was asked for a transaction.
    pub fn is_owed(&self, peer: &PeerId, wtxid: &Wtxid) -> bool {
        let wanted = self.wanted.get(wtxid);
        wanted.is_some_and(|wanted| wanted.asked == *peer)
    }

    pub fn note_refused(&mut self, wtxid: Wtxid) {
        if self.refused.len() >= limits::REFUSED {
            self.refused.pop_front();
        }
        self.refused.push_back(wtxid);
    }

    pub fn forget_refused(&mut self) {
        self.refused.clear();
    }

    /// How many transactions a peer owes us.
    fn owed(&self, peer: &PeerId) -> usize {
        let owed = self.wanted.values().filter(|wanted| wanted.asked == *peer);
        owed.count()
    }

    /// A peer offers a transaction that is not here; whether to ask it.
    fn want(&mut self, now: Time, from: PeerId, wtxid: Wtxid) -> bool {
        if let Some(wanted) = self.wanted.get_mut(&wtxid) {
            let is_new = wanted.asked != from && !wanted.others.contains(&from);
            if is_new && wanted.others.len() < limits::OTHERS {
                wanted.others.push(from);
            }
            return false;
        }
        if self.wanted.len() >= limits::WANTED || self.refused.contains(&wtxid) {
            return false;
        }
        let wanted = Wanted {
            asked: from,
            at: now,
            others: Vec::new(),
        };
        self.wanted.insert(wtxid, wanted);
        true
    }

    /// Requests without an answer for too long: whom to ask instead for what.
    fn turn_to_others(&mut self, now: Time) -> Vec<(PeerId, Vec<Wtxid>)> {
        let mut asks: Vec<(PeerId, Vec<Wtxid>)> = Vec::new();
        self.wanted.retain(|wtxid, wanted| {
            if now.saturating_since(wanted.at) < limits::TX_TIMEOUT {
                return true;
            }
            let Some(other) = wanted.others.pop() else {
                return false; // it will be offered again
            };
            (wanted.asked, wanted.at) = (other, now);
            match asks.iter_mut().find(|(peer, _)| *peer == other) {
                Some((_, ids)) => ids.push(*wtxid),
                None => asks.push((other, alloc::vec![*wtxid])),
            }
            true
        });
        asks
    }
}

impl Node {
    /// Offers a transaction to all, together with others that come at about the same time.
    pub(crate) fn offer_soon(&mut self, turn: &mut Turn<'_>, wtxid: Wtxid) {
        let fresh = &mut self.tables_mut().offers.fresh;
        fresh.push(wtxid);
        if fresh.len() == 1 {
            turn.arm(OFFER, turn.now.saturating_add(limits::OFFER_DELAY));
        }
    }

    /// Offers what was collected.
    pub(crate) fn offer_fresh(&mut self, turn: &mut Turn<'_>) {
        let fresh = core::mem::take(&mut self.tables_mut().offers.fresh);
        for ids in fresh.chunks(limits::OFFERS) {
            turn.send(To::All, &Message::OfferTransactions(ids.to_vec()));
        }
    }

    /// Offers once more what comes next: about as many nodes do it as answer a peer that is behind.
    pub(crate) fn offer_again(&mut self, turn: &mut Turn<'_>) {
        let peers = self.tables.peers.up();
        if self.pool.waiting.is_empty() || peers == 0 {
            return;
        }
        if self.dice.below(peers.max(limits::ANSWERS)) < limits::ANSWERS {
            self.offer_best(turn, To::All);
        }
    }

    /// Offers what waits, the best first.
    pub(crate) fn offer_best(&mut self, turn: &mut Turn<'_>, to: To) {
        let waiting = self.pool.waiting.iter().take(limits::OFFERS);
        let ids: Vec<Wtxid> = waiting.map(|tx| tx.wtxid).collect();
        if !ids.is_empty() {
            turn.send(to, &Message::OfferTransactions(ids));
        }
    }

    /// A peer offers transactions: asks for those that are not here.
    pub(crate) fn on_offer(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[Wtxid]) {
        // What builds on blocks that are still being fetched could not be judged.
        if self.is_catching_up() || !self.spend_for_list(turn.now, from, ids.len()) {
            return;
        }
        let free = limits::WANTED_PER_PEER.saturating_sub(self.tables.offers.owed(&from));
        let mut asked = Vec::new();
        for id in ids {
            let is_here =
                self.pool.waiting.by_wtxid(id).is_some() || self.pool.orphans.contains(id);
            if !is_here && asked.len() < free && self.tables_mut().offers.want(turn.now, from, *id)
            {
                asked.push(*id);
            }
        }
        if !asked.is_empty() {
            turn.send(To::Peer(from), &Message::GetTransactions(asked));
            self.start_ticking(turn);
        }
    }

    /// Serves transactions that wait.
    pub(crate) fn on_get_transactions(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[Wtxid]) {
        self.serve_transactions(turn, from, ids, Mempool::by_wtxid);
    }

    /// Serves transactions that wait, by the ids that others spend from them by.
    pub(crate) fn on_get_parents(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[Txid]) {
        self.serve_transactions(turn, from, ids, Mempool::get);
    }

    fn serve_transactions<I>(
        &mut self,
        turn: &mut Turn<'_>,
        from: PeerId,
        ids: &[I],
        find: for<'a> fn(&'a Mempool, &I) -> Option<&'a Arc<Pending>>,
    ) {
        // Charged before the work, or asking for what is not here would cost nothing.
        if !self.spend_for_list(turn.now, from, ids.len()) {
            return;
        }
        let mut allowance = self.allowance(turn.now, from);
        for id in ids {
            let Some(tx) = find(&self.pool.waiting, id) else {
                continue;
            };
            let (bytes, cost) = (tx.bytes.clone(), cost(tx.bytes.len()));
            if allowance < cost {
                return; // it will be asked for again
            }
            allowance -= cost;
            self.charge(turn.now, from, cost);
            turn.send(To::Peer(from), &Message::Transaction(bytes));
        }
    }

    /// A peer sends a transaction.
    pub(crate) fn on_transaction(&mut self, turn: &mut Turn<'_>, from: PeerId, tx: &Arc<[u8]>) {
        let wtxid = wtxid_of(tx);
        let cost = u32::try_from(tx.len() / limits::TX_BYTES_PER_TOKEN).unwrap_or(u32::MAX);
        if !self.tables_mut().peers.spend(turn.now, from, cost) {
            return; // asked for again when there is no answer
        }
        self.tables_mut().offers.wanted.remove(&wtxid);
        let is_here = self.pool.waiting.by_wtxid(&wtxid).is_some();
        if !is_here && !self.is_catching_up() {
            // Whoever sent it is not told why it is refused.
            let _ = self.take_transaction(turn, Source::Peer(from), wtxid, tx);
        }
    }

    /// Asks whoever sent an orphan for what it spends from.
    pub(crate) fn ask_for_parent(&mut self, turn: &mut Turn<'_>, from: PeerId, txid: Txid) {
        turn.send(To::Peer(from), &Message::GetParents(alloc::vec![txid]));
    }

    /// Turns to others for what was not answered.
    pub(crate) fn tick_offers(&mut self, turn: &mut Turn<'_>) {
        if !self.tables.offers.is_waiting() {
            return;
        }
        let asks = self.tables_mut().offers.turn_to_others(turn.now);
        for (peer, ids) in asks {
            for part in ids.chunks(limits::OFFERS) {
                turn.send(To::Peer(peer), &Message::GetTransactions(part.to_vec()));
            }
        }
    }

    fn spend_for_list(&mut self, now: Time, from: PeerId, len: usize) -> bool {
        let tokens = u32::try_from(len / 16).unwrap_or(u32::MAX);
        self.tables_mut().peers.spend(now, from, tokens)
    }
}
