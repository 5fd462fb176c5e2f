//! The message of inputs that spend a witness program of version 0 (BIP143): it covers the spent amount, and
//! what all inputs have in common is hashed only once.

use alloc::vec::Vec;

use crate::codec::Encode;
use crate::hash::sha256d;
use crate::script::Script;
use crate::transaction::{Transaction, TxIn};
use crate::units::Amount;

use super::ecdsa_type::Covered;
use super::{EcdsaSighashType, SighashError, put_output};

/// Makes the hashes for all inputs of one transaction.
#[derive(Clone, Debug)]
pub struct WitnessSighasher<'a> {
    tx: &'a Transaction,
    prevouts: [u8; 32],
    sequences: [u8; 32],
    outputs: [u8; 32],
}

impl<'a> WitnessSighasher<'a> {
    /// For the inputs of `tx`.
    #[must_use]
    pub fn new(tx: &'a Transaction) -> Self {
        let inputs = |put: fn(&TxIn, &mut Vec<u8>)| {
            let mut bytes = Vec::new();
            tx.inputs.iter().for_each(|input| put(input, &mut bytes));
            sha256d(&bytes)
        };
        let mut outputs = Vec::new();
        for output in &tx.outputs {
            put_output(output, &mut outputs);
        }
        Self {
            tx,
            prevouts: inputs(|input, out| input.prevout.encode_into(out)),
            sequences: inputs(|input, out| out.extend_from_slice(&input.sequence.to_le_bytes())),
            outputs: sha256d(&outputs),
        }
    }

    /// The hash that a signature on `input` signs, which spends `amount` by means of the script `code`.
    ///
    /// # Errors
    /// [`SighashError::NoSuchInput`].
    pub fn hash(
        &self,
        input: u32,
        code: &Script,
        amount: Amount,
        kind: EcdsaSighashType,
    ) -> Result<[u8; 32], SighashError> {
        const UNCOVERED: [u8; 32] = [0; 32];
        let own = self.tx.inputs.get(input as usize);
        let own = own.ok_or(SighashError::NoSuchInput(input))?;
        let covered = |hash: &[u8; 32], is_covered| if is_covered { *hash } else { UNCOVERED };
        let mut out = Vec::with_capacity(200 + code.0.len());
        out.extend_from_slice(&self.tx.version.to_le_bytes());
        out.extend_from_slice(&covered(&self.prevouts, !kind.anyone_can_pay()));
        out.extend_from_slice(&covered(&self.sequences, kind.covers_sequences()));
        own.prevout.encode_into(&mut out);
        code.encode_into(&mut out);
        out.extend_from_slice(&amount.to_sat().to_le_bytes());
        out.extend_from_slice(&own.sequence.to_le_bytes());
        out.extend_from_slice(&match kind.covered() {
            Covered::All => self.outputs,
            Covered::None => UNCOVERED,
            Covered::Single => self.output(input).unwrap_or(UNCOVERED),
        });
        out.extend_from_slice(&self.tx.lock_time.to_le_bytes());
        out.extend_from_slice(&kind.0.to_le_bytes());
        Ok(sha256d(&out))
    }

    /// The hash of the output at an input's own index.
    fn output(&self, input: u32) -> Option<[u8; 32]> {
        let mut bytes = Vec::new();
        put_output(self.tx.outputs.get(input as usize)?, &mut bytes);
        Some(sha256d(&bytes))
    }
}
