//! What a chain's rules come to: its protocol and ledger from the registries, their parameters, and
//! machines made of all that.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use adversary::{Lie, TWISTS};
use chain::{ChainParams, PeerId, PublicKey, Seat, SecretKey};
use ledger::LedgerEntry;
use node::Memo;
use protocol::{Claim, Entry, Machine, ParamSpec, Role, Terms};

use crate::assemble::{Assembled, Recipe};
use crate::room;
use crate::script::{ChainSpec, ScenarioError};

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
    pub members: Members,
    /// What it is for.
    pub role: Role,
    /// Its seat.
    pub seat: Seat,
    /// Seeds its randomness; different in every incarnation.
    pub seed: u64,
    /// Whether its host searches nonces, until [`protocol::Input::Search`] says otherwise.
    pub searches: bool,
}

/// Who counts, by seat. Collected once for all of them, as each has to know all others by name.
#[derive(Clone, Debug)]
pub struct Members {
    keys: Arc<[PublicKey]>,
    names: Arc<[PeerId]>,
}

impl Members {
    /// Their names.
    #[must_use]
    pub fn names(&self) -> &Arc<[PeerId]> {
        &self.names
    }
}

impl FromIterator<PublicKey> for Members {
    fn from_iter<T: IntoIterator<Item = PublicKey>>(keys: T) -> Self {
        let keys: Arc<[PublicKey]> = keys.into_iter().collect();
        let names = keys.iter().map(PublicKey::peer_id).collect();
        Self { keys, names }
    }
}

/// A way to lie, as registries list it.
#[derive(Clone, Copy)]
pub enum Twist {
    /// In a protocol's own words.
    Own(&'static protocol::Twist),
    /// Whatever the protocol is.
    Any(&'static adversary::Twist),
}

/// How a machine lies.
#[derive(Clone)]
pub enum Evil {
    /// In its protocol's own words.
    Own(&'static protocol::Twist),
    /// As any machine can.
    Any(Lie),
}

impl Place {
    pub(crate) fn terms(&self, chain: &Arc<ChainParams>, values: &Arc<[u64]>) -> Terms {
        Terms {
            chain: chain.clone(),
            values: values.clone(),
            members: self.members.names.clone(),
            keys: self.members.keys.clone(),
            key: self.key.clone(),
            role: self.role,
            seat: self.seat,
        }
    }
}

impl Setting {
    /// Looks names up and checks values. The protocol is one of a registry.
    ///
    /// # Errors
    /// The first name that is unknown, or value that is outside its limits.
    pub fn among(protocols: &'static [Entry], spec: &ChainSpec) -> Result<Self, ScenarioError> {
        let mut protocols = protocols.iter();
        let entry = protocols
            .find(|entry| entry.card.id == spec.protocol)
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

    /// A way to lie: one of the protocol's own, or one that fits any.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn twist(&self, name: &str) -> Result<Twist, ScenarioError> {
        let own = self.entry.twist(name).map(Twist::Own);
        let twist = own.or_else(|| Lie::find(name).map(Twist::Any));
        twist.ok_or_else(|| {
            let own = self.entry.twists.iter().map(|twist| twist.id);
            ScenarioError::UnknownTwist {
                twist: name.into(),
                protocol: self.entry.card.id,
                known: own.chain(TWISTS.iter().map(|twist| twist.id)).collect(),
            }
        })
    }

    /// A fresh machine, which lies if that is asked for: its first input must be `Boot`. Machines that
    /// share `memo` share the results of validity checks.
    #[must_use]
    pub fn assemble(&self, place: &Place, evil: Option<&Evil>, memo: &Memo) -> Box<dyn Machine> {
        let build = match evil {
            Some(Evil::Own(twist)) => twist.build,
            Some(Evil::Any(_)) | None => self.entry.build,
        };
        let recipe = Recipe {
            shape: self.entry.shape,
            build,
            ledger: self.ledger,
            terms: self.terms(place),
        };
        let machine: Box<dyn Machine> = match recipe.assemble(place, memo) {
            Assembled::Forks(node) => node,
            Assembled::Slots(replica) => replica,
        };
        match evil {
            Some(Evil::Any(lie)) => adversary::twisted(machine, lie.clone(), place.seed),
            Some(Evil::Own(_)) | None => machine,
        }
    }

    /// What the protocol promises about a run.
    #[must_use]
    pub fn claims(&self, place: &Place) -> Vec<Box<dyn Claim>> {
        (self.entry.claims)(&self.terms(place))
    }

    fn terms(&self, place: &Place) -> Terms {
        place.terms(&self.chain, &self.values)
    }
}

fn value(spec: &ChainSpec, param: &ParamSpec) -> u64 {
    spec.params
        .get(param.name)
        .copied()
        .unwrap_or(param.default)
}

fn chain_of(spec: &ChainSpec) -> Result<ChainParams, ScenarioError> {
    let given = |name: &str| spec.params.get(name).copied();
    room::chain_params(&spec.name, given).map_err(ScenarioError::Room)
}
