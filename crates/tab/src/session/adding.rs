//! A further node comes to a tab.

use chain::PeerId;

use super::claim::{Claim, Claimed};
use crate::door::Ticket;

/// An ask for a node.
pub struct Adding {
    /// The ask's number.
    pub ask: u32,
    /// How far it has come.
    pub step: Step,
    /// Until when the present step may take, in milliseconds.
    pub until: u64,
}

/// The steps, in their order.
pub enum Step {
    /// Takes an identity.
    Claim(Box<Claim>),
    /// Waits until all that was saved is written: the node may have lived here before.
    Flush(Box<Claimed>),
    /// Reads what the node saved.
    Rows(Ticket, PeerId),
}
