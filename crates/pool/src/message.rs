//! What the pool and a mining worker say to each other, as bytes in a `Uint8Array`.
//!
//! A fixed layout, little-endian, written by hand: `serde` would be a large part of the worker's
//! 20 KB. The first byte says which message. Anything too long, too short or out of range decodes
//! to `None`; nothing here panics.

use miner::{HeaderBytes, TargetBytes};

/// Changes with every incompatible change to this file; the worker's first message carries it.
pub const MINER_PROTOCOL: u8 = 2;

/// Longest build name that is passed on, in bytes.
pub const MAX_BUILD: usize = 64;

/// Nonces in a part.
pub const PART: u64 = 1 << 24;

const STOP: u8 = 0;
const SEARCH: u8 = 1;
const DUTY: u8 = 2;
const READY: u8 = 16;
const PROGRESS: u8 = 17;
const FOUND: u8 = 18;
const DONE: u8 = 19;

/// One of the 256 parts of a job's nonces; no other worker gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// Which job: the pool's number, different for every job of every node.
    pub job: u32,
    /// What is hashed; its nonce is ignored.
    pub header: HeaderBytes,
    /// What a hash must not exceed, little-endian.
    pub target: TargetBytes,
    /// The nonces with this highest byte.
    pub part: u8,
    /// Share of the time to work, in percent, 1..=100.
    pub duty: u8,
}

/// The part that a nonce is in.
#[must_use]
pub fn part_of(nonce: u32) -> u8 {
    nonce.to_be_bytes()[0]
}

/// From the pool to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToMiner {
    /// Search this; drop whatever was searched before.
    Search(Search),
    /// Work this share of the time from now on, in percent, 1..=100.
    Duty(u8),
    /// Search nothing and wait.
    Stop,
}

/// From a worker to the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromMiner {
    /// The worker is up and listening; always the first message.
    Ready {
        /// [`MINER_PROTOCOL`] of the worker.
        protocol: u8,
        /// The build that the worker's files belong to, at most [`MAX_BUILD`] bytes.
        build: String,
    },
    /// Hashes done since the last such message, whichever job they were for.
    Progress {
        /// How many.
        hashes: u64,
    },
    /// A nonce that meets the target.
    Found {
        /// Which job.
        job: u32,
        /// The nonce.
        nonce: u32,
    },
    /// All nonces of the part have been tried; the worker waits for another.
    Done {
        /// Which job.
        job: u32,
        /// Which part of it.
        part: u8,
    },
}

impl ToMiner {
    /// The bytes to post.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Stop => vec![STOP],
            Self::Duty(duty) => vec![DUTY, *duty],
            Self::Search(search) => {
                let mut out = vec![SEARCH];
                out.extend_from_slice(&search.job.to_le_bytes());
                out.extend_from_slice(&search.header);
                out.extend_from_slice(&search.target);
                out.extend_from_slice(&[search.part, search.duty]);
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
            SEARCH => Self::Search(Search {
                job: u32::from_le_bytes(bytes.take()?),
                header: bytes.take()?,
                target: bytes.take()?,
                part: bytes.byte()?,
                duty: bytes.duty()?,
            }),
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
            Self::Progress { hashes } => {
                let mut out = vec![PROGRESS];
                out.extend_from_slice(&hashes.to_le_bytes());
                out
            }
            Self::Found { job, nonce } => {
                let mut out = vec![FOUND];
                out.extend_from_slice(&job.to_le_bytes());
                out.extend_from_slice(&nonce.to_le_bytes());
                out
            }
            Self::Done { job, part } => {
                let mut out = vec![DONE];
                out.extend_from_slice(&job.to_le_bytes());
                out.push(*part);
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
                hashes: u64::from_le_bytes(bytes.take()?),
            },
            FOUND => Self::Found {
                job: u32::from_le_bytes(bytes.take()?),
                nonce: u32::from_le_bytes(bytes.take()?),
            },
            DONE => Self::Done {
                job: u32::from_le_bytes(bytes.take()?),
                part: bytes.byte()?,
            },
            _ => return None,
        };
        bytes.end(message)
    }
}

/// The bytes not read yet.
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
        fn searches()(
            job: u32, header in prop::array::uniform32(any::<u8>()), fill: u8,
            target: [u8; 32], part: u8, duty in 1..=100u8,
        ) -> Search {
            let mut bytes = [fill; 80];
            bytes[..32].copy_from_slice(&header);
            Search { job, header: bytes, target, part, duty }
        }
    }

    fn to_miner() -> impl Strategy<Value = ToMiner> {
        prop_oneof![
            searches().prop_map(ToMiner::Search),
            (1..=100u8).prop_map(ToMiner::Duty),
            Just(ToMiner::Stop),
        ]
    }

    fn from_miner() -> impl Strategy<Value = FromMiner> {
        prop_oneof![
            (any::<u8>(), "[a-z0-9]{0,64}")
                .prop_map(|(protocol, build)| FromMiner::Ready { protocol, build }),
            any::<u64>().prop_map(|hashes| FromMiner::Progress { hashes }),
            (any::<u32>(), any::<u32>()).prop_map(|(job, nonce)| FromMiner::Found { job, nonce }),
            (any::<u32>(), any::<u8>()).prop_map(|(job, part)| FromMiner::Done { job, part }),
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
            let ready = matches!(from, FromMiner::Ready { .. }); // its length is not fixed
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
        fn random_bytes_mean_nothing_or_encode_back_to_themselves(
            tag in prop_oneof![0..3u8, 16..20u8, any::<u8>()],
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
    fn duties_that_make_no_sense_are_refused() {
        let (header, target) = ([3; 80], [4; 32]);
        for (duty, makes_sense) in [(0, false), (1, true), (100, true), (101, false)] {
            let (job, part) = (1, 255);
            let search = Search {
                job,
                header,
                target,
                part,
                duty,
            };
            let bytes = ToMiner::Search(search).encode();
            assert_eq!(ToMiner::decode(&bytes).is_some(), makes_sense);
            assert_eq!(ToMiner::decode(&[DUTY, duty]).is_some(), makes_sense);
        }
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
