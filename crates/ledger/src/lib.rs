//! Does: says what the bytes of a block mean, and what state they lead to.
//! Never: chooses between branches, knows a protocol, or talks to anyone.
//! Neighbours: `chain` and `protocol` below; `node` asks it, `scenario` picks it.
//!
//! Bodies are opaque bytes to every other crate. A [`State`] is a persistent value: the states of
//! all blocks can be held at once, so undoing a block is a move to its parent's state.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::{sync::Arc, vec::Vec};
use core::any::Any;

use chain::mempool::Admission;
use chain::{
    Amount, BlockTime, DecodeError, Header, Height, MerkleRoot, PeerId, PublicKey, Reject, Script,
    Time,
};
use protocol::Payee;

mod admit;
mod allocation;
pub mod kv;
pub mod merkle_map;
mod registry;
pub mod utxo;

pub use admit::{Carried, Checked, Chosen, Inadmissible, NoneChecked, Owned, Waiting};
pub use allocation::{Allocation, AllocationError};
pub use registry::{
    Form, LEDGERS, LedgerEntry, LedgerTerms, ReadTouched, Told, Touch, Touched, find,
};

/// The meaning of blocks.
pub trait Ledger {
    /// The state before the first block.
    fn genesis(&self) -> State;

    /// Checks what can be checked of a body by itself: form, commitment, size.
    ///
    /// # Errors
    /// The rule that is broken. Unless [`Reject::is_permanent`], the header may still be valid:
    /// another body may fit it (CVE-2012-2459).
    fn check(&self, header: &Header, body: &[u8]) -> Result<(), Reject>;

    /// The state after a body that passed [`Ledger::check`], on top of its parent's state. What `checked`
    /// knows changes how long it takes and nothing else.
    ///
    /// # Errors
    /// The rule that is broken; then the block is invalid for good.
    fn apply(
        &self,
        parent: &State,
        place: Place,
        body: &[u8],
        checked: &dyn Checked,
    ) -> Result<State, Reject>;

    /// Judges a transaction that is to come into the next block, on top of this state and of others that
    /// wait. By default none may come: what is decided in slots does not wait in a mempool.
    ///
    /// # Errors
    /// Why it may not.
    fn admit(
        &self,
        _at: &State,
        _place: Place,
        _tx: &[u8],
        _waiting: &dyn Waiting,
        _checked: &dyn Checked,
    ) -> Result<Admission, Inadmissible> {
        Err(Inadmissible::Unsupported)
    }

    /// The transactions of a body that passed [`Ledger::check`], for a mempool whose ledger can admit any.
    fn carried(&self, _body: &[u8]) -> Vec<Carried> {
        Vec::new()
    }

    /// Carries out one transaction of a decided slot. Total: one that breaks a rule changes nothing,
    /// and its receipt says why. Receipts are this ledger's bytes.
    fn execute(&self, at: &State, place: Position, tx: &[u8]) -> (State, Arc<[u8]>);

    /// The receipt of a transaction that only reads, as [`Ledger::execute`] would give it in this state;
    /// `None` if it may change something.
    fn query(&self, _at: &State, _tx: &[u8]) -> Option<Arc<[u8]>> {
        None
    }

    /// The coins that these scripts own, in the order of their outpoints. Looks at all coins.
    fn coins_of(&self, _at: &State, _scripts: &[Script]) -> Vec<Owned> {
        Vec::new()
    }

    /// Whether a transaction pays one of these scripts.
    fn pays(&self, _tx: &[u8], _scripts: &[Script]) -> bool {
        false
    }

    /// The receipt of a transaction that came into a block, is settled, and paid this.
    fn settled(&self, _fee: Amount) -> Arc<[u8]> {
        Arc::from([])
    }

    /// A body for the next block that has these transactions; a different `extra` gives a different
    /// commitment.
    fn draft(
        &self,
        parent: &State,
        place: Place,
        miner: &Miner,
        extra: u64,
        chosen: &[Chosen],
    ) -> Draft;

    /// The node that made a block, if its body says so in the way that [`Ledger::draft`] does. Anybody can
    /// say anything.
    fn maker(&self, body: &[u8]) -> Option<PeerId>;

    /// The total of all unspent coins in this state; provably unspendable ones do not count.
    fn supply(&self, at: &State) -> Amount;

    /// A digest of the state: equal states have equal roots, whatever path led there.
    fn root(&self, at: &State) -> [u8; 32];

    /// The state as bytes; equal states have equal bytes.
    fn snapshot(&self, at: &State) -> Vec<u8>;

    /// The state of which [`Ledger::snapshot`] made these bytes. Whoever has them from somebody else
    /// compares the state's root with one that is trusted.
    ///
    /// # Errors
    /// Why they are no state of this ledger.
    fn restore(&self, bytes: &[u8]) -> Result<State, DecodeError>;
}

/// Who makes a block, and who is paid for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Miner {
    /// The key of the node that makes it.
    pub key: PublicKey,
    /// Who is paid.
    pub payee: Payee,
}

impl Miner {
    /// One that is paid itself.
    #[must_use]
    pub const fn paid(key: PublicKey) -> Self {
        Self {
            key,
            payee: Payee(key),
        }
    }
}

/// Where a block stands in its chain, as far as the rules on its body need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its height.
    pub height: Height,
    /// Median time past of its parent, which lock times are compared with (BIP113).
    pub median: BlockTime,
    /// Its own time, which they were compared with before; of a draft, the median.
    pub time: BlockTime,
}

/// Where a transaction of a decided slot stands, the same for all who execute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The height of its block.
    pub height: Height,
    /// Its place in the block, from 0.
    pub index: u32,
    /// When the block was proposed, by its proposer's clock.
    pub time: Time,
}

/// A body and its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What the header commits to.
    pub root: MerkleRoot,
    /// The body.
    pub body: Vec<u8>,
}

/// A ledger's state after some block, O(1) to clone; only the ledger that made it can look inside.
#[derive(Clone)]
pub struct State(Arc<dyn Any + Send + Sync>);

impl State {
    /// Wraps a ledger's own state.
    pub fn new<S: Any + Send + Sync>(inner: S) -> Self {
        Self(Arc::new(inner))
    }

    /// The ledger's own state.
    ///
    /// # Panics
    /// If another ledger made it, which cannot happen in a node: it is assembled with one ledger.
    #[must_use]
    pub fn inner<S: Any>(&self) -> &S {
        self.0
            .downcast_ref()
            .expect("a state is read by the ledger that made it")
    }
}
