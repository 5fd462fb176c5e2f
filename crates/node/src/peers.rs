//! What is known about each peer, how much work it may cause, and who is muted.
//!
//! The work that a peer causes costs it tokens: one for each message, one for each four blocks that
//! it asks for, and one for each 16 headers or 4 kB that we send or check for it. What we asked for
//! is free. A peer without tokens is not answered; one that sends what no correct node sends is
//! muted for a while.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use chain::{BlockId, Height, Micros, PeerId, Time, Work};

use crate::limits;
use crate::patience::Patience;
use crate::told::Told;

/// What a peer says its best block is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    pub id: BlockId,
    pub height: Height,
    pub work: Work,
}

/// Whom to ask first, in ascending order: those that gave us blocks, then those with the fewest
/// requests unanswered in a row, then those that ever answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing {
    gave_nothing: bool,
    /// See [`Peer::vain`].
    pub vain: u32,
    never_answered: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub best: Option<Best>,
    /// The last block whose header it sent: it has that one and its ancestors.
    pub sent: Option<BlockId>,
    /// When it was last asked for headers.
    pub asked: Time,
    /// How often it sent blocks that were applied here: the only merit that cannot be faked for
    /// free.
    pub given: u32,
    /// Consecutive requests that it did not answer, or not with what it had announced.
    pub vain: u32,
    /// It has answered a request with something useful.
    pub answered: bool,
    /// What its answers with blocks take.
    pub patience: Patience,
    /// What it was last told to be our best block.
    pub told: Option<Told>,
    /// When it first asked or was last answered: its wait for the reserve starts then.
    pub waits: Option<Time>,
    up: bool,
    tokens: u32,
    blame: u32,
    refilled: Time,
    muted_until: Time,
    heard: Time,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Peers {
    map: BTreeMap<PeerId, Peer>,
}

impl Peers {
    /// Sets which peers can be reached; of the others, only offenders are remembered. Returns those
    /// that could not be reached before.
    pub fn set_up(&mut self, now: Time, up: &[PeerId]) -> Vec<PeerId> {
        let before: BTreeSet<PeerId> = self.reachable().into_iter().collect();
        for peer in self.map.values_mut() {
            peer.up = false;
        }
        // Peers that gave us blocks come first: those that merely claim to exist must not crowd
        // them out.
        let mut up: Vec<&PeerId> = up.iter().collect();
        up.sort_by_key(|id| self.map.get(id).is_none_or(|peer| peer.given == 0));
        for id in up.into_iter().take(limits::PEERS) {
            if let Some(peer) = self.heard(now, *id) {
                peer.up = true;
            }
        }
        self.map
            .retain(|_, peer| peer.up || peer.blame > 0 || peer.muted_until > now);
        for peer in self.map.values_mut().filter(|peer| !peer.up) {
            (peer.best, peer.sent, peer.told) = (None, None, None);
        }
        let mut new = self.reachable();
        new.retain(|id| !before.contains(id));
        new
    }

    /// The entry of a peer, made if it has none. In a full table the first of these gives way:
    /// peers that gave us no blocks, among them those that cannot be reached, among them the one
    /// silent for longest. `None` while the peer is muted.
    pub fn heard(&mut self, now: Time, id: PeerId) -> Option<&mut Peer> {
        if self.map.len() >= limits::PEERS && !self.map.contains_key(&id) {
            let rank = |(id, peer): (&PeerId, &Peer)| (peer.given > 0, peer.up, peer.heard, *id);
            let (.., idlest) = self.map.iter().map(rank).min()?;
            self.map.remove(&idlest);
        }
        let peer = self.map.entry(id).or_insert_with(|| Peer::new(now));
        peer.refill(now);
        peer.heard = now;
        (peer.muted_until <= now).then_some(peer)
    }

    /// Takes tokens for work; false if there are too few.
    pub fn spend(&mut self, now: Time, id: PeerId, tokens: u32) -> bool {
        self.heard(now, id)
            .is_some_and(|peer| match peer.tokens.checked_sub(tokens) {
                Some(left) => {
                    peer.tokens = left;
                    true
                }
                None => false,
            })
    }

    /// Blames a peer; true if it is muted from now on.
    pub fn blame(&mut self, now: Time, id: PeerId, points: u32) -> bool {
        let Some(peer) = self.heard(now, id) else {
            return false;
        };
        peer.blame = peer.blame.saturating_add(points);
        let over = peer.blame >= limits::BLAME;
        if over {
            peer.blame = 0;
            peer.best = None;
            peer.muted_until = now.saturating_add(limits::MUTE);
        }
        over
    }

    pub fn is_muted(&self, now: Time, id: &PeerId) -> bool {
        self.map.get(id).is_some_and(|peer| peer.muted_until > now)
    }

    pub fn get(&self, id: &PeerId) -> Option<&Peer> {
        self.map.get(id)
    }

    pub fn get_mut(&mut self, id: &PeerId) -> Option<&mut Peer> {
        self.map.get_mut(id)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.map.iter()
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&PeerId, &mut Peer)> {
        self.map.iter_mut()
    }

    /// Who can be reached.
    pub fn reachable(&self) -> Vec<PeerId> {
        let up = self.map.iter().filter(|(_, peer)| peer.up);
        up.map(|(id, _)| *id).collect()
    }

    pub fn up(&self) -> u64 {
        self.map.values().filter(|peer| peer.up).count() as u64
    }

    pub fn len(&self) -> usize {
        self.map.len()
    }
}

impl Peer {
    /// Whether it gave us blocks and answered its last request.
    pub fn is_proven(&self) -> bool {
        self.given > 0 && self.vain == 0
    }

    /// Whether it can be reached.
    pub fn is_up(&self) -> bool {
        self.up
    }

    pub fn standing(&self) -> Standing {
        Standing {
            gave_nothing: self.given == 0,
            vain: self.vain,
            never_answered: !self.answered,
        }
    }

    fn new(now: Time) -> Self {
        Self {
            best: None,
            sent: None,
            asked: Time::ZERO,
            given: 0,
            vain: 0,
            answered: false,
            patience: Patience::default(),
            told: None,
            waits: None,
            up: false,
            tokens: limits::TOKENS,
            blame: 0,
            refilled: now,
            muted_until: Time::ZERO,
            heard: now,
        }
    }

    /// Whole seconds bring tokens and forgiveness; the fraction is left for the next refill.
    fn refill(&mut self, now: Time) {
        let secs = now.saturating_since(self.refilled).0 / 1_000_000;
        self.refilled = self.refilled.saturating_add(Micros::from_secs(secs));
        let secs = u32::try_from(secs).unwrap_or(u32::MAX);
        let gained = secs.saturating_mul(limits::TOKENS_PER_SEC);
        self.tokens = self.tokens.saturating_add(gained).min(limits::TOKENS);
        self.blame = self.blame.saturating_sub(secs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u16) -> PeerId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&n.to_be_bytes());
        PeerId::from_bytes(bytes)
    }

    #[test]
    fn the_table_is_bounded_and_reachable_peers_stay() {
        let mut peers = Peers::default();
        let friends = [id(0), id(1)];
        peers.set_up(Time::ZERO, &friends);
        for n in 0..10_000 {
            peers.heard(Time(u64::from(n)), id(n));
        }
        assert_eq!(peers.len(), limits::PEERS);
        assert!(friends.iter().all(|friend| peers.get(friend).is_some()));
    }

    #[test]
    fn tokens_run_out_and_come_back() {
        let mut peers = Peers::default();
        let spent = (0..)
            .take_while(|_| peers.spend(Time::ZERO, id(0), 1))
            .count();
        assert_eq!(spent, limits::TOKENS as usize);
        let later = Time::ZERO.saturating_add(Micros::from_secs(1));
        assert!(peers.spend(later, id(0), limits::TOKENS_PER_SEC));
        assert!(!peers.spend(later, id(0), 1));
    }

    #[test]
    fn blame_mutes_for_a_while_and_is_forgiven_with_time() {
        let mut peers = Peers::default();
        let at = |secs| Time::ZERO.saturating_add(Micros::from_secs(secs));
        assert!(!peers.blame(at(0), id(0), limits::BLAME - 1));
        assert!(!peers.blame(at(50), id(0), 40), "50 points were forgiven");
        assert!(peers.blame(at(50), id(0), 40));
        assert!(peers.heard(at(51), id(0)).is_none());
        peers.set_up(at(52), &[]);
        assert!(peers.is_muted(at(53), &id(0)), "leaving does not help");
        assert!(peers.heard(at(56), id(0)).is_some());
    }
}
