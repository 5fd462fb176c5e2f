//! The message of inputs without a witness, as Bitcoin has had it from the start: a copy of the transaction in
//! which the spent output's script stands for all that is signed (Bitcoin Core's `SignatureHash` with
//! `SigVersion::BASE`).

use alloc::vec::Vec;

use crate::codec::{Encode, put_bytes, put_compact_size};
use crate::hash::sha256d;
use crate::script::Script;
use crate::transaction::Transaction;

use super::ecdsa_type::Covered;
use super::{EcdsaSighashType, SighashError, put_output};

/// What is signed where the output of the input's own index is covered and there is none: the number 1
/// instead of a hash, a mistake of 2009 that has been a rule ever since.
const ONE: [u8; 32] = {
    let mut one = [0; 32];
    one[0] = 1;
    one
};

/// The hash that a signature on `input` signs, where `code` is the script that is executed: that of the
/// spent output, from its last executed OP_CODESEPARATOR on.
///
/// # Errors
/// [`SighashError::NoSuchInput`].
pub fn hash(
    tx: &Transaction,
    input: u32,
    code: &Script,
    kind: EcdsaSighashType,
) -> Result<[u8; 32], SighashError> {
    let index = input as usize;
    let own = tx.inputs.get(index);
    let own = own.ok_or(SighashError::NoSuchInput(input))?;
    if kind.covered() == Covered::Single && index >= tx.outputs.len() {
        return Ok(ONE);
    }
    let code = code.without_code_separators();
    let mut out = Vec::with_capacity(tx.stripped_size() as usize + code.len());
    out.extend_from_slice(&tx.version.to_le_bytes());
    if kind.anyone_can_pay() {
        put_compact_size(1, &mut out);
        own.prevout.encode_into(&mut out);
        put_bytes(&code, &mut out);
        out.extend_from_slice(&own.sequence.to_le_bytes());
    } else {
        put_compact_size(tx.inputs.len() as u64, &mut out);
        for (place, other) in tx.inputs.iter().enumerate() {
            let is_own = place == index;
            other.prevout.encode_into(&mut out);
            put_bytes(if is_own { &code } else { &[] }, &mut out);
            let covered = is_own || kind.covers_sequences();
            let sequence = if covered { other.sequence } else { 0 };
            out.extend_from_slice(&sequence.to_le_bytes());
        }
    }
    put_outputs(tx, index, kind, &mut out);
    out.extend_from_slice(&tx.lock_time.to_le_bytes());
    out.extend_from_slice(&kind.0.to_le_bytes());
    Ok(sha256d(&out))
}

/// The outputs that are covered; those before a single one are there, but empty.
fn put_outputs(tx: &Transaction, index: usize, kind: EcdsaSighashType, out: &mut Vec<u8>) {
    match kind.covered() {
        Covered::All => {
            put_compact_size(tx.outputs.len() as u64, out);
            for output in &tx.outputs {
                put_output(output, out);
            }
        }
        Covered::None => put_compact_size(0, out),
        Covered::Single => {
            put_compact_size(index as u64 + 1, out);
            for _ in 0..index {
                out.extend_from_slice(&(-1_i64).to_le_bytes());
                put_compact_size(0, out);
            }
            if let Some(output) = tx.outputs.get(index) {
                put_output(output, out);
            }
        }
    }
}
