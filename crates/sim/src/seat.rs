//! A place in the simulation: a machine, its disk, its timers, its search.

use std::collections::BTreeMap;

use chain::{PeerId, PublicKey, SecretKey, Stream, Time, tagged_hash};
use node::Memo;
use protocol::{Job, Machine, TimerKey};
use scenario::{Room, assemble};

use crate::disk::Disk;
use crate::queue::SeatIx;

/// What lives at one place.
pub(crate) struct Seat {
    pub(crate) peer: PeerId,
    pub(crate) machine: Option<Box<dyn Machine>>,
    pub(crate) disk: Disk,
    /// Timers by name, with the number of the event that will fire them.
    pub(crate) timers: BTreeMap<TimerKey, u64>,
    pub(crate) job: Option<Job>,
    pub(crate) hash_rate: u32,
    /// Draws when searches succeed and where they start.
    pub(crate) rng: Stream,
    /// Counts incarnations, so that what was planned for an earlier one is dropped.
    pub(crate) life: u64,
    /// The node dies in the middle of its next step and is away until then.
    pub(crate) doomed: Option<Time>,
    key: PublicKey,
    seed: u64,
}

impl Seat {
    pub(crate) fn new(index: SeatIx, seed: u64, hash_rate: u32) -> Self {
        let key = toy_key(seed, index).public_key();
        Self {
            peer: key.peer_id(),
            machine: None,
            disk: Disk::default(),
            timers: BTreeMap::new(),
            job: None,
            hash_rate,
            rng: Stream::new(seed, index, "mining"),
            life: 0,
            doomed: None,
            key,
            seed: seed ^ u64::from(index) << 32,
        }
    }

    /// A fresh machine in place of whatever was here; its first input must be `Boot`.
    pub(crate) fn start(&mut self, room: &Room, memo: &Memo) {
        self.life += 1;
        let seed = self.seed.wrapping_add(self.life);
        self.machine = Some(Box::new(assemble(room, &self.key, seed, memo)));
    }

    /// Everything but the disk is lost.
    pub(crate) fn die(&mut self) {
        self.machine = None;
        self.timers.clear();
        self.job = None;
        self.life += 1;
    }
}

/// A key that anybody can compute from the seed: for simulations alone.
fn toy_key(seed: u64, index: SeatIx) -> SecretKey {
    (0u32..)
        .map(|nonce| {
            let parts: [&[u8]; 3] =
                [&seed.to_le_bytes(), &index.to_le_bytes(), &nonce.to_le_bytes()];
            tagged_hash("tabchain/sim/toy-key", &parts)
        })
        .find_map(|bytes| SecretKey::from_bytes(&bytes).ok())
        .expect("nearly every 32 bytes are a key")
}
