//! A room's state as the query of a link: `key=value` joined by `&`. In values, letters, digits and
//! `-._` stand for themselves and any other byte of UTF-8 is `~` and two hexadecimal digits: mail
//! programs and browsers leave both as they are, where they would escape or unescape `%`.

use std::fmt::Write;
use std::str::FromStr;

use kit::numbers::{of_digits, of_hex};

/// The longest query that is read, in bytes.
pub const LONGEST: usize = 2_000;

/// Why a link's state cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Longer than [`LONGEST`] bytes; carries the length.
    TooLong(usize),
    /// A part that is no `key=value`, is there twice, or is none of the room's; carries it.
    Stray(String),
    /// A value that does not fit its key; carries both.
    BadValue(&'static str, String),
}

/// A query that has been taken apart, but not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query(Result<Vec<(String, String)>, Fault>);

impl Query {
    /// Takes a query apart.
    pub fn of(query: &str) -> Self {
        Self(Self::parts(query))
    }

    fn parts(query: &str) -> Result<Vec<(String, String)>, Fault> {
        if query.len() > LONGEST {
            return Err(Fault::TooLong(query.len()));
        }
        let mut parts: Vec<(String, String)> = Vec::new();
        for part in query.split('&') {
            let stray = || Fault::Stray(part.to_owned());
            let (key, value) = part.split_once('=').ok_or_else(stray)?;
            if parts.iter().any(|(known, _)| known == key) {
                return Err(stray());
            }
            parts.push((key.to_owned(), value.to_owned()));
        }
        Ok(parts)
    }

    /// Hands out the values by their keys.
    ///
    /// # Errors
    /// What is wrong with the query as a whole.
    pub fn values(&self) -> Result<Values, Fault> {
        self.0.clone().map(Values)
    }
}

/// Values that no field has taken yet.
pub struct Values(Vec<(String, String)>);

impl Values {
    /// Takes the value of `key` if there is one and `read` understands it.
    ///
    /// # Errors
    /// [`Fault::BadValue`] if it does not.
    pub fn take<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(at) = self.0.iter().position(|(known, _)| known == key) else {
            return Ok(None);
        };
        let (_, value) = self.0.swap_remove(at);
        match read(&value) {
            Some(value) => Ok(Some(value)),
            None => Err(Fault::BadValue(key, value)),
        }
    }

    /// Takes a number within bounds.
    ///
    /// # Errors
    /// [`Fault::BadValue`] for anything else.
    pub fn number<T: FromStr + PartialOrd>(
        &mut self,
        key: &'static str,
        least: T,
        most: T,
    ) -> Result<Option<T>, Fault> {
        let read = |text: &str| text.parse().ok().filter(|n| (least..=most).contains(n));
        self.take(key, read)
    }

    /// Takes one of a few numbers.
    ///
    /// # Errors
    /// [`Fault::BadValue`] for anything else.
    pub fn one_of<T: FromStr + PartialEq>(
        &mut self,
        key: &'static str,
        few: &[T],
    ) -> Result<Option<T>, Fault> {
        self.take(key, |text| text.parse().ok().filter(|n| few.contains(n)))
    }

    /// Takes a text of at most `most` bytes.
    ///
    /// # Errors
    /// [`Fault::BadValue`] for a longer one, or one that is not escaped as [`escaped`] does.
    pub fn text(&mut self, key: &'static str, most: usize) -> Result<Option<String>, Fault> {
        self.take(key, |text| {
            unescaped(text).filter(|text| text.len() <= most)
        })
    }

    /// Takes bytes in hexadecimal digits.
    ///
    /// # Errors
    /// [`Fault::BadValue`] unless there are exactly `N` of them.
    pub fn bytes<const N: usize>(&mut self, key: &'static str) -> Result<Option<[u8; N]>, Fault> {
        self.take(key, |digits| of_hex(digits)?.try_into().ok())
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`Fault::Stray`] if a value is left that no field took.
    pub fn end(self) -> Result<(), Fault> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((key, value)) => Err(Fault::Stray(format!("{key}={value}"))),
        }
    }
}

/// Writes a query.
#[derive(Default)]
pub struct Writer(String);

impl Writer {
    /// Adds a value that needs no escapes.
    #[must_use]
    pub fn plain(mut self, key: &str, value: impl std::fmt::Display) -> Self {
        let joint = if self.0.is_empty() { "" } else { "&" };
        let _ = write!(self.0, "{joint}{key}={value}"); // writing to a string never fails
        self
    }

    /// Adds a text.
    #[must_use]
    pub fn text(self, key: &str, value: &str) -> Self {
        self.plain(key, escaped(value))
    }

    /// Adds a value if there is one.
    #[must_use]
    pub fn maybe(self, key: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.plain(key, value),
            None => self,
        }
    }

    /// The query.
    pub fn done(self) -> String {
        self.0
    }
}

/// A text as it stands in a link.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "~{byte:02x}"); // writing to a string never fails
        }
    }
    out
}

/// The text that stands in a link so.
pub fn unescaped(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'~' => of_digits(bytes.next()?, bytes.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(query: &str) -> Values {
        Query::of(query).values().expect("a good query")
    }

    #[test]
    fn a_query_is_bounded_and_has_each_key_once() {
        let fault = |query: &str| Query::of(query).values().err();
        assert_eq!(fault(&format!("a={}", "1".repeat(LONGEST - 2))), None);
        let long = format!("a={}", "1".repeat(LONGEST - 1));
        assert_eq!(fault(&long), Some(Fault::TooLong(LONGEST + 1)));
        assert_eq!(fault("a=1&a=2"), Some(Fault::Stray("a=2".into())));
        assert_eq!(fault("a"), Some(Fault::Stray("a".into())));
        assert_eq!(fault("a=1&&b=2"), Some(Fault::Stray(String::new())));
    }

    #[test]
    fn what_no_field_takes_is_a_fault() {
        let mut all = values("n=7&x=1");
        assert_eq!(all.number("n", 7, 7), Ok(Some(7)));
        assert_eq!(all.number("m", 0, 9), Ok(None));
        assert_eq!(all.end(), Err(Fault::Stray("x=1".into())));
    }

    #[test]
    fn numbers_texts_and_bytes_have_bounds() {
        let bad = |key, value: &str| Some(Fault::BadValue(key, value.into()));
        for value in ["8", "6", "-7", "7.0", "７", "", "99999999999999999999"] {
            let took = values(&format!("n={value}")).number("n", 7, 7);
            assert_eq!(took.err(), bad("n", value));
        }
        assert_eq!(values("t=~e4~bd~a0").text("t", 3), Ok(Some("你".into())));
        for value in ["~e4~bd~a0a", "~e4", "~e", "~zz", "~"] {
            let took = values(&format!("t={value}")).text("t", 3);
            assert_eq!(took.err(), bad("t", value));
        }
        assert_eq!(values("b=00fF").bytes("b"), Ok(Some([0, 255])));
        for value in ["00", "000000", "00f", "00fg", "+0ff"] {
            let took: Result<Option<[u8; 2]>, _> = values(&format!("b={value}")).bytes("b");
            assert_eq!(took.err(), bad("b", value));
        }
    }

    proptest! {
        #[test]
        fn every_text_survives_a_link(text in ".{0,40}") {
            let link = escaped(&text);
            prop_assert!(link.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)));
            prop_assert_eq!(unescaped(&link), Some(text));
        }

        #[test]
        fn no_query_panics(query in ".{0,80}") {
            if let Ok(mut values) = Query::of(&query).values() {
                let _ = values.text("a", 9);
                let _ = values.number("b", 0, 9);
                let _: Result<Option<[u8; 4]>, _> = values.bytes("c");
                let _ = values.end();
            }
        }
    }
}
