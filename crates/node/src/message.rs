//! The messages between nodes, and the one bounded decoder for them.
//!
//! One tag byte, then fixed-width fields; a list is preceded by its length (`u16`, little endian),
//! and a block or a transaction takes up the rest. Every message has exactly one encoding, and trailing bytes are an
//! error.

use alloc::{sync::Arc, vec::Vec};

use chain::{
    BitcoinHeader, BlockId, Decode, DecodeError, Encode, Height, Reader, Txid, Work, Wtxid,
};

use crate::limits;

/// A block that the sender has validated, with what the sender claims about its chain.
///
/// It carries the header itself, as in BIP130: a receiver that knows the parent checks the proof at
/// once, which saves a round trip, and an id cannot be announced without work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The block's header.
    pub header: BitcoinHeader,
    /// Its height; only a hint until its ancestors are known.
    pub height: Height,
    /// The work of its whole chain; likewise only a hint.
    pub work: Work,
}

/// A message between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// "This is my best block." Sent when it changes, to peers that come, and again and
    /// again to peers that may be behind it, so that nodes converge whatever was lost.
    Tip(Claim),
    /// "I also have this valid block." Sent once, when a block becomes a rival of the best one, so
    /// that everybody sees the fork.
    Inv(Claim),
    /// "Which headers lead to `stop`?" Sent to a peer that announced a block whose parent is
    /// unknown here.
    GetHeaders {
        /// Blocks of the asker's chain, highest first, at growing distances.
        locator: Vec<BlockId>,
        /// The block that the asker is after; a receiver that lacks it uses its own best block
        /// instead.
        stop: BlockId,
    },
    /// The answer: headers that each build on the previous one. Empty if nothing follows.
    Headers(Vec<BitcoinHeader>),
    /// "Send me these blocks." Sent only after their headers were validated.
    GetBodies(Vec<BlockId>),
    /// One block, header and body. Each has a message of its own, so that a loss costs only one
    /// block.
    Body(Arc<[u8]>),
    /// "I do not have these." Sent so that the asker can turn to others at once.
    NotFound(Vec<BlockId>),
    /// "These transactions wait here", by the hashes of their bytes (BIP339): a changed witness does not pass for
    /// the transaction that it was taken from. Sent once when they come, to peers that come, and by a few nodes
    /// after each block.
    OfferTransactions(Vec<Wtxid>),
    /// "Send me these transactions." Sent to whoever offered them.
    GetTransactions(Vec<Wtxid>),
    /// "Send me the transactions with these ids": what was sent spends from them.
    GetParents(Vec<Txid>),
    /// One transaction.
    Transaction(Arc<[u8]>),
}

/// Why bytes are not a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A field is cut short, the tag is unknown, or bytes follow the message.
    #[error(transparent)]
    Bytes(#[from] DecodeError),
    /// A list is longer than any that an honest node sends.
    #[error("{found} elements, at most {limit} allowed")]
    TooMany {
        /// The length that the message states.
        found: u32,
        /// The greatest length allowed.
        limit: u32,
    },
    /// A list is empty, and the message says nothing without it.
    #[error("an empty list")]
    Empty,
    /// A block or a transaction too large to be sent, or too small to hold anything.
    #[error("a block or transaction of {0} bytes")]
    BadLength(u64),
}

const TIP: u8 = 0;
const INV: u8 = 1;
const GET_HEADERS: u8 = 2;
const HEADERS: u8 = 3;
const GET_BODIES: u8 = 4;
const BODY: u8 = 5;
const NOT_FOUND: u8 = 6;
const OFFER_TRANSACTIONS: u8 = 7;
const GET_TRANSACTIONS: u8 = 8;
const GET_PARENTS: u8 = 9;
const TRANSACTION: u8 = 10;

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
            Self::Headers(headers) => put_tagged_list(HEADERS, headers, &mut out),
            Self::GetBodies(ids) => put_tagged_list(GET_BODIES, ids, &mut out),
            Self::Body(block) => put_rest(BODY, block, &mut out),
            Self::NotFound(ids) => put_tagged_list(NOT_FOUND, ids, &mut out),
            Self::OfferTransactions(ids) => put_tagged_list(OFFER_TRANSACTIONS, ids, &mut out),
            Self::GetTransactions(ids) => put_tagged_list(GET_TRANSACTIONS, ids, &mut out),
            Self::GetParents(ids) => put_tagged_list(GET_PARENTS, ids, &mut out),
            Self::Transaction(tx) => put_rest(TRANSACTION, tx, &mut out),
        }
        out
    }

    /// Decodes a message, allocating no more than its own length justifies.
    ///
    /// # Errors
    /// Why the bytes are not a message.
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
            BODY => Self::Body(rest(&mut reader, BitcoinHeader::LEN + 1, limits::BLOCK)?),
            NOT_FOUND => Self::NotFound(some(&mut reader, limits::BODIES)?),
            OFFER_TRANSACTIONS => Self::OfferTransactions(some(&mut reader, limits::OFFERS)?),
            GET_TRANSACTIONS => Self::GetTransactions(some(&mut reader, limits::OFFERS)?),
            GET_PARENTS => Self::GetParents(some(&mut reader, limits::OFFERS)?),
            TRANSACTION => Self::Transaction(rest(&mut reader, 1, limits::TRANSACTION)?),
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
    out.reserve_exact(1 + BitcoinHeader::LEN + 4 + 32);
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

fn put_tagged_list<T: Encode>(tag: u8, list: &[T], out: &mut Vec<u8>) {
    out.push(tag);
    put_list(list, out);
}

/// Bytes that take up the rest of a message.
fn put_rest(tag: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.reserve_exact(bytes.len() + 1);
    out.push(tag);
    out.extend_from_slice(bytes);
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

/// All bytes that are left, if they are at least and at most so many.
fn rest(reader: &mut Reader<'_>, least: usize, most: usize) -> Result<Arc<[u8]>, MessageError> {
    let bytes = reader.take(reader.remaining().len())?;
    if bytes.len() < least || bytes.len() > most {
        return Err(MessageError::BadLength(bytes.len() as u64));
    }
    Ok(bytes.into())
}
