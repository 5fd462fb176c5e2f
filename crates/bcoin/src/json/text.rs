//! Python's `str`: a row of code points, halves of surrogate pairs included.

use alloc::vec::Vec;
use core::fmt;

/// A text of Python. Its bytes are UTF-8, except that a lone surrogate is written as UTF-8 would write it if it
/// allowed that (<https://en.wikipedia.org/wiki/UTF-8#Surrogates>): so bytes sort as code points do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(Vec<u8>);

impl Text {
    /// The empty text.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::new())
    }

    /// The text, if it holds no lone surrogate.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(&self.0).ok()
    }

    /// Appends UTF-8.
    pub(super) fn push_str(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Appends a code point of at most 0x10FFFF, a surrogate perhaps.
    pub(super) fn push_code(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(char) => self.push_str(char.encode_utf8(&mut [0; 4])),
            None => self.0.extend([
                0xE0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3F) as u8,
                0x80 | (code & 0x3F) as u8,
            ]),
        }
    }

    /// Its code points.
    pub(super) fn codes(&self) -> impl Iterator<Item = u32> {
        let mut rest = self.0.as_slice();
        core::iter::from_fn(move || {
            let (&first, mut tail) = rest.split_first()?;
            let (mut code, more) = match first {
                0..=0x7F => (u32::from(first), 0),
                0x80..=0xDF => (u32::from(first & 0x1F), 1),
                0xE0..=0xEF => (u32::from(first & 0x0F), 2),
                0xF0..=0xFF => (u32::from(first & 0x07), 3),
            };
            for _ in 0..more {
                let (&next, after) = tail.split_first()?;
                code = code << 6 | u32::from(next & 0x3F);
                tail = after;
            }
            rest = tail;
            Some(code)
        })
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&alloc::string::String::from_utf8_lossy(&self.0), f)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}
