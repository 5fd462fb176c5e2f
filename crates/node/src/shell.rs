//! What every node has around its protocol, whatever becomes of the protocol's decisions: its
//! randomness, its packets, its part of storage.

use alloc::{boxed::Box, collections::BTreeSet, format, string::String, sync::Arc, vec, vec::Vec};

use chain::{BlockId, BlockTime, Header, PeerId, Stream, Time};
use protocol::{
    Batch, ChainView, Cx, Glance, Input, Keep, Key, Name, Outbox, Output, Proposal, Protocol,
    Saved, Sheet, Snapshot, TimerKey, To, Values, Wish, Write, kept,
};

use crate::node::Config;

/// A protocol and its surroundings.
pub(crate) struct Shell {
    protocol: Box<dyn Protocol>,
    me: PeerId,
    /// Whether the host searches nonces.
    searches: bool,
    rng: Stream,
}

/// One moment of a node, as its protocol sees it.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub now: Time,
    pub clock: BlockTime,
    pub peers: &'a [PeerId],
    pub chain: &'a dyn ChainView,
}

/// What only the shape of a node can grant.
pub(crate) enum Decision {
    Publish { header: Header, body: Arc<[u8]> },
    Pose(Option<BlockId>),
    Decide { slot: u64, proposal: Arc<Proposal> },
    Snapshot(Vec<Keep>),
    Install { snapshot: Snapshot, keep: Vec<Keep> },
}

impl Shell {
    pub fn new(protocol: Box<dyn Protocol>, config: &Config) -> Self {
        Self {
            protocol,
            me: config.me,
            searches: config.searches,
            rng: Stream::new(config.seed, 0, "protocol"),
        }
    }

    /// The host searches nonces from now on, or does so no longer.
    pub fn set_searches(&mut self, on: bool) {
        self.searches = on;
    }

    pub fn protocol(&self) -> &dyn Protocol {
        &*self.protocol
    }

    /// Lets the protocol act. What it wants comes back in causal order.
    pub fn call(
        &mut self,
        moment: Moment<'_>,
        call: impl FnOnce(&mut dyn Protocol, &mut Cx<'_>),
    ) -> Vec<Wish> {
        let mut wishes = Vec::new();
        let Moment {
            now,
            clock,
            peers,
            chain,
        } = moment;
        let mut cx = Cx {
            now,
            clock,
            me: self.me,
            peers,
            searches: self.searches,
            rng: &mut self.rng,
            chain,
            wishes: &mut wishes,
        };
        call(&mut *self.protocol, &mut cx);
        wishes
    }

    pub fn glance(&self) -> Glance {
        self.protocol.glance()
    }

    pub fn inspect(&self) -> Sheet {
        self.protocol.inspect()
    }

    pub fn fork(&self) -> Self {
        Self {
            protocol: self.protocol.fork(),
            me: self.me,
            searches: self.searches,
            rng: self.rng.clone(),
        }
    }
}

/// Hands the protocol what is for it in a node that takes part: what became of its timers and jobs,
/// whether there is a search for these, and what people submit. Whatever else comes is the node's own.
pub(crate) fn hand_over(protocol: &mut dyn Protocol, cx: &mut Cx<'_>, input: &Input) {
    match input {
        Input::Timer {
            key: TimerKey::Protocol(key),
        } => protocol.on_timer(cx, *key),
        Input::Submit { ask, tx } => protocol.on_submit(cx, *ask, tx),
        Input::Order(order) => protocol.on_order(cx, order),
        Input::Search { .. } => protocol.on_search(cx),
        Input::Found { job, nonce } => protocol.on_job(cx, *job, Some(*nonce)),
        Input::Spent { job } => protocol.on_job(cx, *job, None),
        Input::Timer {
            key: TimerKey::Node(_) | TimerKey::Twist(_),
        }
        | Input::Boot { .. }
        | Input::Packet { .. }
        | Input::Loaded { .. }
        | Input::Peers { .. } => {}
    }
}

/// Grants what every node grants alike; the rest is returned.
pub(crate) fn grant(wish: Wish, out: &mut Outbox) -> Option<Decision> {
    out.push(match wish {
        Wish::Arm { key, at } => Output::Arm {
            key: TimerKey::Protocol(key),
            at,
        },
        Wish::Disarm { key } => Output::Disarm {
            key: TimerKey::Protocol(key),
        },
        Wish::Send { to, packet } => Output::Send {
            to: To::Peer(to),
            packet,
        },
        Wish::Save(changes) => Output::Save(Batch(changes.into_iter().map(Write::from).collect())),
        Wish::Answer { ask, receipt } => Output::Answer { ask, receipt },
        Wish::Work(job) => Output::Work(job),
        Wish::Stop(job) => Output::Stop(job),
        Wish::Tell(event) => Output::Tell(event),
        Wish::Publish { header, body } => return Some(Decision::Publish { header, body }),
        Wish::Pose(tip) => return Some(Decision::Pose(tip)),
        Wish::Decide { slot, proposal } => return Some(Decision::Decide { slot, proposal }),
        Wish::Snapshot(keep) => return Some(Decision::Snapshot(keep)),
        Wish::Install { snapshot, keep } => return Some(Decision::Install { snapshot, keep }),
    });
    None
}

/// What a node reads back before its protocol starts: small values are here, large ones have to be
/// loaded.
#[derive(Clone, Default)]
pub(crate) struct Shelf {
    /// What the protocol saved, under its own names.
    values: Values,
    /// What the node itself keeps under a name that it asked for.
    own: Option<Arc<[u8]>>,
    /// Not here yet; names as in storage.
    awaited: BTreeSet<Name>,
    /// Cannot be read. A protocol that forgets a promise would break it, so it is not started.
    lost: Option<Name>,
}

impl Shelf {
    /// Takes the protocol's values and, of the node's own, the one of this name. Says what has to be
    /// loaded.
    pub fn of(saved: &Saved, own: Option<&[u8]>) -> (Self, Vec<Output>) {
        let (mut shelf, mut loads) = (Self::default(), vec![]);
        for (name, value) in &saved.small {
            shelf.put(name, value.clone(), own);
        }
        for name in saved.large.keys() {
            if kept(name).is_some() || own == Some(name) {
                shelf.awaited.insert(name.clone());
                let key = Key::own(name.clone());
                loads.push(Output::Load { key });
            }
        }
        (shelf, loads)
    }

    fn put(&mut self, name: &[u8], value: Arc<[u8]>, own: Option<&[u8]>) {
        match kept(name) {
            Some(name) => drop(self.values.insert(name.to_vec(), value)),
            None if own == Some(name) => self.own = Some(value),
            None => {}
        }
    }

    /// Takes a value that was loaded, if it was awaited.
    pub fn answer(&mut self, key: &Key, value: Option<Arc<[u8]>>) {
        if !self.awaited.remove(&key.name) {
            return;
        }
        match value {
            Some(value) => self.put(&key.name, value, Some(&key.name)),
            None => self.lost = Some(key.name.clone()),
        }
    }

    /// Whether everything has been answered.
    pub fn is_complete(&self) -> bool {
        self.awaited.is_empty()
    }

    /// What the node itself keeps.
    pub fn own(&self) -> Option<&Arc<[u8]>> {
        self.own.as_ref()
    }

    /// All values by the protocol's names.
    ///
    /// # Errors
    /// What is lost, as a sentence.
    pub fn values(&self) -> Result<&Values, String> {
        match &self.lost {
            None => Ok(&self.values),
            Some(name) => Err(format!(
                "what was saved as {:?} cannot be read",
                String::from_utf8_lossy(kept(name).unwrap_or(&name[..]))
            )),
        }
    }
}
