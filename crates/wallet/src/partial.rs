//! A payment that several people have to sign, as a text that goes from one to the other.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chain::lock::witness_script::Multisig;
use chain::{
    Amount, Decode as _, DecodeError, Encode as _, KeyError, Reader, Script, SecretKey, SpendError,
    Spender, Transaction, TxOut, Witness, WitnessScript, put_bytes, sha256d,
};

use crate::contract::{self, ALL, ContractError};

/// What a text begins with; the number is the version of what follows.
const PREFIX: &str = "tabsign1:";
/// The longest text, in bytes.
pub const MOST_BYTES: usize = 8_000;
/// A signature in DER has at least 8 bytes, and at most 72; one more says what it covers.
const SIGNATURES: core::ops::RangeInclusive<usize> = 9..=73;
/// Bytes of the checksum at the end.
const CHECKSUM: usize = 4;

/// A payment of one coin, and the signatures that it has so far, by the number of their key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    tx: Transaction,
    amount: Amount,
    multisig: Multisig,
    signatures: BTreeMap<u8, Vec<u8>>,
}

/// Why a text is no such payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialError {
    /// Longer than [`MOST_BYTES`]; carries its length.
    #[error("{0} bytes are too many for signatures to share")]
    TooLong(u64),
    /// It does not begin as one, or is of another version.
    #[error("signatures to share begin with {PREFIX}")]
    NoPrefix,
    /// A character is missing, added or wrong.
    #[error("the text is damaged: its checksum does not fit")]
    Damaged,
    /// The checksum fits, but not what is in it.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is no payment of one coin that several keys lock, or its signatures are none.
    #[error("this is no payment that several people sign")]
    NotShared,
}

impl Partial {
    pub(crate) fn new(tx: Transaction, amount: Amount, multisig: Multisig) -> Self {
        Self {
            tx,
            amount,
            multisig,
            signatures: BTreeMap::new(),
        }
    }

    /// What it pays. Whoever signs must look at it first.
    #[must_use]
    pub fn payments(&self) -> &[TxOut] {
        &self.tx.outputs
    }

    /// The fee; `None` if it pays more than it has. If the amount of the coin was a lie, no signature would count.
    #[must_use]
    pub fn fee(&self) -> Option<Amount> {
        self.amount.checked_sub(self.tx.output_total().ok()?)
    }

    /// Who may sign, and how many must.
    #[must_use]
    pub fn multisig(&self) -> &Multisig {
        &self.multisig
    }

    /// The numbers of the keys that have signed.
    pub fn signed_by(&self) -> impl Iterator<Item = u8> {
        self.signatures.keys().copied()
    }

    /// Adds the signature of a key.
    ///
    /// # Errors
    /// [`ContractError::NotAParty`].
    pub fn sign(
        &mut self,
        key: &SecretKey,
        genesis: Option<[u8; 32]>,
    ) -> Result<(), ContractError> {
        let public = key.ecdsa_key();
        let place = self
            .multisig
            .keys()
            .iter()
            .position(|other| *other == public);
        let place = place.and_then(|place| u8::try_from(place).ok());
        let place = place.ok_or(ContractError::NotAParty)?;
        let contract = self.contract();
        let signature = contract::signature(&self.tx, &contract, self.amount, key, genesis)?;
        self.signatures.insert(place, signature);
        Ok(())
    }

    /// Adds the signatures of another copy that are good.
    ///
    /// # Errors
    /// [`ContractError::OtherPayment`]; [`ContractError::Spend`] if a signature is not its key's.
    pub fn combine(
        &mut self,
        other: &Self,
        genesis: Option<[u8; 32]>,
    ) -> Result<(), ContractError> {
        let is_same =
            (&self.tx, self.amount, &self.multisig) == (&other.tx, other.amount, &other.multisig);
        if !is_same {
            return Err(ContractError::OtherPayment);
        }
        other.check(genesis)?;
        self.signatures.extend(other.signatures.clone());
        Ok(())
    }

    /// Checks that each signature is its key's.
    ///
    /// # Errors
    /// [`ContractError::Spend`].
    pub fn check(&self, genesis: Option<[u8; 32]>) -> Result<(), ContractError> {
        let hash = contract::hash(&self.tx, &self.contract(), self.amount, genesis)?;
        for (place, signature) in &self.signatures {
            let key = self.multisig.keys().get(usize::from(*place));
            let verdict = match (key, signature.split_last()) {
                (Some(key), Some((&ALL, signature))) => key.verify(&hash, signature),
                _ => Err(KeyError::BadEcdsa),
            };
            verdict.map_err(SpendError::Key)?;
        }
        Ok(())
    }

    /// The signed transaction, as soon as there are enough signatures.
    ///
    /// # Errors
    /// [`ContractError::TooFew`]; [`ContractError::Spend`] if a signature is not its key's.
    pub fn finish(&self, genesis: Option<[u8; 32]>) -> Result<Transaction, ContractError> {
        let required = self.multisig.required();
        if self.signatures.len() < usize::from(required) {
            let have = self.signatures.len() as u64;
            return Err(ContractError::TooFew { have, required });
        }
        // An empty item, which a mistake of Bitcoin's asks for (BIP147), then signatures in the order of keys.
        let mut items = vec![vec![]];
        items.extend(self.signatures.values().take(required.into()).cloned());
        items.push(self.contract().script().0);
        let mut tx = self.tx.clone();
        tx.inputs[0].witness = Witness::new(items);
        let spent = [contract::output(&self.contract(), self.amount)];
        Spender::new(&tx, &spent, genesis)?.check(0)?;
        Ok(tx)
    }

    fn contract(&self) -> WitnessScript {
        WitnessScript::Multisig(self.multisig.clone())
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_bytes(&self.tx.to_vec(), &mut out);
        out.extend_from_slice(&self.amount.to_sat().to_le_bytes());
        self.contract().script().encode_into(&mut out);
        for (place, signature) in &self.signatures {
            out.push(*place);
            put_bytes(signature, &mut out);
        }
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, PartialError> {
        let mut reader = Reader::new(bytes);
        let tx: Transaction = chain::decode_exact(reader.bytes()?)?;
        let amount = Amount::new(reader.u64()?).map_err(|_| PartialError::NotShared)?;
        let script = Script::decode_from(&mut reader)?;
        let Some(WitnessScript::Multisig(multisig)) = WitnessScript::of(&script) else {
            return Err(PartialError::NotShared);
        };
        if tx.inputs.len() != 1 || tx.has_witness() || tx.outputs.is_empty() {
            return Err(PartialError::NotShared);
        }
        let mut partial = Self::new(tx, amount, multisig);
        while !reader.remaining().is_empty() {
            let (place, signature) = (reader.u8()?, reader.bytes()?);
            let last = partial.signatures.last_key_value().map(|(last, _)| *last);
            let is_next = last.is_none_or(|last| last < place);
            let is_key = usize::from(place) < partial.multisig.keys().len();
            if !is_next || !is_key || !SIGNATURES.contains(&signature.len()) {
                return Err(PartialError::NotShared);
            }
            partial.signatures.insert(place, signature.to_vec());
        }
        Ok(partial)
    }
}

/// The text to hand on.
impl fmt::Display for Partial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.encode();
        let checksum = sha256d(&bytes);
        bytes.extend_from_slice(&checksum[..CHECKSUM]);
        write!(f, "{PREFIX}{}", Base64UrlUnpadded::encode_string(&bytes))
    }
}

impl FromStr for Partial {
    type Err = PartialError;

    /// Reads a text, whatever white space a chat program put into it.
    fn from_str(text: &str) -> Result<Self, PartialError> {
        if text.len() > MOST_BYTES {
            return Err(PartialError::TooLong(text.len() as u64));
        }
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = text.strip_prefix(PREFIX).ok_or(PartialError::NoPrefix)?;
        let bytes = Base64UrlUnpadded::decode_vec(digits).map_err(|_| PartialError::Damaged)?;
        let (bytes, checksum) = bytes
            .split_last_chunk::<CHECKSUM>()
            .ok_or(PartialError::Damaged)?;
        if !sha256d(bytes).starts_with(checksum) {
            return Err(PartialError::Damaged);
        }
        Self::decode(bytes)
    }
}
