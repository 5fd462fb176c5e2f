//! The two wire forms of a transaction (BIP144) and the encodings of its parts.

use alloc::vec::Vec;

use super::{OutPoint, Transaction, TxIn, TxOut, Witness};
use crate::codec::{Decode, DecodeError, Encode, Reader, put_list};
use crate::hash::Txid;
use crate::script::Script;

/// Bytes of the shortest encodings, which bound how many elements can follow a count.
const MIN_TX_IN: u32 = 36 + 1 + 4;
const MIN_TX_OUT: u32 = 8 + 1;

/// BIP144's flag for "witnesses follow".
const WITNESS_FLAG: u8 = 1;

/// Shortest transaction that decodes: version, no inputs, flag zero, lock time.
pub(crate) const MIN_TX: u32 = 4 + 1 + 1 + 4;
const _: () = assert!(MIN_TX <= 4 + 1 + MIN_TX_IN + 1 + 4);

impl Transaction {
    /// The form without witnesses.
    pub fn encode_stripped(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.stripped_size() as usize);
        out.extend_from_slice(&self.version.to_le_bytes());
        self.encode_body(&mut out);
        out.extend_from_slice(&self.lock_time.to_le_bytes());
        out
    }

    fn encode_body(&self, out: &mut Vec<u8>) {
        put_list(&self.inputs, out);
        put_list(&self.outputs, out);
    }
}

/// The form with witnesses if an input has one, else the form without.
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
        // An empty list of inputs is BIP144's marker, and the flag follows. A flag of zero means
        // "no outputs", as in Bitcoin Core.
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

/// Without the witness, which comes after all outputs.
impl Encode for TxIn {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.prevout.encode_into(out);
        self.script_sig.encode_into(out);
        out.extend_from_slice(&self.sequence.to_le_bytes());
    }
}

/// Without the witness, which comes after all outputs.
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
