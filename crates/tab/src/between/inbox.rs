//! What arrives on the room's channel, kept within bounds before anybody looks at it.
//!
//! Anything of the same origin may post there, so every sender has a token bucket, all strangers
//! share one, the queues drop their oldest, and what is not an envelope is only counted.

use std::collections::BTreeMap;

use chain::PeerId;
use protocol::Packet;
use protocol::envelope::{Envelope, EnvelopeError, Kind, MAX_PAYLOAD, RoomId};

use super::bucket::{Bucket, Rate};
use crate::bounded::Bounded;
use crate::planted::{Bug, is_planted};

/// No envelope is longer, in bytes; longer messages are not even copied.
pub const MOST_BYTES: usize = MAX_PAYLOAD + 128;

const KNOWN: Rate = Rate {
    burst: 4_000,
    per_second: 2_000,
};
const STRANGERS: Rate = Rate {
    burst: 200,
    per_second: 50,
};
const MOST_MESSAGES: usize = 4_096;
const MOST_MESSAGE_BYTES: usize = 16 << 20;
const MOST_SAID: usize = 256;
const MOST_SAID_BYTES: usize = 4 << 20;
/// Bytes before a packet's own: the generation it belongs to.
const STAMP: usize = 4;

/// A packet from a node of another tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The node that speaks.
    pub from: PeerId,
    /// The node it speaks to; all if `None`.
    pub to: Option<PeerId>,
    /// What it says.
    pub packet: Packet,
    /// The chain that it belongs to.
    generation: u32,
}

/// What a tab says to tabs: a heartbeat or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which of the two.
    pub kind: Kind,
    /// The tab that speaks.
    pub from: PeerId,
    /// Counts what it says.
    pub sequence: u64,
    /// Its payload, signed.
    pub payload: Vec<u8>,
}

/// Everything that was heard and not yet looked at.
#[derive(Debug)]
pub struct Inbox {
    room: RoomId,
    packets: Bounded<Arrived>,
    said: Bounded<Said>,
    known: BTreeMap<PeerId, Bucket>,
    strangers: Bucket,
    garbage: u32,
    other_version: bool,
}

impl Inbox {
    /// An empty inbox of a room.
    #[must_use]
    pub fn new(room: RoomId, now: u64) -> Self {
        let most = if is_planted(Bug::InboxWithoutBound) {
            usize::MAX
        } else {
            MOST_MESSAGE_BYTES
        };
        Self {
            room,
            packets: Bounded::new(MOST_MESSAGES, most),
            said: Bounded::new(MOST_SAID, MOST_SAID_BYTES),
            known: BTreeMap::new(),
            strangers: Bucket::full(STRANGERS, now),
            garbage: 0,
            other_version: false,
        }
    }

    /// Who is known from now on: tabs and nodes that heartbeats named.
    pub fn know(&mut self, senders: impl IntoIterator<Item = PeerId>, now: u64) {
        let mut before = std::mem::take(&mut self.known);
        let bucket = |id| {
            (
                id,
                before
                    .remove(&id)
                    .unwrap_or_else(|| Bucket::full(KNOWN, now)),
            )
        };
        self.known = senders.into_iter().map(bucket).collect();
    }

    /// Bytes arrived. `mine` says whether a sender's name is one of this tab.
    pub fn hear(&mut self, bytes: &[u8], mine: impl Fn(&PeerId) -> bool, now: u64) {
        let envelope = match Envelope::decode(bytes, self.room) {
            Ok(envelope) => envelope,
            Err(EnvelopeError::OtherVersion(_)) => {
                self.other_version = true;
                return;
            }
            Err(_) => return self.refuse(),
        };
        if mine(&envelope.sender) || !self.may(&envelope.sender, now) {
            return self.refuse();
        }
        match envelope.kind {
            Kind::Packet => self.take_packet(envelope),
            kind @ (Kind::Heartbeat | Kind::Command) => {
                let (from, sequence) = (envelope.sender, envelope.sequence);
                let payload = envelope.payload;
                self.said.push(
                    payload.len(),
                    Said {
                        kind,
                        from,
                        sequence,
                        payload,
                    },
                );
            }
        }
    }

    /// Something arrived that is not even bytes, or turned out to be garbage later.
    pub fn refuse(&mut self) {
        self.garbage = self.garbage.saturating_add(1);
    }

    /// The next heartbeat or command.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop()
    }

    /// The next packet of the chain that counts. What belongs to one that was reset, before or
    /// since it arrived, is lost, and gossip makes up for it.
    pub fn next_packet(&mut self, generation: u32) -> Option<Arrived> {
        std::iter::from_fn(|| self.packets.pop())
            .find(|came| came.generation == generation || is_planted(Bug::PacketsOfAnotherChain))
    }

    /// Whether heartbeats or commands wait.
    #[must_use]
    pub fn has_said(&self) -> bool {
        !self.said.is_empty()
    }

    /// Bytes that wait.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.packets.bytes() + self.said.bytes()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty() && self.said.is_empty()
    }

    /// How many messages were dropped since this was asked last.
    pub fn take_garbage(&mut self) -> u32 {
        let overflow = self
            .packets
            .take_dropped()
            .saturating_add(self.said.take_dropped());
        std::mem::take(&mut self.garbage).saturating_add(overflow)
    }

    /// Whether an envelope of another version was heard since this was asked last.
    pub fn take_other_version(&mut self) -> bool {
        std::mem::take(&mut self.other_version)
    }

    fn may(&mut self, sender: &PeerId, now: u64) -> bool {
        match self.known.get_mut(sender) {
            Some(bucket) => bucket.take(KNOWN, 1, now),
            None => self.strangers.take(STRANGERS, 1, now),
        }
    }

    /// Nodes speak only once their tab has said that they exist; what came too early is lost.
    fn take_packet(&mut self, envelope: Envelope) {
        if !self.known.contains_key(&envelope.sender) {
            return;
        }
        let Some((stamp, bytes)) = envelope.payload.split_first_chunk::<STAMP>() else {
            return self.refuse();
        };
        let wire_size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let packet = Packet {
            channel: envelope.channel,
            bytes: bytes.into(),
            wire_size,
        };
        let mail = Arrived {
            from: envelope.sender,
            to: envelope.recipient,
            packet,
            generation: u32::from_le_bytes(*stamp),
        };
        self.packets.push(mail.packet.bytes.len(), mail);
    }
}

/// A packet as the payload of an envelope; `None` if it is too large to travel.
#[must_use]
pub fn stamp(generation: u32, packet: &Packet) -> Option<Vec<u8>> {
    let payload = [&generation.to_le_bytes()[..], &packet.bytes].concat();
    (payload.len() <= MAX_PAYLOAD).then_some(payload)
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
mod tests {
    use proptest::prelude::*;
    use protocol::{Channel, encode_packet};

    use super::*;

    const ROOM: RoomId = RoomId([5; 16]);

    fn id(byte: u8) -> PeerId {
        PeerId::from_bytes([byte; 32])
    }

    fn envelope(kind: Kind, sender: PeerId, payload: Vec<u8>) -> Envelope {
        let (room, channel) = (ROOM, Channel::MAIN);
        Envelope {
            kind,
            room,
            channel,
            sender,
            recipient: None,
            sequence: 0,
            payload,
        }
    }

    fn packet(sender: PeerId, generation: u32, bytes: &[u8]) -> Vec<u8> {
        let payload = stamp(generation, &encode_packet(bytes.to_vec())).unwrap();
        envelope(Kind::Packet, sender, payload).encode()
    }

    fn inbox() -> Inbox {
        let mut inbox = Inbox::new(ROOM, 0);
        inbox.know([id(1), id(2)], 0);
        inbox
    }

    fn nobody(_: &PeerId) -> bool {
        false
    }

    #[test]
    fn packets_of_known_nodes_and_of_this_chain_get_in() {
        let mut inbox = inbox();
        inbox.hear(&packet(id(1), 3, b"hello"), nobody, 0);
        inbox.hear(&packet(id(1), 2, b"before the reset"), nobody, 0);
        inbox.hear(&packet(id(9), 3, b"a stranger"), nobody, 0);
        let mail = inbox.next_packet(3).unwrap();
        assert_eq!((mail.from, &*mail.packet.bytes), (id(1), &b"hello"[..]));
        assert_eq!((inbox.next_packet(3), inbox.take_garbage()), (None, 0));
    }

    #[test]
    fn packets_that_waited_while_the_chain_was_reset_are_lost() {
        let mut inbox = inbox();
        inbox.hear(&packet(id(1), 3, b"before the reset"), nobody, 0);
        inbox.hear(&packet(id(1), 4, b"after it"), nobody, 0);
        let mail = inbox.next_packet(4).unwrap();
        assert_eq!(&*mail.packet.bytes, b"after it");
        assert!(inbox.is_empty());
    }

    #[test]
    fn our_own_name_from_outside_is_garbage() {
        let mut inbox = inbox();
        inbox.hear(&packet(id(1), 0, b"I am you"), |sender| *sender == id(1), 0);
        inbox.hear(
            &envelope(Kind::Command, id(1), vec![]).encode(),
            |sender| *sender == id(1),
            0,
        );
        assert!(inbox.is_empty());
        assert_eq!((inbox.take_garbage(), inbox.take_garbage()), (2, 0));
    }

    #[test]
    fn other_rooms_and_versions_are_told_apart() {
        let mut inbox = inbox();
        let mut bytes = Envelope {
            room: RoomId([6; 16]),
            ..envelope(Kind::Heartbeat, id(1), vec![])
        }
        .encode();
        inbox.hear(&bytes, nobody, 0);
        assert_eq!(
            (inbox.take_garbage(), inbox.take_other_version()),
            (1, false)
        );
        bytes[2] = 77;
        inbox.hear(&bytes, nobody, 0);
        assert_eq!(
            (inbox.take_garbage(), inbox.take_other_version()),
            (0, true)
        );
        assert!(!inbox.take_other_version());
    }

    #[test]
    fn ten_thousand_messages_in_a_burst_do_not_pile_up() {
        let mut inbox = inbox();
        let big = packet(id(1), 0, &[0; 60_000]);
        let heartbeat = envelope(Kind::Heartbeat, id(2), vec![0; 40_000]).encode();
        for n in 0..10_000_u32 {
            inbox.hear(&big, nobody, 0);
            inbox.hear(&heartbeat, nobody, 0);
            let mut stranger = [9; 32];
            stranger[..4].copy_from_slice(&n.to_le_bytes());
            let stranger = PeerId::from_bytes(stranger);
            inbox.hear(
                &envelope(Kind::Heartbeat, stranger, vec![1]).encode(),
                nobody,
                0,
            );
        }
        assert!(
            inbox.packets.bytes() <= MOST_MESSAGE_BYTES && inbox.packets.len() <= MOST_MESSAGES
        );
        assert!(inbox.said.bytes() <= MOST_SAID_BYTES && inbox.said.len() <= MOST_SAID);
        assert_eq!(inbox.known.len(), 2);
        let kept = inbox.packets.len() + inbox.said.len();
        assert_eq!(inbox.take_garbage() as usize, 30_000 - kept);
    }

    #[test]
    fn one_flooding_sender_does_not_silence_another() {
        let mut inbox = inbox();
        for _ in 0..10_000 {
            inbox.hear(&packet(id(1), 0, b"x"), nobody, 0);
        }
        inbox.hear(&packet(id(2), 0, b"y"), nobody, 0);
        let mut last = None;
        while let Some(mail) = inbox.next_packet(0) {
            last = Some(mail);
        }
        assert_eq!(last.map(|mail| mail.from), Some(id(2)));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut inbox = inbox();
            inbox.hear(&bytes, nobody, 0);
            prop_assert!(inbox.is_empty());
        }

        #[test]
        fn truncated_envelopes_are_garbage(cut in 0usize..80) {
            let mut inbox = inbox();
            let bytes = packet(id(1), 0, b"hello");
            inbox.hear(&bytes[..cut.min(bytes.len() - 1)], nobody, 0);
            prop_assert_eq!((inbox.is_empty(), inbox.take_garbage()), (true, 1));
        }
    }
}
