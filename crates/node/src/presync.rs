//! A long branch that is lighter than ours so far, from a peer that claims more, is measured
//! before anything of it is kept: headers at low difficulty cost nothing to make, and memory must
//! not be for sale that cheap (CVE-2024-52916).
//!
//! First pass: judge the headers, sum up their work, keep only as many as the protocol looks back
//! and the id of each batch's last header. If the work suffices, second pass: ask for the same
//! batches again. Ids commit to everything before them, so a batch that ends with the remembered
//! id is the batch that was measured. (Bitcoin Core does the same with salted bits for ids.)

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
    /// Batches that were stored; `None` in the first pass.
    stored: Option<usize>,
    started: Time,
    pub heard: Time,
}

impl Presync {
    /// Where the next batch has to begin.
    fn edge(&self) -> BlockId {
        match self.stored {
            None => self.strand.last,
            Some(0) => self.strand.fork,
            Some(stored) => self.marks[stored - 1],
        }
    }

    /// Whether the block that it stands on is still here.
    pub fn is_rooted(&self, tree: &Tree<Work>) -> bool {
        tree.contains(&self.strand.fork)
    }

    /// The end of the next batch, where it is known.
    fn mark(&self) -> Option<BlockId> {
        self.marks.get(self.stored?).copied()
    }
}

impl Node {
    /// Begins to measure with a full batch that did not weigh enough.
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
        strand.trim(self.protocol.lookback());
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

    /// Whether a peer may have a branch of some work measured; one with less work so far gives way,
    /// or the oldest if it took its time.
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

    /// A batch from a peer whose branch is being measured.
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
            return; // the branch ends where it was measured last, and was too light
        };
        if first.prev != presync.edge() {
            // An answer that came twice, or the peer moved to another branch: then this one ends
            // when nothing more of it comes.
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

    /// First pass. Whether to ask for more.
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
        presync.strand.trim(self.protocol.lookback());
        presync.marks.push(presync.strand.last);
        if presync.strand.weight > self.books.index.tip_work() {
            presync.stored = Some(0);
            return true;
        }
        let is_last = headers.len() < limits::HEADERS || presync.marks.len() >= limits::MARKS;
        if is_last && let Some(peer) = self.tables_mut().peers.get_mut(&peer) {
            peer.best = None; // it claimed more than it has
        }
        !is_last
    }

    /// Second pass. Whether there is more to come.
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
                // Somebody else brought it in between.
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

    /// Asks for the next batch, again if the last question or its answer was lost.
    pub(crate) fn repeat_presync(&mut self, turn: &mut Turn<'_>, peer: PeerId) {
        let Some(presync) = self.tables.presyncs.get(&peer) else {
            return;
        };
        if self.tables.asks.contains_key(&peer) {
            return;
        }
        if presync.stored.is_some() && self.room_ahead(&presync.edge(), true) < limits::HEADERS {
            // Bodies come first; until then nobody is late.
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
