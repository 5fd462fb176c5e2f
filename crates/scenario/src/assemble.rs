//! The one place that turns names into machines.

use alloc::sync::Arc;

use chain::{PublicKey, Seat};
use node::{Config, Memo, Node};
use protocol::{Payee, Role, Terms};

use crate::Room;

/// A fresh node for a room: its first input must be `Boot`.
///
/// `key` is the node's identity and is paid for its blocks. `seed` seeds its randomness and should
/// differ in every incarnation. Nodes that share `memo` share the results of validity checks.
#[must_use]
pub fn assemble(room: &Room, key: &PublicKey, seed: u64, memo: &Memo) -> Node {
    let params = Arc::new(room.params());
    let terms = Terms {
        chain: params.clone(),
        values: Arc::new([]),
        members: Arc::new([]),
        role: Role::Member,
        seat: Seat(0),
    };
    let protocol = (consensus::pow::ENTRY.build)(&terms);
    let ledger = Arc::new(ledger::utxo::Utxo::new(params.clone()));
    let config = Config {
        me: key.peer_id(),
        payee: Payee(*key),
        seed,
        params,
    };
    Node::new(config, protocol, ledger, memo.clone())
}
