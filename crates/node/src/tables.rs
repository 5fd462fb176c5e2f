//! What a node remembers about its conversations: requests under way and branches that it wants.
//! Bounded by [`limits`], never stored.

use alloc::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    vec::Vec,
};

use chain::{BitcoinHeader, BlockId, Height, PeerId, Time, Work};

use crate::answers::Budget;
use crate::limits;
use crate::offers::Offers;
use crate::peers::Peers;
use crate::presync::Presync;

/// Copied when a fork of the node first changes it; the limits bound what that costs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub peers: Peers,
    /// Bytes that answers to all peers together may still use.
    pub budget: Budget,
    /// Requests for headers, one per peer.
    pub asks: BTreeMap<PeerId, Ask>,
    /// Requests for bodies, including those that failed.
    pub flights: BTreeMap<BlockId, Flight>,
    /// Ends of branches whose bodies are wanted.
    pub goals: BTreeMap<BlockId, Goal>,
    /// Invalid blocks; those in front are forgotten first.
    pub invalid: VecDeque<BlockId>,
    /// Headers from the future, by the time to try them again.
    pub later: BTreeMap<(Time, BlockId), Later>,
    /// Weak branches being measured, one per peer.
    pub presyncs: BTreeMap<PeerId, Arc<Presync>>,
    /// Transactions that are offered and asked for.
    pub offers: Offers,
    /// The long sync that people were told about.
    pub sync: Option<Sync>,
    /// When peers that may be behind are told of the tip, if that timer is armed.
    pub gossip: Option<Time>,
    /// When the timer for unanswered requests fires, if it is armed.
    pub tick: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub stop: BlockId,
    /// Our best header at the time: if it is still the same, nothing was gained.
    pub from: BlockId,
    /// The height that earlier answers led to, if this request continues from their end.
    pub reached: Height,
    pub at: Time,
    /// From then on, other peers may be asked too.
    pub late: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub peer: PeerId,
    pub at: Time,
    /// From then on, another peer may be asked instead.
    pub late: Time,
    /// How many requests for this body were in vain.
    pub failures: usize,
    /// The request failed: another peer may be asked at once, the same one after a pause.
    pub failed: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// The work of its headers, or of the whole branch if that was measured before.
    pub work: Work,
    /// When the branch was first wanted.
    pub since: Time,
    /// When one of its bodies last arrived; `since` at first.
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
    /// When it last made progress.
    pub moved: Time,
}

impl Tables {
    /// How many bodies a peer owes us.
    pub fn flights_of(&self, peer: &PeerId) -> usize {
        let owed = |flight: &&Flight| flight.peer == *peer && !flight.failed;
        self.flights.values().filter(owed).count()
    }

    /// A peer has moved on: bodies that it did not have may be there now.
    pub fn forgive(&mut self, peer: &PeerId) {
        self.flights
            .retain(|_, flight| flight.peer != *peer || !flight.failed);
    }

    /// Whether a peer was asked for a body and may still answer.
    pub fn is_owed(&self, peer: &PeerId, id: &BlockId) -> bool {
        let flight = self.flights.get(id);
        flight.is_some_and(|flight| flight.peer == *peer && !flight.failed)
    }

    /// When one more peer may be asked for the headers up to a block: at once if at least half of
    /// those already asked are late. So the number of peers asked doubles until somebody answers.
    pub fn may_ask_from(&self, now: Time, stop: &BlockId) -> Time {
        let asks = self.asks.values().filter(|ask| ask.stop == *stop);
        let (late, fresh): (Vec<Time>, Vec<Time>) =
            asks.map(|ask| ask.late).partition(|late| *late <= now);
        let is_enough = fresh.len() > late.len();
        fresh.into_iter().min().filter(|_| is_enough).unwrap_or(now)
    }

    /// Whether there is room for one more request for headers to a peer that gave us no blocks;
    /// when there is none, the oldest request gives way if its turn is over.
    pub fn has_ask_place(&mut self, now: Time) -> bool {
        if self.asks.len() < limits::ASKS {
            return true;
        }
        let oldest = self.asks.iter().map(|(peer, ask)| (ask.at, *peer)).min();
        let over = oldest.filter(|(at, _)| now.saturating_since(*at) >= limits::ASK_TURN);
        over.is_some_and(|(_, peer)| self.asks.remove(&peer).is_some())
    }

    /// Whether any request is under way.
    pub fn is_waiting(&self) -> bool {
        !(self.asks.is_empty() && self.flights.is_empty() && self.presyncs.is_empty())
            || self.offers.is_waiting()
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
