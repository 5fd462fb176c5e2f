//! What PBFT promises, judged from outside: from what replicas and clients say, save and execute. Of
//! their code, only the codec is shared. Each claim remembers the latest few thousand slots and views.

use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

use chain::{PeerId, Seat};
use protocol::{Claim, Terms};

use super::message::View;
use crate::claims::Shared;
use crate::members::seat_of;

mod clients;
mod decisions;
mod disks;
mod new_views;
mod observer;
mod promises;
#[cfg(test)]
mod tests;

use clients::{AskedFor, MatchingReplies};
use decisions::{Agreement, CertificatesSurvive, CommittedIsPrepared};
use observer::Observer;
use promises::{OneStatement, PromisesAreDurable, StableHasQuorum};

/// All claims about a run on these terms. They share one observer.
pub(super) fn all(terms: &Terms) -> Vec<Box<dyn Claim>> {
    let members = Members(terms.members.clone());
    let window = 2 * terms.value(1).max(1);
    let observer = Shared::new(Observer::new(&members, window));
    vec![
        observer.claim(Agreement::default()),
        observer.claim(CommittedIsPrepared::default()),
        observer.claim(CertificatesSurvive::default()),
        observer.claim(StableHasQuorum::default()),
        observer.claim(OneStatement::default()),
        observer.claim(PromisesAreDurable),
        observer.claim(AskedFor::default()),
        observer.claim(MatchingReplies::default()),
    ]
}

/// Who counts.
#[derive(Clone)]
struct Members(Arc<[PeerId]>);

impl Members {
    /// The seat of a member; `None` for all others.
    fn seat(&self, peer: PeerId) -> Option<Seat> {
        seat_of(&self.0, peer)
    }

    /// The most that may be faulty.
    fn faults(&self) -> usize {
        let n = self.0.len();
        (0..n).take_while(|f| 3 * f < n).last().unwrap_or(0)
    }

    /// The fewest of whom any two groups share somebody correct.
    fn quorum(&self) -> usize {
        let (n, f) = (self.0.len(), self.faults());
        (1..=n).find(|q| 2 * q > n + f).unwrap_or(n)
    }

    /// Whether this is the primary of a view.
    fn leads(&self, seat: Seat, view: View) -> bool {
        !self.0.is_empty() && u64::from(seat.0) == view.0 % self.0.len() as u64
    }
}
