//! What passes between a ledger and a mempool, neither of which knows the other.

use alloc::{sync::Arc, vec::Vec};
use core::ops::Range;

use chain::{Amount, Height, OutPoint, Reject, Script, Txid, Wtxid};

/// The transactions that wait.
pub trait Waiting {
    /// The bytes of the one with this id.
    fn transaction(&self, txid: &Txid) -> Option<&[u8]>;
}

/// Transactions whose signatures are known to be good: they depend on nothing but the transaction and
/// what it spends, which its id covers. All under the rules of one chain.
pub trait Checked {
    /// Whether the one whose bytes have this hash is among them.
    fn is_checked(&self, wtxid: &Wtxid) -> bool;
}

/// None is.
pub struct NoneChecked;

impl Checked for NoneChecked {
    fn is_checked(&self, _wtxid: &Wtxid) -> bool {
        false
    }
}

/// Why a transaction may not come into the next block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inadmissible {
    /// It uses something that is neither on the chain nor waits: unknown so far, or used up.
    Missing {
        /// What.
        outpoint: OutPoint,
    },
    /// It is on the chain already.
    Confirmed {
        /// Which.
        txid: Txid,
    },
    /// It breaks a rule.
    Invalid(Reject),
    /// The ledger's transactions do not wait.
    Unsupported,
}

impl Inadmissible {
    /// Its standard name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Missing { outpoint } => Reject::InputsMissingOrSpent {
                outpoint: *outpoint,
            }
            .name(),
            Self::Confirmed { .. } => "txn-already-known",
            Self::Invalid(reject) => reject.name(),
            Self::Unsupported => "no-mempool",
        }
    }
}

impl From<Reject> for Inadmissible {
    fn from(reject: Reject) -> Self {
        match reject {
            Reject::InputsMissingOrSpent { outpoint } => Self::Missing { outpoint },
            reject => Self::Invalid(reject),
        }
    }
}

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its id.
    pub txid: Txid,
    /// What it uses up.
    pub spends: Vec<OutPoint>,
    /// Where its bytes stand in the body, if it could wait once more: a coinbase cannot.
    pub bytes: Option<Range<usize>>,
}

/// A transaction that a draft is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// What it pays, as its ledger said when it admitted it.
    pub fee: Amount,
}

/// A coin, to whoever watches its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Where it is.
    pub at: OutPoint,
    /// What it is worth.
    pub amount: Amount,
    /// Who may spend it.
    pub script: Script,
    /// The height of the block that made it.
    pub height: Height,
    /// Whether a coinbase did, so that it has to mature.
    pub coinbase: bool,
}
