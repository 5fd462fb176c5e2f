//! Amounts and fee rates as people write them.
#![cfg(not(target_arch = "wasm32"))]

use chain::{Amount, FeeRate};
use proptest::prelude::*;
use wallet::amount::{format, format_down, parse};
use wallet::{AmountTextError as E, FeeRateError, fee};

#[test]
fn what_is_meant_is_accepted() {
    for (text, satoshi) in [
        ("0", 0),
        ("1", 100_000_000),
        ("0.5", 50_000_000),
        ("0.50", 50_000_000),
        (" 12.00000001\n", 1_200_000_001),
        ("00.00000001", 1),
        ("21000000", 2_100_000_000_000_000),
        ("20999999.99999999", 2_099_999_999_999_999),
        ("000000000000000000000000000000000000001", 100_000_000),
    ] {
        assert_eq!(parse(text).map(Amount::to_sat), Ok(satoshi), "{text}");
    }
}

#[test]
fn everything_else_is_refused_with_the_form_that_is_meant() {
    let text = |text: &str| text.to_string();
    for (given, error) in [
        ("", E::Empty),
        (" \t\u{3000}", E::Empty),
        ("0,5", E::Comma),
        ("1,000", E::Comma),
        ("1，5", E::Comma),
        ("1e3", E::Exponent(text("1e3"))),
        ("1E-3", E::Exponent(text("1E-3"))),
        ("-0", E::Sign),
        ("+1", E::Sign),
        ("\u{2212}1", E::Sign),
        ("１", E::OtherDigit('１')),
        ("٣", E::OtherDigit('٣')),
        ("½", E::OtherDigit('½')),
        ("1 000", E::OtherCharacter(' ')),
        ("1'000", E::OtherCharacter('\'')),
        ("0x10", E::OtherCharacter('x')),
        ("1_000", E::OtherCharacter('_')),
        ("NaN", E::OtherCharacter('N')),
        ("1\u{202e}", E::OtherCharacter('\u{202e}')),
        ("$5", E::OtherCharacter('$')),
        (".", E::Incomplete(text("."))),
        (".5", E::Incomplete(text(".5"))),
        ("5.", E::Incomplete(text("5."))),
        ("1.2.3", E::Incomplete(text("1.2.3"))),
        ("1.000000001", E::TooPrecise(9)),
        ("0.000000000", E::TooPrecise(9)),
        ("21000000.00000001", E::TooMuch(text("21000000.00000001"))),
        (
            "99999999999999999999999999",
            E::TooMuch(text("99999999999999999999999999")),
        ),
    ] {
        assert_eq!(parse(given), Err(error.clone()), "{given}");
        let says = error.to_string();
        let helps = ["0.5", "1000", "0 to 9", "0.00000001", "21000000"];
        assert!(helps.iter().any(|form| says.contains(form)), "{says}");
    }
    assert_eq!(parse(&"1".repeat(41)), Err(E::TooLong(41)));
    let at_limit = "1".repeat(40);
    assert_eq!(parse(&at_limit), Err(E::TooMuch(at_limit.clone())));
}

#[test]
fn nothing_is_rounded_up() {
    let amount = Amount::new(199_999_999).unwrap();
    assert_eq!(format(amount), "1.99999999");
    for (decimals, shown) in [
        (0, "1"),
        (1, "1.9"),
        (7, "1.9999999"),
        (8, "1.99999999"),
        (9, "1.99999999"),
    ] {
        assert_eq!(format_down(amount, decimals), shown);
    }
    assert_eq!(format(Amount::ZERO), "0");
    assert_eq!(format_down(Amount::ZERO, 2), "0.00");
    assert_eq!(format(Amount::new(5_000_000_000).unwrap()), "50");
}

#[test]
fn fee_rates_are_read_as_they_are_shown() {
    for (text, milli) in [
        ("0", 0),
        ("1", 1_000),
        ("1.5", 1_500),
        ("0.001", 1),
        ("10000", 10_000_000),
    ] {
        let rate = fee::parse(text).unwrap();
        assert_eq!(rate.to_milli_sat(), milli);
        assert_eq!(rate.to_string(), text);
    }
    for (text, error) in [
        ("10000.001", FeeRateError::TooHigh),
        ("99999999999", FeeRateError::TooHigh),
        ("1.0001", FeeRateError::NotANumber),
        ("1,5", FeeRateError::NotANumber),
        ("", FeeRateError::NotANumber),
    ] {
        assert_eq!(fee::parse(text), Err(error), "{text}");
    }
    // 401 units of weight are 101 virtual bytes; 1.001 satoshi each come to 101.101.
    let rate = fee::parse("1.001").unwrap();
    assert_eq!(fee::fee_at(rate, 401), 102);
    assert_eq!(
        FeeRate::of(Amount::new(102).unwrap(), 101).to_milli_sat(),
        1_009
    );
}

proptest! {
    #[test]
    fn amounts_are_read_as_they_are_written(satoshi in 0..=Amount::MAX_MONEY.to_sat()) {
        let amount = Amount::new(satoshi).unwrap();
        prop_assert_eq!(parse(&format(amount)), Ok(amount));
        prop_assert_eq!(parse(&amount.to_string()), Ok(amount));
        for decimals in 0..9 {
            let shown = parse(&format_down(amount, decimals)).unwrap();
            let unit = 10_u64.pow(8 - decimals);
            prop_assert!(shown <= amount && amount.to_sat() - shown.to_sat() < unit);
        }
    }

    #[test]
    fn any_text_has_a_verdict(text in "\\PC{0,50}") {
        let _ = parse(&text);
        let _ = fee::parse(&text);
    }
}
