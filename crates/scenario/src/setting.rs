//! What a chain's rules come to: its protocol and ledger from the registries, their parameters, and
//! machines made of all that.

use alloc::{boxed::Box, sync::Arc, vec::Vec};

use chain::{ChainParams, PublicKey, Seat, SecretKey};
use ledger::LedgerEntry;
use node::Memo;
use protocol::{Claim, Entry, Machine, ParamSpec, Role, Terms, Twist};

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
    pub members: Arc<[PublicKey]>,
    /// What it is for.
    pub role: Role,
    /// Its seat.
    pub seat: Seat,
    /// Seeds its randomness; different in every incarnation.
    pub seed: u64,
}

impl Place {
    pub(crate) fn terms(&self, chain: &Arc<ChainParams>, values: &Arc<[u64]>) -> Terms {
        Terms {
            chain: chain.clone(),
            values: values.clone(),
            members: self.members.iter().map(PublicKey::peer_id).collect(),
            keys: self.members.clone(),
            key: self.key.clone(),
            role: self.role,
            seat: self.seat,
        }
    }
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

    /// A way to lie.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn twist(&self, name: &str) -> Result<&'static Twist, ScenarioError> {
        let known = || self.entry.twists.iter().map(|twist| twist.id);
        self.entry
            .twist(name)
            .ok_or_else(|| ScenarioError::UnknownTwist {
                twist: name.into(),
                protocol: self.entry.card.id,
                known: known().collect(),
            })
    }

    /// A fresh machine, which lies if it is twisted: its first input must be `Boot`. Machines that share
    /// `memo` share the results of validity checks.
    #[must_use]
    pub fn assemble(
        &self,
        place: &Place,
        twist: Option<&'static Twist>,
        memo: &Memo,
    ) -> Box<dyn Machine> {
        let recipe = Recipe {
            shape: self.entry.shape,
            build: twist.map_or(self.entry.build, |twist| twist.build),
            ledger: self.ledger,
            terms: self.terms(place),
        };
        match recipe.assemble(place, memo) {
            Assembled::Forks(node) => node,
            Assembled::Slots(replica) => replica,
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
