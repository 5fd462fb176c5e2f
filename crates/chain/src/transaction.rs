//! Bitcoin's transactions: both wire forms (BIP144), both ids, sizes, and the rules that need no
//! other transaction.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

use crate::codec::{
    Decode, DecodeError, Encode, Reader, bytes_len, compact_size_len, put_bytes, put_list,
};
use crate::hash::{Txid, Wtxid, sha256d};
use crate::reject::Reject;
use crate::script::Script;
use crate::units::{Amount, Height};

/// Names an output: the transaction and the output's place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OutPoint {
    /// The transaction.
    pub txid: Txid,
    /// Place among its outputs, from 0.
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

/// The stack of byte strings that proves the right to spend (BIP141).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Witness(pub Vec<WitnessItem>);

/// One byte string of a witness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WitnessItem(#[serde(with = "crate::text::bytes")] pub Vec<u8>);

impl Witness {
    /// A witness of these byte strings.
    pub fn new(items: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self(items.into_iter().map(WitnessItem).collect())
    }

    /// Whether there are no byte strings.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Number of byte strings.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The byte string at `index`.
    pub fn get(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index).map(|item| item.0.as_slice())
    }

    fn encoded_len(&self) -> u64 {
        let items: u64 = self.0.iter().map(|item| bytes_len(item.0.len())).sum();
        compact_size_len(self.0.len() as u64) + items
    }
}

/// Spends one output.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TxIn {
    /// The output spent.
    pub prevout: OutPoint,
    /// Script that satisfies the output's.
    pub script_sig: Script,
    /// Relative lock time or replaceability; the maximum switches lock times off.
    pub sequence: u32,
    /// Outside the transaction's id.
    pub witness: Witness,
}

impl TxIn {
    /// The sequence number that makes an input final.
    pub const FINAL: u32 = u32::MAX;

    /// A final input that spends `prevout`, not signed yet.
    pub fn new(prevout: OutPoint) -> Self {
        Self {
            prevout,
            script_sig: Script::default(),
            sequence: Self::FINAL,
            witness: Witness::default(),
        }
    }

    fn encoded_len(&self) -> u64 {
        36 + bytes_len(self.script_sig.0.len()) + 4
    }
}

/// Pays an amount to a script.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TxOut {
    /// Satoshi as on the wire, where any 64 bits can stand: see [`TxOut::amount`].
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
    /// Version 2 switches relative lock times on (BIP68).
    pub version: i32,
    /// What it spends.
    pub inputs: Vec<TxIn>,
    /// What it pays.
    pub outputs: Vec<TxOut>,
    /// First block or time that may include it: below 500,000,000 a height, else seconds since 1970.
    pub lock_time: u32,
}

/// Bytes of the shortest encodings, by which a count is believed or not.
const MIN_TX_IN: u32 = 36 + 1 + 4;
const MIN_TX_OUT: u32 = 8 + 1;

/// BIP144's flag for "witnesses follow".
const WITNESS_FLAG: u8 = 1;

/// Lock times from here on are times, below it heights.
const LOCK_TIME_THRESHOLD: u32 = 500_000_000;

impl Transaction {
    /// Bitcoin's factor between bytes outside the witness and weight (BIP141).
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

    /// Whether it creates coins: one input that spends nothing.
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

    /// The form without witnesses.
    pub fn encode_stripped(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.stripped_size() as usize);
        out.extend_from_slice(&self.version.to_le_bytes());
        self.encode_body(&mut out);
        out.extend_from_slice(&self.lock_time.to_le_bytes());
        out
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

    /// Whether it is as long as two Merkle nodes, so that it could pass for an inner node
    /// (CVE-2017-12842, forbidden by BIP54).
    pub fn is_merkle_ambiguous(&self) -> bool {
        self.stripped_size() == 64
    }

    /// Whether a block at `height` with median time past `time` may include it.
    pub fn is_final(&self, height: Height, time: crate::units::BlockTime) -> bool {
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

    /// A coinbase has a script of 2 to 100 bytes; no other transaction spends the null output.
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

    fn encode_body(&self, out: &mut Vec<u8>) {
        put_list(&self.inputs, out);
        put_list(&self.outputs, out);
    }
}

/// The form with witnesses where there is one, else the form without.
impl Encode for Transaction {
    fn encode_into(&self, out: &mut Vec<u8>) {
        let witness = self.has_witness();
        out.extend_from_slice(&self.version.to_le_bytes());
        if witness {
            out.extend_from_slice(&[0, WITNESS_FLAG]);
        }
        self.encode_body(out);
        if witness {
            self.inputs
                .iter()
                .for_each(|input| input.witness.encode_into(out));
        }
        out.extend_from_slice(&self.lock_time.to_le_bytes());
    }
}

impl Decode for Transaction {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = reader.i32()?;
        let mut inputs: Vec<TxIn> = reader.list(MIN_TX_IN)?;
        let mut outputs = Vec::new();
        // No inputs where some should stand is BIP144's marker, and the flag follows; a flag of
        // zero is read as "no outputs" by Bitcoin Core, and so it is here.
        let flag = if inputs.is_empty() { reader.u8()? } else { 0 };
        if flag > WITNESS_FLAG {
            return Err(DecodeError::UnknownFlag(flag));
        }
        if flag == WITNESS_FLAG {
            inputs = reader.list(MIN_TX_IN)?;
        }
        if flag == WITNESS_FLAG || !inputs.is_empty() {
            outputs = reader.list(MIN_TX_OUT)?;
        }
        if flag == WITNESS_FLAG {
            for input in &mut inputs {
                input.witness = Witness::decode_from(reader)?;
            }
        }
        let tx = Self {
            version,
            inputs,
            outputs,
            lock_time: reader.u32()?,
        };
        if flag == WITNESS_FLAG && !tx.has_witness() {
            return Err(DecodeError::SuperfluousWitness);
        }
        Ok(tx)
    }
}

impl Encode for OutPoint {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.txid.encode_into(out);
        out.extend_from_slice(&self.vout.to_le_bytes());
    }
}

impl Decode for OutPoint {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            txid: Txid::decode_from(reader)?,
            vout: reader.u32()?,
        })
    }
}

impl Encode for WitnessItem {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_bytes(&self.0, out);
    }
}

impl Decode for WitnessItem {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.bytes().map(|bytes| Self(bytes.to_vec()))
    }
}

impl Encode for Witness {
    fn encode_into(&self, out: &mut Vec<u8>) {
        put_list(&self.0, out);
    }
}

impl Decode for Witness {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.list(1).map(Self)
    }
}

/// Without the witness, which stands behind all outputs.
impl Encode for TxIn {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.prevout.encode_into(out);
        self.script_sig.encode_into(out);
        out.extend_from_slice(&self.sequence.to_le_bytes());
    }
}

/// Without the witness, which stands behind all outputs.
impl Decode for TxIn {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            prevout: OutPoint::decode_from(reader)?,
            script_sig: Script::decode_from(reader)?,
            sequence: reader.u32()?,
            witness: Witness::default(),
        })
    }
}

impl Encode for TxOut {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.value.to_le_bytes());
        self.script_pubkey.encode_into(out);
    }
}

impl Decode for TxOut {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            value: reader.i64()?,
            script_pubkey: Script::decode_from(reader)?,
        })
    }
}

/// Shortest transaction that decodes: version, no inputs, flag zero, lock time.
pub(crate) const MIN_TX: u32 = 4 + 1 + 1 + 4;
const _: () = assert!(MIN_TX <= 4 + 1 + MIN_TX_IN + 1 + 4);
