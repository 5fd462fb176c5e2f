//! Forged scenes, for tests that show that checkers can fail.

use std::collections::BTreeMap;

use chain::{BlockId, PeerId, Work};
use protocol::envelope::RoomId;
use tab::{Effect, Glance, Input, NodeGlance, Stage};

use super::{Checker, Scene, Seen, View};
use crate::browser::{Databases, Life, Locks, State};

pub const ROOM: RoomId = RoomId([5; 16]);

/// A stage for one checker.
pub struct Theatre<C> {
    pub checker: C,
    pub now: u64,
    pub views: BTreeMap<Life, View>,
    pub databases: Databases,
    pub locks: Locks,
}

pub fn id(byte: u8) -> PeerId {
    PeerId::from_bytes([byte; 32])
}

pub fn node(byte: u8) -> NodeGlance {
    NodeGlance {
        id: id(byte),
        seat: byte.into(),
        incarnation: 1,
        online: true,
        tip: BlockId::ZERO,
        height: 0,
        work: Work::default(),
        loading: false,
    }
}

/// A tab that takes part with one node.
pub fn taking_part(byte: u8) -> Glance {
    Glance {
        stage: Stage::In,
        me: Some(id(byte + 100)),
        room: Some(ROOM),
        nodes: vec![node(byte)],
        kept: true,
        online: true,
        ..Glance::default()
    }
}

impl<C: Checker + Default> Theatre<C> {
    pub fn new() -> Self {
        Self {
            checker: C::default(),
            now: 60_000_000,
            views: BTreeMap::new(),
            databases: Databases::default(),
            locks: Locks::default(),
        }
    }
}

impl<C: Checker> Theatre<C> {
    pub fn see(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let scene = Scene {
            now: self.now,
            views: &self.views,
            databases: &self.databases,
            locks: &self.locks,
        };
        self.checker.see(seen, &scene)
    }

    /// An engine steps and looks like this afterwards.
    pub fn step(
        &mut self,
        life: u32,
        input: Input,
        effects: &[Effect],
        glance: Glance,
    ) -> Result<(), String> {
        let life = Life(life);
        let view = View {
            glance,
            state: State::Runs,
            since: 0,
        };
        let before = self.views.insert(life, view.clone()).unwrap_or(view).glance;
        self.see(&Seen::Step {
            life,
            input: &input,
            effects,
            before: &before,
        })
    }
}
