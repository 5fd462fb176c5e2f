//! What the pool and a mining worker say to each other, as bytes in a `Uint8Array`.
//!
//! A fixed layout, little-endian, written by hand: `serde` would make up a large part of the
//! worker's 20 KB. First byte: which message. Whatever is too long, too short or out of range is
//! `None`; nothing here panics.

use miner::{HeaderBytes, TargetBytes};

/// Changes with every incompatible change of this file; the worker's first message carries it.
pub const MINER_PROTOCOL: u8 = 1;

/// Longest build name that is passed on.
pub const MAX_BUILD: usize = 64;

const STOP: u8 = 0;
const LEASE: u8 = 1;
const DUTY: u8 = 2;
const READY: u8 = 16;
const PROGRESS: u8 = 17;
const FOUND: u8 = 18;

/// A part of a job's nonces that one worker owns until it is done, told otherwise or dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Which lease; chosen by the pool, never the same for two living leases.
    pub lease: u32,
    /// Which job; chosen by the node.
    pub job: u64,
    /// What is hashed; its nonce is ignored.
    pub header: HeaderBytes,
    /// What a hash must not exceed, little-endian.
    pub target: TargetBytes,
    /// First nonce.
    pub start: u32,
    /// How many nonces, at least 1; `start + count` is at most 2^32.
    pub count: u64,
    /// Share of the time to work, in percent, 1..=100.
    pub duty: u8,
}

/// From the pool to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToMiner {
    /// Search this; whatever was searched before is dropped.
    Lease(Lease),
    /// Work this share of the time from now on, in percent, 1..=100.
    Duty(u8),
    /// Drop the lease and wait.
    Stop,
}

/// From a worker to the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromMiner {
    /// The code is up and listens; always the first message.
    Ready {
        /// [`MINER_PROTOCOL`] of the worker.
        protocol: u8,
        /// Build that the worker's files belong to, at most [`MAX_BUILD`] bytes.
        build: String,
    },
    /// So many nonces of the lease have been tried; all of them: the worker waits for another.
    Progress {
        /// Which lease.
        lease: u32,
        /// Nonces tried since the lease began.
        done: u64,
        /// Hashes done since the last such message, under whatever lease.
        hashes: u64,
    },
    /// A nonce that meets the target. Sent before the progress that covers it, so that a lease
    /// that changes hands loses none.
    Found {
        /// Which lease.
        lease: u32,
        /// Which job.
        job: u64,
        /// The nonce.
        nonce: u32,
    },
}

impl ToMiner {
    /// The bytes to post.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Stop => vec![STOP],
            Self::Duty(duty) => vec![DUTY, *duty],
            Self::Lease(lease) => {
                let mut out = vec![LEASE];
                out.extend_from_slice(&lease.lease.to_le_bytes());
                out.extend_from_slice(&lease.job.to_le_bytes());
                out.extend_from_slice(&lease.header);
                out.extend_from_slice(&lease.target);
                out.extend_from_slice(&lease.start.to_le_bytes());
                out.extend_from_slice(&lease.count.to_le_bytes());
                out.push(lease.duty);
                out
            }
        }
    }

    /// What the bytes mean, if anything.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Reader(bytes);
        let message = match bytes.byte()? {
            STOP => Self::Stop,
            DUTY => Self::Duty(bytes.duty()?),
            LEASE => {
                let lease = Lease {
                    lease: u32::from_le_bytes(bytes.take()?),
                    job: u64::from_le_bytes(bytes.take()?),
                    header: bytes.take()?,
                    target: bytes.take()?,
                    start: u32::from_le_bytes(bytes.take()?),
                    count: u64::from_le_bytes(bytes.take()?),
                    duty: bytes.duty()?,
                };
                let room = (1 << 32) - u64::from(lease.start);
                if lease.count == 0 || lease.count > room {
                    return None;
                }
                Self::Lease(lease)
            }
            _ => return None,
        };
        bytes.end(message)
    }
}

impl FromMiner {
    /// The bytes to post.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ready { protocol, build } => {
                let mut out = vec![READY, *protocol];
                out.extend(build.bytes().take(MAX_BUILD));
                out
            }
            Self::Progress {
                lease,
                done,
                hashes,
            } => {
                let mut out = vec![PROGRESS];
                out.extend_from_slice(&lease.to_le_bytes());
                out.extend_from_slice(&done.to_le_bytes());
                out.extend_from_slice(&hashes.to_le_bytes());
                out
            }
            Self::Found { lease, job, nonce } => {
                let mut out = vec![FOUND];
                out.extend_from_slice(&lease.to_le_bytes());
                out.extend_from_slice(&job.to_le_bytes());
                out.extend_from_slice(&nonce.to_le_bytes());
                out
            }
        }
    }

    /// What the bytes mean, if anything.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Reader(bytes);
        let message = match bytes.byte()? {
            READY => Self::Ready {
                protocol: bytes.byte()?,
                build: bytes.rest(MAX_BUILD)?,
            },
            PROGRESS => Self::Progress {
                lease: u32::from_le_bytes(bytes.take()?),
                done: u64::from_le_bytes(bytes.take()?),
                hashes: u64::from_le_bytes(bytes.take()?),
            },
            FOUND => Self::Found {
                lease: u32::from_le_bytes(bytes.take()?),
                job: u64::from_le_bytes(bytes.take()?),
                nonce: u32::from_le_bytes(bytes.take()?),
            },
            _ => return None,
        };
        bytes.end(message)
    }
}

/// Bytes not read yet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(*head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn duty(&mut self) -> Option<u8> {
        self.byte().filter(|duty| matches!(duty, 1..=100))
    }

    fn rest(&mut self, most: usize) -> Option<String> {
        let rest = core::mem::take(&mut self.0);
        if rest.len() > most {
            return None;
        }
        String::from_utf8(rest.to_vec()).ok()
    }

    fn end<T>(&self, message: T) -> Option<T> {
        self.0.is_empty().then_some(message)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn leases()(
            lease: u32, job: u64, header in prop::array::uniform32(any::<u8>()), fill: u8,
            target: [u8; 32], start: u32, part in 1..=u32::MAX, duty in 1..=100u8,
        ) -> Lease {
            let mut bytes = [fill; 80];
            bytes[..32].copy_from_slice(&header);
            let room = (1u64 << 32) - u64::from(start);
            Lease { lease, job, header: bytes, target, start, count: u64::from(part).min(room), duty }
        }
    }

    fn to_miner() -> impl Strategy<Value = ToMiner> {
        prop_oneof![
            leases().prop_map(ToMiner::Lease),
            (1..=100u8).prop_map(ToMiner::Duty),
            Just(ToMiner::Stop),
        ]
    }

    fn from_miner() -> impl Strategy<Value = FromMiner> {
        prop_oneof![
            (any::<u8>(), "[a-z0-9]{0,64}")
                .prop_map(|(protocol, build)| FromMiner::Ready { protocol, build }),
            (any::<u32>(), any::<u64>(), any::<u64>()).prop_map(|(lease, done, hashes)| {
                FromMiner::Progress {
                    lease,
                    done,
                    hashes,
                }
            }),
            (any::<u32>(), any::<u64>(), any::<u32>())
                .prop_map(|(lease, job, nonce)| FromMiner::Found { lease, job, nonce }),
        ]
    }

    proptest! {
        #[test]
        fn messages_survive_the_round_trip(to in to_miner(), from in from_miner()) {
            prop_assert_eq!(ToMiner::decode(&to.encode()), Some(to));
            prop_assert_eq!(FromMiner::decode(&from.encode()), Some(from));
        }

        #[test]
        fn a_byte_more_or_less_is_refused(to in to_miner(), from in from_miner()) {
            let ready = matches!(from, FromMiner::Ready { .. }); // ends where its bytes end
            for (bytes, open) in [(to.encode(), false), (from.encode(), ready)] {
                let decodes = |bytes: &[u8]| match bytes.first() {
                    Some(&tag) if tag >= READY => FromMiner::decode(bytes).is_some(),
                    _ => ToMiner::decode(bytes).is_some(),
                };
                if !open {
                    prop_assert!(!decodes(&bytes[..bytes.len() - 1]));
                    prop_assert!(!decodes(&[bytes.as_slice(), &[0]].concat()));
                }
            }
        }

        #[test]
        fn random_bytes_mean_nothing_or_something_that_encodes_back(
            tag in prop_oneof![0..3u8, 16..19u8, any::<u8>()],
            tail in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let bytes = [&[tag], tail.as_slice()].concat();
            if let Some(message) = ToMiner::decode(&bytes) {
                prop_assert_eq!(message.encode(), bytes.clone());
            }
            if let Some(message) = FromMiner::decode(&bytes) {
                prop_assert_eq!(message.encode(), bytes);
            }
        }
    }

    #[test]
    fn leases_that_make_no_sense_are_refused() {
        let lease = Lease {
            lease: 1,
            job: 2,
            header: [3; 80],
            target: [4; 32],
            start: u32::MAX,
            count: 1,
            duty: 50,
        };
        let decode = |lease| ToMiner::decode(&ToMiner::Lease(lease).encode());
        assert!(decode(lease).is_some());
        assert_eq!(decode(Lease { count: 2, ..lease }), None);
        assert_eq!(decode(Lease { count: 0, ..lease }), None);
        assert_eq!(
            decode(Lease {
                count: u64::MAX,
                ..lease
            }),
            None
        );
        assert_eq!(decode(Lease { duty: 0, ..lease }), None);
        assert_eq!(decode(Lease { duty: 101, ..lease }), None);
    }

    #[test]
    fn an_empty_message_and_a_long_build_are_refused() {
        assert_eq!(ToMiner::decode(&[]), None);
        assert_eq!(FromMiner::decode(&[]), None);
        assert_eq!(
            FromMiner::decode(&[[READY, 1].as_slice(), &[b'a'; 65]].concat()),
            None
        );
    }
}
