//! Keys and Schnorr signatures over secp256k1, as BIP340 has them; the older ECDSA signatures are in [`ecdsa`].
//!
//! A public key is always computed from the secret one: signing with a public
//! key that somebody else hands in can give the secret away.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::zeroize::Zeroizing;
use k256::schnorr::{SigningKey, VerifyingKey};
use k256::{NonZeroScalar, ProjectivePoint, Scalar};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

pub mod ecdsa;
pub mod shared;

/// Why bytes are no key, or a signature no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Zero, or not below the group's order. The bytes stay secret.
    #[error("these bytes are no secret key")]
    BadSecretKey,
    /// No point on the curve has this x coordinate.
    #[error("{} is no public key", hex::encode(.0))]
    BadPublicKey([u8; 32]),
    /// Another length than 64 bytes; carries the length.
    #[error("a signature has 64 bytes, not {0}")]
    BadSignatureLength(u64),
    /// Not as many hexadecimal digits as it takes; carries the text.
    #[error("not the hexadecimal digits that are needed: {0:?}")]
    BadText(String),
    /// Not this key's signature of this message.
    #[error("signature {0} does not verify")]
    BadSignature(Signature),
    /// Not this key's ECDSA signature of this message, or not in the form of one.
    #[error("the ECDSA signature does not verify")]
    BadEcdsa,
    /// A tweak that is not below the group's order, or that cancels the key.
    #[error("{} cannot tweak this key", hex::encode(.0))]
    BadTweak([u8; 32]),
}

/// The hash of BIP340: SHA-256 over the tag's own hash, twice, and all `parts`.
pub fn tagged_hash(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let tag = Sha256::digest(tag);
    let start = Sha256::new().chain_update(tag).chain_update(tag);
    parts
        .iter()
        .fold(start, Digest::chain_update)
        .finalize()
        .into()
}

/// A key to sign with. Its memory is wiped when it goes.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key that these big-endian bytes are: one that was kept, or that everybody may work out. Keys
    /// that nobody else may know are made by [`Entropy::key`](crate::Entropy::key).
    ///
    /// # Errors
    /// [`KeyError::BadSecretKey`] for zero and from the group's order on.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        SigningKey::from_bytes(bytes.into())
            .map(Self)
            .map_err(|_| KeyError::BadSecretKey)
    }

    /// The key's bytes, or those of its negative, which signs alike. They are
    /// wiped when they go.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public key that belongs to it.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// Signs a message of any length, always alike.
    pub fn sign(&self, message: &[u8]) -> Signature {
        self.sign_with_aux(message, &[0; 32])
    }

    /// Signs with auxiliary randomness, which helps against side channels and
    /// changes nothing for those who verify.
    pub fn sign_with_aux(&self, message: &[u8], aux: &[u8; 32]) -> Signature {
        let signature = self.0.sign_raw(message, aux);
        // A nonce or an s of zero: nobody has ever seen such a hash.
        Signature(
            signature
                .expect("SHA-256 does not give multiples of the group's order")
                .to_bytes(),
        )
    }

    /// The secret key of the taproot output of [`PublicKey::tap_tweak`].
    ///
    /// # Errors
    /// [`KeyError::BadTweak`], which nobody has ever seen happen.
    pub fn tap_tweak(&self, merkle_root: Option<&[u8; 32]>) -> Result<Self, KeyError> {
        let (bytes, tweak) = self.public_key().tap_tweak_scalar(merkle_root)?;
        // k256 keeps the secret of the even point, which is what BIP341 asks for.
        let sum = Zeroizing::new(**self.0.as_nonzero_scalar() + tweak);
        let tweaked = Option::<NonZeroScalar>::from(NonZeroScalar::new(*sum));
        tweaked
            .map(|key| Self(key.into()))
            .ok_or(KeyError::BadTweak(bytes))
    }
}

/// Shows the public key alone.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.public_key())
    }
}

/// A key to verify with: the x coordinate of a point whose y is even.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key with this big-endian x coordinate.
    ///
    /// # Errors
    /// [`KeyError::BadPublicKey`] when no point has it.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes.into());
        key.map(Self).map_err(|_| KeyError::BadPublicKey(*bytes))
    }

    /// The x coordinate, big-endian.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes().into()
    }

    /// Checks that `signature` is this key's over `message`, of any length.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`] when it is not.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        let parsed = k256::schnorr::Signature::from_bytes(&signature.0);
        let verified = parsed.and_then(|parsed| self.0.verify_raw(message, &parsed));
        verified.map_err(|_| KeyError::BadSignature(*signature))
    }

    /// The taproot output key over this internal key and the root of a tree of
    /// scripts, if there is one, and whether its y is odd (BIP341).
    ///
    /// # Errors
    /// [`KeyError::BadTweak`], which nobody has ever seen happen.
    pub fn tap_tweak(&self, merkle_root: Option<&[u8; 32]>) -> Result<(Self, bool), KeyError> {
        let (bytes, tweak) = self.tap_tweak_scalar(merkle_root)?;
        let offset = ProjectivePoint::mul_by_generator_vartime(&tweak);
        let point = (ProjectivePoint::from(*self.0.as_affine()) + offset).to_affine();
        let odd = k256::elliptic_curve::point::AffineCoordinates::y_is_odd(&point).into();
        let key = VerifyingKey::try_from(point).map_err(|_| KeyError::BadTweak(bytes))?;
        Ok((Self(key), odd))
    }

    /// BIP341's tweak as bytes and as a number.
    fn tap_tweak_scalar(
        &self,
        merkle_root: Option<&[u8; 32]>,
    ) -> Result<([u8; 32], Scalar), KeyError> {
        let root = merkle_root.map_or(&[][..], |root| root);
        let bytes = tagged_hash("TapTweak", &[&self.to_bytes(), root]);
        let scalar = Option::from(Scalar::from_repr(bytes.into()));
        scalar
            .map(|scalar| (bytes, scalar))
            .ok_or(KeyError::BadTweak(bytes))
    }

    /// The identity of whoever holds the secret key.
    pub fn peer_id(&self) -> PeerId {
        PeerId(tagged_hash("Tabchain/PeerId", &[&self.to_bytes()]))
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// By x coordinate.
impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_bytes().cmp(&other.to_bytes())
    }
}

/// A signature as 64 bytes. Whether they can be one at all shows when they are
/// verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// Length in bytes.
    pub const LEN: usize = 64;

    /// Wraps the bytes of R's x coordinate and of s.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The bytes of R's x coordinate and of s.
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    fn halves(&self) -> [[u8; 32]; 2] {
        core::array::from_fn(|half| core::array::from_fn(|byte| self.0[32 * half + byte]))
    }

    fn from_halves(halves: [[u8; 32]; 2]) -> Result<Self, KeyError> {
        Self::try_from(halves.as_flattened())
    }
}

impl TryFrom<&[u8]> for Signature {
    type Error = KeyError;

    fn try_from(bytes: &[u8]) -> Result<Self, KeyError> {
        let length = KeyError::BadSignatureLength(bytes.len() as u64);
        bytes.try_into().map(Self).map_err(|_| length)
    }
}

/// The durable identity of a participant: a tagged hash of its public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId([u8; 32]);

impl PeerId {
    /// Wraps the bytes of a hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first eight digits, enough to tell peers apart by eye; `{:x}` gives all.
impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..4]))
    }
}

impl fmt::LowerHex for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The 32 or 64 bytes of a text.
fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError::BadText(text.into()))?;
    Ok(bytes)
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&from_hex(text)?)
    }
}

impl FromStr for Signature {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        from_hex(text).map(Self)
    }
}

impl FromStr for PeerId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        from_hex(text).map(Self)
    }
}

/// Serde: hexadecimal text in formats for people, plain bytes in the others.
macro_rules! serde_bytes {
    ($($name:ident as $wire:ty: $to:expr, $from:expr;)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let wire: $wire = $to(self);
                if serializer.is_human_readable() {
                    serializer.serialize_str(&hex::encode(wire.as_flattened()))
                } else {
                    wire.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    let wire = <$wire>::deserialize(deserializer)?;
                    $from(wire).map_err(D::Error::custom)
                }
            }
        }
    )*};
}

// serde knows arrays up to 32 elements, so 64 bytes go as two halves.
serde_bytes! {
    PublicKey as [[u8; 32]; 1]: |key: &PublicKey| [key.to_bytes()],
        |[bytes]: [[u8; 32]; 1]| PublicKey::from_bytes(&bytes);
    PeerId as [[u8; 32]; 1]: |id: &PeerId| [id.0],
        |[bytes]: [[u8; 32]; 1]| Ok::<_, KeyError>(PeerId(bytes));
    Signature as [[u8; 32]; 2]: Signature::halves, Signature::from_halves;
}
