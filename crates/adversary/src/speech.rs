//! A machine that hears, decides and stores as it should, and says something else.

use alloc::{boxed::Box, vec::Vec};

use chain::{PeerId, Stream, Time};
use protocol::{Glance, Input, Machine, Outbox, Output, Packet, Sheet, TimerKey, To};
use rpds::QueueSync;

use crate::{Kind, Lie};

/// When the next of what waits is to be said.
const DUE: TimerKey = TimerKey::Twist(0);
/// The most messages that wait; more are never said.
const WAITING: usize = 4_096;

/// The machine and what it has yet to say.
pub(crate) struct Twisted {
    machine: Box<dyn Machine>,
    lie: Lie,
    /// Who can be reached.
    up: Vec<PeerId>,
    waits: QueueSync<(Time, To, Packet)>,
    rng: Stream,
}

impl Twisted {
    pub fn new(machine: Box<dyn Machine>, lie: Lie, seed: u64) -> Self {
        Self {
            machine,
            up: Vec::new(),
            waits: QueueSync::new_sync(),
            rng: Stream::new(seed, 0, "adversary"),
            lie,
        }
    }

    fn say(&mut self, now: Time, to: To, packet: Packet, out: &mut Outbox) {
        let (lied, told) = self.split(to);
        for to in told {
            let packet = packet.clone();
            out.push(Output::Send { to, packet });
        }
        for to in lied {
            self.tell_lie(now, to, packet.clone(), out);
        }
    }

    /// Who of those whom something is for is lied to, and who is told the truth.
    fn split(&self, to: To) -> (Vec<To>, Vec<To>) {
        match to {
            To::All if self.lie.to.is_empty() => (Vec::from([to]), Vec::new()),
            To::All => {
                let peers = self.up.iter().copied();
                let (lied, told): (Vec<_>, Vec<_>) =
                    peers.partition(|peer| self.lie.concerns(*peer));
                let each = |peers: Vec<PeerId>| peers.into_iter().map(To::Peer).collect();
                (each(lied), each(told))
            }
            To::Peer(peer) if self.lie.concerns(peer) => (Vec::from([to]), Vec::new()),
            To::Peer(_) => (Vec::new(), Vec::from([to])),
        }
    }

    fn tell_lie(&mut self, now: Time, to: To, packet: Packet, out: &mut Outbox) {
        match self.lie.kind {
            Kind::Silent | Kind::Twins => {}
            Kind::Delay => self.wait(now, to, packet, out),
            Kind::Replay => {
                self.wait(now, To::All, packet.clone(), out);
                out.push(Output::Send { to, packet });
            }
            Kind::Garble => {
                let packet = self.garbled(packet);
                out.push(Output::Send { to, packet });
            }
        }
    }

    fn wait(&mut self, now: Time, to: To, packet: Packet, out: &mut Outbox) {
        if self.waits.len() < WAITING {
            let at = now.saturating_add(self.lie.by);
            if self.waits.is_empty() {
                out.push(Output::Arm { key: DUE, at });
            }
            self.waits.enqueue_mut((at, to, packet));
        }
    }

    /// Says what has waited for long enough.
    fn catch_up(&mut self, now: Time, out: &mut Outbox) {
        while let Some((at, to, packet)) = self.waits.peek().cloned() {
            if at > now {
                return out.push(Output::Arm { key: DUE, at });
            }
            self.waits.dequeue_mut();
            match to {
                To::Peer(_) => out.push(Output::Send { to, packet }),
                To::All => {
                    let (lied, _) = self.split(to);
                    let send = |to| Output::Send {
                        to,
                        packet: packet.clone(),
                    };
                    out.extend(lied.into_iter().map(send));
                }
            }
        }
    }

    fn garbled(&mut self, packet: Packet) -> Packet {
        let mut bytes = packet.bytes.to_vec();
        let bits = u64::try_from(bytes.len()).unwrap_or(u64::MAX) * 8;
        if bits > 0 {
            let bit = self.rng.below(bits);
            let place = usize::try_from(bit / 8).expect("within the packet");
            bytes[place] ^= 1 << (bit % 8);
        }
        let bytes = bytes.into();
        Packet { bytes, ..packet }
    }
}

impl Machine for Twisted {
    fn step(&mut self, now: Time, input: Input, out: &mut Outbox) {
        if matches!(input, Input::Timer { key: DUE }) {
            return self.catch_up(now, out);
        }
        if let Input::Peers { up } = &input {
            self.up.clone_from(up);
        }
        let mut wanted = Outbox::new();
        self.machine.step(now, input, &mut wanted);
        for output in wanted {
            match output {
                Output::Send { to, packet } => self.say(now, to, packet, out),
                other => out.push(other),
            }
        }
    }

    fn glance(&self) -> Glance {
        self.machine.glance()
    }

    fn inspect(&self) -> Sheet {
        self.machine.inspect()
    }

    fn fork(&self) -> Box<dyn Machine> {
        Box::new(Self {
            machine: self.machine.fork(),
            lie: self.lie.clone(),
            up: self.up.clone(),
            waits: self.waits.clone(),
            rng: self.rng.clone(),
        })
    }
}
