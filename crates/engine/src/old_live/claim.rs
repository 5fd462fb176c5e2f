//! Under which identities this tab lives, and by which number people call it: what is free is
//! taken under locks, so that no two tabs live under one.

use std::collections::BTreeSet;

use chain::{PeerId, SecretKey};

use crate::engine::between::beacon::MOST_TABS;
use crate::engine::browser::clock::steady_ms;
use crate::engine::browser::locks::{Held, Locks};
use crate::engine::browser::random;
use crate::engine::browser::timers::pause;
use crate::engine::names::Names;
use crate::engine::storage::DbError;
use crate::engine::storage::idb::Idb;
use crate::engine::storage::roster::{self, Identity, MOST_SEATS};

/// How long a new engine waits for what a dead one held, in milliseconds: browsers give a worker
/// that they end some seconds to finish.
const PATIENCE_MS: u64 = 4_000;

/// From so many seats an identity without a lock draws one; two of a room hardly ever the same.
const UNLOCKED_SEATS: u64 = 16_384;

/// Under whom a tab wants to live.
#[derive(Clone, Default)]
pub struct Wanted {
    /// Identities that it had.
    pub ids: Vec<PeerId>,
    /// The same with their keys, after a freeze: storage may not keep them.
    pub former: Vec<Identity>,
    /// How many nodes.
    pub count: usize,
    /// Seats of nodes that it has already.
    pub besides: BTreeSet<u32>,
    /// Whether a dead engine of this tab may still hold them for a while.
    pub patient: bool,
}

/// What [`claim`] took, and what it saw on the way.
pub struct Claimed {
    /// Identities to live under, and what holds their locks; those without are nobody else's.
    pub taken: Vec<(Identity, Option<Held>)>,
    /// Everybody whom this browser remembers, by seat.
    pub known: Vec<(PeerId, u32)>,
    /// Stored identities that are damaged.
    pub damaged: usize,
    /// Whether those taken will be there after this tab is closed.
    pub kept: Result<(), DbError>,
    /// Nobody else takes any until these are taken in or given back: a tab that comes back would
    /// miss its own.
    _roster: Option<Held>,
}

/// Takes identities whose locks are free, and stores that they live again before they do.
pub async fn claim(
    names: &Names,
    locks: &Locks,
    db: &Result<Idb, DbError>,
    wanted: Wanted,
) -> Claimed {
    let roster = locks.wait(&names.roster_lock()).await;
    let (mut kept, mut found) = (Ok(()), Default::default());
    match db {
        Ok(db) => match roster::read(db).await {
            Ok(stored) => found = stored,
            Err(error) => kept = Err(error),
        },
        Err(error) => kept = Err(error.clone()),
    }
    let (mut stored, damaged) = found;
    let known = stored.iter().map(|one| (one.id(), one.seat)).collect();
    for former in &wanted.former {
        if has_lock(former) && stored.iter().all(|one| one.seat != former.seat) {
            stored.push(former.clone());
        }
    }
    let own = stored.iter().filter(|one| wanted.ids.contains(&one.id()));
    let own: BTreeSet<u32> = own.map(|one| one.seat).collect();
    let until = steady_ms() + if wanted.patient { PATIENCE_MS } else { 0 };
    let lock = async |seat| loop {
        roster.as_ref()?; // the browser refuses locks
        let lock = locks.take(&names.seat_lock(seat)).await;
        if lock.is_some() || !own.contains(&seat) || steady_ms() >= until {
            return lock;
        }
        pause(100).await;
    };
    let taken = roster::claim(stored, &wanted.ids, wanted.count, lock, fresh_key).await;
    let identities: Vec<Identity> = taken.iter().map(|(identity, _)| identity.clone()).collect();
    if let (Ok(db), Ok(())) = (db, &kept) {
        kept = roster::write(db, &identities).await; // what could not be read is not written over
    }
    let mut taken: Vec<_> = taken
        .into_iter()
        .map(|(who, lock)| (who, Some(lock)))
        .collect();
    add_unlocked(&mut taken, wanted);
    Claimed {
        taken,
        known,
        damaged,
        kept,
        _roster: roster,
    }
}

/// Seats from [`MOST_SEATS`] on have neither locks nor a place in storage.
fn has_lock(identity: &Identity) -> bool {
    identity.seat < MOST_SEATS
}

/// Fills up with identities that need no lock, since nobody else has their keys: the browser refuses
/// locks, or all seats are taken.
fn add_unlocked(taken: &mut Vec<(Identity, Option<Held>)>, wanted: Wanted) {
    let mut used = wanted.besides;
    used.extend(taken.iter().map(|(identity, _)| identity.seat));
    let again = |one: Identity| Identity {
        incarnation: one.incarnation.saturating_add(1),
        ..one
    };
    // Which one is left to chance, as others do the same.
    let fresh = || Identity {
        seat: MOST_SEATS + (random::number() % UNLOCKED_SEATS) as u32,
        secret: fresh_key(),
        incarnation: 1,
    };
    let former = wanted.former.into_iter().filter(|one| !has_lock(one));
    let former = former.map(again);
    let candidates = former.chain(std::iter::repeat_with(fresh));
    let free = candidates.filter(|one| used.insert(one.seat));
    let missing = wanted.count.saturating_sub(taken.len());
    taken.extend(free.take(missing).map(|identity| (identity, None)));
}

fn fresh_key() -> SecretKey {
    loop {
        // Almost every number is a key.
        if let Ok(key) = SecretKey::from_bytes(&random::bytes()) {
            return key;
        }
    }
}

/// The number that people call this tab by: the one it had, else the lowest that is free.
pub async fn claim_label(
    locks: &Locks,
    before: u32,
    name: impl Fn(u32) -> String,
) -> (u32, Option<Held>) {
    let before = (before > 0).then_some(before);
    for label in before.into_iter().chain(1..=MOST_TABS) {
        if let Some(held) = locks.take(&name(label)).await {
            return (label, Some(held));
        }
    }
    (1 + (random::number() % u64::from(MOST_TABS)) as u32, None)
}
