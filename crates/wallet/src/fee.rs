//! Fees: what a byte costs, and which outputs are worth spending.

use chain::{Amount, FeeRate, Script, Transaction, TxOut, virtual_size};

use crate::amount::AmountTextError;

/// The highest rate that is not refused as a mistake: 10,000 satoshi for a virtual byte.
pub const MOST: FeeRate = FeeRate::from_milli_sat(10_000_000);

/// Why a text is no fee rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeeRateError {
    /// More than [`MOST`]: a mistake, or it would be an expensive one.
    #[error("nobody pays more than {MOST} satoshi for a byte")]
    TooHigh,
    /// Not a number with a point and at most three decimals.
    #[error("write satoshi for a byte, such as 1.5, with three decimals at most")]
    NotANumber,
}

/// Reads a rate in satoshi for a virtual byte, as [`FeeRate`] is shown.
///
/// # Errors
/// [`FeeRateError`] says what to write instead.
pub fn parse(text: &str) -> Result<FeeRate, FeeRateError> {
    // A rate is written like an amount, with fewer decimals; so its thousandths are its satoshi.
    match crate::amount::parse(text) {
        Ok(amount) if amount.to_sat() % 100_000 == 0 => {
            let rate = FeeRate::from_milli_sat(amount.to_sat() / 100_000);
            (rate <= MOST).then_some(rate).ok_or(FeeRateError::TooHigh)
        }
        Err(AmountTextError::TooMuch(_)) => Err(FeeRateError::TooHigh),
        _ => Err(FeeRateError::NotANumber),
    }
}

/// The least fee at a rate for a weight, in satoshi.
#[must_use]
pub fn fee_at(rate: FeeRate, weight: u64) -> u64 {
    rate.fee(virtual_size(weight)).to_sat()
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
