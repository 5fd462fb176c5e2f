//! Why a mempool does not take a transaction, under the names that Bitcoin Core uses.

use crate::fee::FeeRate;
use crate::hash::Txid;
use crate::units::Amount;

/// Why a valid transaction is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It waits already.
    #[error("txn-already-in-mempool txid={txid}")]
    AlreadyKnown {
        /// Which.
        txid: Txid,
    },
    /// It is larger than any that is relayed.
    #[error("tx-size size={size} limit={limit}")]
    TxSize {
        /// Its size in virtual bytes.
        size: u32,
        /// The greatest.
        limit: u32,
    },
    /// Its fee is below what is always asked for.
    #[error("min relay fee not met fee={fee} least={least}")]
    BelowRelayFee {
        /// Its fee.
        fee: Amount,
        /// What is asked for a transaction of its size.
        least: Amount,
    },
    /// Its fee is below what is asked for since others were evicted.
    #[error("mempool min fee not met fee={fee} least={least}")]
    BelowPoolFee {
        /// Its fee.
        fee: Amount,
        /// What is asked for a transaction of its size.
        least: Amount,
    },
    /// There is no room, and all others pay more.
    #[error("mempool full rate={}", rate.to_milli_sat())]
    Full {
        /// The least rate that is taken now.
        rate: FeeRate,
    },
    /// It needs too many that wait, or too many would need one that waits.
    #[error("too-long-mempool-chain limit={limit}")]
    TooLongChain {
        /// How many may need each other.
        limit: u32,
    },
    /// It spends the same as one whose sender did not agree to be replaced.
    #[error("txn-mempool-conflict with={with}")]
    Conflict {
        /// Which.
        with: Txid,
    },
    /// It would replace too many.
    #[error("too many potential replacements limit={limit}")]
    TooManyReplaced {
        /// How many it may replace.
        limit: u64,
    },
    /// It needs one that it would replace.
    #[error("bad-txns-spends-conflicting-tx txid={txid}")]
    SpendsConflicting {
        /// Which.
        txid: Txid,
    },
    /// It would replace others, but needs one that waits and that those did not need.
    #[error("replacement-adds-unconfirmed txid={txid}")]
    AddsUnconfirmed {
        /// Which.
        txid: Txid,
    },
    /// It would replace others, but does not pay enough more.
    #[error("insufficient fee fee={fee} least={least}")]
    InsufficientFee {
        /// Its fee.
        fee: Amount,
        /// What it must pay at least; besides, its rate must be above that of each which it replaces.
        least: Amount,
    },
}

impl Refusal {
    /// All names, in the order of the variants.
    pub const NAMES: &'static [&'static str] = &[
        "txn-already-in-mempool",
        "tx-size",
        "min relay fee not met",
        "mempool min fee not met",
        "mempool full",
        "too-long-mempool-chain",
        "txn-mempool-conflict",
        "too many potential replacements",
        "bad-txns-spends-conflicting-tx",
        "replacement-adds-unconfirmed",
        "insufficient fee",
    ];

    /// Its standard name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let place = match self {
            Self::AlreadyKnown { .. } => 0,
            Self::TxSize { .. } => 1,
            Self::BelowRelayFee { .. } => 2,
            Self::BelowPoolFee { .. } => 3,
            Self::Full { .. } => 4,
            Self::TooLongChain { .. } => 5,
            Self::Conflict { .. } => 6,
            Self::TooManyReplaced { .. } => 7,
            Self::SpendsConflicting { .. } => 8,
            Self::AddsUnconfirmed { .. } => 9,
            Self::InsufficientFee { .. } => 10,
        };
        Self::NAMES[place]
    }
}
