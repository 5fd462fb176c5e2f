//! Taking what a tab's nodes live under: identities of this browser, or seats of the room.

use std::sync::Arc;

use protocol::envelope::RoomId;

use super::claim::{Claim, Claimed, Wanted};
use super::seating::{Seat, Seating};
use crate::cx::Cx;
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::names::Names;
use crate::storage::DbError;

/// What is being taken.
pub enum Taking {
    /// Identities of this browser.
    Identities(Box<Claim>),
    /// Seats of the room.
    Seats(Box<Seating>),
}

/// What a tab's nodes live under.
#[derive(Clone)]
pub enum Under {
    /// Identities of this browser, whose database may be out of reach.
    Identities(Result<(), DbError>),
    /// Seats of the room; whether what their servers save is kept.
    Seats(Arc<[Seat]>, bool),
}

impl Taking {
    /// Begins to take what is wanted; where there are seats, a `client` besides.
    pub fn begin(
        cx: &mut Cx<'_>,
        (names, room): (&Names, RoomId),
        under: &Under,
        wanted: Wanted,
        client: bool,
    ) -> Self {
        match under {
            Under::Identities(db) => {
                Self::Identities(Box::new(Claim::begin(cx, names, db.clone(), wanted)))
            }
            Under::Seats(seats, kept) => {
                let seating = Seating::begin(cx, (names, room), seats, *kept, (&wanted, client));
                Self::Seats(Box::new(seating))
            }
        }
    }

    /// The browser says what became of a lock. Returns what was taken, once that is complete.
    pub fn locked(&mut self, cx: &mut Cx<'_>, id: LockId, answer: LockAnswer) -> Option<Claimed> {
        match self {
            Self::Identities(claim) => claim.locked(cx, id, answer),
            Self::Seats(seating) => seating.locked(cx, id, answer),
        }
    }

    /// Rows were read.
    pub fn read(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        rows: &Result<Rows, DbError>,
    ) -> Option<Claimed> {
        match self {
            Self::Identities(claim) => claim.read(cx, id, rows),
            Self::Seats(_) => None,
        }
    }

    /// A write is done or failed.
    pub fn written(
        &mut self,
        cx: &mut Cx<'_>,
        id: Ticket,
        result: &Result<(), DbError>,
    ) -> Option<Claimed> {
        match self {
            Self::Identities(claim) => claim.written(cx, id, result),
            Self::Seats(_) => None,
        }
    }

    /// Does what has come due.
    pub fn turn(&mut self, cx: &mut Cx<'_>) -> Option<Claimed> {
        match self {
            Self::Identities(claim) => claim.turn(cx),
            Self::Seats(seating) => seating.turn(cx),
        }
    }

    /// When [`Self::turn`] has something to do, in milliseconds.
    pub fn due(&self) -> u64 {
        match self {
            Self::Identities(claim) => claim.due(),
            Self::Seats(seating) => seating.due(),
        }
    }

    /// Gives back what was taken.
    pub fn abandon(&mut self, cx: &mut Cx<'_>) {
        match self {
            Self::Identities(claim) => claim.abandon(cx),
            Self::Seats(seating) => seating.abandon(cx),
        }
    }
}
