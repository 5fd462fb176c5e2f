//! What a node keeps while it talks: requests under way and branches that it is after. Bounded by
//! [`limits`], never stored.

use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    vec::Vec,
};

use chain::{BitcoinHeader, BlockId, Height, PeerId, Time, Work};

use crate::answers::Budget;
use crate::limits;
use crate::peers::Peers;
use crate::presync::Presync;

/// Copied when a fork of the node first changes it; the bounds make that a constant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub peers: Peers,
    /// What answers to all peers may weigh.
    pub budget: Budget,
    /// Headers asked for, one request a peer.
    pub asks: BTreeMap<PeerId, Ask>,
    /// Bodies asked for, and such that were asked for in vain.
    pub flights: BTreeMap<BlockId, Flight>,
    /// Ends of branches whose bodies are wanted.
    pub goals: BTreeMap<BlockId, Goal>,
    /// Invalid blocks, those that are forgotten first in front.
    pub invalid: VecDeque<BlockId>,
    /// Headers from the future, by the time to look at them again.
    pub later: BTreeMap<(Time, BlockId), Later>,
    /// Weak branches under measurement, one a peer.
    pub presyncs: BTreeMap<PeerId, Arc<Presync>>,
    /// The long sync that people were told of.
    pub sync: Option<Sync>,
    /// When the timer for unanswered requests goes off, if it is armed.
    pub tick: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub stop: BlockId,
    /// The best header when it was asked: the same one again means no progress.
    pub from: BlockId,
    /// How far the answers before went, if this goes on from where they ended.
    pub reached: Height,
    pub at: Time,
    /// From then on others may be asked too.
    pub late: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub peer: PeerId,
    pub at: Time,
    /// From then on another may be asked instead.
    pub late: Time,
    /// It came to nothing: somebody else may be asked at once, the same peer after a pause.
    pub failed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// What its headers weigh, or more if they were measured before they were stored.
    pub work: Work,
    /// When the branch was first wanted.
    pub since: Time,
    /// When a body of it last came; at first, `since`.
    pub moved: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Later {
    pub header: BitcoinHeader,
    pub from: PeerId,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Sync {
    pub goal: BlockId,
    /// When a block of it last came.
    pub moved: Time,
}

impl Tables {
    /// Bodies that a peer owes us.
    pub fn flights_of(&self, peer: &PeerId) -> usize {
        let owed = |flight: &&Flight| flight.peer == *peer && !flight.failed;
        self.flights.values().filter(owed).count()
    }

    /// Whether a peer was asked for a body and may still answer.
    pub fn is_owed(&self, peer: &PeerId, id: &BlockId) -> bool {
        let flight = self.flights.get(id);
        flight.is_some_and(|flight| flight.peer == *peer && !flight.failed)
    }

    /// When one more peer may be asked for the way to a block: at once, if of those who were asked
    /// most have not answered in time. Thus their number doubles until somebody answers.
    pub fn may_ask_from(&self, now: Time, stop: &BlockId) -> Time {
        let asks = self.asks.values().filter(|ask| ask.stop == *stop);
        let (late, fresh): (Vec<Time>, Vec<Time>) =
            asks.map(|ask| ask.late).partition(|late| *late <= now);
        let is_enough = fresh.len() > late.len();
        fresh.into_iter().min().filter(|_| is_enough).unwrap_or(now)
    }

    /// Whether one more request for headers may be made of peers that gave us no blocks; the oldest
    /// one gives way when its turn is over.
    pub fn has_ask_place(&mut self, now: Time) -> bool {
        if self.asks.len() < limits::ASKS {
            return true;
        }
        let oldest = self.asks.iter().map(|(peer, ask)| (ask.at, *peer)).min();
        let over = oldest.filter(|(at, _)| now.saturating_since(*at) >= limits::ASK_TURN);
        over.is_some_and(|(_, peer)| self.asks.remove(&peer).is_some())
    }

    /// Whether something was asked of anybody.
    pub fn is_waiting(&self) -> bool {
        !(self.asks.is_empty() && self.flights.is_empty() && self.presyncs.is_empty())
    }

    /// Keeps a header for later; false when there are too many.
    pub fn put_off(&mut self, due: Time, id: BlockId, later: Later) -> bool {
        let known = self.later.keys().any(|(_, known)| *known == id);
        if !known && self.later.len() < limits::LATER {
            self.later.insert((due, id), later);
        }
        known || self.later.contains_key(&(due, id))
    }
}
