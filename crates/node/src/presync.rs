//! A long branch that is lighter than ours so far, from a peer that claims more work, is measured
//! before any of it is stored: low-difficulty headers cost next to nothing to make, and memory must
//! not be that cheap to fill (CVE-2024-52916).
//!
//! First pass: validate the headers and add up their work, keeping only as many as the protocol
//! looks back on and the id of each batch's last header. Second pass, if the work suffices: request
//! the same batches again. An id commits to everything before it, so a batch that ends in the
//! remembered id is the batch that was measured. (Bitcoin Core does the same with salted bits
//! instead of ids.)

use alloc::{sync::Arc, vec, vec::Vec};
use core::cmp::Reverse;

use chain::{BitcoinHeader, BlockId, PeerId, Time, Tree, Work};

use crate::intake::{Source, Taken};
use crate::limits;
use crate::node::{Node, Turn};
use crate::view::Strand;

#[derive(Clone, Debug)]
pub(crate) struct Presync {
    strand: Strand,
    /// The last id of each batch.
    marks: Vec<BlockId>,
    /// How many batches were stored; `None` in the first pass.
    stored: Option<usize>,
    started: Time,
    pub heard: Time,
}

impl Presync {
    /// The parent of the next batch.
    fn edge(&self) -> BlockId {
        match self.stored {
            None => self.strand.last,
            Some(0) => self.strand.fork,
            Some(stored) => self.marks[stored - 1],
        }
    }

    /// Whether the block that it builds on is still known.
    pub fn is_rooted(&self, tree: &Tree<Work>) -> bool {
        tree.contains(&self.strand.fork)
    }

    /// The last id of the next batch, known only in the second pass.
    fn mark(&self) -> Option<BlockId> {
        self.marks.get(self.stored?).copied()
    }
}

impl Node {
    /// Starts to measure a branch whose first full batch did not weigh enough.
    pub(crate) fn start_presync(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        mut strand: Strand,
    ) -> Taken {
        let Some(peer) = source.peer() else {
            return Taken::Refused;
        };
        if !self.has_presync_place(turn.now, &peer, strand.weight) {
            return Taken::Refused;
        }
        let marks = vec![strand.last];
        strand.trim(self.shell.protocol().lookback());
        let presync = Presync {
            strand,
            marks,
            stored: None,
            started: turn.now,
            heard: turn.now,
        };
        self.tables_mut().presyncs.insert(peer, Arc::new(presync));
        self.repeat_presync(turn, peer);
        Taken::Measured
    }

    /// Whether a branch of this work from `peer` may be measured. When all places are taken, a
    /// branch that has used up its turn gives way, else one with less work so far.
    fn has_presync_place(&mut self, now: Time, peer: &PeerId, work: Work) -> bool {
        let presyncs = &mut self.tables_mut().presyncs;
        if presyncs.contains_key(peer) {
            return false;
        }
        if presyncs.len() < limits::PRESYNCS {
            return true;
        }
        let is_late = |one: &Presync| now.saturating_since(one.started) > limits::PRESYNC_TURN;
        let weakest = presyncs
            .iter()
            .map(|(id, one)| (!is_late(one), one.strand.weight, Reverse(one.started), *id))
            .min();
        match weakest {
            Some((is_in_time, least, _, id)) if !is_in_time || least < work => {
                presyncs.remove(&id);
                true
            }
            _ => false,
        }
    }

    /// Takes a batch from a peer whose branch is being measured.
    pub(crate) fn continue_presync(
        &mut self,
        turn: &mut Turn<'_>,
        peer: PeerId,
        headers: &[BitcoinHeader],
    ) {
        let Some(presync) = self.tables_mut().presyncs.remove(&peer) else {
            return;
        };
        let Some(first) = headers.first() else {
            return; // the branch ended where the last batch did, and was too light
        };
        if first.prev != presync.edge() {
            // A duplicate answer, or the peer moved to another branch; if so, this measurement ends
            // when nothing more of it arrives.
            self.tables_mut().presyncs.insert(peer, presync);
            return;
        }
        let mut presync = Arc::unwrap_or_clone(presync);
        presync.heard = turn.now;
        let goes_on = match presync.stored {
            None => self.measure(turn, peer, &mut presync, headers),
            Some(_) => self.store_batch(turn, peer, &mut presync, headers),
        };
        if goes_on {
            self.tables_mut().presyncs.insert(peer, Arc::new(presync));
            self.repeat_presync(turn, peer);
        } else {
            self.follow(turn, peer);
        }
    }

    /// The first pass; returns whether to ask for more.
    fn measure(
        &mut self,
        turn: &mut Turn<'_>,
        peer: PeerId,
        presync: &mut Presync,
        headers: &[BitcoinHeader],
    ) -> bool {
        for header in headers {
            if let Err(reject) = self.extend(turn, Source::Peer(peer), &mut presync.strand, header)
            {
                self.refuse_header(turn, Source::Peer(peer), header, &reject);
                return false;
            }
        }
        presync.strand.trim(self.shell.protocol().lookback());
        presync.marks.push(presync.strand.last);
        if presync.strand.weight > self.books.index.tip_work() {
            presync.stored = Some(0);
            return true;
        }
        let is_last = headers.len() < limits::HEADERS || presync.marks.len() >= limits::MARKS;
        if is_last {
            self.forget_best(turn, peer); // it claimed more than it has
        }
        !is_last
    }

    /// The second pass; returns whether there is more to come.
    fn store_batch(
        &mut self,
        turn: &mut Turn<'_>,
        peer: PeerId,
        presync: &mut Presync,
        headers: &[BitcoinHeader],
    ) -> bool {
        let source = Source::Peer(peer);
        let mark = presync.mark();
        if headers.last().map(BitcoinHeader::id) != mark {
            return false; // not the batch that was measured
        }
        let Some(mut strand) = Strand::above(&self.books.index, presync.edge()) else {
            return false;
        };
        for header in headers {
            if self.books.index.tree.contains(&header.id()) {
                // Another peer sent it in the meantime.
                let Some(above) = Strand::above(&self.books.index, header.id()) else {
                    return false;
                };
                strand = above;
            } else if let Err(reject) = self.extend(turn, source, &mut strand, header) {
                self.refuse_header(turn, source, header, &reject);
                return false;
            }
        }
        if !strand.links.is_empty()
            && self.store_strand(turn, source, &strand, Some(presync.strand.weight))
                != Taken::Stored
        {
            return false;
        }
        self.fetch(turn);
        let stored = presync.stored.map_or(1, |stored| stored + 1);
        presync.stored = Some(stored);
        stored < presync.marks.len()
    }

    /// Asks for the next batch, once more if the last request or its answer was lost.
    pub(crate) fn repeat_presync(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let Some(presync) = self.tables.presyncs.get(&peer) else {
            return;
        };
        if self.tables.asks.contains_key(&peer) {
            return;
        }
        if presync.stored.is_some() && self.room_ahead(&presync.edge(), true) < limits::HEADERS {
            // Bodies come first; until they are here, the measurement must not expire.
            let presync = self.tables_mut().presyncs.get_mut(&peer);
            return presync.map_or((), |presync| Arc::make_mut(presync).heard = turn.now);
        }
        let best = self.tables.peers.get(&peer).and_then(|peer| peer.best);
        let stop = presync
            .mark()
            .or(best.map(|best| best.id))
            .unwrap_or(BlockId::ZERO);
        let locator = vec![presync.edge()];
        self.ask_with(turn, peer, locator, stop);
    }
}
