//! The scripts that outputs to a script's hash may have: several signatures, or a secret before a time.

use alloc::vec::Vec;

use crate::keys::ecdsa::EcdsaKey;
use crate::opcode::{
    OP_CHECKLOCKTIMEVERIFY, OP_CHECKMULTISIG, OP_CHECKSIG, OP_DROP, OP_DUP, OP_ELSE, OP_ENDIF,
    OP_EQUALVERIFY, OP_HASH160, OP_IF, OP_SHA256, small, small_number,
};
use crate::script::{Op, Script};

/// The most keys of a multisig script whose numbers have one byte.
const MOST_KEYS: usize = 16;

/// What a script behind a hash asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WitnessScript {
    /// Signatures for so many of these keys, in their order.
    Multisig(Multisig),
    /// A secret and the signature of whoever it was meant for, or, from some height or time on, the
    /// signature of whoever paid.
    HashTimeLock(HashTimeLock),
}

/// Signatures for some of several keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Multisig {
    required: u8,
    keys: Vec<EcdsaKey>,
}

/// A hash/time-locked contract in the form of BIP199.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashTimeLock {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// HASH160 of the key of whoever may take it with the secret.
    pub receiver: [u8; 20],
    /// HASH160 of the key of whoever gets it back.
    pub payer: [u8; 20],
    /// The lock time that a transaction which gives it back must have at least (BIP65): a height below
    /// 500,000,000, else seconds since 1970.
    pub expiry: u32,
}

impl Multisig {
    /// So many of these keys must sign: 1 to all of them, of which there are 1 to 16, all compressed.
    #[must_use]
    pub fn new(required: u8, keys: Vec<EcdsaKey>) -> Option<Self> {
        let fits = (1..=MOST_KEYS).contains(&keys.len())
            && (1..=keys.len()).contains(&required.into())
            && keys.iter().all(EcdsaKey::is_compressed);
        fits.then_some(Self { required, keys })
    }

    /// How many must sign.
    #[must_use]
    pub fn required(&self) -> u8 {
        self.required
    }

    /// Those who may sign.
    #[must_use]
    pub fn keys(&self) -> &[EcdsaKey] {
        &self.keys
    }

    fn script(&self) -> Script {
        let count = u8::try_from(self.keys.len()).unwrap_or(u8::MAX);
        let first = Script([small(self.required)].into());
        let mut script = self
            .keys
            .iter()
            .fold(first, |script, key| script.push(key.as_bytes()));
        script
            .0
            .extend_from_slice(&[small(count), OP_CHECKMULTISIG]);
        script
    }

    /// Reads number and keys wherever the form has them; whether all else is right, the caller compares.
    fn read(script: &Script) -> Option<Self> {
        let ops: Vec<Op<'_>> = script.ops().collect();
        let [first, keys @ .., _, _] = &ops[..] else {
            return None;
        };
        let keys: Option<Vec<_>> = keys
            .iter()
            .map(|op| EcdsaKey::from_bytes(op.data))
            .collect();
        Self::new(small_number(first.code)?, keys?)
    }
}

impl HashTimeLock {
    fn script(&self) -> Script {
        let mut script = Script([OP_IF, OP_SHA256].into()).push(&self.hash);
        script
            .0
            .extend_from_slice(&[OP_EQUALVERIFY, OP_DUP, OP_HASH160]);
        script = script.push(&self.receiver);
        script.0.push(OP_ELSE);
        script = script.push_number(self.expiry);
        script
            .0
            .extend_from_slice(&[OP_CHECKLOCKTIMEVERIFY, OP_DROP, OP_DUP, OP_HASH160]);
        script = script.push(&self.payer);
        script
            .0
            .extend_from_slice(&[OP_ENDIF, OP_EQUALVERIFY, OP_CHECKSIG]);
        script
    }

    /// The same of the parts of this form.
    fn read(script: &Script) -> Option<Self> {
        let ops: Vec<Op<'_>> = script.ops().collect();
        let data = |at: usize| ops.get(at).map(|op| op.data);
        let expiry = ops.get(8)?;
        let expiry = match small_number(expiry.code) {
            Some(number) => number.into(),
            None => Script::default().push(expiry.data).number()?,
        };
        Some(Self {
            hash: data(2)?.try_into().ok()?,
            receiver: data(6)?.try_into().ok()?,
            payer: data(13)?.try_into().ok()?,
            expiry,
        })
    }
}

impl WitnessScript {
    /// What a script asks for, if it has one of the forms.
    #[must_use]
    pub fn of(script: &Script) -> Option<Self> {
        let multisig = Multisig::read(script).map(Self::Multisig);
        let read = multisig.or_else(|| HashTimeLock::read(script).map(Self::HashTimeLock));
        // Writing gives the only form: compare with it instead of repeating it.
        read.filter(|read| read.script() == *script)
    }

    /// The script.
    #[must_use]
    pub fn script(&self) -> Script {
        match self {
            Self::Multisig(multisig) => multisig.script(),
            Self::HashTimeLock(lock) => lock.script(),
        }
    }
}
