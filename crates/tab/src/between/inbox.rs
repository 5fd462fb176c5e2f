//! What arrives on the room's channel, kept within bounds before anybody looks at it.
//!
//! Anything of the same origin may post there, so every known sender has a token bucket, strangers
//! share one, the queues drop their oldest, and what is not an envelope is only counted. Packets
//! are heard only from the tab that hosts their sender ([`super::tagged`]).

use std::collections::BTreeMap;

use chain::PeerId;
use protocol::Packet;
use protocol::envelope::{Envelope, EnvelopeError, Kind, MAX_PAYLOAD, RoomId};

use super::bucket::{Bucket, Rate};
use super::tagged::{Links, NotHeard};
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

/// A packet from a node of another tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The node that speaks.
    pub from: PeerId,
    /// The node that it speaks to; all if `None`.
    pub to: Option<PeerId>,
    /// What it says.
    pub packet: Packet,
    /// The chain that it belongs to.
    generation: u32,
}

/// What a tab says to other tabs: a heartbeat or a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Which of the two.
    pub kind: Kind,
    /// The tab that speaks.
    pub from: PeerId,
    /// The number of what it says.
    pub sequence: u64,
    /// Its payload, signed.
    pub payload: Vec<u8>,
}

/// A tab or node that a heartbeat named.
#[derive(Debug)]
struct Known {
    /// The tab that hosts it, or that it is.
    host: PeerId,
    bucket: Bucket,
}

/// Everything heard and not yet looked at.
#[derive(Debug)]
pub struct Inbox {
    room: RoomId,
    packets: Bounded<Arrived>,
    said: Bounded<Said>,
    known: BTreeMap<PeerId, Known>,
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

    /// Sets who is known: tabs and nodes named by heartbeats, each with the tab that hosts it.
    pub fn know(&mut self, senders: impl IntoIterator<Item = (PeerId, PeerId)>, now: u64) {
        let mut before = std::mem::take(&mut self.known);
        for (id, host) in senders {
            let bucket = before.remove(&id).map(|known| known.bucket);
            let bucket = bucket.unwrap_or_else(|| Bucket::full(KNOWN, now));
            self.known.entry(id).or_insert(Known { host, bucket });
        }
    }

    /// Bytes arrived. `mine` tells whether an id is this tab's or one of its nodes'.
    pub fn hear(
        &mut self,
        bytes: &[u8],
        mine: impl Fn(&PeerId) -> bool,
        links: &mut Links,
        now: u64,
    ) {
        let envelope = match Envelope::decode(bytes, self.room) {
            Ok(envelope) => envelope,
            Err(EnvelopeError::OtherVersion(_)) => {
                self.other_version = true;
                return;
            }
            Err(_) => return self.refuse(),
        };
        if mine(&envelope.sender) {
            return self.refuse();
        }
        match envelope.kind {
            Kind::Packet if envelope.recipient.is_some_and(|to| !mine(&to)) => {}
            Kind::Packet => self.take_packet(&envelope, links, now),
            kind @ (Kind::Heartbeat | Kind::Command) => self.take_said(kind, envelope, now),
        }
    }

    /// Counts something that is not even bytes, or turned out to be garbage later.
    pub fn refuse(&mut self) {
        self.garbage = self.garbage.saturating_add(1);
    }

    /// The next heartbeat or command.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop()
    }

    /// The next packet of the chain that counts. Packets of any other chain, as after a reset, are
    /// lost; gossip makes up for that.
    pub fn next_packet(&mut self, generation: u32) -> Option<Arrived> {
        std::iter::from_fn(|| self.packets.pop())
            .find(|one| one.generation == generation || is_planted(Bug::PacketsOfAnotherChain))
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

    /// How many messages were dropped since the last call.
    pub fn take_garbage(&mut self) -> u32 {
        let overflow = self
            .packets
            .take_dropped()
            .saturating_add(self.said.take_dropped());
        std::mem::take(&mut self.garbage).saturating_add(overflow)
    }

    /// Whether an envelope of another version was heard since the last call.
    pub fn take_other_version(&mut self) -> bool {
        std::mem::take(&mut self.other_version)
    }

    /// Charges the bucket first, because signatures are slow to verify.
    fn take_said(&mut self, kind: Kind, envelope: Envelope, now: u64) {
        let may = match self.known.get_mut(&envelope.sender) {
            Some(known) => known.bucket.take(KNOWN, 1, now),
            None => self.strangers.take(STRANGERS, 1, now),
        };
        if !may {
            return self.refuse();
        }
        let said = Said {
            kind,
            from: envelope.sender,
            sequence: envelope.sequence,
            payload: envelope.payload,
        };
        self.said.push(said.payload.len(), said);
    }

    /// Nodes are heard only once their tab has named them; earlier packets are lost. What others
    /// say in a node's name takes nothing out of its bucket.
    fn take_packet(&mut self, envelope: &Envelope, links: &mut Links, now: u64) {
        let from = envelope.sender;
        let Some(known) = self.known.get_mut(&from) else {
            return;
        };
        let opened = match links.open(&known.host, envelope) {
            Ok(opened) if known.bucket.take(KNOWN, 1, now) => opened,
            // Every tab hears what is said to others: that is not garbage.
            Err(NotHeard::Untagged) => return,
            _ => return self.refuse(),
        };
        let wire_size = u32::try_from(opened.message.len()).unwrap_or(u32::MAX);
        let packet = Packet {
            channel: envelope.channel,
            bytes: opened.message.into(),
            wire_size,
        };
        let arrived = Arrived {
            from,
            to: envelope.recipient,
            packet,
            generation: opened.generation,
        };
        self.packets.push(arrived.packet.bytes.len(), arrived);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))] // property tests run natively
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use protocol::Channel;

    use super::super::tagged::tests::tabs;
    use super::*;
    use crate::cx::Me;

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

    /// Two tabs: this one, and another with nodes 1 and 2.
    struct Room {
        inbox: Inbox,
        here: Me,
        there: Me,
        said: u64,
    }

    impl Room {
        fn new() -> Self {
            let [here, there] = tabs(ROOM);
            let mut inbox = Inbox::new(ROOM, 0);
            inbox.know([(id(1), there.id), (id(2), there.id)], 0);
            let said = 0;
            Self {
                inbox,
                here,
                there,
                said,
            }
        }

        /// What a node of the other tab says.
        fn packet(&mut self, sender: PeerId, generation: u32, bytes: &[u8]) -> Vec<u8> {
            self.said += 1;
            let mut envelope = envelope(Kind::Packet, sender, vec![]);
            envelope.sequence = self.said;
            let listeners = BTreeSet::from([self.here.id]);
            let links = &self.there.links;
            let sealed = links.seal(envelope, (generation, bytes), &listeners);
            sealed.expect("a link").encode()
        }

        fn hear(&mut self, bytes: &[u8]) {
            let (links, me) = (&mut self.here.links, self.here.id);
            self.inbox.hear(bytes, |id| *id == me, links, 0);
        }

        fn hear_packet(&mut self, sender: PeerId, generation: u32, bytes: &[u8]) {
            let said = self.packet(sender, generation, bytes);
            self.hear(&said);
        }
    }

    #[test]
    fn packets_of_known_nodes_and_of_this_chain_get_in() {
        let mut room = Room::new();
        room.hear_packet(id(1), 3, b"hello");
        room.hear_packet(id(1), 2, b"before the reset");
        room.hear_packet(id(9), 3, b"a stranger");
        let mail = room.inbox.next_packet(3).unwrap();
        assert_eq!((mail.from, &*mail.packet.bytes), (id(1), &b"hello"[..]));
        assert_eq!(room.inbox.next_packet(3), None);
        assert_eq!(room.inbox.take_garbage(), 0);
    }

    #[test]
    fn packets_that_waited_during_a_reset_are_lost() {
        let mut room = Room::new();
        room.hear_packet(id(1), 3, b"before the reset");
        room.hear_packet(id(1), 4, b"after it");
        let mail = room.inbox.next_packet(4).unwrap();
        assert_eq!(&*mail.packet.bytes, b"after it");
        assert!(room.inbox.is_empty());
    }

    #[test]
    fn a_replayed_packet_is_garbage_and_one_for_others_is_not() {
        let mut room = Room::new();
        let said = room.packet(id(1), 0, b"hello");
        room.hear(&said);
        room.hear(&said);
        assert!(room.inbox.next_packet(0).is_some());
        assert_eq!(room.inbox.next_packet(0), None);
        assert_eq!(room.inbox.take_garbage(), 1);
        let elsewhere = Envelope {
            recipient: Some(id(3)),
            ..envelope(Kind::Packet, id(1), vec![1; 50])
        };
        room.hear(&elsewhere.encode());
        assert!(room.inbox.is_empty());
        assert_eq!(room.inbox.take_garbage(), 0);
    }

    #[test]
    fn our_own_name_from_outside_is_garbage() {
        let mut room = Room::new();
        let me = room.here.id;
        for kind in [Kind::Packet, Kind::Command, Kind::Heartbeat] {
            room.hear(&envelope(kind, me, vec![1; 50]).encode());
        }
        assert!(room.inbox.is_empty());
        let garbage = [room.inbox.take_garbage(), room.inbox.take_garbage()];
        assert_eq!(garbage, [3, 0]);
    }

    #[test]
    fn other_rooms_and_versions_are_told_apart() {
        let mut room = Room::new();
        let mut bytes = Envelope {
            room: RoomId([6; 16]),
            ..envelope(Kind::Heartbeat, id(1), vec![])
        }
        .encode();
        room.hear(&bytes);
        assert_eq!(room.inbox.take_garbage(), 1);
        assert!(!room.inbox.take_other_version());
        for version in [2, 77] {
            bytes[2] = version;
            room.hear(&bytes);
            assert_eq!(room.inbox.take_garbage(), 0);
            assert!(room.inbox.take_other_version());
            assert!(!room.inbox.take_other_version());
        }
    }

    #[test]
    fn ten_thousand_messages_in_a_burst_do_not_pile_up() {
        let mut room = Room::new();
        let heartbeat = envelope(Kind::Heartbeat, id(2), vec![0; 40_000]).encode();
        for n in 0..10_000_u32 {
            room.hear_packet(id(1), 0, &[0; 6_000]);
            room.hear(&heartbeat);
            let mut stranger = [9; 32];
            stranger[..4].copy_from_slice(&n.to_le_bytes());
            let stranger = PeerId::from_bytes(stranger);
            room.hear(&envelope(Kind::Heartbeat, stranger, vec![1]).encode());
        }
        let inbox = &mut room.inbox;
        assert!(
            inbox.packets.bytes() <= MOST_MESSAGE_BYTES && inbox.packets.len() <= MOST_MESSAGES
        );
        assert!(inbox.said.bytes() <= MOST_SAID_BYTES && inbox.said.len() <= MOST_SAID);
        assert_eq!(inbox.known.len(), 2);
        let kept = inbox.packets.len() + inbox.said.len();
        assert_eq!(inbox.take_garbage() as usize, 30_000 - kept);
    }

    fn last(inbox: &mut Inbox) -> Option<PeerId> {
        let all = std::iter::from_fn(|| inbox.next_packet(0));
        all.last().map(|mail| mail.from)
    }

    #[test]
    fn one_flooding_sender_does_not_silence_another() {
        let mut room = Room::new();
        for _ in 0..10_000 {
            room.hear_packet(id(1), 0, b"x");
        }
        room.hear_packet(id(2), 0, b"y");
        assert_eq!(last(&mut room.inbox), Some(id(2)));
    }

    #[test]
    fn a_flood_in_a_nodes_name_does_not_silence_it() {
        let mut room = Room::new();
        let forged = envelope(Kind::Packet, id(1), vec![1; 100]).encode();
        for _ in 0..10_000 {
            room.hear(&forged);
        }
        room.hear_packet(id(1), 0, b"x");
        assert_eq!(last(&mut room.inbox), Some(id(1)));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut room = Room::new();
            room.hear(&bytes);
            prop_assert!(room.inbox.is_empty());
        }

        #[test]
        fn truncated_envelopes_are_garbage(cut in 0usize..80) {
            let mut room = Room::new();
            let bytes = room.packet(id(1), 0, b"hello");
            room.hear(&bytes[..cut.min(bytes.len() - 1)]);
            prop_assert_eq!((room.inbox.is_empty(), room.inbox.take_garbage()), (true, 1));
        }
    }
}
