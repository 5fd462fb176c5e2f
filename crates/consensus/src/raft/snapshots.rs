//! Snapshots in place of the beginning of the log (paper section 7): when a replica takes one, and how
//! a follower that lacks what the leader's log no longer has gets the leader's.

use alloc::{vec, vec::Vec};

use chain::{Encode as _, Seat};
use protocol::{Assembly, Cx, Keep, Snapshot};

use super::log::Log;
use super::message::{Configured, Index, Message, Outcome, Point, Term};
use super::saved::{CONFIG, CUT, Cut, entry_name};
use super::state::{Arrival, Flow, Replica, Role, Settled, Shipment};

/// The last index that a snapshot may stand for: far more than there will ever be, and far from the
/// end of what 64 bits can count.
const MOST: u64 = u64::MAX / 2;

/// A piece of a snapshot, as it arrives.
pub(super) struct Piece {
    pub last: Point,
    pub configured: Option<Configured>,
    pub len: u64,
    pub offset: u64,
    pub bytes: alloc::sync::Arc<[u8]>,
}

impl Replica {
    /// Takes a snapshot, if enough entries have been executed since the last one. As many are kept
    /// below it: a follower that is a little behind needs no snapshot.
    pub fn compact(&mut self, cx: &mut Cx<'_>) {
        let (index, every) = (self.executed, self.setup.snapshot);
        if every == 0 || index < self.snapshot.index.plus(every) {
            return;
        }
        let kept = Index(index.0 - every).max(self.log.base().index);
        let point = |index| {
            let term = self.log.term_at(index)?;
            Some(Point { index, term })
        };
        if let (Some(last), Some(base)) = (point(index), point(kept)) {
            let cut = Cut {
                snapshot: last,
                base,
            };
            let (log, from) = (self.log.without(base), None);
            cx.snapshot(changes(cut, base.index.next(), &log));
            self.settled = Some(Settled { last, log, from });
        }
    }

    /// A snapshot is durable, and so is the log that begins behind it.
    pub fn on_snapshot(&mut self, cx: &mut Cx<'_>, slot: Index) {
        let settled = self.settled.take();
        let Some(settled) = settled.filter(|settled| settled.last.index == slot) else {
            return;
        };
        (self.snapshot, self.log) = (settled.last, settled.log);
        self.commit = self.commit.max(slot);
        self.executed = self.executed.max(slot);
        if let Some(leader) = settled.from {
            self.confirm(cx, leader, slot);
        }
    }

    /// A leader sends a piece of its snapshot (InstallSnapshot, paper figure 13).
    pub fn on_install(&mut self, cx: &mut Cx<'_>, from: Seat, term: Term, piece: Piece) {
        let Piece { last, len, .. } = piece;
        let is_name =
            (1..=MOST).contains(&last.index.0) && last.term > Term(0) && last.term <= term;
        let mut configured = piece.configured.iter();
        let is_before = configured.all(|it| it.since > Index(0) && it.since <= last.index);
        if !is_name || !is_before || !self.heed(cx, from, term) {
            return;
        }
        if last.index <= self.commit {
            return self.confirm(cx, from, last.index);
        }
        let known = self.arrival.take();
        let known = known.filter(|one| {
            (one.term, one.last, one.len) == (term, last, len) && one.configured == piece.configured
        });
        let pieces = known.map(|arrival| arrival.pieces);
        let Some(mut pieces) = pieces.or_else(|| Assembly::new(last.index.0, len)) else {
            return;
        };
        pieces.take(piece.offset, piece.bytes);
        if let Some(snapshot) = pieces.complete() {
            return self.install(cx, from, (last, piece.configured), snapshot);
        }
        let have = pieces.have();
        self.arrival = Some(Arrival {
            term,
            last,
            configured: piece.configured,
            len,
            pieces,
        });
        self.send(cx, from, &Message::Received { term, last, have });
    }

    /// Goes on from a snapshot. If the log has the last entry that it stands for, what comes after that
    /// stays; otherwise nothing of it does.
    fn install(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        (last, configured): (Point, Option<Configured>),
        snapshot: Snapshot,
    ) {
        let (log, end) = if self.log.has(last) {
            (self.log.without(last), last.index.next())
        } else {
            let configured = configured.unwrap_or_else(|| self.setup.first_configured());
            (Log::after(last, configured), Index(u64::MAX))
        };
        self.flush(cx);
        let cut = Cut {
            snapshot: last,
            base: last,
        };
        cx.install(snapshot, changes(cut, end, &log));
        let from = Some(from);
        self.settled = Some(Settled { last, log, from });
    }

    /// Tells a leader that the log equals its own up to an index.
    fn confirm(&mut self, cx: &mut Cx<'_>, leader: Seat, index: Index) {
        let (term, outcome) = (self.term(), Outcome::Matched(index));
        self.send(cx, leader, &Message::Appended { term, outcome });
    }

    /// Sends a follower the next piece of a snapshot: of the one that it has begun to get, or else of
    /// the latest.
    pub fn ship(&mut self, cx: &mut Cx<'_>, to: Seat) {
        let (term, last, most) = (self.term(), self.snapshot, self.setup.piece.max(1));
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let Some(progress) = leader.followers.get_mut(&to) else {
            return;
        };
        // As long as nothing has arrived, a newer one is as good: the follower may have been down for long.
        let is_begun = matches!(&progress.flow, Flow::Install(shipment) if shipment.have > 0);
        if !is_begun {
            let latest = cx.chain.snapshot();
            let Some(snapshot) = latest.filter(|one| one.slot == last.index.0) else {
                unreachable!("a log begins behind a snapshot");
            };
            let configured = self.log.configured_at(last.index);
            progress.flow = Flow::Install(Shipment {
                snapshot: snapshot.clone(),
                last,
                configured: Some(configured).filter(|one| one.since > Index(0)),
                have: 0,
            });
        }
        if let Flow::Install(shipment) = &progress.flow {
            let message = Message::Install {
                term,
                last: shipment.last,
                configured: shipment.configured.clone(),
                len: shipment.snapshot.len(),
                offset: shipment.have,
                piece: shipment.snapshot.piece(shipment.have, most).into(),
            };
            self.send(cx, to, &message);
        }
    }

    /// A follower says how much of a snapshot it has.
    pub fn on_received(
        &mut self,
        cx: &mut Cx<'_>,
        from: Seat,
        term: Term,
        (last, have): (Point, u64),
    ) {
        let Some(progress) = self.answer_of(cx, from, term) else {
            return;
        };
        if let Flow::Install(shipment) = &mut progress.flow
            && shipment.last == last
            && shipment.have != have
        {
            shipment.have = have;
            self.ship(cx, from);
        }
    }
}

/// What changes on the disk when a log is cut off: all up to an index, not included, goes. The
/// configuration stays, if it is not the first one.
fn changes(cut: Cut, end: Index, log: &Log) -> Vec<Keep> {
    let configured = log.configured_at(cut.snapshot.index);
    let keep = Keep::Put(CONFIG.to_vec(), configured.to_vec().into());
    let mut all = vec![
        Keep::Put(CUT.to_vec(), cut.to_vec().into()),
        Keep::DeleteRange(entry_name(Index(0)), entry_name(end)),
    ];
    all.extend((configured.since > Index(0)).then_some(keep));
    all
}
