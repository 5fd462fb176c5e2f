//! Numbers, durations and times formatted for a language by the browser's `Intl`.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

/// The formatters of one language.
pub struct Numbers {
    whole: Function,
    compact: Function,
    three: Function,
    second: Function,
    minute: Function,
    hour: Function,
    day: Function,
    clock: Function,
    moment: Function,
}

/// A rate split into number and unit, which are shown in different sizes.
pub struct Rate {
    /// Three significant digits.
    pub number: String,
    /// `H/s`, `kH/s`, `MH/s` or `GH/s`.
    pub unit: &'static str,
}

impl Rate {
    /// Number and unit in one text.
    pub fn text(&self) -> String {
        format!("{}\u{a0}{}", self.number, self.unit)
    }
}

impl Numbers {
    /// The formatters of a language, given by its BCP 47 tag.
    pub fn new(tag: &str) -> Self {
        let unit = |unit: &str| {
            number(
                tag,
                &[("style", "unit"), ("unit", unit), ("unitDisplay", "short")],
                Some(2),
            )
        };
        let clock = [
            ("hour", "2-digit"),
            ("minute", "2-digit"),
            ("second", "2-digit"),
        ];
        Self {
            whole: number(tag, &[], None),
            compact: number(tag, &[("notation", "compact")], Some(3)),
            three: number(tag, &[], Some(3)),
            second: unit("second"),
            minute: unit("minute"),
            hour: unit("hour"),
            day: unit("day"),
            clock: date(tag, &[clock.as_slice(), &[("hourCycle", "h23")]].concat()),
            moment: date(tag, &[("dateStyle", "medium"), ("timeStyle", "medium")]),
        }
    }

    /// A whole number with the language's grouping, exact at any size.
    pub fn whole(&self, value: impl Into<u64>) -> String {
        say(&self.whole, &js_sys::BigInt::from(value.into()))
    }

    /// A large number in a few characters, such as `52M`.
    pub fn compact(&self, value: u64) -> String {
        say(&self.compact, &js_sys::BigInt::from(value))
    }

    /// A number of thousandths with three significant digits, such as `2.1`.
    pub fn milli(&self, value: u64) -> String {
        say(&self.three, &JsValue::from_f64(value as f64 / 1000.0))
    }

    /// Hashes per second with a fitting unit.
    pub fn rate(&self, per_second: u64) -> Rate {
        let (unit, size) = match per_second {
            0..1_000 => ("H/s", 1.0),
            1_000..1_000_000 => ("kH/s", 1e3),
            1_000_000..1_000_000_000 => ("MH/s", 1e6),
            _ => ("GH/s", 1e9),
        };
        let number = say(&self.three, &JsValue::from_f64(per_second as f64 / size));
        Rate { number, unit }
    }

    /// A duration in its largest fitting unit, with two significant digits.
    pub fn duration(&self, milliseconds: u64) -> String {
        let seconds = milliseconds as f64 / 1000.0;
        let (unit, size) = match milliseconds {
            0..99_500 => (&self.second, 1.0),
            99_500..5_970_000 => (&self.minute, 60.0),
            5_970_000..172_800_000 => (&self.hour, 3_600.0),
            _ => (&self.day, 86_400.0),
        };
        say(unit, &JsValue::from_f64(seconds / size))
    }

    /// A time of day with seconds; `at` is in Unix milliseconds.
    pub fn clock(&self, at: u64) -> String {
        say(&self.clock, &Date::new(&JsValue::from_f64(at as f64)))
    }

    /// A date with its time; `at` is in Unix seconds.
    pub fn moment(&self, at: u32) -> String {
        say(
            &self.moment,
            &Date::new(&JsValue::from_f64(f64::from(at) * 1000.0)),
        )
    }
}

fn number(tag: &str, options: &[(&str, &str)], significant: Option<u32>) -> Function {
    let object = object(options);
    if let Some(digits) = significant {
        set(&object, "maximumSignificantDigits", &JsValue::from(digits));
    }
    Intl::NumberFormat::new(&Array::of1(&JsValue::from_str(tag)), &object).format()
}

fn date(tag: &str, options: &[(&str, &str)]) -> Function {
    Intl::DateTimeFormat::new(&Array::of1(&JsValue::from_str(tag)), &object(options)).format()
}

fn object(options: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (key, value) in options {
        set(&object, key, &JsValue::from_str(value));
    }
    object
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a property of a plain object never fails.
    let _ = Reflect::set(object, &JsValue::from_str(key), value);
}

/// Formats a value with a bound formatter; empty if it throws, which ours never do.
fn say(format: &Function, value: &JsValue) -> String {
    format
        .call1(&JsValue::UNDEFINED, value)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// The bytes that hexadecimal digits stand for.
pub fn of_hex(digits: &str) -> Option<Vec<u8>> {
    hex::decode(digits).ok()
}

/// The byte that two hexadecimal digits stand for.
pub fn of_digits(high: u8, low: u8) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice([high, low], &mut byte).ok()?;
    Some(byte[0])
}

/// The beginning and the end of a long hash.
pub fn short(hash: &str) -> String {
    match (hash.get(..8), hash.get(hash.len().saturating_sub(6)..)) {
        (Some(head), Some(tail)) if hash.len() > 16 => format!("{head}…{tail}"),
        _ => hash.to_owned(),
    }
}

/// The last digits of a hash; the first ones would be zeros.
pub fn tail(hash: &str) -> &str {
    hash.get(hash.len().saturating_sub(6)..).unwrap_or(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_digits_each() {
        assert_eq!(hex(&[0, 10, 255]), "000aff");
        assert_eq!(of_hex("000aFf"), Some(vec![0, 10, 255]));
        assert_eq!(of_hex(""), Some(vec![]));
        for odd in ["0", "000", "zz", "+1", " 1", "é", "００"] {
            assert_eq!(of_hex(odd), None, "{odd}");
        }
    }

    #[test]
    fn hashes_are_shortened_in_the_middle() {
        let hash = format!("00000{}", "7ab31c90f2".repeat(6)) + "x";
        assert_eq!(short(&hash), "000007ab…c90f2x");
        assert_eq!(tail(&hash), "c90f2x");
        assert_eq!(short("abc"), "abc");
        assert_eq!(tail("ab"), "ab");
        assert_eq!(short("ééééééééééééééééééé"), "éééé…ééé");
    }
}
