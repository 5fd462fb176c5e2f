//! A hostile page that poses as a tab: it has a key of its own and signs what it says, as tabs do.
//! Half of the time it also holds the lock that bears its name.

use chain::{SecretKey, Stream};
use protocol::Channel as NodeChannel;
use protocol::envelope::{Envelope, Kind, RoomId};
use tab::between::generation::Generation;
use tab::between::heartbeat::{Heartbeat, NodeHeartbeat};
use tab::between::signed;

use super::events::Event;
use super::locks::Owner;
use super::{MS, World};
use crate::checkers::Seen;
use crate::script::Step;

/// How many times it says the same, and how far apart.
const TIMES: u64 = 5;
const EVERY: u64 = 350 * MS;

impl World {
    /// Announces a generation in a room where there are tabs.
    pub(super) fn pose(&mut self, step: Step) {
        let Some((room, ours)) = self.some_room(step.who) else {
            return;
        };
        let Some(channel) = self.channels.of_room(room) else {
            return;
        };
        self.coverage.count(step.verb.text());
        let generation = generation(ours, step.how >> 2);
        self.see(&Seen::Posed { room, generation });
        let key = key(self.script.seed, step.how);
        if step.how & 1 == 0 {
            self.hold_own_lock(room, &key, step.how);
        }
        let heartbeat = self.poses(generation, step.how).encode();
        for time in 0..TIMES {
            let number = (self.now / MS) << 8 | time;
            let bytes = sign(&key, room, number, &heartbeat);
            let (at, channel) = (self.now + time * EVERY, channel.clone());
            self.queue.plan(at, Event::Hostile(channel, bytes));
        }
    }

    /// A room with tabs in it, and the generation that counts for one of them.
    fn some_room(&self, who: u32) -> Option<(RoomId, Generation)> {
        let glances = self.views.values().map(|view| &view.glance);
        let all: Vec<_> = glances
            .filter_map(|glance| Some((glance.room?, glance.generation)))
            .collect();
        let which = usize::try_from(who).ok()?.checked_rem(all.len())?;
        all.get(which).copied()
    }

    /// Names of locks are no secret: this one is formed like those of tabs.
    fn hold_own_lock(&mut self, room: RoomId, key: &SecretKey, how: u32) {
        let me = key.public_key().peer_id();
        let Some(name) = self.locks.like_a_tabs(room, &me) else {
            return;
        };
        self.claims += 1;
        let claim = self.claims;
        let answers = self.locks.ask(Owner::Hostile(claim), &name, true);
        self.answer_locks(answers);
        let at = self.now + u64::from(how % 7_001) * MS;
        self.queue.plan(at, Event::Unhold(claim));
    }

    fn poses(&self, generation: Generation, how: u32) -> Heartbeat {
        let node = NodeHeartbeat {
            id: self.somebody(how >> 4),
            seat: how % 8,
            online: true,
            height: how % 5,
            tip: chain::BlockId::ZERO,
            work: chain::Work::default(),
            sync: None,
            loading: None,
            rows: Vec::new(),
        };
        Heartbeat {
            label: how % 8,
            bye: how & 0x70 == 0,
            online: true,
            mining: false,
            hash_rate: 0,
            generation,
            nodes: vec![node],
            branches: Vec::new(),
        }
    }
}

/// What a reset or an undo would make of `ours`, or something destructive.
fn generation(ours: Generation, how: u32) -> Generation {
    let stamp = ours.stamp.saturating_add(1);
    match how % 6 {
        0 => ours.reset(),
        1 => ours.undone().unwrap_or_else(|| ours.reset()),
        2 => alone(stamp),
        3 => ours.reset().reset(),
        4 => Generation {
            stamp: stamp.saturating_add(999),
            ..ours
        },
        _ => alone(u32::MAX),
    }
}

/// A generation that keeps no other chain.
fn alone(number: u32) -> Generation {
    Generation {
        stamp: number,
        current: number,
        undo: None,
    }
}

/// One of a few keys.
fn key(seed: u64, how: u32) -> SecretKey {
    let mut stream = Stream::new(seed, how % 5, "poser");
    loop {
        let mut bytes = [0; 32];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&stream.next_u64().to_le_bytes());
        }
        if let Ok(key) = SecretKey::from_bytes(&bytes) {
            return key;
        }
    }
}

/// A heartbeat in an envelope, signed as a tab with this key would.
fn sign(key: &SecretKey, room: RoomId, number: u64, payload: &[u8]) -> Vec<u8> {
    let kind = Kind::Heartbeat;
    let envelope = Envelope {
        kind,
        room,
        channel: NodeChannel::MAIN,
        sender: key.public_key().peer_id(),
        recipient: None,
        sequence: number,
        payload: signed::sign(key, room, kind, number, payload),
    };
    envelope.encode()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain::PeerId;

    #[test]
    fn what_a_poser_says_is_signed_as_tabs_sign() {
        let room = RoomId([5; 16]);
        let key = key(1, 2);
        let said = sign(&key, room, 7, b"alive");
        let said = Envelope::decode(&said, room).expect("an envelope");
        let me: PeerId = key.public_key().peer_id();
        let read = signed::verify(me, room, Kind::Heartbeat, 7, &said.payload);
        assert_eq!(
            (said.sender, read),
            (me, Some((key.public_key(), &b"alive"[..])))
        );
    }
}
