//! The identities of this browser: a key, a seat, and how often it has lived.
//!
//! A lock guards each seat, so that a duplicated tab, which remembers the same identities, gets
//! others. The incarnation is stored before a node speaks.

use std::collections::BTreeSet;

use chain::{PeerId, SecretKey};
use serde::{Deserialize, Serialize};

use super::{Change, Db, DbError, Durability, Store, record};

/// Most identities of a browser; further nodes live under one that is not stored.
pub const MOST_SEATS: u32 = 1024;

/// Who a node is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Serial number in this browser.
    pub seat: u32,
    /// Its key. Never leaves the engine.
    pub secret: SecretKey,
    /// Counts its lives.
    pub incarnation: u64,
}

/// As it is stored.
#[derive(Serialize, Deserialize)]
struct Record {
    secret: [u8; 32],
    incarnation: u64,
}

impl Identity {
    /// The id that peers know it by.
    #[must_use]
    pub fn id(&self) -> PeerId {
        self.secret.public_key().peer_id()
    }

    /// The write that keeps it.
    #[must_use]
    pub fn change(&self) -> Change {
        let record = Record {
            secret: *self.secret.to_bytes(),
            incarnation: self.incarnation,
        };
        let seat = self.seat.to_be_bytes().to_vec();
        Change::Put(Store::Identities, seat, record::seal(&record))
    }
}

/// All identities that are stored, by seat, and how many are damaged and passed over.
///
/// # Errors
/// What the database says.
pub async fn read(db: &impl Db) -> Result<(Vec<Identity>, usize), DbError> {
    let rows = db.range(Store::Identities, &[]).await?;
    let all = rows.len();
    let identity = |(name, value): (Vec<u8>, Vec<u8>)| {
        let seat = u32::from_be_bytes(name.try_into().ok()?);
        let record: Record = record::open(&value)?;
        let secret = SecretKey::from_bytes(&record.secret).ok()?;
        Some(Identity {
            seat,
            secret,
            incarnation: record.incarnation,
        })
    };
    let whole: Vec<Identity> = rows.into_iter().filter_map(identity).collect();
    let damaged = all - whole.len();
    Ok((whole, damaged))
}

/// Keeps identities before they are used: strictly, so that no life is lived twice.
///
/// # Errors
/// What the database says.
pub async fn write(db: &impl Db, identities: &[Identity]) -> Result<(), DbError> {
    let changes: Vec<Change> = identities.iter().map(Identity::change).collect();
    db.commit(&changes, Durability::Strict).await
}

/// Finds `count` seats whose locks are free: those that were `wanted`, then known ones from the
/// lowest, then new ones with keys by `fresh`. Each life is a new incarnation.
///
/// `lock` takes the lock of a seat, if it is free, and returns what holds it.
pub async fn claim<H>(
    known: Vec<Identity>,
    wanted: &[PeerId],
    count: usize,
    mut lock: impl AsyncFnMut(u32) -> Option<H>,
    mut fresh: impl FnMut() -> SecretKey,
) -> Vec<(Identity, H)> {
    let used: BTreeSet<u32> = known.iter().map(|identity| identity.seat).collect();
    let mut candidates: Vec<Option<Identity>> = known.into_iter().map(Some).collect();
    let rank = |identity: &Option<Identity>| {
        let id = identity.as_ref().map(Identity::id);
        let place = wanted.iter().position(|wanted| Some(*wanted) == id);
        (
            place.unwrap_or(usize::MAX),
            identity.as_ref().map(|identity| identity.seat),
        )
    };
    candidates.sort_by_cached_key(rank);
    let unused = (0..MOST_SEATS).filter(|seat| !used.contains(seat));
    let mut claimed = Vec::new();
    for mut identity in candidates.into_iter().flatten() {
        if claimed.len() == count {
            return claimed;
        }
        if let Some(held) = lock(identity.seat).await {
            identity.incarnation = identity.incarnation.saturating_add(1);
            claimed.push((identity, held));
        }
    }
    for seat in unused {
        if claimed.len() == count {
            break;
        }
        if let Some(held) = lock(seat).await {
            claimed.push((
                Identity {
                    seat,
                    secret: fresh(),
                    incarnation: 1,
                },
                held,
            ));
        }
    }
    claimed
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::super::memory::{Memory, now};
    use super::*;

    fn secret(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32]).unwrap()
    }

    fn identity(seat: u32) -> Identity {
        Identity {
            seat,
            secret: secret(seat as u8 + 1),
            incarnation: 4,
        }
    }

    /// Claims in a browser in which `taken` seats are locked.
    fn claim_with(known: &[u32], taken: &[u32], wanted: &[u32], count: usize) -> Vec<(u32, u64)> {
        let held = RefCell::new(BTreeSet::from_iter(taken.iter().copied()));
        let wanted: Vec<PeerId> = wanted.iter().map(|seat| identity(*seat).id()).collect();
        let known = known.iter().map(|seat| identity(*seat)).collect();
        let lock = async |seat| held.borrow_mut().insert(seat).then_some(seat);
        let claimed = now(claim(known, &wanted, count, lock, || secret(99)));
        claimed
            .iter()
            .map(|(identity, _)| (identity.seat, identity.incarnation))
            .collect()
    }

    #[test]
    fn a_reloaded_tab_gets_its_identities_back_in_order_as_new_incarnations() {
        assert_eq!(
            claim_with(&[0, 1, 2, 3], &[0], &[3, 1], 2),
            [(3, 5), (1, 5)]
        );
    }

    #[test]
    fn a_duplicated_tab_gets_other_identities() {
        assert_eq!(claim_with(&[0, 1], &[0, 1], &[0, 1], 2), [(2, 1), (3, 1)]);
    }

    #[test]
    fn a_fresh_tab_takes_the_lowest_free_seat_before_it_makes_a_new_one() {
        assert_eq!(claim_with(&[0, 1, 2], &[0, 2], &[], 2), [(1, 5), (3, 1)]);
        assert_eq!(claim_with(&[], &[], &[], 1), [(0, 1)]);
    }

    #[test]
    fn seats_in_use_by_tabs_without_storage_are_passed_over() {
        assert_eq!(claim_with(&[], &[0, 1], &[], 1), [(2, 1)]);
    }

    #[test]
    fn identities_survive_and_damaged_ones_are_passed_over() {
        let db = Memory::default();
        now(write(&db, &[identity(0), identity(7)])).unwrap();
        let junk = Change::Put(Store::Identities, 1_u32.to_be_bytes().to_vec(), vec![0; 40]);
        let stray = Change::Put(Store::Identities, vec![1, 2], vec![0; 40]);
        now(db.commit(&[junk, stray], Durability::Strict)).unwrap();
        let (back, damaged) = now(read(&db)).unwrap();
        assert_eq!(damaged, 2);
        let seats: Vec<_> = back
            .iter()
            .map(|identity| (identity.seat, identity.id()))
            .collect();
        assert_eq!(seats, [(0, identity(0).id()), (7, identity(7).id())]);
    }

    #[test]
    fn a_secret_key_is_not_shown() {
        let shown = format!("{:?}", identity(0));
        assert!(!shown.contains("0101010101"), "{shown}");
    }
}
