//! A key-value store with versions: the state machine that papers on replication have in mind.
//!
//! Every value knows which transaction wrote it. A client that read a version can write on condition
//! that it is still the last one (optimistic concurrency, as in Hyperledger Fabric), and receipts
//! name the versions read and written. Nobody owns a key: anyone may write to any.
//!
//! In blocks of forks, a transaction whose condition fails does nothing and stays in the block, as in
//! Fabric; only bytes that are no transaction make a block invalid.

mod body;
mod bytes;
mod receipt;
mod store;
mod told;
mod transaction;

use alloc::{sync::Arc, vec, vec::Vec};

use chain::{
    Amount, ChainParams, DecodeError, Encode, Header, PeerId, PublicKey, Reject, decode_exact,
};

pub use body::{Body, Coinbase};
pub use bytes::{Bytes, Key, LengthError, Value};
pub use receipt::{Access, KvError, Receipt};
pub use store::{Entry, Store};
pub use transaction::{Transaction, Version};

use crate::{Checked, Chosen, Draft, Ledger, LedgerEntry, Miner, Place, Position, State};

/// This ledger's line in the registry.
pub const ENTRY: LedgerEntry = LedgerEntry {
    id: "kv",
    name: "Keys and values",
    params: &[],
    build: |terms| Arc::new(Kv::new(terms.chain.clone())),
    sample: Some(|rng| Transaction::sample(rng).to_vec()),
    forms: told::FORMS,
    tell_transaction: told::transaction,
    tell_receipt: told::receipt,
    touched: Some(receipt::touched),
};

/// The key-value ledger of a chain. It has no money, and begins empty.
pub struct Kv {
    params: Arc<ChainParams>,
}

impl Kv {
    /// The ledger of a chain with these parameters.
    #[must_use]
    pub fn new(params: Arc<ChainParams>) -> Self {
        Self { params }
    }

    /// The keys and values of a state that this ledger made.
    #[must_use]
    pub fn store<'a>(&self, state: &'a State) -> &'a Store {
        state.inner()
    }
}

impl Ledger for Kv {
    fn genesis(&self) -> State {
        State::new(Store::default())
    }

    /// A body must be its header's and no longer than [`ChainParams::max_block_size`].
    fn check(&self, header: &Header, body: &[u8]) -> Result<(), Reject> {
        let computed = decode(body)?.root();
        let found = match header {
            Header::Bitcoin(header) => header.merkle_root,
            Header::Sealed(header) => header.tx_root,
        };
        if found != computed {
            return Err(Reject::BadTxnMrklRoot { found, computed });
        }
        let (size, limit) = (body.len() as u64, self.params.max_block_size);
        if size > u64::from(limit) {
            return Err(Reject::BadBlkLength { size, limit });
        }
        Ok(())
    }

    fn apply(
        &self,
        parent: &State,
        place: Place,
        body: &[u8],
        _checked: &dyn Checked,
    ) -> Result<State, Reject> {
        let mut store = self.store(parent).clone();
        for (index, tx) in (0u32..).zip(decode(body)?.transactions) {
            let height = place.height;
            store::run(&mut store, Version { height, index }, tx);
        }
        Ok(State::new(store))
    }

    fn execute(&self, at: &State, place: Position, tx: &[u8]) -> (State, Arc<[u8]>) {
        let Ok(decoded) = decode_exact(tx) else {
            let len = tx.len() as u64;
            let receipt = store::refused(KvError::Undecodable { len });
            return (at.clone(), receipt.to_vec().into());
        };
        let Position { height, index, .. } = place;
        let mut store = self.store(at).clone();
        let receipt = store::run(&mut store, Version { height, index }, decoded);
        (State::new(store), receipt.to_vec().into())
    }

    fn query(&self, at: &State, tx: &[u8]) -> Option<Arc<[u8]>> {
        match decode_exact(tx).ok()? {
            Transaction::Get { key } => Some(store::get(self.store(at), key).to_vec().into()),
            Transaction::Put { .. }
            | Transaction::CompareAndSet { .. }
            | Transaction::Delete { .. } => None,
        }
    }

    fn draft(
        &self,
        _parent: &State,
        _place: Place,
        miner: &Miner,
        extra: u64,
        _chosen: &[Chosen],
    ) -> Draft {
        let body = Body {
            coinbase: Coinbase {
                payee: miner.key.to_bytes(),
                extra,
            },
            transactions: vec![],
        };
        Draft {
            root: body.root(),
            body: body.to_vec(),
        }
    }

    fn maker(&self, body: &[u8]) -> Option<PeerId> {
        let Coinbase { payee, .. } = decode(body).ok()?.coinbase;
        let key = PublicKey::from_bytes(&payee).ok()?;
        Some(key.peer_id())
    }

    /// Nothing: there is no money.
    fn supply(&self, _at: &State) -> Amount {
        Amount::ZERO
    }

    fn root(&self, at: &State) -> [u8; 32] {
        self.store(at).root()
    }

    fn snapshot(&self, at: &State) -> Vec<u8> {
        self.store(at).to_vec()
    }

    fn restore(&self, bytes: &[u8]) -> Result<State, DecodeError> {
        decode_exact::<Store>(bytes).map(State::new)
    }
}

fn decode(body: &[u8]) -> Result<Body, Reject> {
    decode_exact(body).map_err(|_| Reject::BodyUndecodable)
}
