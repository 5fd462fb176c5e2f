//! The encodings of the key-value ledger: what is written is read, and nothing else is.

use chain::{Decode, DecodeError, Encode, Height, decode_exact};
use ledger::kv::{
    Access, Body, Coinbase, Entry, Key, KvError, LengthError, Receipt, Transaction, Value, Version,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn key() -> impl Strategy<Value = Key> {
    vec(any::<u8>(), 1..=64).prop_map(|bytes| Key::new(&bytes).expect("within limits"))
}

fn value() -> impl Strategy<Value = Value> {
    let short = vec(any::<u8>(), 0..300);
    let long = vec(any::<u8>(), 4090..=4096);
    prop_oneof![9 => short, 1 => long].prop_map(|bytes| Value::new(&bytes).expect("within limits"))
}

fn version() -> impl Strategy<Value = Version> {
    any::<(u32, u32)>().prop_map(|(height, index)| Version {
        height: Height(height),
        index,
    })
}

fn transaction() -> impl Strategy<Value = Transaction> {
    prop_oneof![
        key().prop_map(|key| Transaction::Get { key }),
        key().prop_map(|key| Transaction::Delete { key }),
        (key(), value()).prop_map(|(key, value)| Transaction::Put { key, value }),
        (key(), option::of(version()), value()).prop_map(|(key, expected, value)| {
            Transaction::CompareAndSet {
                key,
                expected,
                value,
            }
        }),
    ]
}

fn accesses() -> impl Strategy<Value = Vec<Access>> {
    let access = (key(), option::of(version())).prop_map(|(key, version)| Access { key, version });
    vec(access, 0..3)
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let versions = (option::of(version()), option::of(version()));
    let result = prop_oneof![
        option::of(value()).prop_map(Ok),
        any::<u64>().prop_map(|len| Err(KvError::Undecodable { len })),
        versions.prop_map(|(expected, found)| Err(KvError::VersionMismatch { expected, found })),
    ];
    (result, accesses(), accesses()).prop_map(|(result, reads, writes)| Receipt {
        result,
        reads,
        writes,
    })
}

fn body() -> impl Strategy<Value = Body> {
    let coinbase = any::<([u8; 32], u64)>();
    (coinbase, vec(transaction(), 0..5)).prop_map(|((payee, extra), transactions)| Body {
        coinbase: Coinbase { payee, extra },
        transactions,
    })
}

/// It is read back, no part of it is, and nothing may follow it.
fn assert_exact<T: Encode + Decode + PartialEq + std::fmt::Debug>(original: &T) {
    let mut bytes = original.to_vec();
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(original));
    assert!(decode_exact::<T>(&bytes[..bytes.len() - 1]).is_err());
    bytes.push(0);
    assert_eq!(
        decode_exact::<T>(&bytes),
        Err(DecodeError::TrailingBytes(1))
    );
}

/// If it is anything, it is the one encoding of it.
fn assert_canonical<T: Encode + Decode>(junk: &[u8]) {
    if let Ok(found) = decode_exact::<T>(junk) {
        assert_eq!(found.to_vec(), junk);
    }
}

/// The encoding of a byte string of this length.
fn encoded(len: usize) -> Vec<u8> {
    let mut bytes = vec![];
    chain::put_bytes(&vec![7; len], &mut bytes);
    bytes
}

#[test]
fn lengths_are_limited_on_both_sides() {
    let outside = |len, min, max| LengthError { len, min, max };
    for len in [1, 64] {
        assert_eq!(
            Key::new(&vec![7; len]).map(|key| key.as_bytes().len()),
            Ok(len)
        );
        decode_exact::<Key>(&encoded(len)).expect("within limits");
    }
    for len in [0, 4096] {
        assert_eq!(
            Value::new(&vec![7; len]).map(|value| value.as_bytes().len()),
            Ok(len)
        );
        decode_exact::<Value>(&encoded(len)).expect("within limits");
    }
    assert_eq!(Key::new(&[]), Err(outside(0, 1, 64)));
    assert_eq!(Key::new(&[7; 65]), Err(outside(65, 1, 64)));
    assert_eq!(Value::new(&[7; 4097]), Err(outside(4097, 0, 4096)));
    let end = |needed, left| DecodeError::UnexpectedEnd { needed, left };
    assert_eq!(decode_exact::<Key>(&encoded(0)), Err(end(1, 0)));
    assert_eq!(decode_exact::<Key>(&encoded(65)), Err(end(65, 64)));
    assert_eq!(decode_exact::<Value>(&encoded(4097)), Err(end(4097, 4096)));
}

#[test]
fn unknown_tags_are_named() {
    let unknown = |what, tag| DecodeError::UnknownTag { what, tag };
    let transaction = |bytes: &[u8]| decode_exact::<Transaction>(bytes);
    assert_eq!(transaction(&[4, 1, 7]), Err(unknown("transaction", 4)));
    assert_eq!(
        transaction(&[2, 1, 7, 2]),
        Err(unknown("optional version", 2))
    );
    let receipt = decode_exact::<Receipt>(&[4]);
    assert_eq!(receipt, Err(unknown("result of a transaction", 4)));
}

#[test]
fn keys_are_shown_as_text() {
    let key = Key::new(b"a \"b\"\n\xff").expect("short");
    assert_eq!(format!("{key:?}"), r#""a \"b\"\n\xff""#);
}

proptest! {
    #[test]
    fn everything_survives_its_encoding(
        transaction in transaction(),
        receipt in receipt(),
        body in body(),
        (value, version) in (value(), version()),
    ) {
        assert_exact(&transaction);
        assert_exact(&receipt);
        assert_exact(&body);
        assert_exact(&Entry { value, version });
    }

    #[test]
    fn junk_does_not_panic_and_nothing_has_two_encodings(junk in vec(any::<u8>(), 0..80)) {
        assert_canonical::<Transaction>(&junk);
        assert_canonical::<Receipt>(&junk);
        assert_canonical::<Body>(&junk);
        assert_canonical::<Entry>(&junk);
    }

    /// Junk seldom gets far; one changed byte does.
    #[test]
    fn changed_bytes_do_not_panic_and_nothing_has_two_encodings(
        receipt in receipt(),
        body in body(),
        place in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let change = |mut bytes: Vec<u8>| {
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            bytes
        };
        assert_canonical::<Receipt>(&change(receipt.to_vec()));
        assert_canonical::<Body>(&change(body.to_vec()));
    }

    #[test]
    fn keys_are_ordered_by_their_bytes(a in key(), b in key()) {
        prop_assert_eq!(a.cmp(&b), a.as_bytes().cmp(b.as_bytes()));
    }
}
