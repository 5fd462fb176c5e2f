//! Two runs are the same if and only if their fingerprints are equal.

use chain::{PeerId, Time, sha256};
use protocol::{Input, Order, Output, TimerKey, To};

use crate::queue::SeatIx;

/// What is hashed of one step is seldom longer.
const TYPICAL: usize = 512;

/// A 128-bit rolling hash over (time, event number, node, input, packets sent). It never covers
/// labels or texts, so that rewording them changes no fingerprint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint([u8; 16]);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Fingerprint {
    /// Its bytes, as links carry them.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Hashes in one step of one node.
    pub(crate) fn step(
        &mut self,
        now: Time,
        number: u64,
        seat: SeatIx,
        input: &Input,
        out: &[Output],
    ) {
        let mut bytes = Vec::with_capacity(TYPICAL);
        bytes.extend(self.0);
        bytes.extend(now.0.to_le_bytes());
        bytes.extend(number.to_le_bytes());
        bytes.extend(seat.to_le_bytes());
        take_input(input, &mut bytes);
        for output in out {
            if let Output::Send { to, packet } = output {
                match to {
                    To::All => bytes.push(0),
                    To::Peer(peer) => peer_bytes(1, peer, &mut bytes),
                }
                bytes.extend(packet.wire_size.to_le_bytes());
                sized(&packet.bytes, &mut bytes);
            }
        }
        self.0 = sha256(&bytes)[..16].try_into().expect("16 of 32 bytes");
    }
}

fn take_input(input: &Input, bytes: &mut Vec<u8>) {
    match input {
        Input::Boot { saved } => {
            bytes.push(0);
            for (name, value) in &saved.small {
                sized(name, bytes);
                sized(value, bytes);
            }
            for (name, len) in &saved.large {
                sized(name, bytes);
                bytes.extend(len.to_le_bytes());
            }
        }
        Input::Submit { ask, tx } => {
            bytes.push(7);
            bytes.extend(ask.0.to_le_bytes());
            sized(tx, bytes);
        }
        Input::Packet { from, packet } => {
            peer_bytes(1, from, bytes);
            sized(&packet.bytes, bytes);
        }
        Input::Timer { key } => {
            let (owner, number) = match key {
                TimerKey::Node(number) => (0, number),
                TimerKey::Protocol(number) => (1, number),
                TimerKey::Twist(number) => (2, number),
            };
            bytes.extend([2, owner]);
            bytes.extend(number.to_le_bytes());
        }
        Input::Search { on } => bytes.extend([9, u8::from(*on)]),
        Input::Found { job, nonce } => {
            bytes.push(3);
            bytes.extend(job.0.to_le_bytes());
            bytes.extend(nonce.to_le_bytes());
        }
        Input::Spent { job } => {
            bytes.push(4);
            bytes.extend(job.0.to_le_bytes());
        }
        Input::Loaded { key, value } => {
            bytes.push(5);
            sized(&key.name, bytes);
            sized(value.as_deref().unwrap_or_default(), bytes);
        }
        Input::Order(Order::TransferLeadership { to }) => {
            bytes.push(8);
            bytes.extend(to.0.to_le_bytes());
        }
        Input::Order(Order::PayTo { payee }) => {
            bytes.push(11);
            bytes.extend(payee.0.to_bytes());
        }
        Input::Order(Order::Reconfigure { voters, learners }) => {
            bytes.push(10);
            for seats in [voters, learners] {
                bytes.extend((seats.len() as u64).to_le_bytes());
                bytes.extend(seats.iter().flat_map(|seat| seat.0.to_le_bytes()));
            }
        }
        Input::Peers { up } => {
            bytes.push(6);
            up.iter().for_each(|peer| peer_bytes(6, peer, bytes));
        }
    }
}

fn peer_bytes(tag: u8, peer: &PeerId, bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend(peer.as_bytes());
}

fn sized(part: &[u8], bytes: &mut Vec<u8>) {
    bytes.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
    bytes.extend(part);
}
