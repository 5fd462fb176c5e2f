//! Answers to peers: one byte budget for all of them, and who may draw on it when it runs low.
//!
//! A request of 200 bytes may draw half a megabyte, and identities cost nothing to invent, so a
//! budget per peer would limit nothing. While there is plenty, everybody is answered at once. The
//! last part is reserved for peers that have given us blocks and, in small portions, for those that
//! were refused a while ago and ask again: it refills as fast as all peers together can take
//! portions.

use alloc::{vec, vec::Vec};

use chain::{BitcoinHeader, BlockId, Height, PeerId, Time};
use protocol::To;

use crate::limits;
use crate::message::Message;
use crate::node::{Node, Turn};

/// A token bucket of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    bytes: u64,
    refilled: Time,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            bytes: limits::ANSWERS_BURST,
            refilled: Time::ZERO,
        }
    }
}

impl Budget {
    /// Refills the bucket and returns how many bytes it holds.
    fn level(&mut self, now: Time) -> u64 {
        let micros = now.saturating_since(self.refilled).0;
        let gained = micros.saturating_mul(limits::ANSWERS_PER_MICRO);
        self.bytes = self.bytes.saturating_add(gained).min(limits::ANSWERS_BURST);
        self.refilled = now;
        self.bytes
    }

    fn take(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// What a message of this size costs, framing included.
pub(crate) fn cost(bytes: usize) -> u64 {
    bytes as u64 + limits::FRAMING
}

impl Node {
    /// How many bytes a peer may be sent in answer now.
    pub(crate) fn allowance(&mut self, now: Time, from: PeerId) -> u64 {
        let tables = self.tables_mut();
        let level = tables.budget.level(now);
        let Some(peer) = tables.peers.get_mut(&from) else {
            return 0;
        };
        let plenty = level.saturating_sub(limits::ANSWERS_RESERVE);
        let waits = *peer.waits.get_or_insert(now);
        if peer.given > 0 {
            level
        } else if plenty >= limits::PORTION {
            plenty
        } else if now.saturating_since(waits) >= limits::ANSWER_WAIT {
            level.min(limits::PORTION)
        } else {
            0
        }
    }

    /// Charges the budget for what a peer was sent; its wait for the reserve starts again.
    pub(crate) fn charge(&mut self, now: Time, from: PeerId, bytes: u64) {
        let tables = self.tables_mut();
        tables.budget.take(bytes);
        if let Some(peer) = tables.peers.get_mut(&from) {
            peer.waits = Some(now);
        }
    }

    /// Serves headers of applied blocks, as many as the asker may have.
    pub(crate) fn on_get_headers(
        &mut self,
        turn: &mut Turn<'_>,
        from: PeerId,
        locator: &[BlockId],
        stop: &BlockId,
    ) {
        let room = self.allowance(turn.now, from) / BitcoinHeader::LEN as u64;
        let Some(most) = u32::try_from(room).ok().filter(|room| *room > 0) else {
            return;
        };
        let index = &self.books.index;
        let goal = if index.is_ready(stop) {
            *stop
        } else {
            self.told_tip()
        };
        let shared = locator.iter().find(|id| index.tree.is_ancestor(id, &goal));
        let start = shared.and_then(|id| index.height(id)).unwrap_or_default();
        let end = index.height(&goal).unwrap_or_default();
        let most = most.min(limits::HEADERS as u32);
        let top = end.min(Height(start.0.saturating_add(most)));
        // Charged before the work, or requests that end without an answer would cost nothing.
        let tokens = top.0.saturating_sub(start.0) / 16;
        if !self.tables_mut().peers.spend(turn.now, from, tokens) {
            return;
        }
        let index = &self.books.index;
        let ids = index.span(&goal, start, top);
        let headers: Vec<_> = ids.iter().filter_map(|id| index.header(id)).collect();
        self.charge(turn.now, from, cost(headers.len() * BitcoinHeader::LEN));
        turn.send(To::Peer(from), &Message::Headers(headers));
    }

    /// Serves applied blocks in the order requested, as many as the asker may have.
    pub(crate) fn on_get_bodies(&mut self, turn: &mut Turn<'_>, from: PeerId, ids: &[BlockId]) {
        let mut missing = vec![];
        let tokens = u32::try_from(ids.len() / 4).unwrap_or(u32::MAX);
        if !self.tables_mut().peers.spend(turn.now, from, tokens) {
            return;
        }
        let mut allowance = self.allowance(turn.now, from);
        for id in ids {
            let index = &self.books.index;
            let block = index.block(id).filter(|_| index.is_ready(id)).cloned();
            match block.filter(|block| block.len() <= limits::BLOCK) {
                Some(block) => {
                    let (bytes, tokens) = (cost(block.len()), cost_of_block(&block));
                    let may_have =
                        allowance > 0 && self.tables_mut().peers.spend(turn.now, from, tokens);
                    if !may_have {
                        break;
                    }
                    // The first block may exceed a portion, or nobody would ever get a large one.
                    allowance = allowance.saturating_sub(bytes);
                    self.charge(turn.now, from, bytes);
                    turn.send(To::Peer(from), &Message::Body(block));
                }
                None => missing.push(*id),
            }
        }
        if !missing.is_empty() {
            turn.send(To::Peer(from), &Message::NotFound(missing));
        }
    }
}

/// What sending or checking a block costs in tokens.
pub(crate) fn cost_of_block(block: &[u8]) -> u32 {
    u32::try_from(block.len() / 4096).unwrap_or(u32::MAX)
}
