//! Adding a node to a tab.

use chain::PeerId;

use super::claim::Claimed;
use super::taking::Taking;
use crate::door::Ticket;

/// An ask for a node.
pub struct Adding {
    /// The ask's number.
    pub ask: u32,
    /// How far it has come.
    pub step: Step,
    /// The present step's deadline, in milliseconds.
    pub until: u64,
}

/// The steps, in order.
pub enum Step {
    /// Taking an identity.
    Claim(Taking),
    /// Waiting until everything saved is written: the node may have lived here before.
    Flush(Box<Claimed>),
    /// Reading what the node saved.
    Rows(Ticket, PeerId),
}
