//! What the holders of two keys have in common, and tags that only these two can make.

use hmac::{Hmac, KeyInit, Mac};
use k256::ProjectivePoint;
use k256::elliptic_curve::point::AffineCoordinates;
use k256::elliptic_curve::subtle::ConstantTimeEq;
use k256::elliptic_curve::zeroize::Zeroizing;
use sha2::Sha256;

use super::{PublicKey, SecretKey, tagged_hash};

/// What either of two secret keys gives together with the other's public key, and nothing else does
/// (ECDH): the x coordinate of their product. Its memory is wiped when it goes.
pub struct SharedSecret(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// The secret that this key shares with the holder of another one.
    #[must_use]
    pub fn shared_with(&self, other: &PublicKey) -> SharedSecret {
        // Neither factor can be zero, and the group's order is prime: the product is a point with
        // coordinates. A key and its negative give points that share their x.
        let point = ProjectivePoint::from(*other.0.as_affine()) * **self.0.as_nonzero_scalar();
        SharedSecret(Zeroizing::new(point.to_affine().x().into()))
    }
}

impl SharedSecret {
    /// The x coordinate, big-endian: not evenly distributed, so never a key by itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key for one purpose: whoever learns it can make no other one of it.
    #[must_use]
    pub fn tag_key(&self, purpose: &str, parts: &[&[u8]]) -> TagKey {
        let secret: &[u8] = &*self.0;
        let parts: alloc::vec::Vec<&[u8]> = [&[secret], parts].concat();
        let key = Zeroizing::new(tagged_hash(purpose, &parts));
        TagKey(Hmac::new_from_slice(&*key).expect("HMAC takes keys of any length"))
    }
}

/// Makes tags (HMAC-SHA-256, the first half of its output).
#[derive(Clone)]
pub struct TagKey(Hmac<Sha256>);

impl TagKey {
    /// The tag of a message.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> Tag {
        let whole: [u8; 32] = self
            .0
            .clone()
            .chain_update(message)
            .finalize()
            .into_bytes()
            .into();
        Tag(core::array::from_fn(|n| whole[n]))
    }
}

/// Shows that a message comes from somebody who has the key. Compared in a time that tells nothing of
/// where two differ.
#[derive(Clone, Copy, Debug)]
pub struct Tag([u8; Tag::LEN]);

impl Tag {
    /// Length in bytes. A guess is right once in 2^128 times.
    pub const LEN: usize = 16;

    /// Wraps bytes that may be a tag.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes to send.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Tag {}
