//! `json.dumps(value, sort_keys=True)`, byte for byte.

use alloc::vec::Vec;

use super::{Text, Value};

/// What stands between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `json.dumps` by default: a blank after each comma and colon. Hashes cover this one.
    Spaced,
    /// Nothing: how Flask sends JSON.
    Compact,
}

/// The bytes of a value.
#[must_use]
pub fn to_bytes(value: &Value, style: Style) -> Vec<u8> {
    let mut out = Vec::new();
    write(value, style, &mut out);
    out
}

/// Appends a value. Its depth is bounded where it was read.
fn write(value: &Value, style: Style, out: &mut Vec<u8>) {
    let (comma, colon) = match style {
        Style::Spaced => (", ", ": "),
        Style::Compact => (",", ":"),
    };
    match value {
        Value::Null => out.extend(b"null"),
        Value::Bool(true) => out.extend(b"true"),
        Value::Bool(false) => out.extend(b"false"),
        Value::Integer(number) | Value::Float(number) => out.extend(number.as_bytes()),
        Value::Text(text) => write_text(text, out),
        Value::List(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.extend(comma.as_bytes());
                }
                write(value, style, out);
            }
            out.push(b']');
        }
        Value::Object(object) => {
            out.push(b'{');
            for (at, (key, value)) in object.iter().enumerate() {
                if at > 0 {
                    out.extend(comma.as_bytes());
                }
                write_text(key, out);
                out.extend(colon.as_bytes());
                write(value, style, out);
            }
            out.push(b'}');
        }
    }
}

/// `ensure_ascii`: whatever is not printable ASCII becomes escapes of UTF-16.
fn write_text(text: &Text, out: &mut Vec<u8>) {
    out.push(b'"');
    for code in text.codes() {
        match code {
            0x22 => out.extend(b"\\\""),
            0x5C => out.extend(b"\\\\"),
            0x08 => out.extend(b"\\b"),
            0x09 => out.extend(b"\\t"),
            0x0A => out.extend(b"\\n"),
            0x0C => out.extend(b"\\f"),
            0x0D => out.extend(b"\\r"),
            0x20..=0x7E => out.push(code as u8),
            0..=0xFFFF => write_unit(code, out),
            _ => {
                let above = code - 0x1_0000;
                write_unit(0xD800 | above >> 10, out);
                write_unit(0xDC00 | above & 0x3FF, out);
            }
        }
    }
    out.push(b'"');
}

fn write_unit(unit: u32, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend(b"\\u");
    out.extend([12, 8, 4, 0].map(|shift| DIGITS[(unit >> shift & 0xF) as usize]));
}
