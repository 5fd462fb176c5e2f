//! Bitcoin's transactions: ids, sizes, and the rules that need no other transaction.

mod wire;
mod witness;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

use crate::codec::{Encode, bytes_len, compact_size_len};
use crate::hash::{Txid, Wtxid, sha256d};
use crate::reject::Reject;
use crate::script::Script;
use crate::units::{Amount, BlockTime, Height};

/// Names an output by its transaction and its index there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutPoint {
    /// The transaction.
    pub txid: Txid,
    /// Index among its outputs, from 0.
    pub vout: u32,
}

impl OutPoint {
    /// What a coinbase spends: no output.
    pub const NULL: Self = Self {
        txid: Txid::ZERO,
        vout: u32::MAX,
    };
}

impl fmt::Display for OutPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.txid, self.vout)
    }
}

/// Spends one output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TxIn {
    /// The output spent.
    pub prevout: OutPoint,
    /// The script that satisfies the output's script.
    pub script_sig: Script,
    /// Relative lock time or replaceability; the maximum switches lock times off.
    pub sequence: u32,
    /// The witness, which the transaction's id does not cover.
    pub witness: Witness,
}

impl TxIn {
    /// The sequence number that makes an input final.
    pub const FINAL: u32 = u32::MAX;
    /// The highest one that lets a payment be replaced by another that pays more (BIP125).
    pub const REPLACEABLE: u32 = Self::FINAL - 2;

    /// A final input that spends `prevout`, not signed yet.
    pub fn new(prevout: OutPoint) -> Self {
        Self {
            prevout,
            script_sig: Script::default(),
            sequence: Self::FINAL,
            witness: Witness::default(),
        }
    }

    /// Whether its sequence number says that another payment may replace this one (BIP125).
    pub fn is_replaceable(&self) -> bool {
        self.sequence <= Self::REPLACEABLE
    }

    /// How long after the output that it spends it may come, if its sequence number says so (BIP68).
    pub fn relative_lock(&self) -> Option<RelativeLock> {
        if self.sequence & RELATIVE_LOCK_OFF != 0 {
            return None;
        }
        let [low, high, ..] = self.sequence.to_le_bytes();
        let count = u16::from_le_bytes([low, high]);
        Some(if self.sequence & RELATIVE_LOCK_TIME == 0 {
            RelativeLock::Blocks(count)
        } else {
            RelativeLock::Time(u32::from(count) * RELATIVE_LOCK_SECS)
        })
    }

    fn encoded_len(&self) -> u64 {
        36 + bytes_len(self.script_sig.0.len()) + 4
    }
}

/// How much later than the output that it spends an input may come (BIP68).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelativeLock {
    /// So many blocks.
    Blocks(u16),
    /// So many seconds, between the median times past of the parents of both blocks.
    Time(u32),
}

/// The bit of a sequence number that switches its lock off.
const RELATIVE_LOCK_OFF: u32 = 1 << 31;
/// The bit that makes it a time.
const RELATIVE_LOCK_TIME: u32 = 1 << 22;
/// Seconds that a lock's number counts.
const RELATIVE_LOCK_SECS: u32 = 512;

/// Pays an amount to a script.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TxOut {
    /// Satoshi as on the wire, where any 64-bit value can occur: see [`TxOut::amount`].
    pub value: i64,
    /// Who may spend it.
    pub script_pubkey: Script,
}

impl TxOut {
    /// Pays `amount` to `script_pubkey`.
    pub fn new(amount: Amount, script_pubkey: Script) -> Self {
        // An amount is at most 2.1e15, far below 2^63.
        Self {
            value: amount.to_sat() as i64,
            script_pubkey,
        }
    }

    /// The value as an amount.
    ///
    /// # Errors
    /// [`Reject::VoutNegative`], [`Reject::VoutTooLarge`].
    pub fn amount(&self) -> Result<Amount, Reject> {
        let value = self.value;
        let satoshi = u64::try_from(value).map_err(|_| Reject::VoutNegative { value })?;
        Amount::new(satoshi).map_err(|_| Reject::VoutTooLarge { value })
    }

    fn encoded_len(&self) -> u64 {
        8 + bytes_len(self.script_pubkey.0.len())
    }
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transaction {
    /// From version 2 on, Bitcoin applies relative lock times (BIP68).
    pub version: i32,
    /// What it spends.
    pub inputs: Vec<TxIn>,
    /// What it pays.
    pub outputs: Vec<TxOut>,
    /// The last height or time that must have passed before a block may include it: a height below
    /// 500,000,000, else seconds since 1970.
    pub lock_time: u32,
}

/// Lock times from here on are times; lower ones are heights.
pub const LOCK_TIME_THRESHOLD: u32 = 500_000_000;

impl Transaction {
    /// Weight of a byte outside the witnesses (BIP141).
    pub const WITNESS_SCALE: u64 = 4;

    /// A coinbase for `height` with the height and `extra` in its script (BIP34).
    pub fn coinbase(height: Height, extra: &[u8], outputs: Vec<TxOut>) -> Self {
        let mut input = TxIn::new(OutPoint::NULL);
        input.script_sig = Script::default().push_height(height).push(extra);
        Self {
            version: 1,
            inputs: alloc::vec![input],
            outputs,
            lock_time: 0,
        }
    }

    /// Whether it creates coins: its only input is the null outpoint.
    pub fn is_coinbase(&self) -> bool {
        matches!(self.inputs.as_slice(), [input] if input.prevout == OutPoint::NULL)
    }

    /// Whether an input has a witness.
    pub fn has_witness(&self) -> bool {
        self.inputs.iter().any(|input| !input.witness.is_empty())
    }

    /// Hash of the form without witnesses.
    pub fn txid(&self) -> Txid {
        Txid::from_bytes(sha256d(&self.encode_stripped()))
    }

    /// Hash of the form with witnesses.
    pub fn wtxid(&self) -> Wtxid {
        Wtxid::from_bytes(sha256d(&self.to_vec()))
    }

    /// Bytes without witnesses.
    pub fn stripped_size(&self) -> u64 {
        let inputs: u64 = self.inputs.iter().map(TxIn::encoded_len).sum();
        let outputs: u64 = self.outputs.iter().map(TxOut::encoded_len).sum();
        let counts = compact_size_len(self.inputs.len() as u64)
            + compact_size_len(self.outputs.len() as u64);
        4 + counts + inputs + outputs + 4
    }

    /// Bytes with witnesses.
    pub fn total_size(&self) -> u64 {
        if !self.has_witness() {
            return self.stripped_size();
        }
        let witnesses: u64 = self
            .inputs
            .iter()
            .map(|input| input.witness.encoded_len())
            .sum();
        self.stripped_size() + 2 + witnesses
    }

    /// Weight: three times the stripped size plus the total size (BIP141).
    pub fn weight(&self) -> u64 {
        self.stripped_size() * (Self::WITNESS_SCALE - 1) + self.total_size()
    }

    /// Whether it is exactly as long as two Merkle nodes, so that it could pass for an inner node
    /// (CVE-2017-12842, forbidden by BIP54).
    pub fn is_merkle_ambiguous(&self) -> bool {
        self.stripped_size() == 64
    }

    /// Whether a block at `height` may include it; `time` is what its lock time is compared with, since
    /// BIP113 the median time past of the block's parent.
    pub fn is_final(&self, height: Height, time: BlockTime) -> bool {
        let now = if self.lock_time < LOCK_TIME_THRESHOLD {
            height.0
        } else {
            time.0
        };
        self.lock_time < now
            || self.lock_time == 0
            || self
                .inputs
                .iter()
                .all(|input| input.sequence == TxIn::FINAL)
    }

    /// The sum of the outputs.
    ///
    /// # Errors
    /// [`Reject::VoutNegative`], [`Reject::VoutTooLarge`], [`Reject::TxOutTotalTooLarge`].
    pub fn output_total(&self) -> Result<Amount, Reject> {
        self.outputs.iter().try_fold(Amount::ZERO, |total, output| {
            let amount = output.amount()?;
            // Both are at most 2.1e15: the plain sum is exact.
            let sum = total.to_sat() + amount.to_sat();
            Amount::new(sum).map_err(|_| Reject::TxOutTotalTooLarge { total: sum })
        })
    }

    /// The rules that need nothing but the transaction (Bitcoin Core's `CheckTransaction`).
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self, max_size: u32) -> Result<(), Reject> {
        if self.inputs.is_empty() {
            return Err(Reject::VinEmpty);
        }
        if self.outputs.is_empty() {
            return Err(Reject::VoutEmpty);
        }
        let size = self.stripped_size();
        if size > u64::from(max_size) {
            return Err(Reject::TxOversize {
                size,
                limit: max_size,
            });
        }
        self.output_total()?;
        let mut seen = BTreeSet::new();
        for TxIn { prevout, .. } in &self.inputs {
            if !seen.insert(*prevout) {
                return Err(Reject::InputsDuplicate { outpoint: *prevout });
            }
        }
        self.check_prevouts()
    }

    /// Checks that a coinbase has a script of 2 to 100 bytes, and that no other transaction spends
    /// the null outpoint.
    fn check_prevouts(&self) -> Result<(), Reject> {
        if self.is_coinbase() {
            return match self.inputs[0].script_sig.0.len() {
                2..=100 => Ok(()),
                len => Err(Reject::BadCbLength { len: len as u64 }),
            };
        }
        match self
            .inputs
            .iter()
            .position(|input| input.prevout == OutPoint::NULL)
        {
            Some(input) => Err(Reject::PrevoutNull {
                input: input as u32,
            }),
            None => Ok(()),
        }
    }
}

pub use witness::Witness;

pub(crate) use wire::MIN_TX;
