//! What a chain's rules come to: its protocol and ledger from the registries, their parameters, and
//! machines made of all that.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{ChainParams, CompactTarget, PublicKey, Seat, SecretKey};
use ledger::{Allocation, Ledger, LedgerEntry, LedgerTerms};
use node::{Config, Memo, Node, Replica};
use protocol::{Claim, Entry, Machine, ParamSpec, Payee, Protocol, Role, Shape, Terms};

use crate::script::{ChainSpec, ScenarioError};
use crate::{Room, room};

/// A chain's rules, within their limits.
#[derive(Clone)]
pub struct Setting {
    /// Its protocol.
    pub entry: &'static Entry,
    /// Its ledger.
    pub ledger: &'static LedgerEntry,
    /// Its parameters.
    pub chain: Arc<ChainParams>,
    /// The values of the protocol's own parameters, in the order of its entry.
    pub values: Arc<[u64]>,
}

/// A machine's place in a run.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its key: what it signs with, its name, and whom its blocks pay.
    pub key: SecretKey,
    /// Who counts, by seat.
    pub members: Arc<[PublicKey]>,
    /// What it is for.
    pub role: Role,
    /// Its seat.
    pub seat: Seat,
    /// Seeds its randomness; different in every incarnation.
    pub seed: u64,
}

impl Setting {
    /// Looks names up and checks values.
    ///
    /// # Errors
    /// The first name that is unknown, or value that is outside its limits.
    pub fn of(spec: &ChainSpec) -> Result<Self, ScenarioError> {
        let entry = consensus::find(&spec.protocol)
            .ok_or_else(|| ScenarioError::UnknownProtocol(spec.protocol.clone()))?;
        let ledger = ledger::find(&spec.ledger)
            .ok_or_else(|| ScenarioError::UnknownLedger(spec.ledger.clone()))?;
        let all = || entry.params.iter().chain(ledger.params);
        let is_known = |name: &&alloc::string::String| all().any(|param| param.name == **name);
        if let Some(name) = spec.params.keys().find(|name| !is_known(name)) {
            return Err(ScenarioError::UnknownParam(name.clone()));
        }
        for param in all() {
            let value = value(spec, param);
            if !param.allows(value) {
                let spec = *param;
                return Err(ScenarioError::Room(room::RoomError::OutOfRange {
                    spec,
                    value,
                }));
            }
        }
        let values = entry.params.iter().map(|param| value(spec, param));
        Ok(Self {
            entry,
            ledger,
            chain: Arc::new(chain_of(spec)?),
            values: values.collect(),
        })
    }

    /// The rules of a room: blocks that are mined for coins.
    #[must_use]
    pub fn of_room(room: &Room) -> Self {
        let values = [room.spacing(), room.bits().0, room.window()];
        Self {
            entry: &consensus::pow::ENTRY,
            ledger: &ledger::utxo::ENTRY,
            chain: Arc::new(room.params()),
            values: values.into_iter().map(u64::from).collect(),
        }
    }

    /// A fresh machine: its first input must be `Boot`. Machines that share `memo` share the results
    /// of validity checks.
    #[must_use]
    pub fn assemble(&self, place: &Place, memo: &Memo) -> Box<dyn Machine> {
        match self.entry.shape {
            Shape::Forks => Box::new(self.node(place, memo)),
            Shape::Slots => {
                let (config, protocol, ledger) = self.parts(place);
                Box::new(Replica::new(&config, protocol, ledger))
            }
        }
    }

    /// The machine where the protocol's shape is [`Shape::Forks`].
    pub(crate) fn node(&self, place: &Place, memo: &Memo) -> Node {
        let (config, protocol, ledger) = self.parts(place);
        Node::new(config, protocol, ledger, memo.clone())
    }

    /// The one place that turns names into machines.
    fn parts(&self, place: &Place) -> (Config, Box<dyn Protocol>, Arc<dyn Ledger>) {
        let protocol = (self.entry.build)(&self.terms(place));
        let ledger = (self.ledger.build)(&LedgerTerms {
            chain: self.chain.clone(),
            allocation: Allocation::default(),
        });
        let key = place.key.public_key();
        let config = Config {
            me: key.peer_id(),
            payee: Payee(key),
            seed: place.seed,
            params: self.chain.clone(),
        };
        (config, protocol, ledger)
    }

    /// What the protocol promises about a run.
    #[must_use]
    pub fn claims(&self, place: &Place) -> Vec<Box<dyn Claim>> {
        (self.entry.claims)(&self.terms(place))
    }

    fn terms(&self, place: &Place) -> Terms {
        Terms {
            chain: self.chain.clone(),
            values: self.values.clone(),
            members: place.members.iter().map(PublicKey::peer_id).collect(),
            keys: place.members.clone(),
            key: place.key.clone(),
            role: place.role,
            seat: place.seat,
        }
    }
}

fn value(spec: &ChainSpec, param: &ParamSpec) -> u64 {
    spec.params
        .get(param.name)
        .copied()
        .unwrap_or(param.default)
}

/// A chain's parameters. What only mining needs has its default where nobody mines.
fn chain_of(spec: &ChainSpec) -> Result<ChainParams, ScenarioError> {
    let number = |name| {
        let value = value(spec, &room::spec(name));
        u32::try_from(value).unwrap_or(u32::MAX) // beyond the limits, which are checked next
    };
    let (spacing, bits) = (number("spacing"), CompactTarget(number("bits")));
    let (window, halving) = (number("window"), number("halving"));
    let room = Room::new(&spec.name, spacing, bits, window, halving);
    room.map(|room| room.params()).map_err(ScenarioError::Room)
}
