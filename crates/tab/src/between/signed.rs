//! What a tab says, signed, so that nobody else of the same origin can say it in its name.
//!
//! A tab's name is the hash of a key that never leaves its engine, and the name of its lock. The
//! signature covers room, kind, number and payload, so that nothing can be replayed elsewhere;
//! listeners refuse numbers that do not rise ([`super::tabs`]).
//!
//! Layout: public key (32), signature (64), payload.

use chain::{PeerId, PublicKey, SecretKey, Signature};
use protocol::envelope::{Kind, RoomId};

/// Bytes before the payload.
pub const LEN: usize = 32 + Signature::LEN;

/// A payload behind its key and signature.
#[must_use]
pub fn sign(
    secret: &SecretKey,
    room: RoomId,
    kind: Kind,
    sequence: u64,
    payload: &[u8],
) -> Vec<u8> {
    let signature = secret.sign(&message(room, kind, sequence, payload));
    let key = secret.public_key().to_bytes();
    [&key, &signature.as_bytes()[..], payload].concat()
}

/// The payload and the key, if the tab of this name has signed it.
#[must_use]
pub fn verify(
    from: PeerId,
    room: RoomId,
    kind: Kind,
    sequence: u64,
    signed: &[u8],
) -> Option<(PublicKey, &[u8])> {
    let (key, rest) = signed.split_first_chunk::<32>()?;
    let (signature, payload) = rest.split_first_chunk::<{ Signature::LEN }>()?;
    let key = PublicKey::from_bytes(key).ok()?;
    let signature = Signature::from_bytes(*signature);
    let message = message(room, kind, sequence, payload);
    (key.peer_id() == from && key.verify(&message, &signature).is_ok()).then_some((key, payload))
}

fn message(room: RoomId, kind: Kind, sequence: u64, payload: &[u8]) -> Vec<u8> {
    let kind: &[u8] = match kind {
        Kind::Packet => b"packet",
        Kind::Heartbeat => b"heartbeat",
        Kind::Command => b"command",
    };
    [
        &b"tabchain/said/1 "[..],
        &room.0,
        &sequence.to_le_bytes(),
        kind,
        b" ",
        payload,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::{Me, Source};

    const ROOM: RoomId = RoomId([5; 16]);

    #[test]
    fn only_the_tab_of_that_name_can_say_it() {
        let mut source = Source::toy(1);
        let (me, other) = (Me::new(&mut source), Me::new(&mut source));
        let said = sign(&me.secret, ROOM, Kind::Heartbeat, 7, b"alive");
        let read = |from: &Me, room, kind, sequence, said: &[u8]| {
            verify(from.id, room, kind, sequence, said).map(|(_, said)| said.to_vec())
        };
        let right = read(&me, ROOM, Kind::Heartbeat, 7, &said);
        assert_eq!(right.as_deref(), Some(&b"alive"[..]));
        assert_eq!(read(&other, ROOM, Kind::Heartbeat, 7, &said), None);
        assert_eq!(read(&me, RoomId([6; 16]), Kind::Heartbeat, 7, &said), None);
        assert_eq!(read(&me, ROOM, Kind::Command, 7, &said), None);
        assert_eq!(read(&me, ROOM, Kind::Heartbeat, 8, &said), None);
        let mut forged = said.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(read(&me, ROOM, Kind::Heartbeat, 7, &forged), None);
        assert_eq!(read(&me, ROOM, Kind::Heartbeat, 7, &said[..LEN - 1]), None);
    }
}
