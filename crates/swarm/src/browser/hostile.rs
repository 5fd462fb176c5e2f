//! A hostile page of the same origin that talks: garbage, echoes, forgeries, floods. It has heard
//! everything that was said, but has no key.

use chain::PeerId;
use pool::budget::{Announcement, Budget, Life as Announced};
use protocol::Channel as NodeChannel;
use protocol::envelope::{Envelope, Kind, RoomId};
use tab::between::heartbeat::Command;
use tab::between::signed;
use tab::between::tagged::Opened;
use wire::Power;

use super::World;
use super::channels::open;
use super::events::Event;
use crate::checkers::Seen;
use crate::script::{Step, Verb};

/// A sender that is no engine: a hostile page's messages stay in order, too.
const HOSTILE: u64 = u64::MAX;
/// The duty in forged settings that are dated in the future.
pub const FUTURE_DUTY: u8 = 37;
/// Where a heartbeat says whether it is the last one.
const BYE_AT: usize = 1;

impl World {
    pub(super) fn talk(&mut self, step: Step) {
        if step.verb == Verb::SlowChannels {
            self.coverage.count(step.verb.text());
            self.slow_until = self.now + u64::from(step.how % 9_000) * super::MS;
            return;
        }
        if step.verb == Verb::Tape {
            return self.play(step);
        }
        let Some(name) = self.channels.name(step.who) else {
            return;
        };
        let (which, how) = (step.how >> 8, step.how);
        let said = self.channels.said(&name, which);
        let all: Vec<Vec<u8>> = match (step.verb, said) {
            (Verb::Garbage, _) => vec![self.garbage(how % 300)],
            (Verb::Replay, Some(said)) => vec![said],
            (Verb::Mutate, Some(said)) => vec![self.mutated(said)],
            (Verb::Forge, Some(said)) => self.forged(&said, how).into_iter().collect(),
            (Verb::ForgePower, said) => vec![self.power(said, how)],
            (Verb::Flood, Some(said)) => self.flood(&said, how),
            _ => return,
        };
        self.coverage.count(step.verb.text());
        if name.contains("power") || step.verb == Verb::ForgePower {
            self.see(&Seen::ForgedPower);
        }
        for bytes in all {
            self.say_as_a_stranger(&name, &bytes);
        }
    }

    pub(super) fn say_as_a_stranger(&mut self, name: &str, bytes: &[u8]) {
        for to in self.channels.receivers(name) {
            self.send(HOSTILE, to, bytes);
        }
    }

    /// Repeats all that a tab has signed, slowly enough for others to look at its lock first.
    fn play(&mut self, step: Step) {
        let Some((name, tape)) = self.channels.taped(step.who) else {
            return;
        };
        self.coverage.count(Verb::Tape.text());
        let wait: [u64; 4] = [30, 120, 300, 700];
        let wait = wait[usize::try_from(step.how % 4).unwrap_or(0)] * super::MS;
        for (number, bytes) in (0..).zip(tape) {
            let at = self.now + number * 20 * super::MS + if number > 0 { wait } else { 0 };
            self.queue.plan(at, Event::Hostile(name.clone(), bytes));
        }
    }

    fn garbage(&mut self, len: u32) -> Vec<u8> {
        (0..len)
            .map(|_| self.rng.next_u64().to_le_bytes()[0])
            .collect()
    }

    fn mutated(&mut self, mut said: Vec<u8>) -> Vec<u8> {
        let at = usize::try_from(self.below(said.len() as u64)).unwrap_or(0);
        let bit = self.below(8);
        if let Some(byte) = said.get_mut(at) {
            *byte ^= 1 << bit;
        }
        said
    }

    /// An envelope in the name of whoever said that, with different content.
    fn forged(&mut self, said: &[u8], how: u32) -> Option<Vec<u8>> {
        let envelope = self.envelope(said, how)?;
        Some(envelope.encode())
    }

    fn envelope(&mut self, said: &[u8], how: u32) -> Option<Envelope> {
        let own = open(said)?;
        let Envelope {
            kind, room, sender, ..
        } = own;
        let payload = match how % 5 {
            0 if kind == Kind::Packet => self.junk(&own.payload),
            0 => self.garbage(200),
            1 => own.payload,
            2 => self.mutated(own.payload),
            3 => goodbye(kind, own.payload)?,
            _ => return Some(command(room, sender, self.subject(how), how)),
        };
        Some(Envelope {
            kind,
            room,
            channel: NodeChannel::MAIN,
            sender,
            recipient: None,
            sequence: u64::from(how) << 20,
            payload,
        })
    }

    /// Nonsense that looks like a packet: it keeps all that precedes the message.
    fn junk(&mut self, payload: &[u8]) -> Vec<u8> {
        let message = Opened::unchecked(payload).map_or(0, |opened| opened.message.len());
        let head = &payload[..payload.len() - message];
        [head, &self.garbage(200)].concat()
    }

    /// A node or tab that takes part.
    pub(super) fn somebody(&self, how: u32) -> PeerId {
        let (tab, node) = self.subject(how);
        node.unwrap_or(tab)
    }

    /// A tab that takes part, or a node of one.
    fn subject(&self, how: u32) -> (PeerId, Option<PeerId>) {
        let glances = self.views.values().map(|view| &view.glance);
        let all = glances.filter_map(|glance| Some((glance.me?, &glance.nodes)));
        let all: Vec<_> = all
            .flat_map(|(tab, nodes)| {
                let nodes = nodes.iter().map(move |node| (tab, Some(node.id)));
                nodes.chain([(tab, None)])
            })
            .collect();
        let which = usize::try_from(how >> 3)
            .unwrap_or(0)
            .checked_rem(all.len());
        which.map_or((PeerId::from_bytes([7; 32]), None), |which| all[which])
    }

    /// A forged power announcement.
    fn power(&mut self, said: Option<Vec<u8>>, how: u32) -> Vec<u8> {
        let said = said.and_then(|said| Announcement::decode(&said));
        let life = [Announced::Idle, Announced::Mining, Announced::Leaving];
        let workers = u8::try_from(how % 64 + 1).unwrap_or(1);
        let time = [0, 1, 1_000, u64::MAX >> 8][usize::try_from(how >> 6 & 3).unwrap_or(0)];
        // Nobody else sets these duties: a tab that shows the first has accepted a future setting.
        let duty = if time > 1_000 { FUTURE_DUTY } else { 41 };
        let power = Power { workers, duty };
        let by = self.rng.next_u64();
        let announcement = match said {
            Some(said) if how.is_multiple_of(2) => Announcement {
                life: life[usize::try_from(how >> 3 & 1).unwrap_or(0) * 2],
                ..said
            },
            _ => Announcement {
                tab: by,
                life: life[usize::try_from(how >> 8 & 1).unwrap_or(0)],
                budget: Budget { power, time, by },
            },
        };
        announcement.encode().to_vec()
    }

    /// Many envelopes of the room, from a known sender or from strangers.
    fn flood(&mut self, said: &[u8], how: u32) -> Vec<Vec<u8>> {
        let (count, size) = [(400, 60), (100, 500_000), (5_000, 0), (300, 3_000)]
            [usize::try_from(how >> 4 & 3).unwrap_or(0)];
        let Some(mut envelope) = self.envelope(said, 0) else {
            return Vec::new();
        };
        envelope.payload = vec![0; size];
        let strange = how.is_multiple_of(4);
        let message = |number: u32| {
            if strange {
                let mut id = [7; 32];
                id[..4].copy_from_slice(&number.to_le_bytes());
                envelope.sender = PeerId::from_bytes(id);
            }
            envelope.sequence = u64::MAX - u64::from(number);
            envelope.encode()
        };
        (0..count).map(message).collect()
    }
}

/// A heartbeat's payload turned into a goodbye; the signature no longer fits.
fn goodbye(kind: Kind, mut payload: Vec<u8>) -> Option<Vec<u8>> {
    let bye = payload.get_mut(signed::LEN + BYE_AT)?;
    *bye = 1;
    (kind == Kind::Heartbeat).then_some(payload)
}

/// A command in a sender's name to cut somebody off, with a meaningless signature.
fn command(
    room: RoomId,
    sender: PeerId,
    (tab, node): (PeerId, Option<PeerId>),
    how: u32,
) -> Envelope {
    let online = false;
    let command = Command { tab, node, online };
    Envelope {
        kind: Kind::Command,
        room,
        channel: NodeChannel::MAIN,
        sender,
        recipient: None,
        sequence: u64::from(how) << 20,
        payload: [&[7; signed::LEN][..], &command.encode()].concat(),
    }
}
