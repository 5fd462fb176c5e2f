//! SHA-256, double SHA-256, HASH160, and the 32-byte identities built from them.
//!
//! Identities keep Bitcoin's internal byte order and are shown reversed, as Bitcoin shows them.
//! Their `Ord` compares internal bytes: good enough for maps, meaningless for proof of work
//! (see [`Target::is_met_by`](crate::Target::is_met_by)).

use alloc::string::{String, ToString};
use core::{fmt, str::FromStr};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

use crate::codec::{Decode, DecodeError, Encode, Reader};

/// SHA-256 of `bytes` (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 applied twice: Bitcoin's hash for headers, transactions and Merkle nodes.
pub fn sha256d(bytes: &[u8]) -> [u8; 32] {
    sha256(&sha256(bytes))
}

/// RIPEMD-160 of SHA-256: Bitcoin's hash for public keys, 20 bytes long.
pub fn hash160(bytes: &[u8]) -> [u8; 20] {
    ripemd::Ripemd160::digest(sha256(bytes)).into()
}

/// The text is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a hash of 64 hexadecimal digits: {input:?}")]
pub struct ParseHashError {
    /// What was given.
    pub input: String,
}

macro_rules! hash_type {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// All bytes zero: Bitcoin's "none".
            pub const ZERO: Self = Self([0; 32]);

            /// Wraps bytes in internal order.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes in internal order.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().rev().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseHashError;

            fn from_str(text: &str) -> Result<Self, ParseHashError> {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes)
                    .map_err(|_| ParseHashError { input: text.to_string() })?;
                bytes.reverse();
                Ok(Self(bytes))
            }
        }

        impl Encode for $name {
            fn encode_into(&self, out: &mut alloc::vec::Vec<u8>) {
                out.extend_from_slice(&self.0);
            }
        }

        impl Decode for $name {
            fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.array().map(Self)
            }
        }

        /// Text in human-readable formats (JSON, JavaScript), 32 raw bytes in the others.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
                } else {
                    Deserialize::deserialize(deserializer).map(Self)
                }
            }
        }
    )*};
}

hash_type! {
    /// Identity of a block: the hash of its header, never of its body, votes or certificates.
    BlockId
    /// Identity of a transaction: double SHA-256 of its encoding without witnesses.
    Txid
    /// Double SHA-256 of a transaction's encoding with witnesses (BIP141).
    Wtxid
    /// Root of a Merkle tree over transactions.
    MerkleRoot
    /// Commitment to a ledger's state after a block.
    StateRoot
    /// A hash whose meaning depends on where it stands.
    Hash256
}
