//! Reproducible randomness: one ChaCha8 stream for each seed, node and purpose.
//!
//! Streams are independent, so an extra draw in one place changes nothing in any
//! other. Everything is integer arithmetic and gives the same numbers on every
//! machine; floats would not. Never use it for keys: anyone who knows the seed can
//! compute every number.

use alloc::vec::Vec;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::hash::sha256;
use crate::units::Micros;

/// A stream of random numbers. Cloning copies the position: both copies continue
/// with the same numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream(ChaCha8Rng);

/// Precedes everything that is hashed to a key, so that no other use of SHA-256
/// can give the same one.
const DOMAIN: &[u8] = b"tabchain/stream/1";

/// The denominator of [`Stream::chance`].
const MILLION: u64 = 1_000_000;

impl Stream {
    /// The stream of `node` for `purpose` in the run with `seed`.
    ///
    /// ChaCha8's key is the SHA-256 of a fixed prefix, `seed` and `node` as
    /// little-endian bytes, and `purpose`.
    pub fn new(seed: u64, node: u32, purpose: &str) -> Self {
        let mut bytes = Vec::from(DOMAIN);
        bytes.extend_from_slice(&seed.to_le_bytes());
        bytes.extend_from_slice(&node.to_le_bytes());
        bytes.extend_from_slice(purpose.as_bytes());
        Self::from_key(sha256(&bytes))
    }

    /// ChaCha8's own key stream for `key`, with a nonce of zero, from its start.
    pub fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The next four bytes of the stream, little-endian.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// The next eight bytes of the stream, little-endian.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, all equally likely (Lemire, "Fast random integer
    /// generation in an interval", 2019).
    ///
    /// # Panics
    /// When `bound` is zero: no number is below it. To choose from a list that may be
    /// empty, use [`Stream::pick`].
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "no number is below zero");
        // 2^64 mod bound: this many of all draws cannot be shared out evenly and must be rejected.
        let surplus = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= surplus {
                return (product >> 64) as u64;
            }
        }
    }

    /// One of `items`, all equally likely; `None`, without a draw, if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        let index = self.below(items.len() as u64);
        items.get(usize::try_from(index).ok()?)
    }

    /// True with a probability of `ppm` in a million; always if `ppm` is a million or more.
    pub fn chance(&mut self, ppm: u32) -> bool {
        self.below(MILLION) < u64::from(ppm)
    }

    /// A waiting time, exponentially distributed with this mean: the time until the
    /// next event of a memoryless process, such as finding a block.
    ///
    /// Exact to about 2^-40 of the mean before rounding to microseconds; at most
    /// 44.4 means, and at most `u64::MAX`.
    pub fn exp_micros(&mut self, mean: Micros) -> Micros {
        let scaled = u128::from(neg_ln(self.next_u64())) * u128::from(mean.0);
        let rounded = (scaled + (1 << (FRACTION - 1))) >> FRACTION;
        Micros(u64::try_from(rounded).unwrap_or(u64::MAX))
    }
}

/// Fractional bits of what [`neg_ln`] returns.
const FRACTION: u32 = 40;

/// ln 2 with 64 fractional bits.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab;

/// The negative natural logarithm of (`draw` + 1) / 2^64, with [`FRACTION`]
/// fractional bits.
fn neg_ln(draw: u64) -> u64 {
    let Some(value) = draw.checked_add(1) else {
        return 0; // ln 1
    };
    let whole = value.ilog2();
    // The mantissa in [1, 2) with 63 fractional bits. Squaring it doubles its
    // logarithm: whether the square reaches 2 is the next binary digit.
    let mut mantissa = value << (63 - whole);
    let mut log = u64::from(whole);
    for _ in 0..FRACTION {
        let square = u128::from(mantissa) * u128::from(mantissa);
        let digit = (square >> 127) as u64;
        mantissa = (square >> (63 + digit)) as u64;
        log = log << 1 | digit;
    }
    let neg_log_2 = (64 << FRACTION) - log;
    ((u128::from(neg_log_2) * LN_2) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// -ln(2^-k) is k ln 2.
    #[test]
    fn powers_of_two_have_exact_logarithms() {
        for k in 1..=64u32 {
            let draw = ((1u128 << (64 - k)) - 1) as u64;
            let expected = (u128::from(k) * LN_2) >> (64 - FRACTION);
            assert_eq!(u128::from(neg_ln(draw)), expected, "2^-{k}");
        }
        assert_eq!(neg_ln(u64::MAX), 0);
    }

    /// Values computed with 60 decimal digits by Python's `decimal`.
    #[test]
    fn logarithms_agree_with_an_independent_computation() {
        for (draw, expected) in NEG_LN {
            assert!(
                neg_ln(draw).abs_diff(expected) <= 2,
                "{draw}: {}",
                neg_ln(draw)
            );
        }
    }

    #[test]
    fn logarithms_fall_as_draws_rise() {
        let draws = (0..4096u64).map(|n| n << 52 | n);
        assert!(draws.map(neg_ln).is_sorted_by(|a, b| a >= b));
    }

    const NEG_LN: [(u64, u64); 10] = [
        (0x1, 48_013_773_241_506),
        (0x2, 47_567_959_640_483),
        (0x9, 46_244_177_542_601),
        (0x002b_dc54_5d6b_4b87, 8_036_701_072_988),
        (0x5555_5555_5555_5555, 1_207_936_985_808),
        (0x8000_0000_0000_0000, 762_123_384_785),
        (0xdead_beef_cafe_babe, 153_324_194_882),
        (0xffff_f000_0000_0000, 1_048_576),
        (0xffff_ffff_0000_0000, 255),
        (0xffff_ffff_ffff_fffe, 0),
    ];
}
