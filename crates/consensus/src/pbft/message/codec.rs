//! The wire form of what is said, which is also what is signed and saved.

use alloc::{sync::Arc, vec::Vec};

use chain::{Decode, DecodeError, Encode, PeerId, Reader, Seat, Signature, Tag, Time, put_bytes};

use super::{
    Batch, Checkpoint, Decided, Digest, Message, NewView, Prepared, Progress, Request, Slot,
    Stable, Status, View, ViewChange, Vote,
};
use crate::pbft::saved::Accepted;
use crate::pbft::seals::Seal;

/// Least lengths in bytes of what lists hold.
const LEAST_REQUEST: u32 = 32 + 8 + 1 + 32 + 2;
const VOTE: u32 = 8 + 8 + 32;
const LEAST_PREPARED: u32 = VOTE + 1 + 1;
const LEAST_CHANGE: u32 = 8 + 4 + 8 + 32 + 1 + 1 + 1 + 64;
const SIGNED: u32 = 4 + 64;
const LEAST_PRE_PREPARE: u32 = 32 + 1;
const LACK: u32 = 8 + 32;

/// Structs whose fields are encoded one after the other.
macro_rules! in_order {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl Encode for $name {
            fn encode_into(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }
        }

        impl Decode for $name {
            fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Ok(Self { $($field: Field::take(reader)?),* })
            }
        }
    )*};
}

in_order! {
    Request { wish, key, seal }
    Batch { time, proposer, requests }
    Vote { view, slot, digest }
    Accepted { vote, signature }
    Checkpoint { slot, digest }
    Prepared { vote, pre_prepare, prepares }
    Decided { view, slot, commits, batch }
    Stable { checkpoint, signatures }
    ViewChange { view, seat, stable, prepared, pre_prepared, signature }
    NewView { view, changes, pre_prepares, signature }
    Status { view, changing, stable, executed, progress, lacks, helper }
}

/// What a message is made of.
trait Field: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Fields with an encoding of their own.
macro_rules! encoded {
    ($($name:ty),*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Vec<u8>) {
                self.encode_into(out);
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Self::decode_from(reader)
            }
        }
    )*};
}

encoded!(
    protocol::Request,
    Request,
    Batch,
    Vote,
    Checkpoint,
    Prepared,
    Decided,
    Stable,
    ViewChange,
    NewView,
    Status
);

/// Fields that are plain numbers or bytes.
macro_rules! plain {
    ($($name:ty: $to:expr, $read:ident, $from:expr;)*) => {$(
        impl Field for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&$to(self));
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.$read().map($from)
            }
        }
    )*};
}

plain! {
    u64: |number: &u64| number.to_le_bytes(), u64, |number| number;
    View: |view: &View| view.0.to_le_bytes(), u64, View;
    Slot: |slot: &Slot| slot.0.to_le_bytes(), u64, Slot;
    Time: |time: &Time| time.0.to_le_bytes(), u64, Time;
    Seat: |seat: &Seat| seat.0.to_le_bytes(), u32, Seat;
    [u8; 32]: |bytes: &[u8; 32]| *bytes, array, |bytes| bytes;
    Digest: |digest: &Digest| digest.0, array, Digest;
    Signature: |signature: &Signature| *signature.as_bytes(), array, Self::from_bytes;
    Tag: |tag: &Tag| *tag.as_bytes(), array, Self::from_bytes;
    PeerId: |peer: &PeerId| *peer.as_bytes(), array, Self::from_bytes;
}

fn put_list<T: Field>(items: &[T], out: &mut Vec<u8>) {
    chain::put_compact_size(items.len() as u64, out);
    items.iter().for_each(|item| item.put(out));
}

/// Lists, each with the least length of what it holds.
macro_rules! lists {
    ($($item:ty: $least:expr;)*) => {$(
        impl Field for Vec<$item> {
            fn put(&self, out: &mut Vec<u8>) {
                put_list(self, out);
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let count = reader.count($least)?;
                (0..count).map(|_| Field::take(reader)).collect()
            }
        }
    )*};
}

lists! {
    Request: LEAST_REQUEST;
    Prepared: LEAST_PREPARED;
    Arc<ViewChange>: LEAST_CHANGE;
    (Seat, Signature): SIGNED;
    (Digest, Option<Signature>): LEAST_PRE_PREPARE;
    Vote: VOTE;
    Tag: Tag::LEN as u32;
    (Slot, Digest): LACK;
    Seat: 4;
    Progress: 1;
}

impl<A: Field, B: Field> Field for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::take(reader)?, B::take(reader)?))
    }
}

impl<T: Field> Field for Arc<T> {
    fn put(&self, out: &mut Vec<u8>) {
        T::put(self, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::take(reader).map(Self::new)
    }
}

impl Field for Arc<[u8]> {
    fn put(&self, out: &mut Vec<u8>) {
        put_bytes(self, out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(Self::from)
    }
}

impl<T: Field> Field for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.is_some()));
        self.iter().for_each(|one| one.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            0 => Ok(None),
            1 => T::take(reader).map(Some),
            tag => Err(unknown("flag", tag)),
        }
    }
}

impl Field for Seal {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Signature(signature) => tagged(0, signature, out),
            Self::Authenticator(tags) => {
                out.push(1);
                put_list(tags, out);
            }
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            0 => Signature::take(reader).map(Self::Signature),
            1 => Vec::<Tag>::take(reader).map(|tags| Self::Authenticator(tags.into())),
            tag => Err(unknown("seal", tag)),
        }
    }
}

impl Field for Progress {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            0 => Ok(Self::Nothing),
            1 => Ok(Self::PrePrepared),
            2 => Ok(Self::Prepared),
            3 => Ok(Self::Decided),
            tag => Err(unknown("progress", tag)),
        }
    }
}

impl Encode for Message {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match self {
            Self::Request(request) => tagged(0, request, out),
            Self::PrePrepare {
                view,
                slot,
                batch,
                seal,
            } => {
                tagged(1, view, out);
                slot.put(out);
                batch.put(out);
                seal.put(out);
            }
            Self::Prepare(vote, seal) => {
                tagged(2, vote, out);
                seal.put(out);
            }
            Self::Commit(vote, seal) => {
                tagged(3, vote, out);
                seal.put(out);
            }
            Self::Reply {
                view,
                number,
                receipt,
                tag,
            } => {
                tagged(4, view, out);
                number.put(out);
                receipt.put(out);
                tag.put(out);
            }
            Self::Checkpoint(checkpoint, signature) => tagged(5, &(*checkpoint, *signature), out),
            Self::ViewChange(change) => tagged(6, change, out),
            Self::NewView(new_view) => tagged(7, new_view, out),
            Self::Status(status) => tagged(8, status, out),
            Self::Stable(stable) => tagged(9, stable, out),
            Self::Decided(decided) => tagged(10, decided, out),
            Self::Data {
                slot,
                len,
                offset,
                bytes,
            } => {
                tagged(12, slot, out);
                len.put(out);
                offset.put(out);
                bytes.put(out);
            }
            Self::Fetch { slot, offset } => {
                tagged(13, slot, out);
                offset.put(out);
            }
            Self::Batch { slot, batch } => {
                tagged(11, slot, out);
                batch.put(out);
            }
        }
    }
}

fn tagged(tag: u8, first: &impl Field, out: &mut Vec<u8>) {
    out.push(tag);
    first.put(out);
}

impl Decode for Message {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match reader.u8()? {
            0 => Self::Request(Field::take(reader)?),
            1 => Self::PrePrepare {
                view: Field::take(reader)?,
                slot: Field::take(reader)?,
                batch: Field::take(reader)?,
                seal: Field::take(reader)?,
            },
            2 => Self::Prepare(Field::take(reader)?, Field::take(reader)?),
            3 => Self::Commit(Field::take(reader)?, Field::take(reader)?),
            4 => Self::Reply {
                view: Field::take(reader)?,
                number: Field::take(reader)?,
                receipt: Field::take(reader)?,
                tag: Field::take(reader)?,
            },
            5 => Self::Checkpoint(Field::take(reader)?, Field::take(reader)?),
            6 => Self::ViewChange(Field::take(reader)?),
            7 => Self::NewView(Field::take(reader)?),
            8 => Self::Status(Field::take(reader)?),
            9 => Self::Stable(Field::take(reader)?),
            10 => Self::Decided(Field::take(reader)?),
            11 => Self::Batch {
                slot: Field::take(reader)?,
                batch: Field::take(reader)?,
            },
            12 => Self::Data {
                slot: Field::take(reader)?,
                len: Field::take(reader)?,
                offset: Field::take(reader)?,
                bytes: Field::take(reader)?,
            },
            13 => Self::Fetch {
                slot: Field::take(reader)?,
                offset: Field::take(reader)?,
            },
            tag => return Err(unknown("message", tag)),
        })
    }
}

fn unknown(what: &'static str, tag: u8) -> DecodeError {
    DecodeError::UnknownTag { what, tag }
}
