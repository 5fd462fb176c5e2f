//! Proof of work. A proof p fits the block before it, whose proof is q, if the SHA-256 of the decimal text of
//! p·p − q·q begins with four zeros in hex: one number in 65,536 does.
//!
//! Nothing else of a block goes into it. So the proofs of a chain are the same row of numbers for everybody (1,
//! 533, 45293, 21391, ...) whatever the blocks say: this is the largest of B-Coin's weaknesses.

use alloc::string::{String, ToString};
use core::fmt::{self, Write};

use num_bigint::BigInt;
use sha2::{Digest, Sha256};

use crate::json::Value;

/// The digits of the longest whole number that Python turns into text or back
/// (`sys.get_int_max_str_digits`); beyond, its programs fail.
pub const MAX_DIGITS: usize = 4300;

/// Squares of numbers with so many digits can still be printed.
const MAX_SEARCH_DIGITS: usize = MAX_DIGITS / 2;

/// Below this, squares and their difference fit into 128 bits.
const SMALL: u64 = 1 << 62;

/// A whole number that stands as a proof in a block.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof(BigInt);

/// A value that is no whole number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proof must be a whole number, not {0:?}")]
pub struct ProofError(pub Value);

impl Proof {
    /// Of the first block.
    #[must_use]
    pub fn genesis() -> Self {
        Self::from(1)
    }

    /// Whether it may follow the proof of the block before.
    #[must_use]
    pub fn follows(&self, previous: &Self) -> bool {
        work_hash(self, previous).is_some_and(|hash| is_work(&hash))
    }
}

impl From<u64> for Proof {
    fn from(number: u64) -> Self {
        Self(number.into())
    }
}

impl TryFrom<&Proof> for u64 {
    type Error = ();

    fn try_from(proof: &Proof) -> Result<Self, ()> {
        Self::try_from(&proof.0).map_err(|_| ())
    }
}

impl TryFrom<Value> for Proof {
    type Error = ProofError;

    fn try_from(value: Value) -> Result<Self, ProofError> {
        let Value::Integer(decimal) = &value else {
            return Err(ProofError(value));
        };
        let number = decimal.parse().map_err(|_| ProofError(value))?;
        Ok(Self(number))
    }
}

impl From<&Proof> for Value {
    fn from(proof: &Proof) -> Self {
        Self::Integer(proof.to_string())
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The hash that must begin with four zeros; `None` if the difference of the squares has more than
/// [`MAX_DIGITS`] digits.
#[must_use]
pub fn work_hash(proof: &Proof, previous: &Proof) -> Option<[u8; 32]> {
    let difference = (&proof.0 - &previous.0) * (&proof.0 + &previous.0);
    let decimal = difference.to_string();
    let digits = decimal.trim_start_matches('-').len();
    (digits <= MAX_DIGITS).then(|| Sha256::digest(decimal.as_bytes()).into())
}

fn is_work(hash: &[u8; 32]) -> bool {
    hash[..2] == [0, 0]
}

/// A search for the smallest proof of a block that follows a certain one. It is a value: its host decides who
/// goes on with it, and for how long.
#[derive(Clone, Debug)]
pub struct Search {
    after: [u8; 32],
    previous: Proof,
    next: u64,
}

/// What a search has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The hash of the block that the proof follows.
    pub after: [u8; 32],
    /// The proof.
    pub proof: Proof,
}

impl Search {
    /// Begins at 1, as the original does; `None` if Python could not print the squares.
    pub(crate) fn new(after: [u8; 32], previous: &Proof) -> Option<Self> {
        let digits = previous.to_string().trim_start_matches('-').len();
        (digits <= MAX_SEARCH_DIGITS).then(|| Self {
            after,
            previous: previous.clone(),
            next: 1,
        })
    }

    /// How many numbers have been tried.
    #[must_use]
    pub fn tries(&self) -> u64 {
        self.next - 1
    }

    /// Tries so many numbers more, or fewer if one fits.
    pub fn run(&mut self, tries: u64) -> Option<Found> {
        let end = self.next.saturating_add(tries);
        let small = u64::try_from(&self.previous.0).ok();
        let small = small.filter(|previous| *previous < SMALL);
        while self.next < end {
            let number = self.next;
            self.next += 1;
            let hash = match small {
                Some(previous) if number < SMALL => small_hash(number, previous),
                _ => work_hash(&number.into(), &self.previous)?,
            };
            if is_work(&hash) {
                return Some(Found {
                    after: self.after,
                    proof: number.into(),
                });
            }
        }
        None
    }
}

/// [`work_hash`] of numbers below [`SMALL`].
fn small_hash(proof: u64, previous: u64) -> [u8; 32] {
    let square = |number: u64| i128::from(number) * i128::from(number);
    let difference = square(proof) - square(previous);
    let mut decimal = Decimal {
        bytes: [0; 40],
        len: 0,
    };
    match i64::try_from(difference) {
        Ok(small) => write!(decimal, "{small}"),
        Err(_) => write!(decimal, "{difference}"),
    }
    .expect("128 bits have 39 digits and a sign at most");
    Sha256::digest(&decimal.bytes[..decimal.len]).into()
}

struct Decimal {
    bytes: [u8; 40],
    len: usize,
}

impl Write for Decimal {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// The hash as blocks name it.
pub(crate) fn to_hex(hash: &[u8; 32]) -> String {
    hex::encode(hash)
}
