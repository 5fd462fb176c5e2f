//! What stopped nodes had in memory, until their successors have read it back: if the browser takes
//! the database away in between, nobody else has it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use chain::PeerId;
use protocol::Values;

use super::{Name, layout};
use crate::between::generation::Generation;

/// What stopped nodes had in memory.
#[derive(Debug, Default)]
pub struct Retained {
    /// Own values of nodes, by the chain that they belong to.
    own: BTreeMap<(u32, PeerId), Values>,
    /// Shared values by their names in the database.
    shared: BTreeMap<Name, Arc<[u8]>>,
}

impl Retained {
    /// Keeps own values.
    pub fn keep_own(&mut self, own: BTreeMap<(u32, PeerId), Values>) {
        self.own.extend(own);
    }

    /// Keeps a shared value.
    pub fn keep_shared(&mut self, name: Name, value: Arc<[u8]>) {
        self.shared.insert(name, value);
    }

    /// A shared value.
    #[must_use]
    pub fn shared(&self, name: &[u8]) -> Option<&Arc<[u8]>> {
        self.shared.get(name)
    }

    /// Takes the own values of a node; they are not retained any longer.
    pub fn take_own(&mut self, of: &(u32, PeerId)) -> Option<Values> {
        self.own.remove(of)
    }

    /// Takes all own values.
    pub fn take_all_own(&mut self) -> BTreeMap<(u32, PeerId), Values> {
        std::mem::take(&mut self.own)
    }

    /// Takes all shared values.
    pub fn take_all_shared(&mut self) -> BTreeMap<Name, Arc<[u8]>> {
        std::mem::take(&mut self.shared)
    }

    /// Forgets chains that nobody can go back to.
    pub fn keep_chains(&mut self, generation: Generation) {
        self.own.retain(|(of, _), _| generation.keeps(*of));
        self.shared
            .retain(|name, _| layout::generation_of(name).is_some_and(|of| generation.keeps(of)));
    }

    /// Forgets all but the chain that can be brought back, which no node reads for now.
    pub fn keep_only(&mut self, undo: Option<u32>) {
        self.own.retain(|(of, _), _| Some(*of) == undo);
        self.shared
            .retain(|name, _| layout::generation_of(name).is_some_and(|of| Some(of) == undo));
    }

    /// Whether anything of a chain is retained.
    #[must_use]
    pub fn has(&self, generation: u32) -> bool {
        let least = (generation, PeerId::from_bytes([0; 32]));
        let own = self.own.range(least..).next();
        let prefix = generation.to_be_bytes();
        let from = (Bound::Included(&prefix[..]), Bound::Unbounded);
        let shared = self.shared.range::<[u8], _>(from).next();
        own.is_some_and(|((of, _), _)| *of == generation)
            || shared.is_some_and(|(name, _)| name.starts_with(&prefix))
    }
}
