//! The bounded decoder accepts every envelope of ours and survives everything else.

use chain::PeerId;
use proptest::prelude::*;
use protocol::Channel;
use protocol::envelope::{Envelope, EnvelopeError, Kind, MAX_PAYLOAD, RoomId};

const ROOM: RoomId = RoomId([7; 16]);

fn sample() -> Envelope {
    Envelope {
        kind: Kind::Packet,
        room: ROOM,
        channel: Channel::MAIN,
        sender: PeerId::from_bytes([1; 32]),
        recipient: Some(PeerId::from_bytes([2; 32])),
        sequence: u64::MAX,
        payload: vec![9; 100],
    }
}

#[test]
fn every_truncation_is_refused() {
    let bytes = sample().encode();
    for len in 0..bytes.len() {
        let error = Envelope::decode(&bytes[..len], ROOM).expect_err("cut short");
        assert_eq!(error, EnvelopeError::Truncated { len });
    }
}

#[test]
fn each_kind_of_garbage_has_its_own_error() {
    let good = sample().encode();
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        Envelope::decode(&bad, ROOM).expect_err("damaged")
    };
    assert_eq!(with(0, b'X'), EnvelopeError::BadMagic(*b"XC"));
    assert_eq!(with(2, 1), EnvelopeError::OtherVersion(1));
    assert_eq!(with(3, 9), EnvelopeError::UnknownKind(9));
    assert!(matches!(with(4, 8), EnvelopeError::OtherRoom(_)));
    assert_eq!(with(53, 2), EnvelopeError::BadFlag(2));
    let mut long = good.clone();
    long.push(0);
    assert_eq!(
        Envelope::decode(&long, ROOM),
        Err(EnvelopeError::Trailing { extra: 1 })
    );
}

#[test]
fn a_declared_gigabyte_is_refused_before_it_is_allocated() {
    let mut bytes = sample().encode();
    let at = bytes.len() - 100 - 4;
    bytes[at..at + 4].copy_from_slice(&(1u32 << 30).to_le_bytes());
    assert_eq!(
        Envelope::decode(&bytes, ROOM),
        Err(EnvelopeError::Oversized(1 << 30))
    );
}

#[test]
fn the_largest_payload_passes() {
    let envelope = Envelope {
        payload: vec![1; MAX_PAYLOAD],
        ..sample()
    };
    assert_eq!(Envelope::decode(&envelope.encode(), ROOM), Ok(envelope));
}

proptest! {
    #[test]
    fn envelopes_round_trip(
        kind in prop_oneof![Just(Kind::Packet), Just(Kind::Heartbeat), Just(Kind::Command)],
        channel: u8, sender: [u8; 32], recipient: Option<[u8; 32]>, sequence: u64,
        payload in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let envelope = Envelope {
            kind, room: ROOM, channel: Channel(channel), sender: PeerId::from_bytes(sender),
            recipient: recipient.map(PeerId::from_bytes), sequence, payload,
        };
        prop_assert_eq!(Envelope::decode(&envelope.encode(), ROOM), Ok(envelope));
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(envelope) = Envelope::decode(&bytes, ROOM) {
            prop_assert_eq!(envelope.encode(), bytes);
        }
    }
}
