//! Fees: what a byte costs, and which outputs are worth spending.

use core::fmt;
use core::str::FromStr;

use chain::{Amount, Script, Transaction, TxOut};

use crate::amount::AmountTextError;

/// What a virtual byte costs (BIP141: a quarter of the weight, rounded up), in thousandths of a satoshi.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeRate(u64);

/// Why a text or number is no fee rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeRateError {
    /// More than [`FeeRate::MOST`]: a mistake, or it would be an expensive one.
    #[error("nobody pays more than {} satoshi for a byte", FeeRate::MOST)]
    TooHigh,
    /// Not a number with a point and at most three decimals.
    #[error("write satoshi for a byte, such as 1.5, with three decimals at most")]
    NotANumber,
}

impl FeeRate {
    /// One satoshi for a virtual byte: what Bitcoin's nodes have long asked for at least, also to replace one
    /// transaction with another.
    pub const ONE: Self = Self(1_000);
    /// The highest rate that is not refused as a mistake: 10,000 satoshi.
    pub const MOST: Self = Self(10_000_000);

    /// So many thousandths of a satoshi for a virtual byte.
    ///
    /// # Errors
    /// [`FeeRateError::TooHigh`].
    pub fn from_milli_sat(milli: u64) -> Result<Self, FeeRateError> {
        let rate = Self(milli);
        (rate <= Self::MOST)
            .then_some(rate)
            .ok_or(FeeRateError::TooHigh)
    }

    /// The number of thousandths of a satoshi.
    #[must_use]
    pub fn to_milli_sat(self) -> u64 {
        self.0
    }

    /// The least fee at this rate, in satoshi.
    #[must_use]
    pub fn fee(self, weight: u64) -> u64 {
        let milli = u128::from(self.0) * u128::from(virtual_size(weight));
        u64::try_from(milli.div_ceil(1_000)).unwrap_or(u64::MAX)
    }

    /// The rate that a fee is, rounded down.
    #[must_use]
    pub fn of(fee: Amount, weight: u64) -> Self {
        let milli = u128::from(fee.to_sat()) * 1_000 / u128::from(virtual_size(weight).max(1));
        Self(u64::try_from(milli).unwrap_or(u64::MAX))
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

impl FromStr for FeeRate {
    type Err = FeeRateError;

    fn from_str(text: &str) -> Result<Self, FeeRateError> {
        // A rate is written like an amount, with fewer decimals; so its thousandths are its satoshi.
        match crate::amount::parse(text) {
            Ok(amount) if amount.to_sat() % 100_000 == 0 => {
                Self::from_milli_sat(amount.to_sat() / 100_000)
            }
            Err(AmountTextError::TooMuch(_)) => Err(FeeRateError::TooHigh),
            _ => Err(FeeRateError::NotANumber),
        }
    }
}

/// Virtual bytes of a weight (BIP141).
#[must_use]
pub fn virtual_size(weight: u64) -> u64 {
    weight.div_ceil(Transaction::WITNESS_SCALE)
}

/// What an output must pay at least to be worth spending one day: what it and the input that spends it cost at
/// three satoshi for a virtual byte (Bitcoin Core's `GetDustThreshold`). Outputs that nobody can spend may pay
/// nothing.
#[must_use]
pub fn dust_limit(script: &Script) -> Amount {
    if script.is_unspendable() {
        return Amount::ZERO;
    }
    let output = output_weight(script) / Transaction::WITNESS_SCALE;
    let is_witness = chain::WitnessProgram::from_script_pubkey(script).is_some();
    // Outpoint, length of a script, sequence number, and a signature with its key: in a witness, or not.
    let input = 32 + 4 + 1 + 4 + if is_witness { 107 / 4 } else { 107 };
    Amount::new((output + input) * 3).expect("a script of 4 GB costs less than all money")
}

/// The weight of an output that pays to a script.
#[must_use]
pub fn output_weight(script: &Script) -> u64 {
    let output = TxOut::new(Amount::ZERO, script.clone());
    chain::Encode::to_vec(&output).len() as u64 * Transaction::WITNESS_SCALE
}
