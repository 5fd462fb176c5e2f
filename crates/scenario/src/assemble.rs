//! The one place that turns names into machines.

use alloc::{boxed::Box, sync::Arc};

use chain::{ChainParams, Time};
use consensus::PROTOCOLS;
use ledger::{Allocation, LedgerEntry, LedgerTerms};
use node::{Config, Memo, Node, Replica};
use protocol::{Entry, Glance, Input, Machine, Outbox, Payee, Protocol, Shape, Sheet, Terms};

use crate::outline::of_each;
use crate::{Place, ProtocolOutline, Room};

type Build = fn(&Terms) -> Box<dyn Protocol>;

/// How to build each protocol, in the order of the registry. Apart from the entries, so that whoever
/// only runs rooms does not carry along the code of all claims.
static BUILDS: [Build; PROTOCOLS.len()] = of_each!(PROTOCOLS, build);

const fn build(entry: &Entry) -> Build {
    entry.build
}

/// What a machine is made of.
pub(crate) struct Recipe {
    pub shape: Shape,
    pub build: Build,
    pub ledger: &'static LedgerEntry,
    pub terms: Terms,
}

impl Recipe {
    pub fn assemble(&self, place: &Place, memo: &Memo) -> Assembled {
        let (chain, protocol) = (&self.terms.chain, (self.build)(&self.terms));
        let ledger = (self.ledger.build)(&LedgerTerms {
            chain: chain.clone(),
            allocation: Allocation::default(),
        });
        let key = place.key.public_key();
        let config = Config {
            me: key.peer_id(),
            payee: Payee(key),
            seed: place.seed,
            searches: place.searches,
            params: chain.clone(),
        };
        match self.shape {
            Shape::Forks => {
                let node = Node::new(config, protocol, ledger, memo.clone());
                Assembled::Forks(Box::new(node))
            }
            Shape::Slots => Assembled::Slots(Box::new(Replica::new(&config, protocol, ledger))),
        }
    }
}

/// What the machines of a room are made of.
#[derive(Clone)]
pub struct Rules {
    /// What its nodes do with what they decide.
    pub shape: Shape,
    /// Its ledger.
    pub ledger: &'static LedgerEntry,
    /// Its chain's parameters.
    pub chain: Arc<ChainParams>,
    build: Build,
    values: Arc<[u64]>,
}

impl Rules {
    /// The rules of a room.
    ///
    /// # Panics
    /// Never: rooms are made of what the registries have.
    #[must_use]
    pub fn of(room: &Room) -> Self {
        let mut builds = ProtocolOutline::all().iter().zip(BUILDS);
        let ours = builds.find(|(outline, _)| outline.id == room.protocol().id);
        let (protocol, build) = ours.expect("a room's protocol is registered");
        let ledger = ledger::find(room.ledger().id).expect("a room's ledger is registered");
        let value = |spec: &protocol::ParamSpec| room.value(spec.name).unwrap_or(spec.default);
        Self {
            shape: protocol.shape,
            ledger,
            chain: Arc::new(room.chain()),
            build,
            values: protocol.params.iter().map(value).collect(),
        }
    }

    /// A fresh machine: its first input must be `Boot`. Machines that share `memo` share the results
    /// of validity checks.
    #[must_use]
    pub fn assemble(&self, place: &Place, memo: &Memo) -> Assembled {
        let recipe = Recipe {
            shape: self.shape,
            build: self.build,
            ledger: self.ledger,
            terms: place.terms(&self.chain, &self.values),
        };
        recipe.assemble(place, memo)
    }
}

/// A machine, by the shape of its protocol.
pub enum Assembled {
    /// Keeps a tree of blocks.
    Forks(Box<Node>),
    /// Executes decided slots.
    Slots(Box<Replica>),
}

impl Assembled {
    /// The machine, if it keeps a tree of blocks.
    #[must_use]
    pub fn forks(&self) -> Option<&Node> {
        match self {
            Self::Forks(node) => Some(node),
            Self::Slots(_) => None,
        }
    }

    /// The machine, if it executes decided slots.
    #[must_use]
    pub fn slots(&self) -> Option<&Replica> {
        match self {
            Self::Forks(_) => None,
            Self::Slots(replica) => Some(replica),
        }
    }

    fn machine(&self) -> &dyn Machine {
        match self {
            Self::Forks(node) => &**node,
            Self::Slots(replica) => &**replica,
        }
    }
}

impl Machine for Assembled {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        match self {
            Self::Forks(node) => node.step(now, input, out),
            Self::Slots(replica) => replica.step(now, input, out),
        }
    }

    fn glance(&self) -> Glance {
        self.machine().glance()
    }

    fn inspect(&self) -> Sheet {
        self.machine().inspect()
    }

    fn fork(&self) -> Box<dyn Machine> {
        self.machine().fork()
    }
}
