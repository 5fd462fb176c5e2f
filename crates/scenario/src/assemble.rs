//! The nodes of rooms.

use alloc::sync::Arc;

use chain::{Seat, SecretKey};
use node::{Memo, Node};
use protocol::Role;

use crate::{Place, Room, Setting};

/// A fresh node for a room: its first input must be `Boot`.
///
/// `key` is the node's identity; its public half is paid for its blocks. `seed` seeds its randomness and should
/// differ in every incarnation. Nodes that share `memo` share the results of validity checks.
#[must_use]
pub fn assemble(room: &Room, key: &SecretKey, seed: u64, memo: &Memo) -> Node {
    let place = Place {
        key: key.clone(),
        members: Arc::new([]),
        role: Role::Member,
        seat: Seat(0),
        seed,
    };
    Setting::of_room(room).node(&place, memo)
}
