//! What a chain begins with, where nobody mines.

use alloc::{sync::Arc, vec::Vec};

use chain::{Amount, PublicKey};

/// Who owns what before the first block: at most 2^32 - 1 entries and [`Amount::MAX_MONEY`] in all.
/// A key may have several entries. O(1) to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation(Arc<[(PublicKey, Amount)]>);

/// Why entries are no allocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    /// More entries than outpoints can number.
    #[error("{0} entries are too many")]
    TooMany(u64),
    /// More than all the money.
    #[error("with entry {index}, the allocation is {total} satoshi: more than 21 million coins")]
    TooMuch {
        /// The first entry, from 0, that is too much.
        index: u64,
        /// The sum up to there and with it, in satoshi.
        total: u64,
    },
}

impl Allocation {
    /// An allocation of these entries, in this order.
    ///
    /// # Errors
    /// [`AllocationError`] when they are too many or too much.
    pub fn new(entries: Vec<(PublicKey, Amount)>) -> Result<Self, AllocationError> {
        let count = entries.len() as u64;
        if count > u64::from(u32::MAX) {
            return Err(AllocationError::TooMany(count));
        }
        let mut sum = Amount::ZERO;
        for (index, (_, amount)) in (0u64..).zip(&entries) {
            // Both are at most 2.1e15: the plain sum is exact.
            let total = sum.to_sat() + amount.to_sat();
            sum = Amount::new(total).map_err(|_| AllocationError::TooMuch { index, total })?;
        }
        Ok(Self(entries.into()))
    }

    /// Owners and amounts.
    #[must_use]
    pub fn entries(&self) -> &[(PublicKey, Amount)] {
        &self.0
    }
}
