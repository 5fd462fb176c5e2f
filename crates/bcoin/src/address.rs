//! Addresses of other nodes: the part of a URL that Python's `urlparse(address).netloc` takes out of it.

use alloc::string::String;

use crate::json::Text;

/// The longest location: a name of 255 characters, a port, and what may stand before them.
const MAX_LOCATION: usize = 300;

/// Why nobody can be reached at an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Without `//`, `urlparse` finds no location; the original keeps an empty one, and fails when it asks it.
    #[error("`{0}` names no node; write it as http://127.0.0.1:1002")]
    NoLocation(String),
    /// Too long, or with characters that no location has.
    #[error("`{0}` is no location of a node")]
    Location(String),
    /// Half a surrogate pair.
    #[error("an address must be UTF-8")]
    Encoding,
}

/// Host and port in an address such as `http://127.0.0.1:1002/`.
///
/// # Errors
/// When there is none.
pub fn location(address: &Text) -> Result<String, AddressError> {
    let address = address.as_str().ok_or(AddressError::Encoding)?;
    let clean: String = address
        .trim_start_matches(|char: char| char <= ' ')
        .chars()
        .filter(|char| !['\t', '\n', '\r'].contains(char))
        .collect();
    let rest = match clean.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => &clean,
    };
    let location = rest.strip_prefix("//").unwrap_or_default();
    let location = location.split(['/', '?', '#']).next().unwrap_or_default();
    let shown = || clean.chars().take(MAX_LOCATION).collect();
    if location.is_empty() {
        return Err(AddressError::NoLocation(shown()));
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'@' && byte != b'\\';
    if location.len() > MAX_LOCATION || !location.bytes().all(is_plain) {
        return Err(AddressError::Location(shown()));
    }
    Ok(location.into())
}

fn is_scheme(word: &str) -> bool {
    let may = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    word.starts_with(|first: char| first.is_ascii_alphabetic()) && word.bytes().all(may)
}
