//! Amounts of coins as people write them: exactly what is meant, or refused with the form that is.

use alloc::format;
use alloc::string::{String, ToString as _};

use chain::Amount;

/// How many decimals a coin has.
pub const DECIMALS: u32 = 8;
/// The longest text that can be an amount, in characters.
const LONGEST: usize = 40;

/// Why a text is no amount. Each says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountTextError {
    /// Nothing but white space.
    #[error("write how many coins, such as 0.5")]
    Empty,
    /// More characters than an amount has; carries how many.
    #[error("{0} characters are too many for an amount, such as 0.5")]
    TooLong(u64),
    /// A comma, which is a decimal sign to some and separates thousands for others.
    #[error(
        "a comma may mean two things: write a point before decimals and nothing between thousands, such as 1000.5"
    )]
    Comma,
    /// A short form of powers of ten; carries it.
    #[error("write the digits out, such as 1000, instead of {0}")]
    Exponent(String),
    /// A plus or minus.
    #[error("an amount has no sign: write 0.5, neither -0.5 nor +0.5")]
    Sign,
    /// A digit of another script or width; carries it.
    #[error("write digits as 0 to 9, not as {0}")]
    OtherDigit(char),
    /// Any other character that amounts do not have; carries it.
    #[error("{0:?} is no part of an amount, such as 0.5")]
    OtherCharacter(char),
    /// No digit before or after the point, or a second point; carries the text.
    #[error("write digits on both sides of one point, such as 0.5, instead of {0}")]
    Incomplete(String),
    /// Parts of a satoshi; carries the number of decimals.
    #[error("{0} decimals are too many: a coin has {DECIMALS}, so the least amount is 0.00000001")]
    TooPrecise(u64),
    /// More coins than there can ever be; carries the text.
    #[error("there are never more than 21000000 coins, and {0} is more")]
    TooMuch(String),
}

/// Reads a number of coins: digits, and if there are decimals, a point and at most eight of them. White space
/// around it does not matter.
///
/// # Errors
/// [`AmountTextError`] for anything that could be understood in two ways, or in none.
pub fn parse(text: &str) -> Result<Amount, AmountTextError> {
    let text = text.trim();
    let length = text.chars().count();
    if length > LONGEST {
        return Err(AmountTextError::TooLong(length as u64));
    }
    if text.is_empty() {
        return Err(AmountTextError::Empty);
    }
    text.chars().try_for_each(|c| check(c, text))?;
    let (whole, decimals) = match text.split_once('.') {
        None => (text, ""),
        Some((whole, decimals)) if is_digits(whole) && is_digits(decimals) => (whole, decimals),
        Some(_) => return Err(AmountTextError::Incomplete(text.to_string())),
    };
    if decimals.len() > DECIMALS as usize {
        return Err(AmountTextError::TooPrecise(decimals.len() as u64));
    }
    let too_much = || AmountTextError::TooMuch(text.to_string());
    // Forty digits overflow; with the decimals filled up, the digits are satoshi.
    let digits = format!("{whole}{decimals:0<8}");
    let satoshi = digits.parse().map_err(|_| too_much())?;
    Amount::new(satoshi).map_err(|_| too_much())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an amount has such a character.
fn check(c: char, text: &str) -> Result<(), AmountTextError> {
    match c {
        '0'..='9' | '.' => Ok(()),
        ',' | '\u{ff0c}' | '\u{066b}' | '\u{066c}' => Err(AmountTextError::Comma),
        '+' | '-' | '\u{2212}' | '\u{ff0b}' | '\u{ff0d}' => Err(AmountTextError::Sign),
        'e' | 'E' => Err(AmountTextError::Exponent(text.to_string())),
        c if c.is_numeric() => Err(AmountTextError::OtherDigit(c)),
        c => Err(AmountTextError::OtherCharacter(c)),
    }
}

/// The shortest text that means exactly this amount: `0.5`, `50`.
#[must_use]
pub fn format(amount: Amount) -> String {
    let text = amount.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// The amount with so many decimals, at most eight, never more than there is: what is left out is not rounded.
#[must_use]
pub fn format_down(amount: Amount, decimals: u32) -> String {
    let text = amount.to_string();
    let left_out = DECIMALS.saturating_sub(decimals) as usize;
    text[..text.len() - left_out]
        .trim_end_matches('.')
        .to_string()
}
