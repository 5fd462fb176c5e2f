//! What signatures sign: the three messages that Bitcoin's inputs have had.
//!
//! | input | message | signature |
//! |---|---|---|
//! | before segregated witnesses | [`legacy`] | ECDSA |
//! | of a witness program of version 0 | [`witness`] (BIP143) | ECDSA |
//! | through the key path of version 1 | [`Sighasher`] (BIP341) | Schnorr (BIP340) |

use alloc::vec::Vec;

use crate::codec::Encode;
use crate::hash::Txid;
use crate::keys::KeyError;
use crate::reject::Reject;
use crate::transaction::TxOut;

mod ecdsa_type;
pub mod legacy;
mod taproot;
pub mod witness;

pub use ecdsa_type::EcdsaSighashType;
pub use taproot::{SighashType, Sighasher, verify_key_spend};

/// Why there is no message to sign, or an input may not be spent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SighashError {
    /// There must be one spent output for each input.
    #[error("{inputs} inputs, but {prevouts} spent outputs")]
    PrevoutCount {
        /// Number of inputs.
        inputs: u64,
        /// Number of spent outputs given.
        prevouts: u64,
    },
    /// The transaction has fewer inputs.
    #[error("there is no input {0}")]
    NoSuchInput(u32),
    /// No type has this byte, or it is a zero, which must be left out.
    #[error("invalid signature type {0:#04x}")]
    BadType(u8),
    /// The signature covers the output at the input's index, and there is none.
    #[error("there is no output at the index of input {0}")]
    NoSingleOutput(u32),
    /// The spent output is not a taproot output.
    #[error("input {0} does not spend a taproot output")]
    NotTaproot(u32),
    /// The secret key is not that of the spent output.
    #[error("input {0} spends the output of another key")]
    WrongKey(u32),
    /// The witness is not a single signature: script-path spends are not supported.
    #[error("input {input} has {items} witness items instead of one signature")]
    BadWitness {
        /// The input.
        input: u32,
        /// Number of witness items, the annex not counted.
        items: u64,
    },
    /// An invalid key, or a signature that does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl SighashError {
    /// The corresponding reason to refuse the transaction `txid`.
    pub fn to_reject(&self, txid: Txid, input: u32) -> Reject {
        match self {
            Self::Key(KeyError::BadSignature(_)) => Reject::BadSignature { txid, input },
            Self::Key(KeyError::BadPublicKey(_)) => Reject::BadPublicKey { txid, input },
            _ => Reject::BadWitness { txid, input },
        }
    }
}

/// An output as transactions have it.
fn put_output(output: &TxOut, out: &mut Vec<u8>) {
    out.extend_from_slice(&output.value.to_le_bytes());
    output.script_pubkey.encode_into(out);
}
