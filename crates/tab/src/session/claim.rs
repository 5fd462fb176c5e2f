//! Which identities a tab's nodes live under: free ones are taken under locks, so that no two tabs
//! live under the same one.
//!
//! The list of identities is read and written under a lock of its own. Seats are tried one by one:
//! those that the tab had, then known ones from the lowest, then new ones. What was taken is stored
//! as a new incarnation before its node speaks.

use std::collections::{BTreeSet, VecDeque};

use chain::PeerId;
use wire::live::{HeldUp, NoSeat};

use super::wait::{self, Wait, Waited};
use crate::cx::Cx;
use crate::door::{DbId, Effect, LockAnswer, LockId, Query, Rows, Ticket};
use crate::names::Names;
use crate::planted::{Bug, is_planted};
use crate::storage::identities::{self, Identity, MOST_SEATS};
use crate::storage::{Change, DbError, Durability, Store};

/// How long a new engine waits for what a dead one held, in milliseconds: browsers give a worker
/// that they terminate some seconds to finish.
pub const PATIENCE_MS: u64 = 4_000;
/// Milliseconds between two requests for such a lock.
pub const PAUSE_MS: u64 = 100;
/// How long the database may take to answer before the nodes do without it, in milliseconds.
const DATABASE_MS: u64 = 15_000;
/// How many seats identities without a lock draw from: two in a room hardly ever share one.
pub const UNLOCKED_SEATS: u64 = 16_384;

/// The identities that a tab wants to live under.
#[derive(Clone, Default)]
pub struct Wanted {
    /// The ids it had.
    pub ids: Vec<PeerId>,
    /// The same with their keys, when it comes back: storage may not keep them.
    pub former: Vec<Identity>,
    /// How many it wants.
    pub count: usize,
    /// Seats of the nodes it already has.
    pub besides: BTreeSet<u32>,
    /// Whether a dead engine of this tab may hold them for a while yet.
    pub patient: bool,
}

/// What a claim took, and what it saw on the way.
pub struct Claimed {
    /// Identities to live under, with their locks; nobody else has the keys of those without one.
    pub taken: Vec<(Identity, Option<LockId>)>,
    /// All identities stored in this browser, with their seats.
    pub known: Vec<(PeerId, u32)>,
    /// How many stored identities are damaged.
    pub damaged: usize,
    /// Whether those taken are stored for after this tab is closed.
    pub kept: Result<(), DbError>,
    /// Whether somebody else held the list for too long.
    pub held_up: Option<HeldUp>,
    /// Why there is no seat among them, in a room that has seats.
    pub no_seat: Option<NoSeat>,
    /// Held until these are taken in: a tab coming back before that would miss its own.
    list: Option<LockId>,
}

/// A claim under way.
pub struct Claim {
    wanted: Wanted,
    names: Names,
    stage: Stage,
    list: Option<LockId>,
    held_up: Option<HeldUp>,
    kept: Result<(), DbError>,
    known: Vec<(PeerId, u32)>,
    damaged: Rows,
    taken: Vec<(Identity, LockId)>,
    /// Identities to try next.
    candidates: VecDeque<Identity>,
    /// Seats of stored identities, damaged ones included.
    used: BTreeSet<u32>,
    /// Where to look for the next seat that nobody ever had.
    fresh: u32,
    /// Until when to wait for seats that the tab had.
    patient_until: u64,
}

enum Stage {
    List(Wait),
    Reading(Ticket, u64),
    Asking(LockId, Identity, u64),
    /// A seat that the tab had is held by an engine that may be dying; when to ask for it again.
    Pausing(Identity, u64),
    Checking(Ticket, u64),
    Writing(Ticket, u64),
    Done,
}

impl Claim {
    /// Begins to take identities; `db` says whether the browser's database can be used.
    pub fn begin(cx: &mut Cx<'_>, names: &Names, db: Result<(), DbError>, wanted: Wanted) -> Self {
        let patience = if wanted.patient { PATIENCE_MS } else { 0 };
        Self {
            stage: Stage::List(Wait::begin(cx, names.identities_lock())),
            patient_until: cx.ms() + patience,
            names: names.clone(),
            wanted,
            list: None,
            held_up: None,
            kept: db,
            known: Vec::new(),
            damaged: Vec::new(),
            taken: Vec::new(),
            candidates: VecDeque::new(),
            used: BTreeSet::new(),
            fresh: 0,
        }
    }

    /// The browser says what became of a lock. Returns what was claimed, once that is complete.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) -> Option<Claimed> {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::List(wait) => match wait.answered(id, answer) {
                Some(waited) => self.listed(cx, waited),
                None => {
                    self.stage = Stage::List(wait);
                    None
                }
            },
            Stage::Asking(asked, identity, _) if asked == id => {
                self.answered(cx, id, identity, answer)
            }
            other => {
                self.stage = other;
                // Granted before, and stolen before anybody lives under it.
                self.taken.retain(|(_, lock)| *lock != id);
                None
            }
        }
    }

    /// Stored identities were read.
    pub fn read(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) -> Option<Claimed> {
        match self.stage {
            Stage::Checking(ticket, _) if ticket == id => {
                match rows {
                    Ok(rows) => self.check(rows),
                    Err(error) => return self.give_up_storing(cx, error.clone()),
                }
                self.store(cx);
                return None;
            }
            Stage::Reading(ticket, _) if ticket == id => {}
            _ => return None,
        }
        match rows {
            Ok(rows) => self.learn(rows.clone()),
            Err(error) => self.do_without(error.clone()),
        }
        self.seek(cx)
    }

    /// What was taken is stored, or could not be.
    pub fn written(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        result: &Result<(), DbError>,
    ) -> Option<Claimed> {
        if !matches!(self.stage, Stage::Writing(ticket, _) if ticket == id) {
            return None;
        }
        self.kept = result.clone();
        Some(self.finish(cx))
    }

    /// Does what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<Claimed> {
        let silent = || DbError::Refused("the browser does not answer".into());
        match &self.stage {
            Stage::List(wait) => {
                let waited = wait.turn(cx)?;
                self.listed(cx, waited)
            }
            Stage::Pausing(_, at) if cx.ms() >= *at => self.seek(cx),
            Stage::Reading(_, until) if cx.ms() >= *until => {
                self.do_without(silent());
                self.seek(cx)
            }
            Stage::Asking(lock, _, until) if cx.ms() >= *until => {
                cx.unlock([*lock]);
                self.seek(cx)
            }
            Stage::Checking(_, until) | Stage::Writing(_, until) if cx.ms() >= *until => {
                self.give_up_storing(cx, silent())
            }
            _ => None,
        }
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match &self.stage {
            Stage::List(wait) => wait.due(),
            Stage::Reading(_, at)
            | Stage::Checking(_, at)
            | Stage::Writing(_, at)
            | Stage::Pausing(_, at)
            | Stage::Asking(_, _, at) => *at,
            Stage::Done => u64::MAX,
        }
    }

    /// Gives back what was taken.
    pub fn abandon(&mut self, cx: &mut Cx<'_>) {
        match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::List(wait) => wait.abandon(cx),
            Stage::Asking(id, ..) => cx.unlock([id]),
            _ => {}
        }
        cx.unlock(self.taken.drain(..).map(|(_, lock)| lock));
        cx.unlock(self.list.take());
    }

    fn listed(&mut self, cx: &mut Cx<'_>, waited: Waited) -> Option<Claimed> {
        match waited {
            Waited::Held(lock) => self.list = Some(lock),
            // Without locks there is no telling whose turn it is to write.
            Waited::Refused => {
                let why = DbError::Refused("the browser refuses locks".into());
                return self.give_up_storing(cx, why);
            }
            Waited::HeldUp => {
                self.held_up = Some(HeldUp::Identities);
                return Some(self.finish(cx));
            }
        }
        if let Err(error) = self.kept.clone() {
            self.do_without(error);
            return self.seek(cx);
        }
        let id = cx.ticket();
        let (db, query) = (DbId::Browser, Query::Range(Store::Identities, Vec::new()));
        cx.act(Effect::Read { id, db, query });
        self.stage = Stage::Reading(id, cx.ms() + DATABASE_MS);
        None
    }

    /// The database cannot say who is stored: only those that the tab had are known.
    fn do_without(&mut self, error: DbError) {
        self.kept = Err(error);
        self.learn(Rows::new());
    }

    /// Learns who is stored, and decides in which order to try.
    fn learn(&mut self, rows: Rows) {
        let (mut stored, damaged) = identities::read(rows);
        self.known = stored.iter().map(|one| (one.id(), one.seat)).collect();
        let seat = |name: &[u8]| Some(u32::from_be_bytes(name.try_into().ok()?));
        self.used = stored.iter().map(|one| one.seat).collect();
        self.used
            .extend(damaged.iter().filter_map(|(name, _)| seat(name)));
        self.damaged = damaged;
        for former in &self.wanted.former {
            if has_lock(former) && stored.iter().all(|one| one.seat != former.seat) {
                stored.push(former.clone());
            }
        }
        let wanted = &self.wanted.ids;
        let place = |one: &Identity| wanted.iter().position(|id| *id == one.id());
        stored.sort_by_cached_key(|one| (place(one).unwrap_or(usize::MAX), one.seat));
        self.candidates = stored.into();
    }

    /// Asks for the next seat, or begins to store what was taken.
    fn seek(&mut self, cx: &mut Cx<'_>) -> Option<Claimed> {
        let paused = match std::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Pausing(identity, _) => Some(identity),
            _ => None,
        };
        let missing = self.taken.len() < self.wanted.count;
        let next = paused
            .or_else(|| self.next_candidate(cx))
            .filter(|_| missing);
        if let Some(identity) = next {
            let id = cx.lock(self.names.seat_lock(identity.seat), false);
            self.stage = Stage::Asking(id, identity, cx.ms() + wait::PATIENCE_MS);
            return None;
        }
        if self.kept.is_err() || self.taken.is_empty() {
            return Some(self.finish(cx)); // do not overwrite what could not be read
        }
        // Since the list was read, a tab may have lived under one of these and left.
        let names = self.taken.iter().map(|(one, _)| one.name()).collect();
        let id = cx.ticket();
        let (db, query) = (DbId::Browser, Query::Names(Store::Identities, names));
        cx.act(Effect::Read { id, db, query });
        self.stage = Stage::Checking(id, cx.ms() + DATABASE_MS);
        None
    }

    /// Brings those taken up to date with storage, now that nobody else can live under them.
    fn check(&mut self, rows: &Rows) {
        if is_planted(Bug::ListBelieved) {
            return;
        }
        let (stored, _) = identities::read(rows.clone());
        for (one, _) in &mut self.taken {
            let Some(same) = stored.iter().find(|other| other.seat == one.seat) else {
                continue;
            };
            if same.id() != one.id() {
                *one = same.clone(); // somebody made an identity for this seat, and left
            }
            one.incarnation = one.incarnation.max(same.incarnation.saturating_add(1));
        }
    }

    /// Stores what was taken, strictly, so that no incarnation lives twice.
    fn store(&mut self, cx: &mut Cx<'_>) {
        let id = cx.ticket();
        let aside = self.damaged.iter().map(|(name, value)| {
            let name = [&b"aside/identities/"[..], name].concat();
            Change::Put(Store::Meta, name, value.clone())
        });
        let taken = self.taken.iter().map(|(identity, _)| identity.change());
        let changes = aside.chain(taken).collect();
        let (db, durability) = (DbId::Browser, Durability::Strict);
        cx.act(Effect::Write {
            id,
            db,
            changes,
            durability,
        });
        self.stage = Stage::Writing(id, cx.ms() + DATABASE_MS);
    }

    fn give_up_storing(&mut self, cx: &mut Cx<'_>, error: DbError) -> Option<Claimed> {
        self.kept = Err(error);
        Some(self.finish(cx))
    }

    fn next_candidate(&mut self, cx: &mut Cx<'_>) -> Option<Identity> {
        if let Some(next) = self.candidates.pop_front() {
            return Some(next);
        }
        while self.fresh < MOST_SEATS {
            let seat = self.fresh;
            self.fresh += 1;
            if !self.used.contains(&seat) {
                let (secret, incarnation) = (cx.source.key(), 0);
                return Some(Identity {
                    seat,
                    secret,
                    incarnation,
                });
            }
        }
        None
    }

    fn answered(
        &mut self,
        cx: &mut Cx<'_>,
        id: LockId,
        mut identity: Identity,
        answer: LockAnswer,
    ) -> Option<Claimed> {
        if answer == LockAnswer::Granted || is_planted(Bug::SeatWithoutLock) {
            identity.incarnation = identity.incarnation.saturating_add(1);
            self.taken.push((identity, id));
            return self.seek(cx);
        }
        let own = self.wanted.ids.contains(&identity.id());
        if own && cx.ms() < self.patient_until {
            self.stage = Stage::Pausing(identity, cx.ms() + PAUSE_MS);
            return None;
        }
        self.seek(cx)
    }

    /// All that could be taken, filled up with identities that need no lock, since nobody else has
    /// their keys. The browser may refuse locks, or all seats may be taken.
    fn finish(&mut self, cx: &mut Cx<'_>) -> Claimed {
        self.stage = Stage::Done;
        let mut used = std::mem::take(&mut self.wanted.besides);
        used.extend(self.taken.iter().map(|(identity, _)| identity.seat));
        let former = std::mem::take(&mut self.wanted.former).into_iter();
        let again = former.filter(|one| !has_lock(one)).map(|one| Identity {
            incarnation: one.incarnation.saturating_add(1),
            ..one
        });
        // The seat is left to chance, because others draw from the same range.
        let fresh = std::iter::repeat_with(|| Identity {
            seat: MOST_SEATS + (cx.source.number() % UNLOCKED_SEATS) as u32,
            secret: cx.source.key(),
            incarnation: 1,
        });
        let missing = self.wanted.count.saturating_sub(self.taken.len());
        let free = again.chain(fresh).filter(|one| used.insert(one.seat));
        let unlocked: Vec<_> = free.take(missing).map(|one| (one, None)).collect();
        let locked = self.taken.drain(..).map(|(one, lock)| (one, Some(lock)));
        Claimed {
            taken: locked.chain(unlocked).collect(),
            known: std::mem::take(&mut self.known),
            damaged: self.damaged.len(),
            kept: self.kept.clone(),
            held_up: self.held_up,
            no_seat: None,
            list: self.list.take(),
        }
    }
}

impl Claimed {
    /// Seats of a room, and perhaps a client: neither is stored among this browser's identities.
    #[must_use]
    pub fn seated(taken: Vec<(Identity, Option<LockId>)>, no_seat: Option<NoSeat>) -> Self {
        Self {
            taken,
            known: Vec::new(),
            damaged: 0,
            kept: Ok(()),
            held_up: None,
            no_seat,
            list: None,
        }
    }

    /// The tab lives under these from now on: others may use the list.
    pub fn taken_in(&mut self, cx: &mut Cx<'_>) {
        cx.unlock(self.list.take());
    }

    /// Those that go on where `former` stopped: every life is counted, so nobody else has lived
    /// under them in between.
    #[must_use]
    pub fn continued(&self, former: &[Identity]) -> BTreeSet<PeerId> {
        let is_next = |now: &&Identity| {
            former.iter().any(|before| {
                before.seat == now.seat
                    && before.incarnation.checked_add(1) == Some(now.incarnation)
                    && before.id() == now.id()
            })
        };
        let taken = self.taken.iter().map(|(identity, _)| identity);
        taken.filter(is_next).map(Identity::id).collect()
    }

    /// A lock was stolen before anybody lives under its identity.
    pub fn lose(&mut self, id: LockId) {
        self.taken.retain(|(_, lock)| *lock != Some(id));
    }

    /// Gives back what was taken.
    pub fn give_back(mut self, cx: &mut Cx<'_>) {
        cx.unlock(self.taken.drain(..).filter_map(|(_, lock)| lock));
        cx.unlock(self.list.take());
    }
}

/// Seats from [`MOST_SEATS`] up have neither locks nor a place in storage.
fn has_lock(identity: &Identity) -> bool {
    identity.seat < MOST_SEATS
}

#[cfg(test)]
mod tests;
