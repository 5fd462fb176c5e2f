//! What PBFT promises, judged from outside: from what replicas and clients say, save and execute. Of
//! their code, only the codec is shared. Each claim remembers the latest few thousand slots and views.

use alloc::{boxed::Box, sync::Arc, vec, vec::Vec};

use chain::{PeerId, Seat, decode_exact};
use protocol::{Claim, Deed, Output, Seen, Terms, To, said};
use rpds::RedBlackTreeMapSync as Map;

use super::message::{Message, View};
use crate::members::seat_of;

mod clients;
mod decisions;
mod disks;
mod promises;
#[cfg(test)]
mod tests;

use clients::{AskedFor, MatchingReplies};
use decisions::{Agreement, CertificatesSurvive, CommittedIsPrepared};
use promises::{OneStatement, PromisesAreDurable, StableHasQuorum};

/// All claims about a run on these terms.
pub(super) fn all(terms: &Terms) -> Vec<Box<dyn Claim>> {
    let members = Members(terms.members.clone());
    let window = 2 * terms.value(1).max(1);
    vec![
        Box::new(Agreement::new(&members)),
        Box::new(CommittedIsPrepared::new(&members)),
        Box::new(CertificatesSurvive::new(&members)),
        Box::new(StableHasQuorum::new(&members)),
        Box::new(OneStatement::new(&members)),
        Box::new(PromisesAreDurable::new(&members, window)),
        Box::new(AskedFor::new(&members)),
        Box::new(MatchingReplies::new(&members)),
    ]
}

/// How many slots, views or requests are remembered: the latest.
const KEPT: usize = 4096;

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

/// Drops the lowest key of a map that has too many, and says which.
fn trim<K: Ord + Copy, V>(map: &mut Map<K, V>) -> Option<K> {
    let lowest = map.first().map(|(key, _)| *key)?;
    (map.size() > KEPT && map.remove_mut(&lowest)).then_some(lowest)
}

/// What a machine said in one output; a message to many is taken once, when it goes to the first.
fn spoken(out: &[Output], place: usize) -> Option<(PeerId, Message)> {
    let sent = |place: usize| match out.get(place) {
        Some(Output::Send {
            to: To::Peer(to),
            packet,
        }) => Some((*to, packet)),
        _ => None,
    };
    let (to, packet) = sent(place)?;
    let before = place.checked_sub(1).and_then(sent);
    if before.is_some_and(|(_, before)| Arc::ptr_eq(&before.bytes, &packet.bytes)) {
        return None;
    }
    Some((to, decode_exact(said(packet)?).ok()?))
}

/// What a machine said, and what it saved before or after, in their order.
enum Act<'a> {
    Said(Message),
    Deed(Deed<'a>),
}

/// What a machine said and saved in a step, in causal order.
fn acts<'a>(seen: &Seen<'a>) -> impl Iterator<Item = Act<'a>> + use<'a> {
    let out = seen.out;
    let seen = *seen;
    (0..out.len()).flat_map(move |place| {
        let one = Seen {
            out: &out[place..=place],
            ..seen
        };
        let spoken = spoken(out, place).map(|(_, message)| Act::Said(message));
        let deeds = one
            .deeds()
            .filter(|deed| !matches!(deed, Deed::Said { .. }));
        spoken.into_iter().chain(deeds.map(Act::Deed))
    })
}
