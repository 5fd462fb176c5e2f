//! Which chain of the room counts: changed by an ask, or found changed in storage.

use chain::PeerId;
use wire::live::HeldUp;
use wire::{Answer, Happening};

use super::Member;
use super::start::silent;
use crate::between::generation::Generation;
use crate::between::heartbeat::NodeHeartbeat;
use crate::between::hint::may_follow;
use crate::between::tabs::Tab;
use crate::cx::{Cx, failure};
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::lasting::Lasting;
use crate::planted::{Bug, is_planted};
use crate::session::renewing::{NotRenewed, Renewal, Renewing, Step};
use crate::session::starting::{self, DATABASE_MS};
use crate::session::wait::{Wait, Waited};
use crate::storage::DbError;
use crate::storage::layout;
use crate::storage::room::read_generation;

impl Member {
    /// Begins to change which chain counts. `seen` is what counted when that was asked for.
    pub fn renew(
        &mut self,
        cx: &mut Cx<'_>,
        l: &Lasting,
        (ask, seen): (Option<u32>, Generation),
        renewal: Renewal,
    ) {
        if let Some(ask) = ask.filter(|_| is_planted(Bug::AnsweredTwice)) {
            cx.answer(ask, Ok(Answer::Done(())));
        }
        let wait = Wait::begin(cx, l.names.generation_lock(l.room.id()));
        self.renewing = Some(Renewing {
            ask,
            renewal,
            seen,
            step: Step::Lock(wait),
            until: u64::MAX,
        });
    }

    /// Whether a renewal is under way.
    pub fn is_renewing(&self) -> bool {
        self.renewing.is_some()
    }

    /// Another tab says which chain counts for it: a hint to look, if we say otherwise.
    pub(super) fn consider(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        from: PeerId,
        theirs: Generation,
    ) {
        if l.has_slots() {
            return; // such rooms have one chain only
        }
        let free = self.is_running() && self.hinted.is_none() && self.renewing.is_none();
        let ours = l.store.generation();
        if theirs == ours || !free || !self.hint.take(cx.ms()) {
            return; // it will be said again
        }
        if theirs > ours && is_planted(Bug::HeartbeatIsAnOrder) {
            return self.go_over(cx, l, theirs);
        }
        if l.store.is_kept() {
            self.hinted = Some((starting::ask_generation(cx), from));
        } else {
            self.follow(cx, l, from, false);
        }
    }

    /// Rows were read; storage may have been asked because of a hint.
    pub fn hint_read(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) {
        let Some((_, from)) = self.hinted.take_if(|(ticket, _)| *ticket == id) else {
            return;
        };
        let ours = l.store.generation();
        let stored = rows.as_ref().ok().and_then(read_generation);
        match stored {
            Some(stored) if stored != ours && (stored > ours || stored.is_same_chain(ours)) => {
                self.heed_record(cx, l, stored);
            }
            _ => {
                let lost = rows.is_ok() && stored.is_none_or(|stored| stored < ours);
                self.follow(cx, l, from, lost);
            }
        }
    }

    /// Storage says that another generation counts.
    fn heed_record(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, stored: Generation) {
        if stored.current == l.store.generation().current {
            // The same chain: only what can be brought back differs. After damage to the record,
            // that may be nothing.
            l.store.turn_to(stored);
            return l.pace.change();
        }
        self.stop_nodes(cx, l);
        l.store.turn_to(stored);
        self.begin_again(cx, l);
    }

    /// Follows a tab that has shown its lock, if nothing is lost by it. If it is behind, and the
    /// record of what counts is lost, nobody else will tell it.
    fn follow(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, from: PeerId, lost: bool) {
        let alive = self.tabs.alive().find(|(id, _)| **id == from);
        let Some(theirs) = alive.map(|(_, tab)| tab.heartbeat.generation) else {
            return;
        };
        let (ours, kept) = (l.store.generation(), l.store.is_kept());
        if lost && theirs.stamp < ours.stamp && self.renewing.is_none() {
            return self.renew(cx, l, (None, ours), Renewal::Restore(theirs));
        }
        if self.renewing.is_some() || !may_follow(ours, theirs, self.is_empty(l), kept) {
            return;
        }
        if kept {
            return self.renew(cx, l, (None, ours), Renewal::Follow(theirs));
        }
        // In memory there is nothing to wait for.
        if theirs.current == ours.current {
            return l.store.set_generation(theirs);
        }
        self.go_over(cx, l, theirs);
    }

    /// The browser says what became of a lock; a renewal may wait for it.
    pub fn renew_locked(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: LockId,
        answer: LockAnswer,
    ) {
        if let Some(Renewing {
            step: Step::Lock(wait),
            ..
        }) = &self.renewing
            && let Some(waited) = wait.answered(id, answer)
        {
            self.renew_waited(cx, l, waited);
        }
    }

    /// Rows were read; a renewal may have asked for them.
    pub fn renew_read(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) {
        let Some(renewing) = &mut self.renewing else {
            return;
        };
        match renewing.step {
            Step::Read(lock, ticket) if ticket == id => {
                let (ours, stored) = (l.store.generation(), rows.as_ref().ok());
                let stored = stored.and_then(read_generation);
                if matches!(renewing.renewal, Renewal::Restore(_)) {
                    if rows.is_err() || stored.is_some_and(|stored| stored >= ours) {
                        // Not lost, or not to be had.
                        if let Some(stored) = stored.filter(|stored| *stored > ours)
                            && l.store.is_kept()
                        {
                            self.heed_record(cx, l, stored);
                        }
                        return self.renewed(cx, lock, Ok(()));
                    }
                    renewing.renewal = stored.map_or(renewing.renewal, Renewal::Restore);
                }
                let now = ours.max(stored.unwrap_or_default());
                let ticket = starting::ask_rows(cx, layout::generation(now.current));
                renewing.step = Step::Count(lock, ticket, now);
                renewing.until = cx.ms() + DATABASE_MS;
            }
            Step::Count(lock, ticket, now) if ticket == id => {
                let nothing = rows.as_ref().is_ok_and(Vec::is_empty);
                let fresh = self.running().all(|node| node.tip().1.0 == 0);
                self.decide(cx, l, lock, now, nothing && fresh);
            }
            _ => {}
        }
    }

    pub(super) fn turn_renew(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let Some(renewing) = &self.renewing else {
            return;
        };
        let late = cx.ms() >= renewing.until;
        match &renewing.step {
            Step::Lock(wait) => {
                if let Some(waited) = wait.turn(cx) {
                    self.renew_waited(cx, l, waited);
                }
            }
            Step::Read(lock, _) | Step::Count(lock, ..) if late => {
                let lock = *lock;
                self.decide_unread(cx, l, lock);
            }
            // A generation that cannot be written is told only in memory mode.
            Step::Write(..) if late && l.store.is_kept() && !l.is_written() => {
                self.lose_database(cx, l, silent());
            }
            Step::Write(lock, _) if l.is_written() || late => {
                let lock = *lock;
                // Told only now that it is stored. Nodes not started yet have no tip to tell.
                self.say_heartbeat(cx, l, false);
                self.renewed(cx, lock, Ok(()));
            }
            _ => {}
        }
    }

    fn renew_waited(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, waited: Waited) {
        let lock = match waited {
            Waited::Held(lock) => Some(lock),
            Waited::Refused => None,
            Waited::HeldUp => {
                l.held_up(cx, Some(HeldUp::Reset));
                return self.renewed(cx, None, Err(NotRenewed::HeldUp(HeldUp::Reset)));
            }
        };
        if !l.store.is_kept() {
            return self.decide_unread(cx, l, lock);
        }
        let ticket = starting::ask_generation(cx);
        if let Some(renewing) = &mut self.renewing {
            renewing.step = Step::Read(lock, ticket);
            renewing.until = cx.ms() + DATABASE_MS;
        }
    }

    /// Decides by what memory knows: storage does not answer, or has nothing of this tab.
    fn decide_unread(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, lock: Option<LockId>) {
        let renewal = self.renewing.as_ref().map(|renewing| renewing.renewal);
        if matches!(renewal, Some(Renewal::Restore(_))) {
            return self.renewed(cx, lock, Ok(())); // whether anything is lost is not known
        }
        let is_empty = !l.store.is_kept() && self.is_empty(l);
        self.decide(cx, l, lock, l.store.generation(), is_empty);
    }

    fn decide(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        lock: Option<LockId>,
        now: Generation,
        is_empty: bool,
    ) {
        let Some(renewing) = &mut self.renewing else {
            return;
        };
        let ours = l.store.generation();
        renewing.step = Step::Write(lock, ours);
        renewing.until = cx.ms() + DATABASE_MS;
        let (renewal, seen) = (renewing.renewal, renewing.seen);
        if let Renewal::Follow(theirs) = renewal
            && !may_follow(now, theirs, is_empty, l.store.is_kept())
        {
            return self.renewed(cx, lock, Ok(())); // storage has what would be lost
        }
        match renewal.apply(now, seen, is_empty) {
            Err(why) => self.renewed(cx, lock, Err(why)),
            Ok(next) if next == ours && matches!(renewal, Renewal::Restore(_)) => {
                l.store.write_generation();
                l.writer.turn(cx, &mut l.store);
            }
            Ok(next) if next == ours => self.renewed(cx, lock, Ok(())),
            Ok(next) if next.current == ours.current => {
                // The same chain: only what can be brought back differs.
                l.store.set_generation(next);
                l.writer.turn(cx, &mut l.store);
                l.pace.change();
            }
            Ok(next) => {
                if is_planted(Bug::OldHeightsUnderNewGeneration) {
                    l.store.set_generation(next);
                    self.say_heartbeat(cx, l, false);
                }
                self.go_over(cx, l, next);
                if is_planted(Bug::ToldBeforeWritten) {
                    self.say_heartbeat(cx, l, false);
                }
            }
        }
    }

    /// Another chain counts from now on, and is written: the nodes restart on it.
    fn go_over(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, next: Generation) {
        self.stop_nodes(cx, l); // what they save belongs to the former chain
        l.store.set_generation(next);
        self.begin_again(cx, l);
    }

    /// The nodes, which were stopped, restart on the chain that counts now.
    fn begin_again(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        l.writer.turn(cx, &mut l.store);
        l.watched.clear();
        let reset = l.store.generation().undo.is_some();
        let why = if reset {
            Happening::Reset
        } else {
            Happening::ResetUndone
        };
        self.relive(cx, l, Some(why));
    }

    fn renewed(&mut self, cx: &mut Cx<'_>, lock: Option<LockId>, result: Result<(), NotRenewed>) {
        cx.unlock(lock);
        let Some(ask) = self.renewing.take().and_then(|renewing| renewing.ask) else {
            return;
        };
        cx.answer(
            ask,
            match result {
                Ok(()) => Ok(Answer::Done(())),
                Err(NotRenewed::NothingToUndo) => {
                    Err(failure("nothing-to-undo", "there is no reset to undo"))
                }
                Err(NotRenewed::HeldUp(_)) => Err(failure(
                    "held-up",
                    "another page of this site holds the room's lock; close it and try again",
                )),
                Err(NotRenewed::Left) => Err(crate::asks::left()),
            },
        );
    }

    /// The tab leaves. Returns the room's lock if it has to be held until what was decided is
    /// written: whoever took it sooner would read the old record.
    pub(super) fn give_up_renewal(&mut self, cx: &mut Cx<'_>) -> Option<LockId> {
        let (lock, unwritten) = match &self.renewing.as_ref()?.step {
            Step::Lock(wait) => {
                wait.abandon(cx);
                (None, None)
            }
            Step::Read(lock, _) | Step::Count(lock, ..) => (*lock, None),
            Step::Write(lock, _) => (None, *lock),
        };
        self.renewed(cx, lock, Err(NotRenewed::Left));
        unwritten
    }

    /// Which chain others may be told of: one not written yet could vanish with this tab.
    pub(super) fn generation_to_tell(&self, l: &Lasting) -> Generation {
        let early =
            is_planted(Bug::ToldBeforeWritten) || is_planted(Bug::OldHeightsUnderNewGeneration);
        match &self.renewing {
            Some(Renewing {
                step: Step::Write(_, before),
                ..
            }) if l.store.is_kept() && !l.is_written() && !early => *before,
            _ => l.store.generation(),
        }
    }

    /// Whether no node, here or in another tab, is known to have a block of the chain that counts.
    /// A node that has yet to read back its blocks has them.
    pub(super) fn is_empty(&self, l: &Lasting) -> bool {
        let generation = l.store.generation().current;
        let here = self.running().all(|node| node.tip().1.0 == 0);
        let of_ours = |tab: &&Tab| tab.heartbeat.generation.current == generation;
        let tabs = self.tabs.alive().map(|(_, tab)| tab).filter(of_ours);
        let mut far = tabs.flat_map(|tab| &tab.heartbeat.nodes);
        let none =
            |node: &NodeHeartbeat| node.height == 0 && node.loading.is_none_or(|(_, all)| all == 0);
        l.store.is_bare() && here && far.all(none)
    }
}

impl Renewing {
    pub(super) fn waits_for_storage(&self) -> bool {
        matches!(self.step, Step::Write(..))
    }

    pub(super) fn due(&self) -> u64 {
        match &self.step {
            Step::Lock(wait) => wait.due(),
            _ => self.until,
        }
    }
}
