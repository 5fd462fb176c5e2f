//! Newtypes for heights, amounts and times, so that none can be mistaken for another.

use core::fmt;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// Number of blocks between a block and the genesis block, which has height 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Height(pub u32);

impl Height {
    /// Height of the genesis block.
    pub const GENESIS: Self = Self(0);

    /// The next height; saturates at the greatest one, which no chain reaches: at a block per
    /// second that takes 136 years.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The previous height; `None` for genesis.
    pub fn prev(self) -> Option<Self> {
        self.checked_sub(1)
    }

    /// `blocks` higher, or `None` beyond `u32`.
    pub fn checked_add(self, blocks: u32) -> Option<Self> {
        self.0.checked_add(blocks).map(Self)
    }

    /// `blocks` lower, or `None` below genesis.
    pub fn checked_sub(self, blocks: u32) -> Option<Self> {
        self.0.checked_sub(blocks).map(Self)
    }

    /// `blocks` lower, at least genesis.
    #[must_use]
    pub fn saturating_sub(self, blocks: u32) -> Self {
        Self(self.0.saturating_sub(blocks))
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount of money in satoshi, at most [`Amount::MAX_MONEY`] by construction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Amount(u64);

/// A number of satoshi above [`Amount::MAX_MONEY`]; carries the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} satoshi is more than 21 million coins")]
pub struct AmountError(pub u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Satoshi in one coin.
    pub const COIN: Self = Self(100_000_000);
    /// 21 million coins: Bitcoin's bound for each amount and each sum of amounts.
    pub const MAX_MONEY: Self = Self(21_000_000 * 100_000_000);

    /// `satoshi` as an amount.
    ///
    /// # Errors
    /// [`AmountError`] above [`Amount::MAX_MONEY`].
    pub const fn new(satoshi: u64) -> Result<Self, AmountError> {
        if satoshi <= Self::MAX_MONEY.0 {
            Ok(Self(satoshi))
        } else {
            Err(AmountError(satoshi))
        }
    }

    /// The number of satoshi.
    pub const fn to_sat(self) -> u64 {
        self.0
    }

    /// The sum, or `None` above [`Amount::MAX_MONEY`] (CVE-2010-5139).
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_add(other.0)?).ok()
    }

    /// The difference, or `None` below zero.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum of all, or `None` as soon as a partial sum exceeds [`Amount::MAX_MONEY`].
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// The amount after `count` halvings, rounded down; nothing from 64 halvings on.
    #[must_use]
    pub(crate) fn halved(self, count: u32) -> Self {
        Self(self.0.checked_shr(count).unwrap_or(0))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// In coins with eight decimals: `50.00000000`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08}", self.0 / Self::COIN.0, self.0 % Self::COIN.0)
    }
}

/// A header's time: seconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct BlockTime(pub u32);

impl BlockTime {
    /// `seconds` later, at most the last second that a header can express.
    #[must_use]
    pub fn saturating_add(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// `seconds` earlier, at least the first second of 1970.
    #[must_use]
    pub fn saturating_sub(self, seconds: u32) -> Self {
        Self(self.0.saturating_sub(seconds))
    }
}

impl fmt::Display for BlockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A span of time in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Micros(pub u64);

impl Micros {
    /// Whole milliseconds, at most the longest span.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// Whole seconds, at most the longest span.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }
}

/// A moment: microseconds since the chain's epoch, which the host defines.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Time(pub u64);

impl Time {
    /// The epoch itself.
    pub const ZERO: Self = Self(0);

    /// The moment `span` later, or `None` beyond the last one (584,942 years).
    pub fn checked_add(self, span: Micros) -> Option<Self> {
        self.0.checked_add(span.0).map(Self)
    }

    /// The moment `span` later, at most the last one.
    #[must_use]
    pub fn saturating_add(self, span: Micros) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this is; zero if it is before.
    #[must_use]
    pub fn saturating_since(self, earlier: Self) -> Micros {
        Micros(self.0.saturating_sub(earlier.0))
    }

    /// This moment as a header gives it, in whole seconds, on a chain whose epoch is at `epoch`.
    #[must_use]
    pub fn to_block_time(self, epoch: BlockTime) -> BlockTime {
        let seconds = u32::try_from(self.0 / 1_000_000).unwrap_or(u32::MAX);
        epoch.saturating_add(seconds)
    }

    /// The moment that a header's time gives; the epoch if the time is earlier.
    #[must_use]
    pub fn from_block_time(time: BlockTime, epoch: BlockTime) -> Self {
        Self(u64::from(time.0.saturating_sub(epoch.0)) * 1_000_000)
    }
}

/// The number of a seat in a chain's membership.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Seat(pub u32);
