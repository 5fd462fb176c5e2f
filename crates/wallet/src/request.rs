//! Payment requests as links, in the form of BIP21: `tabchain:tab1p…?amount=0.5&label=Tea&message=Thanks`.
//!
//! They come from strangers. Labels and messages are shown to people, so nothing in them may turn the direction of
//! text, hide, or break a line; and what a reader does not know but must understand is refused.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chain::Amount;

use crate::amount::{self, AmountTextError};
use crate::destination::{Destination, DestinationError};

/// What a link begins with, in any case.
pub const SCHEME: &str = "tabchain:";
/// The longest link, in bytes: the longest label and message fit, whatever their characters.
pub const MOST_BYTES: usize = 5_000;
/// The longest label, in characters.
pub const MOST_LABEL: usize = 80;
/// The longest message, in characters.
pub const MOST_MESSAGE: usize = 300;
/// Keys that begin so must be understood (BIP21).
const REQUIRED: &str = "req-";

/// What somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who is to be paid.
    pub to: Destination,
    /// How much, if that is said.
    pub amount: Option<Amount>,
    /// Who asks; empty if that is not said.
    pub label: String,
    /// What for; empty if that is not said.
    pub message: String,
}

/// Why a text is no payment request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Longer than [`MOST_BYTES`]; carries its length.
    #[error("{0} bytes are too many for a payment request")]
    TooLong(u64),
    /// It does not begin with [`SCHEME`].
    #[error("a payment request begins with {SCHEME}")]
    NoScheme,
    /// The address is none.
    #[error(transparent)]
    Destination(#[from] DestinationError),
    /// A part without a key or a value; carries it.
    #[error("a part is damaged: {0:?}")]
    Damaged(String),
    /// A percent sign without two hexadecimal digits behind it, or bytes that are no text; carries the part.
    #[error("not text: {0:?}")]
    NotText(String),
    /// The amount is none.
    #[error("amount: {0}")]
    Amount(#[from] AmountTextError),
    /// An amount of nothing.
    #[error("a request for nothing")]
    Nothing,
    /// A key that is there twice; carries it.
    #[error("{0} is said twice")]
    Twice(String),
    /// Something that must be understood and is not; carries the key.
    #[error("the request asks for something unknown here: {0}")]
    Unknown(String),
    /// A label or message with more characters than it may have.
    #[error("{key} has {length} characters, at most {most} are shown")]
    TooMuchText {
        /// Which of them.
        key: &'static str,
        /// How many it has.
        length: u64,
        /// How many it may have.
        most: u64,
    },
    /// A character that could mislead; carries it.
    #[error("the character U+{:04X} could mislead whoever reads it", u32::from(*.0))]
    Misleading(char),
}

impl Request {
    /// A request for this; its label and message must be ones that [`Request::from_str`] takes.
    ///
    /// # Errors
    /// [`RequestError`] for a label, message or amount that it would refuse.
    pub fn new(
        to: Destination,
        amount: Option<Amount>,
        label: &str,
        message: &str,
    ) -> Result<Self, RequestError> {
        if amount == Some(Amount::ZERO) {
            return Err(RequestError::Nothing);
        }
        Ok(Self {
            to,
            amount,
            label: checked("label", label.to_string(), MOST_LABEL)?,
            message: checked("message", message.to_string(), MOST_MESSAGE)?,
        })
    }
}

impl FromStr for Request {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, RequestError> {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return Err(RequestError::TooLong(text.len() as u64));
        }
        let scheme = text.get(..SCHEME.len());
        let scheme = scheme.filter(|scheme| scheme.eq_ignore_ascii_case(SCHEME));
        let rest = &text[scheme.ok_or(RequestError::NoScheme)?.len()..];
        let (to, query) = rest.split_once('?').unwrap_or((rest, ""));
        let to = to.parse()?;
        let (mut amount, mut label, mut message) = (None, None, None);
        let mut seen: Vec<&str> = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part
                .split_once('=')
                .filter(|(key, _)| !key.is_empty())
                .ok_or_else(|| RequestError::Damaged(part.to_string()))?;
            if seen.contains(&key) {
                return Err(RequestError::Twice(key.to_string()));
            }
            seen.push(key);
            match key {
                "amount" => amount = Some(amount::parse(value)?),
                "label" => label = Some(unescape(value)?),
                "message" => message = Some(unescape(value)?),
                key if key.starts_with(REQUIRED) => {
                    return Err(RequestError::Unknown(key.to_string()));
                }
                _ => {} // for readers that know more than we do
            }
        }
        let (label, message) = (label.unwrap_or_default(), message.unwrap_or_default());
        Self::new(to, amount, &label, &message)
    }
}

/// The link.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.to)?;
        let amount = self.amount.map(amount::format).unwrap_or_default();
        let (label, message) = (escape(&self.label), escape(&self.message));
        let parts = [("amount", amount), ("label", label), ("message", message)];
        let said = parts.iter().filter(|(_, value)| !value.is_empty());
        for ((key, value), mark) in said.zip(core::iter::once('?').chain(core::iter::repeat('&'))) {
            write!(f, "{mark}{key}={value}")?;
        }
        Ok(())
    }
}

fn checked(key: &'static str, text: String, most: usize) -> Result<String, RequestError> {
    let length = text.chars().count();
    if length > most {
        let (length, most) = (length as u64, most as u64);
        return Err(RequestError::TooMuchText { key, length, most });
    }
    match text.chars().find(|c| misleads(*c)) {
        Some(c) => Err(RequestError::Misleading(c)),
        None => Ok(text),
    }
}

/// Whether a character is invisible, breaks lines, or changes the direction of text.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with everything escaped that is no letter, digit, `-`, `.`, `_` or `~` of ASCII (RFC 3986).
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out += &alloc::format!("%{byte:02X}"),
        }
    }
    out
}

pub(crate) fn unescape(text: &str) -> Result<String, RequestError> {
    let bad = || RequestError::NotText(text.to_string());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, behind) = rest.split_at_checked(2).ok_or_else(bad)?;
        let digit = |digit: u8| char::from(digit).to_digit(16).ok_or_else(bad);
        let value = digit(digits[0])? * 16 + digit(digits[1])?;
        bytes.push(u8::try_from(value).map_err(|_| bad())?);
        rest = behind;
    }
    String::from_utf8(bytes).map_err(|_| bad())
}
