//! Why a header, a block or a transaction is refused, under the names that Bitcoin Core uses.

use core::fmt;
use serde::{Deserialize, Serialize};

use crate::hash::{BlockId, MerkleRoot, Txid};
use crate::target::CompactTarget;
use crate::transaction::OutPoint;
use crate::units::{Amount, BlockTime, Height};

/// One line a reason: variant, the values that offend, name, and whether the id is to blame for
/// ever (`permanent`) or another body, parent or moment may do (`retry`).
macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $variant:ident $({ $($field:ident: $ty:ty),* })? = $name:literal, $kind:ident;)*) => {
        /// Why something is refused; fields hold the values that offend and the bounds they break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the variant's text names its fields")]
        pub enum Reject {$(
            $(#[doc = $doc])*
            $variant $({ $($field: $ty),* })?,
        )*}

        impl Reject {
            /// All names, in the order of the variants.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The reason's name in the field.
            pub const fn name(&self) -> &'static str {
                match self {$( Self::$variant { .. } => $name, )*}
            }

            /// Whether the refused id can never become valid.
            ///
            /// False where another body under the same header, a parent still to come or a later
            /// moment may pass: then the id must not be remembered as invalid (CVE-2012-2459).
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
    /// The hash does not meet the target, or the bits are no target within the limit.
    HighHash { hash: BlockId, bits: CompactTarget } = "high-hash", permanent;
    /// Not the bits that the chain requires here.
    BadDiffBits { found: CompactTarget, required: CompactTarget } = "bad-diffbits", permanent;
    /// Not later than the median time of the blocks before.
    TimeTooOld { time: BlockTime, median: BlockTime } = "time-too-old", permanent;
    /// Too far ahead of the node's clock: may be valid later.
    TimeTooNew { time: BlockTime, limit: BlockTime } = "time-too-new", retry;
    /// First block of a window, too long before the block before it (BIP54).
    TimewarpAttack { time: BlockTime, least: BlockTime } = "time-timewarp-attack", permanent;
    /// The block before is invalid.
    BadPrevblk { prev: BlockId } = "bad-prevblk", permanent;
    /// The block before is not known.
    PrevBlkNotFound { prev: BlockId } = "prev-blk-not-found", retry;
    /// An ancestor that a rule reads is not at hand.
    AncestorNotFound { height: Height } = "ancestor-not-found", retry;
    /// Conflicts with the genesis block.
    BadGenesis { id: BlockId } = "bad-genesis", permanent;
    /// The chain's work does not fit 256 bits.
    WorkOverflow { bits: CompactTarget } = "work-overflow", permanent;
    // Bodies.
    /// The bytes do not decode as the transactions of a block: another encoding may.
    BodyUndecodable = "bad-blk-decode", retry;
    /// The transactions' root is not the header's: another body may have it.
    BadTxnMrklRoot { found: MerkleRoot, computed: MerkleRoot } = "bad-txnmrklroot", retry;
    /// The body repeats transactions under an unchanged root (CVE-2012-2459): another may not.
    BadTxnsDuplicate = "bad-txns-duplicate", retry;
    /// Without a coinbase and with a transaction that may be two Merkle nodes (CVE-2017-12842):
    /// another body may have the same root.
    MerkleAmbiguous { index: u32 } = "bad-txns-mutated", retry;
    /// No transactions, or more bytes without witnesses than allowed.
    BadBlkLength { size: u64, limit: u32 } = "bad-blk-length", permanent;
    /// More weight than allowed. Witnesses count, so another body may have the same root.
    BadBlkWeight { weight: u64, limit: u64 } = "bad-blk-weight", retry;
    /// The first transaction is no coinbase.
    BadCbMissing = "bad-cb-missing", permanent;
    /// Another transaction than the first is a coinbase.
    BadCbMultiple { index: u32 } = "bad-cb-multiple", permanent;
    /// The coinbase's script is shorter than 2 or longer than 100 bytes.
    BadCbLength { len: u64 } = "bad-cb-length", permanent;
    /// The coinbase's script does not start with the height (BIP34).
    BadCbHeight { required: Height } = "bad-cb-height", permanent;
    /// The coinbase pays more than subsidy and fees.
    BadCbAmount { claimed: Amount, allowed: Amount } = "bad-cb-amount", permanent;
    /// The coinbase's witness is not one item of 32 bytes (BIP141): another body may have it.
    BadWitnessNonceSize = "bad-witness-nonce-size", retry;
    /// The witnesses are not the ones that the coinbase commits to: another body may have them.
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
    /// As long as two Merkle nodes (CVE-2017-12842, BIP54).
    TxSixtyFourBytes { index: u32 } = "bad-txns-64-byte", permanent;
    /// An output pays less than nothing.
    VoutNegative { value: i64 } = "bad-txns-vout-negative", permanent;
    /// An output pays more than all the money there can be.
    VoutTooLarge { value: i64 } = "bad-txns-vout-toolarge", permanent;
    /// The outputs together pay more than all the money there can be (CVE-2010-5139).
    TxOutTotalTooLarge { total: u64 } = "bad-txns-txouttotal-toolarge", permanent;
    /// One output is spent twice in the transaction (CVE-2018-17144).
    InputsDuplicate { outpoint: OutPoint } = "bad-txns-inputs-duplicate", permanent;
    /// An input of a transaction that is no coinbase spends nothing.
    PrevoutNull { input: u32 } = "bad-txns-prevout-null", permanent;
    // Transactions on a chain.
    /// An output spent is not there, or no longer.
    InputsMissingOrSpent { outpoint: OutPoint } = "bad-txns-inputs-missingorspent", permanent;
    /// A coinbase is spent before it is mature.
    PrematureSpendOfCoinbase { outpoint: OutPoint, mature_at: Height } =
        "bad-txns-premature-spend-of-coinbase", permanent;
    /// Pays more than it spends.
    InBelowOut { inputs: Amount, outputs: Amount } = "bad-txns-in-belowout", permanent;
    /// The outputs spent are together worth more than all the money there can be.
    InputValuesOutOfRange { outpoint: OutPoint } = "bad-txns-inputvalues-outofrange", permanent;
    /// The block's fees together are more than all the money there can be.
    AccumulatedFeeOutOfRange = "bad-txns-accumulated-fee-outofrange", permanent;
    /// Its lock time has not come.
    NonFinal { txid: Txid, lock_time: u32 } = "bad-txns-nonfinal", permanent;
    /// Would overwrite a transaction whose outputs are not all spent (BIP30).
    Bip30 { txid: Txid } = "bad-txns-BIP30", permanent;
    /// An input's witness has not the form that the output asks for.
    BadWitness { txid: Txid, input: u32 } = "bad-witness", permanent;
    /// An input's signature does not verify.
    BadSignature { txid: Txid, input: u32 } = "bad-signature", permanent;
    /// An input's key is none.
    BadPublicKey { txid: Txid, input: u32 } = "bad-public-key", permanent;
}

impl core::error::Error for Reject {}
