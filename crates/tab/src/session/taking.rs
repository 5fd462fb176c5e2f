//! Taking what a tab's nodes live under: identities of this browser, or seats of the room.

use super::claim::{Claim, Claimed};
use super::seating::Seating;
use crate::cx::Cx;
use crate::door::{LockAnswer, LockId, Rows, Ticket};
use crate::storage::DbError;

/// What is being taken.
pub enum Taking {
    /// Identities of this browser.
    Identities(Box<Claim>),
    /// Seats of the room.
    Seats(Box<Seating>),
}

impl Taking {
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
