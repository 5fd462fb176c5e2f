//! Compact targets, targets and work, with Bitcoin's arithmetic and all its edge cases.

use core::fmt;
use ruint::aliases::U256;
use serde::{Deserialize, Serialize};

use crate::hash::BlockId;

/// A target in the four bytes of a header: a base-256 exponent and a signed 24-bit mantissa.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct CompactTarget(pub u32);

impl fmt::Display for CompactTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

/// What four compact bytes mean, valid or not (Bitcoin Core's `SetCompact`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compact {
    /// The magnitude; if it overflows, its lowest 256 bits.
    pub target: Target,
    /// Whether the sign bit is set on a mantissa that is not zero.
    pub negative: bool,
    /// Whether the magnitude needs more than 256 bits.
    pub overflow: bool,
}

impl Compact {
    /// The shortest compact form of the same number.
    pub fn canonical(self) -> CompactTarget {
        let CompactTarget(bits) = self.target.to_compact();
        let sign = self.negative && bits & MANTISSA != 0;
        CompactTarget(if sign { bits | SIGN } else { bits })
    }
}

/// Why compact bytes do not encode a target; each variant carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// The number is below zero.
    #[error("compact target {0} is negative")]
    Negative(CompactTarget),
    /// The number is zero: no hash meets it.
    #[error("compact target {0} is zero")]
    Zero(CompactTarget),
    /// The number needs more than 256 bits.
    #[error("compact target {0} overflows 256 bits")]
    Overflow(CompactTarget),
}

const MANTISSA: u32 = 0x007f_ffff;
const SIGN: u32 = 0x0080_0000;

impl CompactTarget {
    /// Reads the four bytes and flags what is wrong with them.
    pub fn expand(self) -> Compact {
        let size = self.0 >> 24;
        let mantissa = self.0 & MANTISSA;
        let (word, value) = if size <= 3 {
            let word = mantissa >> (8 * (3 - size));
            (word, U256::from(word))
        } else {
            (mantissa, shl(U256::from(mantissa), 8 * (size - 3)))
        };
        Compact {
            target: Target(value),
            negative: word != 0 && self.0 & SIGN != 0,
            overflow: word != 0
                && (size > 34 || (word > 0xff && size > 33) || (word > 0xffff && size > 32)),
        }
    }

    /// The target.
    ///
    /// # Errors
    /// [`TargetError`] for a negative, zero or overflowing number.
    pub fn to_target(self) -> Result<Target, TargetError> {
        match self.expand() {
            Compact { negative: true, .. } => Err(TargetError::Negative(self)),
            Compact { overflow: true, .. } => Err(TargetError::Overflow(self)),
            Compact {
                target: Target(U256::ZERO),
                ..
            } => Err(TargetError::Zero(self)),
            Compact { target, .. } => Ok(target),
        }
    }
}

/// The highest hash that proves enough work, as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Target(#[serde(with = "crate::text::u256")] pub U256);

impl Target {
    /// All 256 bits set: every hash meets it.
    pub const MAX: Self = Self(U256::MAX);

    /// The shortest compact form, rounded down to a 23-bit mantissa (Bitcoin Core's `GetCompact`).
    pub fn to_compact(self) -> CompactTarget {
        let mut size = self.0.bit_len().div_ceil(8) as u32;
        let mut word = if size <= 3 {
            low_word(self.0) << (8 * (3 - size))
        } else {
            low_word(self.0 >> (8 * (size as usize - 3)))
        };
        if word & SIGN != 0 {
            // The mantissa's top bit is the sign: make room for it.
            word >>= 8;
            size += 1;
        }
        CompactTarget(word | size << 24)
    }

    /// Whether `id`, as a number, is at most the target. Equal is enough.
    pub fn is_met_by(self, id: BlockId) -> bool {
        U256::from_le_bytes(*id.as_bytes()) <= self.0
    }

    /// Big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// From big-endian bytes.
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:064x}", self.0)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An expected number of hashes: what chains are compared by.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Work(#[serde(with = "crate::text::u256")] pub U256);

impl Work {
    /// No work.
    pub const ZERO: Self = Self(U256::ZERO);

    /// The sum, or `None` beyond 256 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The sum, at most the greatest 256-bit number.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Big-endian bytes.
    pub fn to_be_bytes(self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// From big-endian bytes.
    pub fn from_be_bytes(bytes: [u8; 32]) -> Self {
        Self(U256::from_be_bytes(bytes))
    }
}

impl From<u64> for Work {
    fn from(hashes: u64) -> Self {
        Self(U256::from(hashes))
    }
}

/// Hexadecimal with `0x`, without leading zeros.
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The work that a block with these bits proves: 2^256 / (target + 1), in whole hashes; no work
/// if the bits do not encode a target (Bitcoin Core's `GetBlockProof`).
pub fn block_proof(bits: CompactTarget) -> Work {
    // 2^256 itself does not fit, but 2^256 / (t + 1) = (2^256 - 1 - t) / (t + 1) + 1.
    bits.to_target()
        .map_or(Work::ZERO, |Target(t)| match t.checked_add(U256::ONE) {
            Some(above) => Work(!t / above + U256::ONE),
            None => Work(U256::ONE),
        })
}

fn shl(value: U256, bits: u32) -> U256 {
    if bits < 256 {
        value << bits as usize
    } else {
        U256::ZERO
    }
}

/// The lowest 32 bits.
fn low_word(value: U256) -> u32 {
    value.as_limbs()[0] as u32
}
