//! Signatures on taproot inputs (BIP341, key path): the message that they sign,
//! signing and verification.
//!
//! The message covers the transaction and all outputs that it spends, so a
//! signature is valid for nothing else. In Tabchain's rooms it covers the room as
//! well: see [`Sighasher::new`].

use alloc::vec::Vec;

use crate::address::Address;
use crate::codec::{Encode, put_bytes};
use crate::hash::sha256;
use crate::keys::{PublicKey, SecretKey, Signature, tagged_hash};
use crate::transaction::{Transaction, TxIn, TxOut};

use super::{SighashError, put_output};

/// Which outputs a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outputs {
    /// All, indicated by the absence of a byte after the signature.
    Default,
    /// All.
    All,
    /// None: anyone who has the signature may choose them.
    None,
    /// The one at the input's own index.
    Single,
}

/// What a signature covers of a transaction (BIP341's `hash_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SighashType {
    outputs: Outputs,
    anyone_can_pay: bool,
}

impl SighashType {
    /// Everything, in the shortest form: what a wallet normally uses.
    pub const DEFAULT: Self = Self {
        outputs: Outputs::Default,
        anyone_can_pay: false,
    };

    /// The type with this byte.
    ///
    /// # Errors
    /// [`SighashError::BadType`] for a byte that BIP341 does not define.
    pub fn from_byte(byte: u8) -> Result<Self, SighashError> {
        let outputs = match byte & 0x7f {
            0 if byte == 0 => Outputs::Default,
            1 => Outputs::All,
            2 => Outputs::None,
            3 => Outputs::Single,
            _ => return Err(SighashError::BadType(byte)),
        };
        Ok(Self {
            outputs,
            anyone_can_pay: byte & ANYONE_CAN_PAY != 0,
        })
    }

    /// The type's byte in the message.
    pub fn to_byte(self) -> u8 {
        let outputs = match self.outputs {
            Outputs::Default => 0,
            Outputs::All => 1,
            Outputs::None => 2,
            Outputs::Single => 3,
        };
        if self.anyone_can_pay {
            outputs | ANYONE_CAN_PAY
        } else {
            outputs
        }
    }
}

/// The bit that leaves the other inputs uncovered.
const ANYONE_CAN_PAY: u8 = 0x80;
/// Precedes the message, so that its format can change in later versions.
const EPOCH: u8 = 0;

/// Makes the messages for all inputs of one transaction, hashing its parts only once.
#[derive(Clone, Debug)]
pub struct Sighasher<'a> {
    tx: &'a Transaction,
    prevouts: &'a [TxOut],
    chain: Option<[u8; 32]>,
    /// Hashes over all outpoints, amounts, scripts and sequence numbers spent.
    inputs_hashes: [[u8; 32]; 4],
    outputs_hash: [u8; 32],
}

impl<'a> Sighasher<'a> {
    /// For `tx`, which spends `prevouts` in the order of its inputs.
    ///
    /// With `None` for `chain`, signatures are exactly BIP341's. With the id of a
    /// genesis block they are valid on that chain only: the id is hashed before the
    /// message, under a tag of its own. Tabchain's rooms share keys and may share
    /// outputs, so without it a payment in one could be replayed in another.
    ///
    /// # Errors
    /// [`SighashError::PrevoutCount`].
    pub fn new(
        tx: &'a Transaction,
        prevouts: &'a [TxOut],
        chain: Option<[u8; 32]>,
    ) -> Result<Self, SighashError> {
        if tx.inputs.len() != prevouts.len() {
            let (inputs, prevouts) = (tx.inputs.len() as u64, prevouts.len() as u64);
            return Err(SighashError::PrevoutCount { inputs, prevouts });
        }
        let inputs = &tx.inputs;
        let inputs_hashes = [
            hash_all(inputs, |input, out| input.prevout.encode_into(out)),
            hash_all(prevouts, |spent, out| {
                out.extend_from_slice(&spent.value.to_le_bytes())
            }),
            hash_all(prevouts, |spent, out| spent.script_pubkey.encode_into(out)),
            hash_all(inputs, |input, out| {
                out.extend_from_slice(&input.sequence.to_le_bytes())
            }),
        ];
        let outputs_hash = hash_all(&tx.outputs, put_output);
        Ok(Self {
            tx,
            prevouts,
            chain,
            inputs_hashes,
            outputs_hash,
        })
    }

    /// What a signature on `input` hashes and signs: BIP341's epoch and `SigMsg`
    /// for a key path. The annex is read from the input's witness.
    ///
    /// # Errors
    /// [`SighashError::NoSuchInput`], [`SighashError::NoSingleOutput`].
    pub fn message(&self, input: u32, kind: SighashType) -> Result<Vec<u8>, SighashError> {
        let (this, spent) = self.input(input)?;
        let annex = this.witness.annex();
        let mut out = Vec::with_capacity(300);
        out.extend_from_slice(&[EPOCH, kind.to_byte()]);
        out.extend_from_slice(&self.tx.version.to_le_bytes());
        out.extend_from_slice(&self.tx.lock_time.to_le_bytes());
        if !kind.anyone_can_pay {
            out.extend_from_slice(self.inputs_hashes.as_flattened());
        }
        if matches!(kind.outputs, Outputs::Default | Outputs::All) {
            out.extend_from_slice(&self.outputs_hash);
        }
        out.push(u8::from(annex.is_some()));
        if kind.anyone_can_pay {
            this.prevout.encode_into(&mut out);
            put_output(spent, &mut out);
            out.extend_from_slice(&this.sequence.to_le_bytes());
        } else {
            out.extend_from_slice(&input.to_le_bytes());
        }
        if let Some(annex) = annex {
            out.extend_from_slice(&hash_all(&[annex], |annex, out| put_bytes(annex, out)));
        }
        if kind.outputs == Outputs::Single {
            let single = self.tx.outputs.get(input as usize);
            let single = single.ok_or(SighashError::NoSingleOutput(input))?;
            out.extend_from_slice(&hash_all(core::slice::from_ref(single), put_output));
        }
        Ok(out)
    }

    /// The hash that a signature on `input` signs.
    ///
    /// # Errors
    /// As [`Sighasher::message`].
    pub fn hash(&self, input: u32, kind: SighashType) -> Result<[u8; 32], SighashError> {
        let message = self.message(input, kind)?;
        Ok(match &self.chain {
            None => tagged_hash("TapSighash", &[&message]),
            Some(genesis) => tagged_hash("Tabchain/TapSighash", &[genesis, &message]),
        })
    }

    /// The witness item that spends `input`, signed with `key`, the secret key of the
    /// output that it spends; see [`SecretKey::tap_tweak`].
    ///
    /// # Errors
    /// [`SighashError::NotTaproot`], [`SighashError::WrongKey`], and those of
    /// [`Sighasher::message`].
    pub fn sign_key_spend(
        &self,
        input: u32,
        kind: SighashType,
        key: &SecretKey,
    ) -> Result<Vec<u8>, SighashError> {
        if self.output_key(input)? != key.public_key() {
            return Err(SighashError::WrongKey(input));
        }
        let mut item = key.sign(&self.hash(input, kind)?).as_bytes().to_vec();
        if kind != SighashType::DEFAULT {
            item.push(kind.to_byte());
        }
        Ok(item)
    }

    /// Checks that the witness of `input` is a valid signature by the key of the output
    /// that it spends.
    ///
    /// # Errors
    /// [`SighashError`] says what is wrong with the spend.
    pub fn verify_key_spend(&self, input: u32) -> Result<(), SighashError> {
        let (this, _) = self.input(input)?;
        let key = self.output_key(input)?;
        let items = this.witness.len() - usize::from(this.witness.annex().is_some());
        let only = this.witness.get(0).filter(|_| items == 1);
        let items = items as u64;
        let item = only.ok_or(SighashError::BadWitness { input, items })?;
        let (signature, kind) = match item.split_at_checked(Signature::LEN) {
            Some((signature, &[])) => (signature, SighashType::DEFAULT),
            Some((_, &[0])) => return Err(SighashError::BadType(0)),
            Some((signature, &[byte])) => (signature, SighashType::from_byte(byte)?),
            _ => (item, SighashType::DEFAULT), // a wrong length, refused below
        };
        let signature = Signature::try_from(signature)?;
        Ok(key.verify(&self.hash(input, kind)?, &signature)?)
    }

    /// The transaction.
    pub(crate) fn tx(&self) -> &'a Transaction {
        self.tx
    }

    /// The genesis block of the chain that signatures count on, if they do on one only.
    pub(crate) fn chain(&self) -> Option<&[u8; 32]> {
        self.chain.as_ref()
    }

    /// An input, and what it spends.
    ///
    /// # Errors
    /// [`SighashError::NoSuchInput`].
    pub(crate) fn input(&self, input: u32) -> Result<(&'a TxIn, &'a TxOut), SighashError> {
        let index = input as usize;
        let both = self.tx.inputs.get(index).zip(self.prevouts.get(index));
        both.ok_or(SighashError::NoSuchInput(input))
    }

    fn output_key(&self, input: u32) -> Result<PublicKey, SighashError> {
        let (_, spent) = self.input(input)?;
        let address = Address::from_script_pubkey(&spent.script_pubkey);
        Ok(address
            .ok_or(SighashError::NotTaproot(input))?
            .output_key()?)
    }
}

/// Checks a single input; for several, sharing a [`Sighasher`] saves hashing.
///
/// # Errors
/// As [`Sighasher::verify_key_spend`].
pub fn verify_key_spend(
    tx: &Transaction,
    input: u32,
    prevouts: &[TxOut],
    chain: Option<[u8; 32]>,
) -> Result<(), SighashError> {
    Sighasher::new(tx, prevouts, chain)?.verify_key_spend(input)
}

/// SHA-256 over the encodings of all items.
fn hash_all<T>(items: &[T], put: impl Fn(&T, &mut Vec<u8>)) -> [u8; 32] {
    let mut bytes = Vec::new();
    items.iter().for_each(|item| put(item, &mut bytes));
    sha256(&bytes)
}
