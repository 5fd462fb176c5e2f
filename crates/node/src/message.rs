//! What nodes say to each other, and the one bounded decoder for it.
//!
//! One tag byte, then fields of fixed width; lists stand behind their number, little endian.
//! Every message has exactly one encoding, and nothing may follow it.

use alloc::{sync::Arc, vec::Vec};

use chain::{BitcoinHeader, BlockId, Decode, DecodeError, Encode, Height, Reader, Work};

use crate::limits;

/// A block that the sender has validated, with what the sender says of its chain.
///
/// It carries the header itself (the idea of BIP130): a receiver that knows the parent checks the
/// proof at once and saves a round trip, and an id cannot be announced without work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The block's header.
    pub header: BitcoinHeader,
    /// Its height; a hint until its ancestors are here.
    pub height: Height,
    /// The work of its whole chain; a hint likewise.
    pub work: Work,
}

/// A message between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// "This is my best block." Sent when it changes, when the circle of peers changes, and every
    /// few seconds all the same, so that nodes converge even if every other message got lost.
    Tip(Claim),
    /// "I also have this valid block." Sent once when a block becomes a rival of the best one, so
    /// that everybody sees the fork.
    Inv(Claim),
    /// "What follows on the way to `stop`?" Sent to whoever announced a block whose parent is
    /// unknown here.
    GetHeaders {
        /// Blocks of the asker's chain, the highest first, ever sparser.
        locator: Vec<BlockId>,
        /// The block that the asker is after; if the receiver lacks it, its best block counts.
        stop: BlockId,
    },
    /// The answer: headers that each build on the one before. Empty if nothing follows.
    Headers(Vec<BitcoinHeader>),
    /// "Send me these blocks." Sent only after their headers were judged.
    GetBodies(Vec<BlockId>),
    /// One block, header and body. One a message, so that a loss costs one block.
    Body(Arc<[u8]>),
    /// "I do not have these." Sent so that the asker turns to others at once.
    NotFound(Vec<BlockId>),
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field is cut short, or something follows.
    #[error(transparent)]
    Bytes(#[from] DecodeError),
    /// A list is longer than any honest node's.
    #[error("{found} elements, at most {limit} allowed")]
    TooMany {
        /// How many it says.
        found: u32,
        /// How many there may be.
        limit: u32,
    },
    /// A list without which the message says nothing.
    #[error("an empty list")]
    Empty,
    /// A block larger than travels, or too small for a header and anything else.
    #[error("a block of {0} bytes")]
    BadLength(u64),
}

const TIP: u8 = 0;
const INV: u8 = 1;
const GET_HEADERS: u8 = 2;
const HEADERS: u8 = 3;
const GET_BODIES: u8 = 4;
const BODY: u8 = 5;
const NOT_FOUND: u8 = 6;

impl Message {
    /// The bytes on the wire.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        match self {
            Self::Tip(claim) => put_claim(TIP, claim, &mut out),
            Self::Inv(claim) => put_claim(INV, claim, &mut out),
            Self::GetHeaders { locator, stop } => {
                out.push(GET_HEADERS);
                put_list(locator, &mut out);
                stop.encode_into(&mut out);
            }
            Self::Headers(headers) => {
                out.push(HEADERS);
                put_list(headers, &mut out);
            }
            Self::GetBodies(ids) => {
                out.push(GET_BODIES);
                put_list(ids, &mut out);
            }
            Self::Body(block) => {
                out.reserve_exact(block.len() + 1);
                out.push(BODY);
                out.extend_from_slice(block);
            }
            Self::NotFound(ids) => {
                out.push(NOT_FOUND);
                put_list(ids, &mut out);
            }
        }
        out
    }

    /// Reads a message, allocating only what its length bears out.
    ///
    /// # Errors
    /// Why the bytes are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8()? {
            TIP => Self::Tip(claim(&mut reader)?),
            INV => Self::Inv(claim(&mut reader)?),
            GET_HEADERS => Self::GetHeaders {
                locator: some(&mut reader, limits::LOCATOR)?,
                stop: BlockId::decode_from(&mut reader)?,
            },
            HEADERS => Self::Headers(list(&mut reader, limits::HEADERS)?),
            GET_BODIES => Self::GetBodies(some(&mut reader, limits::BODIES)?),
            BODY => Self::Body(block(&mut reader)?),
            NOT_FOUND => Self::NotFound(some(&mut reader, limits::BODIES)?),
            tag => {
                return Err(DecodeError::UnknownTag {
                    what: "message",
                    tag,
                }
                .into());
            }
        };
        reader.finish()?;
        Ok(message)
    }
}

fn put_claim(tag: u8, claim: &Claim, out: &mut Vec<u8>) {
    out.push(tag);
    claim.header.encode_into(out);
    out.extend_from_slice(&claim.height.0.to_le_bytes());
    out.extend_from_slice(&claim.work.to_be_bytes());
}

fn claim(reader: &mut Reader<'_>) -> Result<Claim, MessageError> {
    Ok(Claim {
        header: BitcoinHeader::decode_from(reader)?,
        height: Height(reader.u32()?),
        work: Work::from_be_bytes(reader.array()?),
    })
}

fn put_list<T: Encode>(list: &[T], out: &mut Vec<u8>) {
    let count = u16::try_from(list.len()).expect("our own lists keep to the limits");
    out.extend_from_slice(&count.to_le_bytes());
    list.iter().for_each(|element| element.encode_into(out));
}

fn list<T: Decode>(reader: &mut Reader<'_>, limit: usize) -> Result<Vec<T>, MessageError> {
    let count = reader.u16()?;
    if usize::from(count) > limit {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        return Err(MessageError::TooMany {
            found: count.into(),
            limit,
        });
    }
    (0..count)
        .map(|_| T::decode_from(reader).map_err(MessageError::from))
        .collect()
}

fn some<T: Decode>(reader: &mut Reader<'_>, limit: usize) -> Result<Vec<T>, MessageError> {
    let list = list(reader, limit)?;
    if list.is_empty() {
        Err(MessageError::Empty)
    } else {
        Ok(list)
    }
}

fn block(reader: &mut Reader<'_>) -> Result<Arc<[u8]>, MessageError> {
    let bytes = reader.take(reader.remaining().len())?;
    if bytes.len() <= BitcoinHeader::LEN || bytes.len() > limits::BLOCK {
        return Err(MessageError::BadLength(bytes.len() as u64));
    }
    Ok(bytes.into())
}
