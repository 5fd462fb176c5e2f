//! The order in which fee rates put transactions.

use core::cmp::Ordering;

use super::Admission;
use crate::fee::FeeRate;
use crate::units::Amount;

/// What some transactions come to together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many they are.
    pub count: u32,
    /// Their size in virtual bytes.
    pub size: u64,
    /// Their fees.
    pub fee: u64,
}

impl Totals {
    pub(super) fn add(&mut self, other: Self) {
        self.count += other.count;
        self.size += other.size;
        // Fees come out of coins, which are at most 21 million.
        self.fee += other.fee;
    }

    pub(super) fn remove(&mut self, other: Self) {
        self.count -= other.count;
        self.size -= other.size;
        self.fee -= other.fee;
    }

    pub(super) fn score(self) -> Score {
        Score {
            fee: self.fee,
            size: self.size,
        }
    }
}

/// A fee over a size, ordered by their exact quotient; of equal quotients the larger size counts less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Score {
    fee: u64,
    size: u64,
}

impl Score {
    /// That of one transaction by itself.
    pub fn of(tx: &Admission) -> Self {
        Self {
            fee: tx.fee.to_sat(),
            size: tx.size.into(),
        }
    }

    /// A plain number, such as a moment.
    pub const fn plain(number: u64) -> Self {
        Self {
            fee: number,
            size: 1,
        }
    }

    pub fn rate(self) -> FeeRate {
        FeeRate::of(
            Amount::new(self.fee).unwrap_or(Amount::MAX_MONEY),
            self.size,
        )
    }
}

impl Ord for Score {
    fn cmp(&self, other: &Self) -> Ordering {
        let this = u128::from(self.fee) * u128::from(other.size);
        let that = u128::from(other.fee) * u128::from(self.size);
        this.cmp(&that).then(other.size.cmp(&self.size))
    }
}

impl PartialOrd for Score {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
