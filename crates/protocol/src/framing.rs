//! How what is a protocol's own is told from what is its node's: in packets, and in storage. Nodes do
//! so, and claims that judge what protocols say and save.

use alloc::vec::Vec;

use chain::Encode;

use crate::{Keep, Key, Name, Packet, Write, encode_packet};

/// The first byte of a packet from protocol to protocol; a node's own messages start with others.
const PROTOCOL: u8 = 0xff;
/// What the names of a protocol's values start with in storage.
const PREFIX: &[u8] = b"p/";

/// A packet for the same protocol in other nodes.
#[must_use]
pub fn pack(message: &impl Encode) -> Packet {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(PROTOCOL);
    message.encode_into(&mut bytes);
    encode_packet(bytes)
}

/// What a packet says from protocol to protocol; `None` if it is a node's.
#[must_use]
pub fn said(packet: &Packet) -> Option<&[u8]> {
    match packet.bytes.split_first() {
        Some((&PROTOCOL, bytes)) => Some(bytes),
        _ => None,
    }
}

/// The name in storage of a protocol's value.
#[must_use]
pub fn stored(name: &[u8]) -> Name {
    [PREFIX, name].concat()
}

/// A protocol's name for a stored value; `None` if it is a node's.
#[must_use]
pub fn kept(name: &[u8]) -> Option<&[u8]> {
    name.strip_prefix(PREFIX)
}

impl From<Keep> for Write {
    /// What a node writes where its protocol wants something kept.
    fn from(change: Keep) -> Self {
        match change {
            Keep::Put(name, value) => Self::Put {
                key: own_key(&name),
                value,
            },
            Keep::DeleteRange(from, until) => Self::DeleteRange {
                from: stored(&from),
                until: stored(&until),
            },
        }
    }
}

/// The key of a protocol's value.
#[must_use]
pub fn own_key(name: &[u8]) -> Key {
    Key::own(stored(name))
}
