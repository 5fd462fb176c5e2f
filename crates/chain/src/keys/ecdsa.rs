//! ECDSA signatures, for outputs that are older than taproot: keys and signatures as scripts hold them.

use alloc::vec::Vec;
use core::fmt;

use k256::ecdsa::signature::hazmat::{PrehashSigner, PrehashVerifier};
use k256::ecdsa::{self, SigningKey, VerifyingKey};
use k256::elliptic_curve::sec1::ToSec1Point;
use serde::{Deserialize, Serialize};

use super::{KeyError, SecretKey};
use crate::hash::hash160;

/// A public key of ECDSA in one of the forms of SEC 1: 33 bytes, or 65 uncompressed. The form belongs to
/// it, since hashes cover it. Not all bytes of such a form are a point on the curve.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EcdsaKey(#[serde(with = "crate::text::bytes")] Vec<u8>);

impl EcdsaKey {
    /// Bytes in the compressed form.
    pub const COMPRESSED: usize = 33;
    /// Bytes in the uncompressed form.
    pub const UNCOMPRESSED: usize = 65;

    /// The key with these bytes; `None` if they have the form of no key.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let fits = match bytes.first()? {
            2 | 3 => bytes.len() == Self::COMPRESSED,
            4 => bytes.len() == Self::UNCOMPRESSED,
            _ => false,
        };
        fits.then(|| Self(bytes.to_vec()))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is in the short form, the only one that witnesses may hold (BIP143).
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        self.0.len() == Self::COMPRESSED
    }

    /// What pay-to-public-key-hash pays to.
    #[must_use]
    pub fn hash(&self) -> [u8; 20] {
        hash160(&self.0)
    }

    /// Checks a signature in DER (BIP66) of the hash of a message. As in Bitcoin, both of the two numbers
    /// `s` that fit are good.
    ///
    /// # Errors
    /// [`KeyError::BadEcdsa`]: the key is no point, the signature not in DER, or not this key's.
    pub fn verify(&self, hash: &[u8; 32], signature: &[u8]) -> Result<(), KeyError> {
        let key = VerifyingKey::from_sec1_bytes(&self.0);
        let signature = ecdsa::Signature::from_der(signature);
        let verified = key.and_then(|key| key.verify_prehash(hash, &signature?.normalize_s()));
        verified.map_err(|_| KeyError::BadEcdsa)
    }
}

impl fmt::Debug for EcdsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcdsaKey({})", hex::encode(&self.0))
    }
}

impl SecretKey {
    /// The public key of ECDSA that belongs to it, compressed.
    #[must_use]
    pub fn ecdsa_key(&self) -> EcdsaKey {
        let point = self.ecdsa().verifying_key().as_affine().to_sec1_point(true);
        EcdsaKey(point.as_bytes().to_vec())
    }

    /// Signs the hash of a message, always alike (RFC 6979), in DER and with the lower `s` (BIP62).
    ///
    /// # Panics
    /// If a nonce or an `s` is zero: nobody has ever seen such a hash.
    #[must_use]
    pub fn sign_ecdsa(&self, hash: &[u8; 32]) -> Vec<u8> {
        let signature: ecdsa::Signature = self
            .ecdsa()
            .sign_prehash(hash)
            .expect("SHA-256 does not give multiples of the group's order");
        signature.normalize_s().to_der().as_bytes().to_vec()
    }

    fn ecdsa(&self) -> SigningKey {
        SigningKey::from(*self.0.as_nonzero_scalar())
    }
}
