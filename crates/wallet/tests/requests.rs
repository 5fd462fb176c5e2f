//! Payment requests: links from strangers.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use chain::Amount;
use kit::{other, sat};
use proptest::prelude::*;
use wallet::request::{MOST_BYTES, MOST_LABEL, MOST_MESSAGE, Request, RequestError as E};
use wallet::{AmountTextError, Destination};

fn parse(text: &str) -> Result<Request, E> {
    text.parse()
}

#[test]
fn a_request_says_who_how_much_and_what_for() {
    let address = other(1).to_string();
    let request = Request::new(
        other(1),
        Some(sat(50_000_000)),
        "茶 & Tea",
        "two cups? 100%",
    )
    .unwrap();
    let link = format!(
        "tabchain:{address}?amount=0.5&label=%E8%8C%B6%20%26%20Tea&message=two%20cups%3F%20100%25"
    );
    assert_eq!(request.to_string(), link);
    assert_eq!(parse(&link), Ok(request));
    let bare = Request::new(other(1), None, "", "").unwrap();
    assert_eq!(bare.to_string(), format!("tabchain:{address}"));
    for text in [
        format!("tabchain:{address}"),
        format!(" TABCHAIN:{address}?\n"),
        format!("TabChain:{}", address.to_uppercase()),
        format!("tabchain:{address}?&&"),
        format!("tabchain:{address}?later=1&other=%zz"),
    ] {
        assert_eq!(parse(&text), Ok(bare.clone()), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let address = other(1).to_string();
    let with = |query: &str| parse(&format!("tabchain:{address}?{query}")).unwrap_err();
    for (query, error) in [
        ("amount=0,5", E::Amount(AmountTextError::Comma)),
        ("amount=", E::Amount(AmountTextError::Empty)),
        ("amount=0", E::Nothing),
        ("amount=-1", E::Amount(AmountTextError::Sign)),
        ("amount=1&amount=2", E::Twice("amount".into())),
        ("later=1&later=1", E::Twice("later".into())),
        ("req-memo=1", E::Unknown("req-memo".into())),
        ("amount", E::Damaged("amount".into())),
        ("=1", E::Damaged("=1".into())),
        ("label=%4", E::NotText("%4".into())),
        ("label=%zz", E::NotText("%zz".into())),
        ("label=%ff", E::NotText("%ff".into())),
        ("label=%2B1%E2%80%AE", E::Misleading('\u{202e}')),
        ("message=a%0Ab", E::Misleading('\n')),
        ("label=a%00", E::Misleading('\0')),
        ("label=a%E2%80%8B", E::Misleading('\u{200b}')),
    ] {
        assert_eq!(with(query), error, "{query}");
    }
    assert_eq!(parse("bitcoin:1x"), Err(E::NoScheme));
    assert_eq!(parse(&address), Err(E::NoScheme));
    assert_eq!(parse("茶茶茶茶"), Err(E::NoScheme));
    assert!(matches!(
        parse("tabchain:?amount=1"),
        Err(E::Destination(_))
    ));
    let mut other_letter = address.clone();
    other_letter.replace_range(8..9, if &address[8..9] == "q" { "p" } else { "q" });
    assert!(matches!(
        parse(&format!("tabchain:{other_letter}")),
        Err(E::Destination(_))
    ));
}

#[test]
fn limits_hold_exactly() {
    let address = other(1).to_string();
    let text = |len| "👩".repeat(len);
    let label = |len| Request::new(other(1), None, &text(len), "");
    assert_eq!(
        parse(&label(MOST_LABEL).unwrap().to_string()),
        label(MOST_LABEL)
    );
    let (length, most) = (MOST_LABEL as u64 + 1, MOST_LABEL as u64);
    let key = "label";
    assert_eq!(
        label(MOST_LABEL + 1),
        Err(E::TooMuchText { key, length, most })
    );
    let message = |len| {
        Request::new(
            other(1),
            Some(Amount::MAX_MONEY),
            &text(MOST_LABEL),
            &text(len),
        )
    };
    assert_eq!(
        parse(&message(MOST_MESSAGE).unwrap().to_string()),
        message(MOST_MESSAGE)
    );
    assert!(matches!(
        message(MOST_MESSAGE + 1),
        Err(E::TooMuchText { .. })
    ));
    let long = |len: usize| {
        let start = format!("tabchain:{address}?x=");
        format!("{start}{}", "1".repeat(len - start.len()))
    };
    assert!(parse(&long(MOST_BYTES)).is_ok());
    assert_eq!(
        parse(&long(MOST_BYTES + 1)),
        Err(E::TooLong(MOST_BYTES as u64 + 1))
    );
}

/// What strangers put into fields that are shown: all of it stays text, or is refused.
#[test]
fn hostile_texts_stay_text() {
    let parts = [
        "<img src=x onerror=alert(1)>",
        "</script><script>",
        "javascript:alert(1)",
        "' OR 1=1 --",
        "{{7*7}}",
        "${7*7}",
        "=HYPERLINK(\"x\")",
        "%00",
        "%",
        "&amount=99",
        "?amount=99",
        "#",
        "\u{1b}[31m",
        "a\u{0301}\u{0301}",
        "\u{fdfd}",
        "👩‍👩‍👧",
        "../../etc/passwd",
        "\\",
        "\"",
        "`",
        "null",
        "NaN",
        "1e999",
        "\u{2028}",
        "\u{202e}gpj",
        "tabchain:x",
        "data:text/html,x",
        "\u{feff}",
    ];
    let mut seen = 0;
    for before in parts {
        for behind in parts {
            let text = format!("{before}{behind}");
            for (label, message) in [(text.as_str(), ""), ("", text.as_str())] {
                seen += 1;
                let Ok(request) = Request::new(other(1), Some(sat(1)), label, message) else {
                    continue;
                };
                let link = request.to_string();
                assert!(
                    link.bytes()
                        .all(|byte| byte.is_ascii_graphic() && !b"<>\"'`\\".contains(&byte))
                );
                assert_eq!(parse(&link), Ok(request), "{text}");
            }
        }
    }
    assert!(seen > 200);
}

proptest! {
    #[test]
    fn requests_are_read_as_they_are_written(
        satoshi in prop::option::of(1..=Amount::MAX_MONEY.to_sat()),
        label in "\\PC{0,80}",
        message in "\\PC{0,300}",
        script in any::<[u8; 32]>(),
    ) {
        let to = Destination::Script(script);
        if let Ok(request) = Request::new(to, satoshi.map(sat), &label, &message) {
            let link = request.to_string();
            prop_assert_eq!(parse(&link), Ok(request));
        }
    }

    #[test]
    fn any_text_has_a_verdict(text in "(tabchain:)?[ -~\u{1}é茶]{0,120}") {
        let _ = parse(&text);
    }
}
