//! Whom to tell of the best block again: reachable peers that have not said they keep up with it, ever
//! more seldom. Nodes that know of each other that neither is behind are silent.
//!
//! A tells B until B has told of as much work. If it is B's answer that was lost, B hears A repeat
//! itself, and answers once more.

use alloc::vec::Vec;

use chain::{BlockId, Micros, PeerId, Time, Work};
use protocol::To;

use crate::limits;
use crate::peers::{Peer, Peers};

/// What a peer was last told to be our best block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    tip: BlockId,
    at: Time,
    /// How long until it is told so again.
    pause: Micros,
}

/// Peers that may be behind.
pub(crate) struct Behind {
    /// Those that are to be told now.
    pub due: Vec<PeerId>,
    /// When the next one of the others is.
    pub next: Option<Time>,
}

impl Peer {
    /// Notes that it is told what our best block is.
    fn note_told(&mut self, now: Time, tip: BlockId) {
        let before = self.told.filter(|told| told.tip == tip);
        let again = |told: Told| Micros(told.pause.0 * 2).min(limits::GOSSIP_AT_MOST);
        self.told = Some(Told {
            tip,
            at: now,
            pause: before.map_or(limits::GOSSIP, again),
        });
    }

    /// When to tell it what our best block is, if it may not know.
    pub fn is_told_at(&self, tip: &BlockId) -> Time {
        let told = self.told.filter(|told| told.tip == *tip);
        told.map_or(Time::ZERO, |told| told.at.saturating_add(told.pause))
    }
}

impl Peers {
    /// Notes who is told what our best block is.
    pub fn note_told(&mut self, now: Time, to: To, tip: BlockId) {
        match to {
            To::All => self
                .iter_mut()
                .for_each(|(_, peer)| peer.note_told(now, tip)),
            To::Peer(peer) => {
                if let Some(peer) = self.get_mut(&peer) {
                    peer.note_told(now, tip);
                }
            }
        }
    }

    /// The reachable peers that have not told of a block of as much work as our best one.
    pub fn behind(&self, now: Time, tip: &BlockId, work: Work) -> Behind {
        let keeps_up = |peer: &Peer| peer.best.is_some_and(|best| best.work >= work);
        let peers = self.iter();
        let behind = peers.filter(|(_, peer)| peer.is_up() && !keeps_up(peer));
        let (mut due, mut next) = (Vec::new(), None);
        for (id, peer) in behind {
            match peer.is_told_at(tip) {
                at if at <= now => due.push(*id),
                at => next = Some(next.map_or(at, |next: Time| next.min(at))),
            }
        }
        Behind { due, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIP: BlockId = BlockId::ZERO;

    #[test]
    fn who_never_answers_is_told_ever_more_seldom_but_never_given_up() {
        let (mut peers, id) = (Peers::default(), PeerId::from_bytes([1; 32]));
        peers.set_up(Time::ZERO, &[id]);
        let mut told = Vec::new();
        let mut now = Time::ZERO;
        while now < Time(600_000_000) {
            let behind = peers.behind(now, &TIP, Work::default());
            if !behind.due.is_empty() {
                told.push(now.0 / 1_000_000);
                peers.get_mut(&id).expect("up").note_told(now, TIP);
            }
            now = now.saturating_add(Micros::from_secs(1));
        }
        assert_eq!(
            told[..8],
            [0, 2, 6, 14, 30, 62, 126, 190],
            "then once a minute"
        );
        assert_eq!(told.last(), Some(&574));
    }
}
