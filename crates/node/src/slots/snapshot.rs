//! The chain of a replica as bytes: all that replicas share after a slot, and no block below it.
//!
//! The ledger's state is proven: its root must be the one in the last block's header, which names all
//! blocks before it. That a client was served is what the sender says; protocols that do not trust
//! one sender compare digests.

use alloc::vec::Vec;

use chain::{
    ChainParams, Decode, DecodeError, Encode, Height, PeerId, Reader, SealedHeader, StateRoot,
    decode_exact, put_bytes, put_compact_size,
};
use ledger::{Ledger, State};
use protocol::Snapshot;

use super::{Session, Slots};
use crate::limits;

/// Why bytes are no snapshot of this chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("{0}")]
    Undecodable(#[from] DecodeError),
    /// The last block is not of these slots, or not above the genesis block.
    #[error("block {height} of slot {slot} after slot {last}")]
    BadBlock {
        height: Height,
        slot: u64,
        last: u64,
    },
    /// The state is not the one that the last block led to.
    #[error("state root {found} where the last block has {expected}")]
    BadRoot {
        found: StateRoot,
        expected: StateRoot,
    },
    /// Clients are more than are remembered.
    #[error("{0} clients")]
    TooManyClients(u64),
    /// A client was served after the last block, or at the same place as another.
    #[error("a client served at place {index} of slot {slot}")]
    BadService { slot: u64, index: u32 },
}

/// A snapshot's contents. Clients are listed in the order of their names.
struct Contents {
    last: Option<SealedHeader>,
    sessions: Vec<(PeerId, Session)>,
    state: Vec<u8>,
}

impl Slots {
    /// All that replicas share after the last executed slot.
    pub fn snapshot(&self, ledger: &dyn Ledger) -> Snapshot {
        let sessions = self
            .sessions
            .iter()
            .map(|(client, one)| (*client, one.clone()));
        let contents = Contents {
            last: self.last,
            sessions: sessions.collect(),
            state: ledger.snapshot(&self.state),
        };
        Snapshot {
            slot: self.executed(),
            bytes: contents.to_vec().into(),
        }
    }

    /// The chain that goes on from a snapshot.
    ///
    /// # Errors
    /// What shows that it is none of this chain.
    pub fn restore(
        params: &ChainParams,
        ledger: &dyn Ledger,
        snapshot: &Snapshot,
    ) -> Result<Self, SnapshotError> {
        let contents: Contents = decode_exact(&snapshot.bytes)?;
        let mut slots = Self::new(params, state(ledger, &contents)?);
        if let Some(header) = contents.last {
            let (height, slot, last) = (header.height, header.slot, snapshot.slot);
            if height == Height::GENESIS || slot == 0 || slot > last {
                return Err(SnapshotError::BadBlock { height, slot, last });
            }
        }
        (slots.last, slots.executed) = (contents.last, snapshot.slot);
        slots.tip = contents.last.map_or(slots.tip, |header| header.id());
        slots.welcome(contents.sessions)?;
        Ok(slots)
    }

    /// Takes over what is remembered of clients.
    fn welcome(&mut self, sessions: Vec<(PeerId, Session)>) -> Result<(), SnapshotError> {
        if sessions.len() > limits::CLIENTS {
            return Err(SnapshotError::TooManyClients(sessions.len() as u64));
        }
        let last = self.last.map_or(0, |header| header.slot);
        for (client, session) in sessions {
            let (slot, index) = session.served;
            if slot > last || self.served.contains_key(&session.served) {
                return Err(SnapshotError::BadService { slot, index });
            }
            self.served.insert_mut(session.served, client);
            self.sessions.insert_mut(client, session);
        }
        Ok(())
    }
}

/// The ledger's state in a snapshot, which must have the root that the last block names.
fn state(ledger: &dyn Ledger, contents: &Contents) -> Result<State, SnapshotError> {
    let state = ledger.restore(&contents.state)?;
    let root = |state: &State| StateRoot::from_bytes(ledger.root(state));
    let expected = match contents.last {
        Some(header) => header.state_root,
        None => root(&ledger.genesis()),
    };
    let found = root(&state);
    if found == expected {
        Ok(state)
    } else {
        Err(SnapshotError::BadRoot { found, expected })
    }
}

const NO_BLOCK: u8 = 0;
const A_BLOCK: u8 = 1;
/// No client takes less, in bytes: a name, a number, the length of nothing, a slot and a place in it.
const LEAST_SESSION: u32 = 32 + 8 + 1 + 8 + 4;

impl Encode for Contents {
    fn encode_into(&self, out: &mut Vec<u8>) {
        match &self.last {
            None => out.push(NO_BLOCK),
            Some(header) => {
                out.push(A_BLOCK);
                header.encode_into(out);
            }
        }
        put_compact_size(self.sessions.len() as u64, out);
        for (client, session) in &self.sessions {
            let (slot, index) = session.served;
            out.extend_from_slice(client.as_bytes());
            out.extend_from_slice(&session.number.to_le_bytes());
            put_bytes(&session.receipt, out);
            out.extend_from_slice(&slot.to_le_bytes());
            out.extend_from_slice(&index.to_le_bytes());
        }
        put_bytes(&self.state, out);
    }
}

impl Decode for Contents {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let last = match reader.u8()? {
            NO_BLOCK => None,
            A_BLOCK => Some(SealedHeader::decode_from(reader)?),
            tag => {
                let what = "snapshot";
                return Err(DecodeError::UnknownTag { what, tag });
            }
        };
        let mut sessions: Vec<(PeerId, Session)> = Vec::new();
        for index in 0..reader.count(LEAST_SESSION)? as u64 {
            let client = PeerId::from_bytes(reader.array()?);
            if sessions.last().is_some_and(|(before, _)| *before >= client) {
                return Err(DecodeError::OutOfOrder { index });
            }
            let session = Session {
                number: reader.u64()?,
                receipt: reader.bytes()?.into(),
                served: (reader.u64()?, reader.u32()?),
            };
            sessions.push((client, session));
        }
        Ok(Self {
            last,
            sessions,
            state: reader.bytes()?.to_vec(),
        })
    }
}
