//! What replicas keep, under which names: their promises, one entry a name.

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, Reader, Seat};
use protocol::{Config, Name, Proposal};

use super::message::{Index, Point, Term, put_point, put_seat, read_point, read_seat};

/// Where a replica keeps its [`Promise`].
pub const PROMISE: &[u8] = b"state";
/// Where a replica keeps what became of the beginning of its log, a [`Cut`].
pub const CUT: &[u8] = b"cut";
/// Where a replica keeps the configuration that goes with its snapshot, a
/// [`Configured`](super::message::Configured); nothing is there while it is the first one.
pub const CONFIG: &[u8] = b"config";
/// What the names of entries start with; their index follows, big-endian, so that names are ordered
/// as the log is.
const LOG: &[u8] = b"log/";

/// What a replica may not forget besides its log (paper figure 2, "persistent state").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promise {
    /// The latest term that it knows of.
    pub term: Term,
    /// Whom it votes for in that term.
    pub vote: Option<Seat>,
}

impl Encode for Promise {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.term.0.to_le_bytes());
        put_seat(self.vote, out);
    }
}

impl Decode for Promise {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            term: Term(reader.u64()?),
            vote: read_seat(reader)?,
        })
    }
}

/// Where a log begins that was cut off behind a snapshot (paper section 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// The last entry that the snapshot stands for.
    pub snapshot: Point,
    /// The last entry that is gone. It may be one before `snapshot`: what comes after it is there for
    /// followers that are a little behind.
    pub base: Point,
}

impl Encode for Cut {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_point(self.snapshot, out);
        put_point(self.base, out);
    }
}

impl Decode for Cut {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            snapshot: read_point(reader)?,
            base: read_point(reader)?,
        })
    }
}

/// The name of the entry at an index.
#[must_use]
pub fn entry_name(index: Index) -> Name {
    [LOG, &index.0.to_be_bytes()].concat()
}

/// The index of the entry of this name; `None` if it is no entry's name.
#[must_use]
pub fn entry_index(name: &[u8]) -> Option<Index> {
    let digits = name.strip_prefix(LOG)?.try_into().ok()?;
    Some(Index(u64::from_be_bytes(digits)))
}

/// The configuration that a saved entry brings, if it brings one.
#[must_use]
pub fn entry_config(value: &[u8]) -> Option<Config> {
    let mut reader = Reader::new(value);
    let _term = reader.u64().ok()?;
    Proposal::read_config(&mut reader).ok()?
}

/// The term of a saved entry, which begins with it.
#[must_use]
pub fn entry_term(value: &[u8]) -> Option<Term> {
    Reader::new(value).u64().ok().map(Term)
}
