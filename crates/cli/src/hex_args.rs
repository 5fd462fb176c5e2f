//! Hexadecimal on the command line and in files.

use std::str::FromStr;

use chain::CompactTarget;

/// Compact bits, with or without `0x`.
#[derive(Clone, Copy)]
pub struct Bits(pub CompactTarget);

impl FromStr for Bits {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = digits(text);
        let plain = digits.len() <= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u32::from_str_radix(digits, 16) {
            Ok(bits) if plain => Ok(Self(CompactTarget(bits))),
            _ => Err(format!(
                "`{text}` is not 1 to 8 hex digits, such as 1d00ffff"
            )),
        }
    }
}

/// A header of 80 bytes.
#[derive(Clone, Copy)]
pub struct HeaderArg(pub [u8; 80]);

impl FromStr for HeaderArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        header(text).map(Self)
    }
}

/// Hex digits without what people copy along with them: surrounding whitespace and a leading `0x`.
pub fn digits(text: &str) -> &str {
    let text = text.trim();
    let prefixed = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    prefixed.unwrap_or(text)
}

/// The 80 bytes of 160 hex digits.
pub fn header(text: &str) -> Result<[u8; 80], String> {
    let (digits, mut bytes) = (digits(text), [0; 80]);
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| {
        format!(
            "a header has 160 hex digits, here are {} characters",
            digits.len()
        )
    })?;
    Ok(bytes)
}
