//! `json.loads`, with limits.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Object, Text, Value};
use crate::proof::MAX_DIGITS;

/// How deep lists and objects may be nested. Python stops somewhere below 1,000, where depends on its version.
pub const MAX_DEPTH: usize = 200;

/// How deep they may be in what a client sends, so that a block which holds it is still below [`MAX_DEPTH`].
pub const MAX_BODY_DEPTH: usize = 100;

/// Why bytes are no JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Something else stands where this was due.
    #[error("{0} expected at byte {1}")]
    Expected(&'static str, usize),
    /// Bytes that are not UTF-8.
    #[error("no UTF-8 at byte {0}")]
    Encoding(usize),
    /// A whole number of more digits than Python reads or prints ([`MAX_DIGITS`]).
    #[error("a number of {0} digits; {MAX_DIGITS} at most")]
    Digits(usize),
    /// Lists and objects in each other beyond this depth.
    #[error("nested deeper than {0} levels")]
    Depth(usize),
}

/// Reads one value and nothing after it, nested at most as deep as `depth`. Callers bound the length; a value
/// takes at most some fifty times the memory of its bytes.
///
/// # Errors
/// What is wrong, and where.
pub fn read(bytes: &[u8], depth: usize) -> Result<Value, ReadError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = core::str::from_utf8(bytes).map_err(|e| ReadError::Encoding(e.valid_up_to()))?;
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        max_depth: depth,
    };
    reader.blanks();
    let value = reader.value()?;
    reader.blanks();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.expected("the end")),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Always between two characters.
    at: usize,
    /// How many lists and objects are open here ...
    depth: usize,
    /// ... and how many may be.
    max_depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expected(&self, what: &'static str) -> ReadError {
        ReadError::Expected(what, self.at)
    }

    /// Passes over this word if it stands here.
    fn eat(&mut self, word: &str) -> bool {
        let is_here = self.text[self.at..].starts_with(word);
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, ReadError> {
        match self.peek() {
            Some(b'{' | b'[') if self.depth >= self.max_depth => {
                Err(ReadError::Depth(self.max_depth))
            }
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => self.string().map(Value::Text),
            _ if self.eat("null") => Ok(Value::Null),
            _ if self.eat("true") => Ok(Value::Bool(true)),
            _ if self.eat("false") => Ok(Value::Bool(false)),
            _ if self.eat("NaN") => Ok(Value::Float("NaN".into())),
            _ if self.eat("Infinity") => Ok(Value::Float("Infinity".into())),
            _ if self.eat("-Infinity") => Ok(Value::Float("-Infinity".into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.expected("a value")),
        }
    }

    fn list(&mut self) -> Result<Value, ReadError> {
        // Lists in lists have one element each: without room for more, they take a quarter of the memory.
        let mut values = Vec::with_capacity(1);
        self.depth += 1;
        self.at += 1;
        self.blanks();
        if !self.eat("]") {
            loop {
                self.blanks();
                values.push(self.value()?);
                self.blanks();
                if self.eat("]") {
                    break;
                }
                if !self.eat(",") {
                    return Err(self.expected("a comma or the end of the list"));
                }
            }
        }
        self.depth -= 1;
        values.shrink_to_fit();
        Ok(Value::List(values))
    }

    fn object(&mut self) -> Result<Value, ReadError> {
        let mut pairs = Vec::new();
        self.depth += 1;
        self.at += 1;
        self.blanks();
        if !self.eat("}") {
            loop {
                self.blanks();
                if self.peek() != Some(b'"') {
                    return Err(self.expected("a key in quotes"));
                }
                let key = self.string()?;
                self.blanks();
                if !self.eat(":") {
                    return Err(self.expected("a colon"));
                }
                self.blanks();
                pairs.push((key, self.value()?));
                self.blanks();
                if self.eat("}") {
                    break;
                }
                if !self.eat(",") {
                    return Err(self.expected("a comma or the end of the object"));
                }
            }
        }
        self.depth -= 1;
        Ok(Value::Object(Object::from_pairs(pairs)))
    }

    fn string(&mut self) -> Result<Text, ReadError> {
        let mut text = Text::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .find(|char: char| char == '"' || char == '\\' || char < ' ')
                .ok_or(ReadError::Expected("a closing quote", self.text.len()))?;
            text.push_str(&rest[..plain]);
            self.at += plain;
            if self.eat("\"") {
                return Ok(text);
            }
            if !self.eat("\\") {
                return Err(self.expected("an escape instead of a control character"));
            }
            text.push_code(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<u32, ReadError> {
        let known = [
            ("\"", 0x22),
            ("\\", 0x5C),
            ("/", 0x2F),
            ("b", 0x08),
            ("f", 0x0C),
            ("n", 0x0A),
            ("r", 0x0D),
            ("t", 0x09),
        ];
        if let Some((_, code)) = known.into_iter().find(|(word, _)| self.eat(word)) {
            return Ok(code);
        }
        if !self.eat("u") {
            return Err(self.expected("a known escape"));
        }
        let unit = self.unit()?;
        if !(0xD800..0xDC00).contains(&unit) {
            return Ok(unit);
        }
        // The first half of a pair is one by itself unless the second half follows.
        let after = self.at;
        if self.eat("\\u") {
            let second = self.unit()?;
            if (0xDC00..0xE000).contains(&second) {
                return Ok(0x1_0000 + ((unit - 0xD800) << 10) + (second - 0xDC00));
            }
            self.at = after;
        }
        Ok(unit)
    }

    /// Four digits of hex.
    fn unit(&mut self) -> Result<u32, ReadError> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let mut unit = 0;
        for &digit in digits.ok_or(self.expected("four hex digits"))? {
            let digit = char::from(digit).to_digit(16);
            unit = unit << 4 | digit.ok_or(self.expected("four hex digits"))?;
        }
        self.at += 4;
        Ok(unit)
    }

    fn number(&mut self) -> Result<Value, ReadError> {
        let start = self.at;
        self.eat("-");
        let first = self.at;
        self.digits()?;
        let digits = self.at - first;
        if digits > 1 && self.text.as_bytes()[first] == b'0' {
            return Err(ReadError::Expected("no zero before a number", first));
        }
        let mut whole = true;
        if self.eat(".") {
            whole = false;
            self.digits()?;
        }
        if self.eat("e") || self.eat("E") {
            whole = false;
            let _signed = self.eat("+") || self.eat("-");
            self.digits()?;
        }
        let written = &self.text[start..self.at];
        match (whole, written) {
            (false, _) => Ok(Value::Float(repr(written))),
            (true, "-0") => Ok(Value::Integer("0".into())),
            (true, _) if digits > MAX_DIGITS => Err(ReadError::Digits(digits)),
            (true, _) => Ok(Value::Integer(written.to_string())),
        }
    }

    fn digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.expected("a digit"));
        }
        Ok(())
    }
}

/// The text that Python's `repr` gives to the float nearest to a decimal number: the shortest one that is read
/// back as the same float; with an exponent below 1e-4 and from 1e16 on.
#[expect(
    clippy::disallowed_types,
    reason = "reading and printing are exact and the same everywhere; nothing is calculated"
)]
fn repr(decimal: &str) -> String {
    let float: f64 = decimal.parse().expect("the reader has checked its form");
    if float.is_infinite() {
        let sign = if float < 0.0 { "-" } else { "" };
        return format!("{sign}Infinity");
    }
    let shortest = format!("{float:e}");
    let digits = shortest.bytes().take_while(|byte| *byte != b'e');
    let digits = digits.filter(u8::is_ascii_digit).count();
    // Of two shortest texts that are equally near, Python takes the even one, as rounding to so many digits does.
    let even = format!("{float:.*e}", digits - 1);
    let is_same = even.parse() == Ok(float);
    laid_out(if is_same { &even } else { &shortest })
}

/// Moves the point of a number in Rust's scientific notation to where Python has it.
fn laid_out(scientific: &str) -> String {
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` prints one");
    let exponent: i32 = exponent.parse().expect("`{:e}` prints a number");
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let places = exponent.unsigned_abs() as usize;
    if exponent < 0 {
        return format!("{sign}0.{}{digits}", "0".repeat(places - 1));
    }
    let digits = format!("{digits:0<width$}", width = places + 2);
    let (whole, fraction) = digits.split_at(places + 1);
    format!("{sign}{whole}.{fraction}")
}
