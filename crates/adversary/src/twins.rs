//! Two machines under one name. They begin alike and know nothing of each other; each hears and is heard
//! by its part of the others, and so promises to one part what the other promises not to the rest.

use alloc::{boxed::Box, vec::Vec};

use chain::{PeerId, Time};
use protocol::{Glance, Input, Job, JobId, Machine, Outbox, Output, Packet, Sheet, TimerKey, To};

use crate::Lie;

/// Marks what is the second's among jobs.
const SECOND: u64 = 1 << 63;

/// Both.
pub(crate) struct Twins {
    /// This one has the disk, and answers to people.
    first: Box<dyn Machine>,
    /// This one lives in memory: what it saves is gone with its process.
    second: Box<dyn Machine>,
    lie: Lie,
    /// Who can be reached.
    up: Vec<PeerId>,
}

impl Twins {
    pub fn new(machine: Box<dyn Machine>, lie: Lie) -> Self {
        Self {
            second: machine.fork(),
            first: machine,
            lie,
            up: Vec::new(),
        }
    }

    /// Whether a peer talks with the second.
    fn is_seconds(&self, peer: PeerId) -> bool {
        self.lie.to.contains(&peer)
    }

    fn parts(&self, peers: &[PeerId]) -> (Vec<PeerId>, Vec<PeerId>) {
        peers.iter().partition(|peer| !self.is_seconds(**peer))
    }

    fn step_first(&mut self, now: Time, input: Input, out: &mut Outbox) {
        let mut wanted = Outbox::new();
        self.first.step(now, input, &mut wanted);
        for output in wanted {
            match output {
                Output::Send { to, packet } => self.send(false, to, &packet, out),
                other => out.push(other),
            }
        }
    }

    /// The second searches and is woken under names of its own.
    fn step_second(&mut self, now: Time, input: Input, out: &mut Outbox) {
        let mut wanted = Outbox::new();
        self.second.step(now, input, &mut wanted);
        for output in wanted {
            match output {
                Output::Send { to, packet } => self.send(true, to, &packet, out),
                Output::Arm { key, at } => {
                    let key = seconds(key);
                    out.push(Output::Arm { key, at });
                }
                Output::Disarm { key } => out.push(Output::Disarm { key: seconds(key) }),
                Output::Work(job) => {
                    let id = JobId(job.id.0 | SECOND);
                    out.push(Output::Work(Job { id, ..job }));
                }
                Output::Stop(JobId(id)) => out.push(Output::Stop(JobId(id | SECOND))),
                Output::Tell(event) => out.push(Output::Tell(event)),
                // The first reads for both; nobody asked the second anything.
                Output::Save(_)
                | Output::Load { .. }
                | Output::Admitted { .. }
                | Output::Answer { .. }
                | Output::Executed { .. }
                | Output::Restored { .. } => {}
            }
        }
    }

    fn send(&self, second: bool, to: To, packet: &Packet, out: &mut Outbox) {
        let peers = match to {
            To::All => self.up.clone(),
            To::Peer(peer) => Vec::from([peer]),
        };
        let own = peers
            .into_iter()
            .filter(|peer| self.is_seconds(*peer) == second);
        out.extend(own.map(|peer| Output::Send {
            to: To::Peer(peer),
            packet: packet.clone(),
        }));
    }
}

/// The name of a timer of the second: the first has all others.
fn seconds(key: TimerKey) -> TimerKey {
    TimerKey::Twist(match key {
        TimerKey::Node(key) => key << 1,
        TimerKey::Protocol(key) | TimerKey::Twist(key) => key << 1 | 1,
    })
}

/// The second's own name for one of its timers.
fn own(key: u16) -> TimerKey {
    match key & 1 {
        0 => TimerKey::Node(key >> 1),
        _ => TimerKey::Protocol(key >> 1),
    }
}

impl Machine for Twins {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        match input {
            Input::Boot { .. } | Input::Loaded { .. } | Input::Search { .. } => {
                self.step_first(now, input.clone(), out);
                self.step_second(now, input, out);
            }
            Input::Peers { up } => {
                let (first, second) = self.parts(&up);
                self.up = up;
                self.step_first(now, Input::Peers { up: first }, out);
                self.step_second(now, Input::Peers { up: second }, out);
            }
            Input::Packet { from, .. } if self.is_seconds(from) => {
                self.step_second(now, input, out);
            }
            Input::Timer {
                key: TimerKey::Twist(key),
            } => self.step_second(now, Input::Timer { key: own(key) }, out),
            Input::Found {
                job: JobId(job),
                nonce,
            } if job & SECOND > 0 => {
                let job = JobId(job & !SECOND);
                self.step_second(now, Input::Found { job, nonce }, out);
            }
            Input::Spent { job: JobId(job) } if job & SECOND > 0 => {
                let job = JobId(job & !SECOND);
                self.step_second(now, Input::Spent { job }, out);
            }
            _ => self.step_first(now, input, out),
        }
    }

    fn glance(&self) -> Glance {
        self.first.glance()
    }

    fn inspect(&self) -> Sheet {
        self.first.inspect()
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(Self {
            first: self.first.fork(),
            second: self.second.fork(),
            lie: self.lie.clone(),
            up: self.up.clone(),
        })
    }
}
