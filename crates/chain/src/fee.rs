//! Fee rates: what a virtual byte costs (BIP141: a quarter of the weight, rounded up).

use core::fmt;

use crate::transaction::Transaction;
use crate::units::Amount;

/// What a virtual byte costs, in thousandths of a satoshi; or what a thousand cost, in satoshi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeRate(u64);

impl FeeRate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// One satoshi for a virtual byte: what Bitcoin's nodes have long asked for at least, also to replace one
    /// transaction with another.
    pub const ONE: Self = Self(1_000);

    /// So many thousandths of a satoshi for a virtual byte.
    #[must_use]
    pub const fn from_milli_sat(milli: u64) -> Self {
        Self(milli)
    }

    /// The number of thousandths of a satoshi.
    #[must_use]
    pub const fn to_milli_sat(self) -> u64 {
        self.0
    }

    /// The least fee at this rate for so many virtual bytes, at most all the money.
    #[must_use]
    pub fn fee(self, size: u64) -> Amount {
        let milli = u128::from(self.0) * u128::from(size);
        let satoshi = u64::try_from(milli.div_ceil(1_000)).unwrap_or(u64::MAX);
        Amount::new(satoshi).unwrap_or(Amount::MAX_MONEY)
    }

    /// The rate at which so many virtual bytes cost this fee, rounded down.
    #[must_use]
    pub fn of(fee: Amount, size: u64) -> Self {
        let milli = u128::from(fee.to_sat()) * 1_000 / u128::from(size.max(1));
        Self(u64::try_from(milli).unwrap_or(u64::MAX))
    }

    /// This rate, raised by another.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Half of this rate, so many times.
    #[must_use]
    pub const fn halved(self, times: u32) -> Self {
        match self.0.checked_shr(times) {
            Some(rate) => Self(rate),
            None => Self::ZERO,
        }
    }
}

/// In satoshi for a virtual byte, as short as it is exact.
impl fmt::Display for FeeRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, milli) = (self.0 / 1_000, self.0 % 1_000);
        match milli {
            0 => write!(f, "{whole}"),
            _ => {
                let decimals = alloc::format!("{milli:03}");
                write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
            }
        }
    }
}

/// Virtual bytes of a weight.
#[must_use]
pub const fn virtual_size(weight: u64) -> u64 {
    weight.div_ceil(Transaction::WITNESS_SCALE)
}
