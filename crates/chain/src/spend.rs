//! Whether a transaction's inputs may spend what they spend: each must do exactly what the output's
//! [`Lock`] asks for.
//!
//! In Tabchain's rooms, whatever is signed covers the room as well (see [`Sighasher::new`]).

use alloc::vec::Vec;

use crate::hash::{Txid, hash160, sha256};
use crate::keys::ecdsa::EcdsaKey;
use crate::keys::{KeyError, tagged_hash};
use crate::lock::witness_script::{HashTimeLock, Multisig};
use crate::lock::{Lock, WitnessScript};
use crate::reject::Reject;
use crate::script::{Op, Script};
use crate::sighash::witness::WitnessSighasher;
use crate::sighash::{EcdsaSighashType, SighashError, Sighasher, legacy};
use crate::transaction::{LOCK_TIME_THRESHOLD, Transaction, TxIn, TxOut};
use crate::units::Amount;

/// No witness of ours has more items: an empty one, 16 signatures, and a script.
const MOST_ITEMS: usize = 18;

/// Why an input may not spend what it spends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpendError {
    /// Nobody may spend it, or we do not know who.
    #[error("the output's script is none that can be spent here")]
    NonStandard,
    /// It gives other things than what the output asks for; carries how many.
    #[error("the output asks for other things than the {0} that the input gives")]
    BadForm(u64),
    /// It shows a script or a key whose hash is another.
    #[error("the input shows something else than what the output has the hash of")]
    WrongHash,
    /// What was locked until some height or time is spent earlier.
    #[error("locked until {expiry}, but the transaction's lock time is {lock_time}")]
    TooEarly {
        /// The least lock time.
        expiry: u32,
        /// The transaction's.
        lock_time: u32,
    },
    /// A taproot input, or a hash to sign, is not right.
    #[error(transparent)]
    Sighash(#[from] SighashError),
    /// A signature does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl SpendError {
    /// The corresponding reason to refuse the transaction `txid`.
    #[must_use]
    pub fn to_reject(&self, txid: Txid, input: u32) -> Reject {
        match self {
            Self::NonStandard => Reject::NonStandardInput { txid, input },
            Self::TooEarly { .. } => Reject::UnsatisfiedLockTime { txid, input },
            Self::Key(_) => Reject::BadSignature { txid, input },
            Self::Sighash(error) => error.to_reject(txid, input),
            Self::BadForm(_) | Self::WrongHash => Reject::BadWitness { txid, input },
        }
    }
}

/// Checks all inputs of one transaction, hashing its parts only once.
#[derive(Clone, Debug)]
pub struct Spender<'a> {
    taproot: Sighasher<'a>,
    witness: WitnessSighasher<'a>,
}

impl<'a> Spender<'a> {
    /// For `tx`, which spends `spent` in the order of its inputs, on the chain with this genesis block; with
    /// `None`, signatures are exactly Bitcoin's.
    ///
    /// # Errors
    /// [`SighashError::PrevoutCount`].
    pub fn new(
        tx: &'a Transaction,
        spent: &'a [TxOut],
        chain: Option<[u8; 32]>,
    ) -> Result<Self, SighashError> {
        Ok(Self {
            taproot: Sighasher::new(tx, spent, chain)?,
            witness: WitnessSighasher::new(tx),
        })
    }

    /// Checks one input.
    ///
    /// # Errors
    /// [`SpendError`] says what is wrong with it.
    pub fn check(&self, input: u32) -> Result<(), SpendError> {
        let (this, spent) = self.taproot.input(input)?;
        let lock = Lock::of(&spent.script_pubkey);
        // BIP141: an input with a witness has an empty script, or anyone could change the id.
        let unused = match lock {
            Lock::PublicKey(_) | Lock::PublicKeyHash(_) => this.witness.len(),
            _ => this.script_sig.as_bytes().len(),
        };
        if unused > 0 {
            return Err(SpendError::BadForm(unused as u64));
        }
        match lock {
            Lock::PublicKey(key) => {
                let [signature] = pushes(&this.script_sig)?;
                self.check_legacy(input, &key, signature)
            }
            Lock::PublicKeyHash(hash) => {
                let [signature, key] = pushes(&this.script_sig)?;
                self.check_legacy(input, &key_of(key, &hash)?, signature)
            }
            Lock::Taproot(_) => Ok(self.taproot.verify_key_spend(input)?),
            Lock::WitnessScriptHash(hash) => self.check_script(input, this, spent, &hash),
            Lock::Data(_) | Lock::Burn | Lock::NonStandard(_) => Err(SpendError::NonStandard),
        }
    }

    fn check_legacy(&self, input: u32, key: &EcdsaKey, signature: &[u8]) -> Result<(), SpendError> {
        let (signature, kind) = split_kind(signature)?;
        Ok(key.verify(&self.legacy_hash(input, kind)?, signature)?)
    }

    /// The witness gives what the script at its end asks for.
    fn check_script(
        &self,
        input: u32,
        this: &TxIn,
        spent: &TxOut,
        hash: &[u8; 32],
    ) -> Result<(), SpendError> {
        let count = this.witness.len();
        if count > MOST_ITEMS {
            return Err(SpendError::BadForm(count as u64));
        }
        let items: Vec<&[u8]> = this.witness.iter().collect();
        let (script, given) = items.split_last().ok_or(SpendError::BadForm(0))?;
        if sha256(script) != *hash {
            return Err(SpendError::WrongHash);
        }
        let code = Script(script.to_vec());
        let amount = spent.amount().map_err(|_| SpendError::NonStandard)?;
        let input = WitnessInput {
            spender: self,
            input,
            code: &code,
            amount,
        };
        match WitnessScript::of(&code) {
            Some(WitnessScript::Multisig(multisig)) => input.check_multisig(&multisig, given),
            Some(WitnessScript::HashTimeLock(lock)) => input.check_timed(&lock, this, given),
            None => Err(SpendError::NonStandard),
        }
    }

    /// What is signed: the hash, and the room if there is one.
    fn bind(&self, hash: [u8; 32]) -> [u8; 32] {
        match self.taproot.chain() {
            None => hash,
            Some(genesis) => tagged_hash("Tabchain/EcdsaSighash", &[genesis, &hash]),
        }
    }

    /// The hash that an ECDSA signature on `input` signs, where the output pays to a key or its hash.
    ///
    /// # Errors
    /// [`SighashError::NoSuchInput`].
    pub fn legacy_hash(
        &self,
        input: u32,
        kind: EcdsaSighashType,
    ) -> Result<[u8; 32], SighashError> {
        let (_, spent) = self.taproot.input(input)?;
        let hash = legacy::hash(self.taproot.tx(), input, &spent.script_pubkey, kind)?;
        Ok(self.bind(hash))
    }

    /// The same, where the output pays to the hash of a script.
    ///
    /// # Errors
    /// [`SighashError::NoSuchInput`].
    pub fn script_hash(
        &self,
        input: u32,
        script: &WitnessScript,
        amount: Amount,
        kind: EcdsaSighashType,
    ) -> Result<[u8; 32], SighashError> {
        self.witness_hash(input, &script.script(), amount, kind)
    }

    fn witness_hash(
        &self,
        input: u32,
        code: &Script,
        amount: Amount,
        kind: EcdsaSighashType,
    ) -> Result<[u8; 32], SighashError> {
        Ok(self.bind(self.witness.hash(input, code, amount, kind)?))
    }
}

/// An input whose witness ends with a script.
struct WitnessInput<'a> {
    spender: &'a Spender<'a>,
    input: u32,
    code: &'a Script,
    amount: Amount,
}

impl WitnessInput<'_> {
    fn verify(&self, key: &EcdsaKey, signature: &[u8]) -> Result<(), SpendError> {
        let (signature, kind) = split_kind(signature)?;
        let (spender, input) = (self.spender, self.input);
        let hash = spender.witness_hash(input, self.code, self.amount, kind)?;
        Ok(key.verify(&hash, signature)?)
    }

    /// An empty item, which a mistake of Bitcoin's asks for (BIP147), then signatures in the order of their
    /// keys.
    fn check_multisig(&self, asked: &Multisig, given: &[&[u8]]) -> Result<(), SpendError> {
        let form = SpendError::BadForm(given.len() as u64);
        let signatures = match given {
            [[], signatures @ ..] => signatures,
            _ => return Err(form),
        };
        if signatures.len() != usize::from(asked.required()) {
            return Err(form);
        }
        let mut keys = asked.keys().iter();
        for signature in signatures {
            // Each key is tried once at most: a signature that no key is left for is nobody's.
            let mut verdict = Err(KeyError::BadEcdsa.into());
            while verdict.is_err()
                && let Some(key) = keys.next()
            {
                verdict = self.verify(key, signature);
            }
            verdict?;
        }
        Ok(())
    }

    /// A signature, its key, and the secret with a 1, or else nothing for it.
    fn check_timed(
        &self,
        asked: &HashTimeLock,
        this: &TxIn,
        given: &[&[u8]],
    ) -> Result<(), SpendError> {
        let (signature, key) = match given {
            [signature, key, secret, [1]] => {
                if sha256(secret) != asked.hash {
                    return Err(SpendError::WrongHash);
                }
                (signature, key_of(key, &asked.receiver)?)
            }
            [signature, key, []] => {
                check_expiry(asked.expiry, self.spender.taproot.tx(), this)?;
                (signature, key_of(key, &asked.payer)?)
            }
            _ => return Err(SpendError::BadForm(given.len() as u64)),
        };
        if !key.is_compressed() {
            return Err(SpendError::WrongHash);
        }
        self.verify(&key, signature)
    }
}

/// BIP65: the transaction's own lock time says that the expiry has passed, and counts for this input.
fn check_expiry(expiry: u32, tx: &Transaction, this: &TxIn) -> Result<(), SpendError> {
    let lock_time = tx.lock_time;
    let is_time = |number: u32| number >= LOCK_TIME_THRESHOLD;
    let passed = is_time(expiry) == is_time(lock_time)
        && lock_time >= expiry
        && this.sequence != TxIn::FINAL;
    passed
        .then_some(())
        .ok_or(SpendError::TooEarly { expiry, lock_time })
}

/// The key with this hash.
fn key_of(key: &[u8], hash: &[u8; 20]) -> Result<EcdsaKey, SpendError> {
    let key = Some(key).filter(|key| hash160(key) == *hash);
    key.and_then(EcdsaKey::from_bytes)
        .ok_or(SpendError::WrongHash)
}

/// What a script pushes, if it is nothing but so many pushes.
fn pushes<const N: usize>(script: &Script) -> Result<[&[u8]; N], SpendError> {
    let mut ops = script.ops();
    let read: Vec<Op<'_>> = ops.by_ref().take(N + 1).collect();
    let only_pushes = read.iter().all(|op| !op.data.is_empty());
    let data: Result<[Op<'_>; N], _> = read.try_into();
    match data {
        Ok(ops_read) if only_pushes && ops.rest().is_empty() => Ok(ops_read.map(|op| op.data)),
        Ok(ops_read) => Err(SpendError::BadForm(ops_read.len() as u64)),
        Err(others) => Err(SpendError::BadForm(others.len() as u64)),
    }
}

/// A signature, and what it covers, which its last byte says.
fn split_kind(signature: &[u8]) -> Result<(&[u8], EcdsaSighashType), SpendError> {
    let (kind, signature) = signature.split_last().ok_or(KeyError::BadEcdsa)?;
    Ok((signature, EcdsaSighashType((*kind).into())))
}
