//! The identities of this browser: each has a key, a seat, and a count of its lives.
//!
//! A lock guards each seat, so that a duplicated tab, which remembers the same identities, gets
//! others. An incarnation is stored before its node speaks.

use chain::{PeerId, SecretKey};
use serde::{Deserialize, Serialize};

use super::{Change, Name, Store, record};
use crate::door::Rows;

/// Most stored identities of a browser; further nodes live under ones that are not stored.
pub const MOST_SEATS: u32 = 1024;

/// Who a node is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its number in this browser.
    pub seat: u32,
    /// Its key. Never leaves the engine.
    pub secret: SecretKey,
    /// Counts its lives.
    pub incarnation: u64,
}

/// An identity as it is stored.
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

    /// Where it is kept.
    #[must_use]
    pub fn name(&self) -> Name {
        self.seat.to_be_bytes().to_vec()
    }

    /// The write that keeps it.
    #[must_use]
    pub fn change(&self) -> Change {
        let record = Record {
            secret: *self.secret.to_bytes(),
            incarnation: self.incarnation,
        };
        Change::Put(Store::Identities, self.name(), record::seal(&record))
    }
}

/// The whole identities among stored rows, in their order, and the rows that are damaged.
#[must_use]
pub fn read(rows: Rows) -> (Vec<Identity>, Rows) {
    let mut damaged = Vec::new();
    let identity = |row: (Name, Vec<u8>)| {
        let whole = parse(&row);
        if whole.is_none() {
            damaged.push(row);
        }
        whole
    };
    let whole = rows.into_iter().filter_map(identity).collect();
    (whole, damaged)
}

fn parse((name, value): &(Name, Vec<u8>)) -> Option<Identity> {
    let seat = u32::from_be_bytes(name.as_slice().try_into().ok()?);
    let record: Record = record::open(value)?;
    let secret = SecretKey::from_bytes(&record.secret).ok()?;
    Some(Identity {
        seat,
        secret,
        incarnation: record.incarnation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seat: u32) -> Identity {
        Identity {
            seat,
            secret: SecretKey::from_bytes(&[seat as u8 + 1; 32]).unwrap(),
            incarnation: 4,
        }
    }

    fn row(identity: &Identity) -> (Name, Vec<u8>) {
        match identity.change() {
            Change::Put(Store::Identities, name, value) => (name, value),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn identities_survive_and_damaged_ones_are_told_apart() {
        let junk = (1_u32.to_be_bytes().to_vec(), vec![0; 40]);
        let stray = (vec![1, 2], vec![0; 40]);
        let rows = vec![
            row(&identity(0)),
            junk.clone(),
            row(&identity(7)),
            stray.clone(),
        ];
        let (whole, damaged) = read(rows);
        assert_eq!(damaged, [junk, stray]);
        let seats: Vec<_> = whole.iter().map(|one| (one.seat, one.id())).collect();
        assert_eq!(seats, [(0, identity(0).id()), (7, identity(7).id())]);
    }

    #[test]
    fn a_secret_key_is_not_shown() {
        let shown = format!("{:?}", identity(0));
        assert!(!shown.contains("0101010101"), "{shown}");
    }
}
