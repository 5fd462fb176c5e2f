//! Who counts: members by their seats.

use chain::{PeerId, Seat};

/// The seat of a member; `None` for all who do not count.
pub(crate) fn seat_of(members: &[PeerId], peer: PeerId) -> Option<Seat> {
    let place = members.iter().position(|member| *member == peer)?;
    u32::try_from(place).ok().map(Seat)
}

/// The member at a seat; `None` if there is none.
pub(crate) fn member(members: &[PeerId], seat: Seat) -> Option<PeerId> {
    members.get(usize::try_from(seat.0).ok()?).copied()
}

/// All seats of so many members.
pub(crate) fn seats(members: &[PeerId]) -> impl Iterator<Item = Seat> + use<> {
    (0..u32::try_from(members.len()).unwrap_or(u32::MAX)).map(Seat)
}
