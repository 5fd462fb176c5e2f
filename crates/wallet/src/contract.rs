//! Coins that are locked by more than one key: signatures of several people, or a secret before some time
//! (BIP199). Both pay to the hash of a script (BIP141) and are signed with ECDSA (BIP143).
//!
//! Signatures of several people come together in a [`Partial`]; whoever claims or takes back a contract signs
//! alone.

use alloc::vec;
use alloc::vec::Vec;

use chain::codec::bytes_len;
use chain::lock::witness_script::{HashTimeLock, Multisig};
use chain::{
    Amount, EcdsaSighashType, FeeRate, Lock, OutPoint, SecretKey, SighashError, SpendError,
    Spender, Transaction, TxOut, Witness, WitnessScript, sha256,
};

use crate::destination::Destination;
use crate::fee::{dust_limit, fee_at, output_weight};
use crate::partial::Partial;
use crate::payment;

/// A coin that a contract locks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractCoin {
    /// Where it is.
    pub outpoint: OutPoint,
    /// What it is worth.
    pub amount: Amount,
    /// What locks it.
    pub contract: WitnessScript,
}

/// Why a contract cannot be spent in this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// The contract is of the other kind.
    #[error("this contract cannot be spent in this way")]
    OtherKind,
    /// The fee leaves too little.
    #[error("{amount} are locked, and after a fee of {fee} too little is left")]
    TooLittle {
        /// What is locked.
        amount: Amount,
        /// The fee, in satoshi.
        fee: u64,
    },
    /// The secret is not the one that the contract asks for.
    #[error("this is not the secret that the contract asks for")]
    WrongSecret,
    /// The key has no part in the contract.
    #[error("this key has no part in the contract")]
    NotAParty,
    /// Fewer signatures than it takes.
    #[error("{have} of {required} signatures are there")]
    TooFew {
        /// How many there are.
        have: u64,
        /// How many it takes.
        required: u8,
    },
    /// Signatures of another transaction or contract.
    #[error("these signatures are for another payment")]
    OtherPayment,
    /// What nodes would say of it.
    #[error(transparent)]
    Spend(#[from] SpendError),
}

impl From<SighashError> for ContractError {
    fn from(error: SighashError) -> Self {
        Self::Spend(error.into())
    }
}

/// The longest signature with the byte that says what it covers: 6 bytes of DER and two numbers, of which `s` is
/// low. One in two is a byte shorter, and the fee a quarter of a byte too high.
const SIGNATURE: u64 = 6 + 33 + 32 + 1;
/// A compressed key.
const KEY: u64 = 33;
/// All but the output and what is in the witness.
const OVERHEAD: u64 = payment::OVERHEAD + payment::INPUT_WEIGHT;

impl ContractCoin {
    /// The output that it is.
    #[must_use]
    pub fn output(&self) -> TxOut {
        output(&self.contract, self.amount)
    }

    /// A payment of all of it, but for the fee, for those who have to sign.
    ///
    /// # Errors
    /// [`ContractError::OtherKind`], [`ContractError::TooLittle`].
    pub fn share(&self, to: Destination, rate: FeeRate) -> Result<Partial, ContractError> {
        let WitnessScript::Multisig(multisig) = &self.contract else {
            return Err(ContractError::OtherKind);
        };
        let signatures = u64::from(multisig.required()) * (1 + SIGNATURE);
        let tx = self.pay(to, rate, 1 + signatures, 0)?;
        Ok(Partial::new(tx, self.amount, multisig.clone()))
    }

    /// What takes it with the secret, for whoever it was meant for.
    ///
    /// # Errors
    /// [`ContractError`] says what does not fit.
    pub fn claim(
        &self,
        secret: &[u8],
        key: &SecretKey,
        to: Destination,
        rate: FeeRate,
        genesis: Option<[u8; 32]>,
    ) -> Result<Transaction, ContractError> {
        let lock = self.timed()?;
        if sha256(secret) != lock.hash {
            return Err(ContractError::WrongSecret);
        }
        let given = 1 + SIGNATURE + 1 + KEY + bytes_len(secret.len()) + 2;
        let tx = self.pay(to, rate, given, 0)?;
        self.sign(
            tx,
            key,
            lock.receiver,
            vec![secret.to_vec(), vec![1]],
            genesis,
        )
    }

    /// What gives it back to whoever paid, once the contract has expired.
    ///
    /// # Errors
    /// [`ContractError`] says what does not fit.
    pub fn refund(
        &self,
        key: &SecretKey,
        to: Destination,
        rate: FeeRate,
        genesis: Option<[u8; 32]>,
    ) -> Result<Transaction, ContractError> {
        let lock = self.timed()?;
        let tx = self.pay(to, rate, 1 + SIGNATURE + 1 + KEY + 1, lock.expiry)?;
        self.sign(tx, key, lock.payer, vec![vec![]], genesis)
    }

    fn timed(&self) -> Result<&HashTimeLock, ContractError> {
        match &self.contract {
            WitnessScript::HashTimeLock(lock) => Ok(lock),
            WitnessScript::Multisig(_) => Err(ContractError::OtherKind),
        }
    }

    /// The transaction without its witness, which will have so many bytes besides the script.
    fn pay(
        &self,
        to: Destination,
        rate: FeeRate,
        given: u64,
        lock_time: u32,
    ) -> Result<Transaction, ContractError> {
        let to = to.script_pubkey();
        let script = bytes_len(self.contract.script().0.len());
        let fee = fee_at(rate, OVERHEAD + output_weight(&to) + 1 + given + script);
        let left = self.amount.to_sat().checked_sub(fee).map(Amount::new);
        let left = left
            .and_then(Result::ok)
            .filter(|left| *left >= dust_limit(&to));
        let amount = self.amount;
        let left = left.ok_or(ContractError::TooLittle { amount, fee })?;
        Ok(Transaction {
            version: 2,
            inputs: vec![payment::input(self.outpoint)],
            outputs: vec![TxOut::new(left, to)],
            lock_time,
        })
    }

    /// Signs the only input, which also gives this.
    fn sign(
        &self,
        mut tx: Transaction,
        key: &SecretKey,
        hash: [u8; 20],
        given: Vec<Vec<u8>>,
        genesis: Option<[u8; 32]>,
    ) -> Result<Transaction, ContractError> {
        let public = key.ecdsa_key();
        if public.hash() != hash {
            return Err(ContractError::NotAParty);
        }
        let spent = [self.output()];
        let signature = signature(&tx, &self.contract, self.amount, key, genesis)?;
        let mut items = vec![signature, public.as_bytes().to_vec()];
        items.extend(given);
        items.push(self.contract.script().0);
        tx.inputs[0].witness = Witness::new(items);
        Spender::new(&tx, &spent, genesis)?.check(0)?;
        Ok(tx)
    }
}

/// The output that a contract locks.
pub(crate) fn output(contract: &WitnessScript, amount: Amount) -> TxOut {
    TxOut::new(amount, Lock::to_script(contract).script())
}

/// The hash that the signatures of a transaction's only input sign, all outputs covered.
pub(crate) fn hash(
    tx: &Transaction,
    contract: &WitnessScript,
    amount: Amount,
    genesis: Option<[u8; 32]>,
) -> Result<[u8; 32], SighashError> {
    let spent = [output(contract, amount)];
    let spender = Spender::new(tx, &spent, genesis)?;
    spender.script_hash(0, contract, amount, EcdsaSighashType::ALL)
}

/// A signature of the same, with the byte that says what it covers.
pub(crate) fn signature(
    tx: &Transaction,
    contract: &WitnessScript,
    amount: Amount,
    key: &SecretKey,
    genesis: Option<[u8; 32]>,
) -> Result<Vec<u8>, SighashError> {
    let mut signature = key.sign_ecdsa(&hash(tx, contract, amount, genesis)?);
    signature.push(ALL);
    Ok(signature)
}

/// What [`EcdsaSighashType::ALL`] is in a signature.
pub(crate) const ALL: u8 = 1;

/// The contract that so many of these keys share: they stand in the order of their bytes, so that all who know
/// them make the same one (BIP67).
#[must_use]
pub fn shared(required: u8, mut keys: Vec<chain::EcdsaKey>) -> Option<WitnessScript> {
    keys.sort();
    keys.dedup();
    Multisig::new(required, keys).map(WitnessScript::Multisig)
}
