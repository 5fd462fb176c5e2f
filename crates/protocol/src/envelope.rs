//! One envelope and one bounded decoder for everything that crosses between tabs.
//!
//! Layout, all integers little endian: magic `TC` (2), version (1), kind (1), room (16),
//! channel (1), sender (32), recipient flag (1) and recipient (0 or 32), sequence (8),
//! payload length (4), payload. Nothing may follow.

use alloc::vec::Vec;

use chain::PeerId;

use crate::Channel;

/// The version of this layout and of the messages inside; others are ignored, not guessed at.
pub const VERSION: u8 = 5;

/// The largest payload in bytes: a block of the largest room and its framing.
pub const MAX_PAYLOAD: usize = 512 * 1024;

const MAGIC: [u8; 2] = *b"TC";
const SHORTEST: usize = 2 + 1 + 1 + 16 + 1 + 32 + 1 + 8 + 4;

/// A room's identity on the wire: everything that its rules say, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoomId(pub [u8; 16]);

/// What a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A packet between nodes.
    Packet,
    /// A tab saying that it lives, and where its nodes stand.
    Heartbeat,
    /// A person's command to another tab (cut it, join it).
    Command,
}

/// A message between tabs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is.
    pub kind: Kind,
    /// Whose room.
    pub room: RoomId,
    /// Which conversation of the node.
    pub channel: Channel,
    /// The node or tab that speaks.
    pub sender: PeerId,
    /// The one that it speaks to; everybody if `None`.
    pub recipient: Option<PeerId>,
    /// Rises with each envelope of the tab that sends it, so that nothing is heard twice.
    pub sequence: u64,
    /// The message.
    pub payload: Vec<u8>,
}

/// Why bytes are not an envelope for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Fewer bytes than the shortest envelope, or than it declares.
    Truncated {
        /// Bytes there are.
        len: usize,
    },
    /// Not ours.
    BadMagic([u8; 2]),
    /// Of another version of Tabchain.
    OtherVersion(u8),
    /// An unknown kind: from the future, or garbage.
    UnknownKind(u8),
    /// A recipient flag that is neither 0 nor 1.
    BadFlag(u8),
    /// For another room.
    OtherRoom(RoomId),
    /// A payload above [`MAX_PAYLOAD`].
    Oversized(u32),
    /// Bytes after the end.
    Trailing {
        /// How many.
        extra: usize,
    },
}

impl core::fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated { len } => write!(f, "envelope cut short at {len} bytes"),
            Self::BadMagic(magic) => write!(f, "not an envelope: starts with {magic:02x?}"),
            Self::OtherVersion(version) => write!(f, "envelope of version {version}"),
            Self::UnknownKind(kind) => write!(f, "unknown kind {kind}"),
            Self::BadFlag(flag) => write!(f, "recipient flag {flag}"),
            Self::OtherRoom(_) => write!(f, "envelope of another room"),
            Self::Oversized(len) => write!(f, "payload of {len} bytes"),
            Self::Trailing { extra } => write!(f, "{extra} bytes after the end"),
        }
    }
}

impl core::error::Error for EnvelopeError {}

impl Envelope {
    /// The bytes on the wire.
    ///
    /// # Panics
    /// If the payload is above [`MAX_PAYLOAD`]: our own senders keep to it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        assert!(
            self.payload.len() <= MAX_PAYLOAD,
            "payload of {} bytes",
            self.payload.len()
        );
        let mut bytes = Vec::with_capacity(SHORTEST + 32 + self.payload.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.push(VERSION);
        bytes.push(match self.kind {
            Kind::Packet => 0,
            Kind::Heartbeat => 1,
            Kind::Command => 2,
        });
        bytes.extend_from_slice(&self.room.0);
        bytes.push(self.channel.0);
        bytes.extend_from_slice(self.sender.as_bytes());
        bytes.push(u8::from(self.recipient.is_some()));
        if let Some(recipient) = &self.recipient {
            bytes.extend_from_slice(recipient.as_bytes());
        }
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        let len = u32::try_from(self.payload.len()).expect("bounded by MAX_PAYLOAD");
        bytes.extend_from_slice(&len.to_le_bytes());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads an envelope of `room`, allocating only after its length is known to be true.
    ///
    /// # Errors
    /// Why the bytes are not one.
    pub fn decode(bytes: &[u8], room: RoomId) -> Result<Self, EnvelopeError> {
        let mut rest = Cursor { bytes, at: 0 };
        let magic = rest.take()?;
        if magic != MAGIC {
            return Err(EnvelopeError::BadMagic(magic));
        }
        let [version] = rest.take()?;
        if version != VERSION {
            return Err(EnvelopeError::OtherVersion(version));
        }
        let kind = match rest.take()? {
            [0] => Kind::Packet,
            [1] => Kind::Heartbeat,
            [2] => Kind::Command,
            [other] => return Err(EnvelopeError::UnknownKind(other)),
        };
        let theirs = RoomId(rest.take()?);
        if theirs != room {
            return Err(EnvelopeError::OtherRoom(theirs));
        }
        let [channel] = rest.take()?;
        let sender = PeerId::from_bytes(rest.take()?);
        let recipient = match rest.take()? {
            [0] => None,
            [1] => Some(PeerId::from_bytes(rest.take()?)),
            [other] => return Err(EnvelopeError::BadFlag(other)),
        };
        let sequence = u64::from_le_bytes(rest.take()?);
        let payload = rest.payload()?.to_vec();
        Ok(Self {
            kind,
            room,
            channel: Channel(channel),
            sender,
            recipient,
            sequence,
            payload,
        })
    }
}

/// Walks over the bytes of an envelope.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], EnvelopeError> {
        let truncated = EnvelopeError::Truncated {
            len: self.bytes.len(),
        };
        let part = self.bytes.get(self.at..self.at + N).ok_or(truncated)?;
        self.at += N;
        part.try_into().map_err(|_| truncated)
    }

    /// The payload, which must fill the rest exactly.
    fn payload(&mut self) -> Result<&'a [u8], EnvelopeError> {
        let declared = u32::from_le_bytes(self.take()?);
        let len = usize::try_from(declared).unwrap_or(usize::MAX);
        if len > MAX_PAYLOAD {
            return Err(EnvelopeError::Oversized(declared));
        }
        let rest = &self.bytes[self.at..];
        match rest.len().checked_sub(len) {
            None => Err(EnvelopeError::Truncated {
                len: self.bytes.len(),
            }),
            Some(0) => Ok(rest),
            Some(extra) => Err(EnvelopeError::Trailing { extra }),
        }
    }
}
