//! Incoming headers: each is validated against the history of its own branch, the branch is
//! weighed, and what is worth keeping is stored.

use alloc::string::ToString;

use chain::{BitcoinHeader, BlockId, Header, Height, Micros, PeerId, Reject, U256, Work};
use protocol::{Event, Facts};

use crate::gossip::LATER;
use crate::limits;
use crate::node::{Node, Turn};
use crate::tables::Later;
use crate::view::{Branch, Strand, Weighed};

/// Where a header or block comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// This node made it.
    Own,
    /// This node stored it in an earlier incarnation.
    Disk,
    /// A peer sent it.
    Peer(PeerId),
}

impl Source {
    pub fn peer(self) -> Option<PeerId> {
        match self {
            Self::Peer(peer) => Some(peer),
            Self::Own | Self::Disk => None,
        }
    }
}

/// What became of incoming headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// All were already known.
    Known,
    /// Some are new and were stored.
    Stored,
    /// Their parent is unknown.
    Orphan,
    /// They are too weak to be stored yet; their branch is being measured.
    Measured,
    /// None was stored.
    Refused,
}

/// What to do with a validated branch.
enum Worth {
    Store,
    Measure,
    Drop,
}

impl Node {
    /// Takes in headers that build on each other.
    pub(crate) fn take_headers(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        headers: &[BitcoinHeader],
    ) -> Taken {
        let tree = &self.books.index.tree;
        let known = headers
            .iter()
            .map(|header| (header, header.id()))
            .take_while(|(_, id)| tree.contains(id));
        let (count, last) = known.fold((0, None), |(count, _), last| (count + 1, Some(last)));
        let Some(first) = headers.get(count) else {
            return match last {
                Some((header, id)) => self.take_known(turn, source, header, id),
                None => Taken::Known,
            };
        };
        let Some(mut strand) = Strand::above(&self.books.index, first.prev) else {
            return Taken::Orphan;
        };
        if tree.get(&first.prev).is_some_and(|link| link.is_invalid()) {
            let reject = Reject::BadPrevblk { prev: first.prev };
            self.refuse_header(turn, source, first, &reject);
            return Taken::Refused;
        }
        for header in &headers[count..] {
            if let Err(reject) = self.extend(turn, source, &mut strand, header) {
                self.refuse_header(turn, source, header, &reject);
                break;
            }
        }
        if strand.links.is_empty() {
            return Taken::Refused;
        }
        match self.worth(source, &strand, headers.len()) {
            Worth::Store => self.store_strand(turn, source, &strand, None),
            Worth::Measure => self.start_presync(turn, source, strand),
            Worth::Drop => Taken::Refused,
        }
    }

    /// Validates a header on top of a strand and appends it.
    pub(crate) fn extend(
        &self,
        turn: &Turn<'_>,
        source: Source,
        strand: &mut Strand,
        header: &BitcoinHeader,
    ) -> Result<(), Reject> {
        let orphan = Reject::PrevBlkNotFound { prev: header.prev };
        let past = Branch::with(&self.books.index, strand).ok_or(orphan)?;
        let now = match source {
            // It was not too early when it was stored, and a clock that has gone back since must
            // not change that.
            Source::Disk => turn.clock.max(header.time),
            Source::Own | Source::Peer(_) => turn.clock,
        };
        let proof = self
            .shell
            .protocol()
            .judge(&Header::Bitcoin(*header), &Facts { past: &past, now })?;
        if header.prev != strand.last {
            return Err(orphan);
        }
        let overflow = Reject::WorkOverflow { bits: header.bits };
        let weight = strand.weight.checked_add(proof).ok_or(overflow)?;
        strand.push(Weighed {
            id: header.id(),
            header: *header,
            weight,
        });
        Ok(())
    }

    /// Stores validated headers, as many as there is room for; `measured` is the work of the whole
    /// branch, where that is known.
    pub(crate) fn store_strand(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        strand: &Strand,
        measured: Option<Work>,
    ) -> Taken {
        let room = match source.peer() {
            Some(peer) => self.room_for(turn, peer, strand, measured),
            None => usize::MAX,
        };
        let mut last = None;
        for link in strand.links.iter().take(room) {
            if !self.books.index.insert(link.id, link.header, link.weight) {
                break;
            }
            if let Some(peer) = source.peer() {
                self.give_credit(peer, link.id);
            }
            last = Some(link.id);
        }
        let Some(last) = last else {
            return Taken::Refused;
        };
        if let Some(peer) = source.peer() {
            self.note_sent(peer, last);
            self.add_goal(turn.now, last, measured.unwrap_or_default());
            self.tell_sync(turn, peer, last);
        }
        Taken::Stored
    }

    /// How many headers of a strand may be stored.
    fn room_for(
        &mut self,
        turn: &Turn<'_>,
        peer: PeerId,
        strand: &Strand,
        measured: Option<Work>,
    ) -> usize {
        let ahead = self.room_ahead(&strand.fork, measured.is_some());
        let wanted = strand.links.len().min(ahead);
        let work = strand.weight.max(measured.unwrap_or_default());
        let room = self.make_room(turn.now, strand.fork, work, wanted);
        if room.is_none_or(|room| room == 0) {
            // Part of the branch may have been read back from disk and lack a single body.
            self.want_from(turn.now, peer, strand.fork);
        }
        room.map_or(0, |room| room.min(wanted))
    }

    /// All headers are known, the last of which is this: a body may still be wanted, or the branch may be invalid.
    pub(crate) fn take_known(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        last: &BitcoinHeader,
        id: BlockId,
    ) -> Taken {
        if self
            .books
            .index
            .tree
            .get(&id)
            .is_some_and(|link| link.is_invalid())
        {
            self.refuse_header(turn, source, last, &Reject::BadPrevblk { prev: id });
            return Taken::Refused;
        }
        if let Some(peer) = source.peer() {
            self.note_sent(peer, id);
            self.want_from(turn.now, peer, id);
            let flight = self.tables.flights.get(&id);
            let other = flight.filter(|flight| !flight.failed && flight.peer != peer);
            if let Some(flight) = other.filter(|flight| flight.late > turn.now) {
                self.tick_at(turn, flight.late); // now there is somebody else to ask
            }
        }
        Taken::Known
    }

    fn note_sent(&mut self, peer: PeerId, last: BlockId) {
        if let Some(peer) = self.tables_mut().peers.get_mut(&peer) {
            peer.sent = Some(last);
        }
    }

    fn worth(&self, source: Source, strand: &Strand, batch: usize) -> Worth {
        let Some(peer) = source.peer() else {
            return Worth::Store;
        };
        let tip_work = self.books.index.tip_work();
        if strand.weight > tip_work || self.is_recent(strand) {
            return Worth::Store;
        }
        let best = self.tables.peers.get(&peer).and_then(|peer| peer.best);
        let claims_more = best.is_some_and(|best| best.work > tip_work);
        if claims_more && batch >= limits::HEADERS {
            Worth::Measure
        } else {
            Worth::Drop
        }
    }

    /// Whether a branch that does not outweigh the best one is close enough to its tip to be worth
    /// storing, at heights that still have room (CVE-2024-52916: no room for cheap headers).
    fn is_recent(&self, strand: &Strand) -> bool {
        let index = &self.books.index;
        let (tip, recent) = (index.tip().1, limits::RECENT);
        let first = index
            .height(&strand.fork)
            .map_or(Height::GENESIS, Height::next);
        let close = first >= tip.saturating_sub(recent)
            && strand
                .height()
                .is_some_and(|last| last.0 <= tip.0.saturating_add(recent));
        close
            && self.is_near_in_work(strand.weight)
            && (first.0..).take(strand.links.len()).all(|height| {
                index
                    .tree
                    .at_height(Height(height))
                    .take(limits::RIVALS)
                    .count()
                    < limits::RIVALS
            })
    }

    /// Whether a chain of this work is at most slightly behind the best one.
    pub(crate) fn is_near_in_work(&self, work: Work) -> bool {
        let index = &self.books.index;
        let allowance = index
            .tip_proof()
            .0
            .saturating_mul(U256::from(limits::RECENT));
        work.saturating_add(Work(allowance)) >= index.tip_work()
    }

    pub(crate) fn refuse_header(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        header: &BitcoinHeader,
        reject: &Reject,
    ) {
        let id = header.id();
        if let (Reject::TimeTooNew { time, limit }, Some(from)) = (reject, source.peer()) {
            let ahead = time.0.saturating_sub(limit.0);
            return self.put_off(
                turn,
                ahead,
                id,
                Later {
                    header: *header,
                    from,
                },
            );
        }
        self.tell_rejected(turn, source, id, reject);
        if reject.is_permanent() {
            let points = if matches!(reject, Reject::HighHash { .. }) {
                limits::BLAME
            } else {
                50
            };
            self.blame(turn, source, points, reject);
        }
    }

    /// Puts off a header from the future until its time has come; sending it is no offence.
    fn put_off(&mut self, turn: &mut Turn<'_>, secs: u32, id: BlockId, later: Later) {
        let is_new = !self.tables.later.keys().any(|(_, known)| *known == id);
        if secs > limits::LATER_SECS || !is_new {
            return;
        }
        let due = turn.now.saturating_add(Micros::from_secs(u64::from(secs)));
        if self.tables_mut().put_off(due, id, later) {
            self.arm_later(turn);
        }
    }

    fn arm_later(&mut self, turn: &mut Turn<'_>) {
        if let Some((due, _)) = self.tables.later.keys().next() {
            turn.arm(LATER, *due);
        }
    }

    /// Tries again the headers whose time has come.
    pub(crate) fn retry_later(&mut self, turn: &mut Turn<'_>) {
        while let Some(entry) = self.tables_mut().later.first_entry() {
            if entry.key().0 > turn.now {
                break;
            }
            let Later { header, from } = entry.remove();
            let source = Source::Peer(from);
            if !self.tables.peers.is_muted(turn.now, &from) {
                self.take_headers(turn, source, &[header]);
                self.follow(turn, from);
            }
        }
        self.fetch(turn);
        self.arm_later(turn);
    }

    pub(crate) fn tell_rejected(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        block: BlockId,
        reject: &Reject,
    ) {
        let (reason, from) = (reject.name().to_string(), source.peer());
        turn.tell(Event::Rejected {
            block,
            reason,
            from,
        });
    }

    /// Blames a peer, and drops it once it has too many points.
    pub(crate) fn blame(
        &mut self,
        turn: &mut Turn<'_>,
        source: Source,
        points: u32,
        why: &dyn core::fmt::Display,
    ) {
        let Some(peer) = source.peer() else { return };
        turn.tell(Event::Misbehaved {
            peer,
            reason: why.to_string(),
        });
        if self.tables_mut().peers.blame(turn.now, peer, points) {
            self.drop_peer(turn, peer);
            self.gossip_soon(turn);
        }
    }
}
