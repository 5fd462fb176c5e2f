//! A seat in the simulation: a machine with its disk, timers and search.

use std::collections::{BTreeMap, VecDeque};

use chain::{Micros, PeerId, SecretKey, Stream, Time, tagged_hash};
use node::Memo;
use protocol::{Batch, Glance, Job, Machine, Outbox, Output, Packet, Role, TimerKey, To};
use scenario::{DisksSpec, Evil, Place, Setting};

use crate::clock::Clock;
use crate::disk::{Damage, Disk, Pool};
use crate::happening::Number;
use crate::queue::SeatIx;

/// A message that waits until what was written before it is synced.
#[derive(Clone)]
pub(crate) struct Said {
    /// So many batches have to be synced.
    pub(crate) after: u64,
    pub(crate) to: To,
    pub(crate) packet: Packet,
    /// The event in which it was said.
    pub(crate) event: Option<Number>,
}

/// A seat and what lives there.
pub(crate) struct Seat {
    pub(crate) peer: PeerId,
    pub(crate) machine: Option<Box<dyn Machine>>,
    pub(crate) disk: Disk,
    /// Timers by name, with the number of the event that will fire them.
    pub(crate) timers: BTreeMap<TimerKey, u64>,
    pub(crate) job: Option<Job>,
    pub(crate) hash_rate: u32,
    /// Decides when searches succeed and where they start.
    pub(crate) rng: Stream,
    /// Counts incarnations, so that what was planned for an earlier one can be dropped.
    pub(crate) life: u64,
    /// If set, the node dies in its next step that writes, and stays down this long.
    pub(crate) doomed: Option<Micros>,
    /// If set, the process stands still until then.
    pub(crate) paused: Option<Time>,
    /// How many packets wait for that.
    pub(crate) held: u32,
    /// Messages that wait for the disk.
    pub(crate) waiting: VecDeque<Said>,
    /// When the last batch that was written will be synced.
    pub(crate) syncs: Time,
    /// Counts losses of power, so that syncs under way can be dropped.
    pub(crate) outages: u64,
    /// How long syncs take, and what is lost with the power.
    disk_rng: Stream,
    /// Counts what was submitted here.
    pub(crate) asks: u64,
    /// Whether it has left, or has not come yet.
    pub(crate) is_away: bool,
    /// The time as it knows it.
    pub(crate) clock: Clock,
    /// How its machine lies, from its next life on.
    pub(crate) evil: Option<Evil>,
    /// Where it stands, with the seed of its next life.
    place: Place,
    seed: u64,
}

impl Seat {
    pub(crate) fn new(place: Place, seed: u64, hash_rate: u32, pool: &Pool) -> Self {
        let index = place.seat.0;
        Self {
            peer: place.key.public_key().peer_id(),
            machine: None,
            disk: Disk::pooled(pool),
            timers: BTreeMap::new(),
            job: None,
            hash_rate,
            rng: Stream::new(seed, index, "mining"),
            life: 0,
            doomed: None,
            paused: None,
            held: 0,
            waiting: VecDeque::new(),
            syncs: Time::ZERO,
            outages: 0,
            disk_rng: Stream::new(seed, index, "disk"),
            asks: 0,
            is_away: false,
            clock: Clock::default(),
            evil: None,
            place,
            seed: seed ^ u64::from(index) << 32,
        }
    }

    /// An independent copy in O(1), but for what is under way here.
    pub(crate) fn fork(&self) -> Self {
        Self {
            machine: self.machine.as_ref().map(|machine| machine.fork()),
            disk: self.disk.clone(),
            evil: self.evil.clone(),
            timers: self.timers.clone(),
            rng: self.rng.clone(),
            waiting: self.waiting.clone(),
            disk_rng: self.disk_rng.clone(),
            place: self.place.clone(),
            ..*self
        }
    }

    /// Puts a fresh machine in place of whatever was here; its first input must be `Boot`.
    pub(crate) fn start(&mut self, setting: &Setting, memo: &Memo) {
        self.life += 1;
        self.clock.restart();
        self.place.seed = self.seed.wrapping_add(self.life);
        self.machine = Some(setting.assemble(&self.place, self.evil.as_ref(), memo));
    }

    /// What it is for.
    pub(crate) fn role(&self) -> Role {
        self.place.role
    }

    /// Whether a timer that is due has not been armed again since; it is not armed any more then.
    pub(crate) fn fires(&mut self, key: TimerKey, armed: u64) -> bool {
        let fires = self.timers.get(&key) == Some(&armed);
        if fires {
            self.timers.remove(&key);
        }
        fires
    }

    /// Whether it takes part.
    pub(crate) fn is_ready(&self) -> bool {
        self.glance().is_some_and(|glance| glance.is_ready)
    }

    /// Its machine in a few numbers; `None` while it is down.
    pub(crate) fn glance(&self) -> Option<Glance> {
        self.machine.as_deref().map(Machine::glance)
    }

    /// Loses everything but the disk.
    pub(crate) fn die(&mut self) {
        self.machine = None;
        self.timers.clear();
        self.job = None;
        self.waiting.clear();
        self.paused = None;
        self.life += 1;
    }

    /// Writes a batch, and says when it will be synced; `None` if it is.
    pub(crate) fn save(&mut self, batch: &Batch, now: Time, disks: DisksSpec) -> Option<Time> {
        if disks.sync_max_ms == 0 {
            self.disk.save_synced(batch);
            return None;
        }
        self.disk.save(batch);
        let [least, most] = [disks.sync_min_ms, disks.sync_max_ms].map(|ms| u64::from(ms) * 1_000);
        let takes = Micros(least + self.disk_rng.below(most - least + 1));
        self.syncs = self.syncs.max(now).saturating_add(takes);
        Some(self.syncs)
    }

    /// Takes out the next message that need not wait any longer.
    pub(crate) fn next_said(&mut self) -> Option<Said> {
        let synced = self.disk.synced();
        self.waiting.pop_front_if(|said| said.after <= synced)
    }

    /// Damages a value that was saved, drawn at random; says how many are lost.
    pub(crate) fn rot(&mut self) -> u64 {
        let rng = &mut self.disk_rng;
        u64::from(self.disk.rot(|values| rng.below(values)))
    }

    /// Damages what is not synced; says how many batches are lost.
    pub(crate) fn lose_power(&mut self) -> u64 {
        self.outages += 1;
        self.syncs = Time::ZERO;
        let rng = &mut self.disk_rng;
        self.disk.lose_power(|| match rng.below(3) {
            0 => Damage::None,
            1 => Damage::Torn(rng.next_u64()),
            _ => Damage::Missing,
        })
    }
}

/// A crash in the middle of a step.
pub(crate) struct Crash {
    /// The batch that was being written.
    pub(crate) torn: Option<Batch>,
    /// How long the node stays down.
    pub(crate) away: Micros,
}

impl Seat {
    /// Lets a doomed node die in a step that writes: half of the time during the first write,
    /// otherwise at a random point after it, which may be during a later write. The rest of the
    /// step is cut off.
    pub(crate) fn crash_in(&mut self, out: &mut Outbox) -> Option<Crash> {
        let first = out
            .iter()
            .position(|output| matches!(output, Output::Save(_)))?;
        let away = self.doomed.take()?;
        let behind = u64::try_from(out.len() - first).expect("an outbox is short");
        let cut = match self.rng.chance(500_000) {
            true => first,
            false => {
                first + 1 + usize::try_from(self.rng.below(behind)).expect("within the outbox")
            }
        };
        let torn = match out.get(cut) {
            Some(Output::Save(batch)) => Some(batch.clone()),
            _ => None,
        };
        out.truncate(cut);
        Some(Crash { torn, away })
    }
}

/// A key that anybody can compute from the seed: for simulations only.
pub(crate) fn toy_key(seed: u64, index: SeatIx) -> SecretKey {
    (0u32..)
        .map(|nonce| {
            let parts: [&[u8]; 3] = [
                &seed.to_le_bytes(),
                &index.to_le_bytes(),
                &nonce.to_le_bytes(),
            ];
            tagged_hash("tabchain/sim/toy-key", &parts)
        })
        .find_map(|bytes| SecretKey::from_bytes(&bytes).ok())
        .expect("nearly every 32 bytes are a key")
}
