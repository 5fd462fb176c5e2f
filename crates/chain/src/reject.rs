//! Why a header, a block or a transaction is refused, under the names that Bitcoin Core uses.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::hash::{BlockId, MerkleRoot, Txid};
use crate::target::CompactTarget;
use crate::transaction::OutPoint;
use crate::units::{Amount, BlockTime, Height};

/// One line per reason: variant, offending values, name, and whether the id is invalid for good
/// (`permanent`) or may pass with another body, once its parent is known, or later (`retry`).
macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident $({ $($field:ident: $ty:ty),* })? = $name:literal, $kind:ident;)*) => {
        /// Why something is refused; fields hold the offending values and the bounds they break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the variant's text names its fields")]
        pub enum Reject {$(
            $(#[doc = $doc])*
            $variant $({ $($field: $ty),* })?,
        )*}

        impl Reject {
            /// All names, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The reason's standard name.
            pub const fn name(&self) -> &'static str {
                match self {$( Self::$variant { .. } => $name, )*}
            }

            /// Whether the refused id can never become valid.
            ///
            /// False if it may pass with another body under the same header, once its parent is
            /// known, or later: then it must not be remembered as invalid (CVE-2012-2459).
            pub const fn is_permanent(&self) -> bool {
                match self {$( Self::$variant { .. } => reasons!(@$kind), )*}
            }
        }

        /// The name, then each value as `field=value`.
        impl fmt::Display for Reject {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())?;
                match self {$(
                    Self::$variant $({ $($field),* })? => {
                        $($( write!(f, concat!(" ", stringify!($field), "={}"), $field)?; )*)?
                    }
                )*}
                Ok(())
            }
        }
    };
    (@permanent) => { true };
    (@retry) => { false };
}

reasons! {
    // Headers.
    /// The hash does not meet the target, or the bits do not encode a target within the limit.
    HighHash { hash: BlockId, bits: CompactTarget } = "high-hash", permanent;
    /// Not the bits that the chain requires here.
    BadDiffBits { found: CompactTarget, required: CompactTarget } = "bad-diffbits", permanent;
    /// Not later than the median time of the previous blocks.
    TimeTooOld { time: BlockTime, median: BlockTime } = "time-too-old", permanent;
    /// Too far ahead of the node's clock: may be valid later.
    TimeTooNew { time: BlockTime, limit: BlockTime } = "time-too-new", retry;
    /// The first block of a window is too much earlier than its parent, or the last one earlier than
    /// the first (BIP54).
    TimewarpAttack { time: BlockTime, least: BlockTime } = "time-timewarp-attack", permanent;
    /// The parent is invalid.
    BadPrevblk { prev: BlockId } = "bad-prevblk", permanent;
    /// The parent is not known.
    PrevBlkNotFound { prev: BlockId } = "prev-blk-not-found", retry;
    /// An ancestor that a rule needs is not available.
    AncestorNotFound { height: Height } = "ancestor-not-found", retry;
    /// Conflicts with the genesis block.
    BadGenesis { id: BlockId } = "bad-genesis", permanent;
    /// The chain's work does not fit 256 bits.
    WorkOverflow { bits: CompactTarget } = "work-overflow", permanent;
    // Bodies.
    /// The bytes do not decode as the transactions of a block: another encoding may.
    BodyUndecodable = "bad-blk-decode", retry;
    /// The transactions' Merkle root is not the header's: another body may have it.
    BadTxnMrklRoot { found: MerkleRoot, computed: MerkleRoot } = "bad-txnmrklroot", retry;
    /// The body repeats transactions under an unchanged root (CVE-2012-2459): another may not.
    BadTxnsDuplicate = "bad-txns-duplicate", retry;
    /// No coinbase, and a transaction that may really be two Merkle nodes (CVE-2017-12842):
    /// another body may have the same root.
    MerkleAmbiguous { index: u32 } = "bad-txns-mutated", retry;
    /// No transactions, or more bytes without witnesses than allowed.
    BadBlkLength { size: u64, limit: u32 } = "bad-blk-length", permanent;
    /// More weight than allowed. Witnesses count towards it but not towards the Merkle root, so
    /// another body under the same root may pass.
    BadBlkWeight { weight: u64, limit: u64 } = "bad-blk-weight", retry;
    /// More signatures to check than allowed, by their cost.
    BadBlkSigops { cost: u64, limit: u64 } = "bad-blk-sigops", permanent;
    /// The first transaction is not a coinbase.
    BadCbMissing = "bad-cb-missing", permanent;
    /// A transaction other than the first is a coinbase.
    BadCbMultiple { index: u32 } = "bad-cb-multiple", permanent;
    /// The coinbase's script is shorter than 2 or longer than 100 bytes.
    BadCbLength { len: u64 } = "bad-cb-length", permanent;
    /// The coinbase's script does not start with the height (BIP34).
    BadCbHeight { required: Height } = "bad-cb-height", permanent;
    /// The coinbase pays more than the subsidy and fees.
    BadCbAmount { claimed: Amount, allowed: Amount } = "bad-cb-amount", permanent;
    /// The coinbase's witness is not a single 32-byte item (BIP141): another body's may be.
    BadWitnessNonceSize = "bad-witness-nonce-size", retry;
    /// The witnesses are not those that the coinbase commits to: another body may have them.
    BadWitnessMerkleMatch = "bad-witness-merkle-match", retry;
    /// Witnesses without a commitment: another body may have none.
    UnexpectedWitness { index: u32 } = "unexpected-witness", retry;
    // Transactions alone.
    /// No inputs.
    VinEmpty = "bad-txns-vin-empty", permanent;
    /// No outputs.
    VoutEmpty = "bad-txns-vout-empty", permanent;
    /// Longer than a block may be.
    TxOversize { size: u64, limit: u32 } = "bad-txns-oversize", permanent;
    /// Exactly as long as two Merkle nodes (CVE-2017-12842, BIP54).
    TxSixtyFourBytes { index: u32 } = "bad-txns-64-byte", permanent;
    /// An output pays a negative amount.
    VoutNegative { value: i64 } = "bad-txns-vout-negative", permanent;
    /// An output pays more than 21 million coins.
    VoutTooLarge { value: i64 } = "bad-txns-vout-toolarge", permanent;
    /// The outputs together pay more than 21 million coins (CVE-2010-5139).
    TxOutTotalTooLarge { total: u64 } = "bad-txns-txouttotal-toolarge", permanent;
    /// The transaction spends one output twice (CVE-2018-17144).
    InputsDuplicate { outpoint: OutPoint } = "bad-txns-inputs-duplicate", permanent;
    /// An input of a transaction other than a coinbase has the null outpoint.
    PrevoutNull { input: u32 } = "bad-txns-prevout-null", permanent;
    // Transactions on a chain.
    /// An input spends an output that does not exist or is already spent.
    InputsMissingOrSpent { outpoint: OutPoint } = "bad-txns-inputs-missingorspent", permanent;
    /// A coinbase is spent before it is mature.
    PrematureSpendOfCoinbase { outpoint: OutPoint, mature_at: Height } =
        "bad-txns-premature-spend-of-coinbase", permanent;
    /// Pays more than it spends.
    InBelowOut { inputs: Amount, outputs: Amount } = "bad-txns-in-belowout", permanent;
    /// The spent outputs are together worth more than 21 million coins.
    InputValuesOutOfRange { outpoint: OutPoint } = "bad-txns-inputvalues-outofrange", permanent;
    /// The block's fees together, or with the subsidy, exceed 21 million coins.
    AccumulatedFeeOutOfRange = "bad-txns-accumulated-fee-outofrange", permanent;
    /// Its lock time, or that which an input's sequence number says (BIP68), has not been reached.
    NonFinal { txid: Txid, lock_time: u32 } = "bad-txns-nonfinal", permanent;
    /// Would overwrite a transaction whose outputs are not all spent (BIP30).
    Bip30 { txid: Txid } = "bad-txns-BIP30", permanent;
    /// An input's witness does not have the form that the output requires.
    BadWitness { txid: Txid, input: u32 } = "bad-witness", permanent;
    /// An input spends an output whose script is none of the known forms.
    NonStandardInput { txid: Txid, input: u32 } = "bad-txns-nonstandard-inputs", permanent;
    /// An input spends before the time that the output names (BIP65).
    UnsatisfiedLockTime { txid: Txid, input: u32 } = "unsatisfied-locktime", permanent;
    /// An input's signature does not verify.
    BadSignature { txid: Txid, input: u32 } = "bad-signature", permanent;
    /// An input spends an output whose key is not a valid public key.
    BadPublicKey { txid: Txid, input: u32 } = "bad-public-key", permanent;
}

impl core::error::Error for Reject {}
