//! Who may spend an output: the few forms of script that have a meaning here. There is no interpreter; any
//! other script is non-standard, is shown, and cannot be spent.
//!
//! A form is exactly one string of bytes, so a lock and its script stand for each other.

use alloc::vec::Vec;

use crate::hash::sha256;
use crate::keys::ecdsa::EcdsaKey;
use crate::opcode::{OP_0, OP_1, OP_CHECKSIG, OP_DUP, OP_EQUALVERIFY, OP_HASH160, OP_RETURN};
use crate::script::Script;

pub mod witness_script;

pub use witness_script::WitnessScript;

/// The longest script that may be executed; whatever pays to a longer one is lost (Bitcoin Core's
/// `MAX_SCRIPT_SIZE`).
pub const MAX_SCRIPT: usize = 10_000;
/// The most bytes of a data output.
pub const MAX_DATA: usize = 80;

/// Who may spend an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Whoever signs with ECDSA for this key: Bitcoin's first form.
    PublicKey(EcdsaKey),
    /// Whoever shows a key with this HASH160, and signs for it.
    PublicKeyHash([u8; 20]),
    /// Whoever signs for this x coordinate (BIP341, key path); nobody, if no point has it.
    Taproot([u8; 32]),
    /// Whoever shows the script with this SHA-256, and does what it asks for (BIP141).
    WitnessScriptHash([u8; 32]),
    /// Nobody: the output only holds these bytes, at most [`MAX_DATA`].
    Data(Vec<u8>),
    /// Nobody: what it pays is burnt.
    Burn,
    /// Nobody here: we do not know what it means.
    NonStandard(Script),
}

impl Lock {
    /// What a script means.
    #[must_use]
    pub fn of(script: &Script) -> Self {
        read(script.as_bytes()).unwrap_or_else(|| Self::NonStandard(script.clone()))
    }

    /// The script, which [`Lock::of`] reads as this lock.
    #[must_use]
    pub fn script(&self) -> Script {
        let pushed = |before: &[u8], data: &[u8], after: &[u8]| {
            let mut script = Script(before.to_vec()).push(data);
            script.0.extend_from_slice(after);
            script
        };
        match self {
            Self::PublicKey(key) => pushed(&[], key.as_bytes(), &[OP_CHECKSIG]),
            Self::PublicKeyHash(hash) => {
                pushed(&[OP_DUP, OP_HASH160], hash, &[OP_EQUALVERIFY, OP_CHECKSIG])
            }
            Self::Taproot(key) => pushed(&[OP_1], key, &[]),
            Self::WitnessScriptHash(hash) => pushed(&[OP_0], hash, &[]),
            Self::Data(data) => pushed(&[OP_RETURN], data, &[]),
            Self::Burn => Script([OP_RETURN].into()),
            Self::NonStandard(script) => script.clone(),
        }
    }

    /// What pays to whoever can do what a script asks for.
    #[must_use]
    pub fn to_script(script: &WitnessScript) -> Self {
        Self::WitnessScriptHash(sha256(script.script().as_bytes()))
    }
}

/// The lock of a script that has one of the forms.
fn read(bytes: &[u8]) -> Option<Lock> {
    match bytes {
        [OP_RETURN] => Some(Lock::Burn),
        [OP_RETURN, rest @ ..] => read_data(rest),
        [
            OP_DUP,
            OP_HASH160,
            20,
            hash @ ..,
            OP_EQUALVERIFY,
            OP_CHECKSIG,
        ] => hash.try_into().ok().map(Lock::PublicKeyHash),
        [OP_1, 32, key @ ..] => key.try_into().ok().map(Lock::Taproot),
        [OP_0, 32, hash @ ..] => hash.try_into().ok().map(Lock::WitnessScriptHash),
        [len, key @ .., OP_CHECKSIG] if usize::from(*len) == key.len() => {
            EcdsaKey::from_bytes(key).map(Lock::PublicKey)
        }
        _ => None,
    }
}

/// A single push, in the shortest form.
fn read_data(push: &[u8]) -> Option<Lock> {
    let script = Script(push.to_vec());
    let data = script.ops().next()?.data;
    let shortest = !data.is_empty() && Script::default().push(data) == script;
    (shortest && data.len() <= MAX_DATA).then(|| Lock::Data(data.to_vec()))
}

impl Script {
    /// Whether nobody can ever spend what is paid to it (Bitcoin Core's `IsUnspendable`), so that it leaves
    /// the supply.
    #[must_use]
    pub fn is_unspendable(&self) -> bool {
        self.0.first() == Some(&OP_RETURN) || self.0.len() > MAX_SCRIPT
    }
}
