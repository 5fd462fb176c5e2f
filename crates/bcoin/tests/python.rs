//! What Python's `json`, `hashlib` and `datetime` come to, byte for byte (`vectors/make.py`).

use bcoin::json::{MAX_BODY_DEPTH, MAX_DEPTH, ReadError, Style, Value, read, to_bytes};
use bcoin::{Candidate, LocalTime, MAX_DIGITS, Proof, work_hash};
use proptest::prelude::*;
use serde_json::Value as Vector;

fn vectors() -> Vector {
    serde_json::from_str(include_str!("vectors/python.json")).unwrap()
}

fn list<'a>(vectors: &'a Vector, name: &str) -> &'a [Vector] {
    let list = vectors[name].as_array().unwrap();
    assert!(!list.is_empty());
    list
}

fn printed(value: &Value, style: Style) -> String {
    String::from_utf8(to_bytes(value, style)).expect("only ASCII is printed")
}

#[test]
fn values_print_as_python_prints_them() {
    for row in list(&vectors(), "json") {
        let [written, spaced, compact] =
            ["written", "spaced", "compact"].map(|name| row[name].as_str().unwrap());
        let value = read(written.as_bytes(), MAX_DEPTH)
            .unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(printed(&value, Style::Spaced), spaced, "{written}");
        assert_eq!(printed(&value, Style::Compact), compact, "{written}");
        assert_eq!(read(spaced.as_bytes(), MAX_DEPTH).unwrap(), value);
    }
}

#[test]
fn what_python_refuses_is_refused() {
    for written in list(&vectors(), "refused") {
        let written = written.as_str().unwrap();
        assert!(read(written.as_bytes(), MAX_DEPTH).is_err(), "{written:?}");
    }
    assert_eq!(read(b"\"\xff\"", 1), Err(ReadError::Encoding(1)));
}

#[test]
fn proofs_are_pythons() {
    let vectors = vectors();
    let numbers: Vec<u64> = list(&vectors, "proofs")
        .iter()
        .map(|number| number.as_u64().unwrap())
        .collect();
    assert_eq!(numbers[..4], [1, 533, 45293, 21391]);
    for pair in numbers.windows(2) {
        let [previous, proof] = [pair[0], pair[1]].map(Proof::from);
        assert!(proof.follows(&previous), "{proof} after {previous}");
        assert!(!Proof::from(pair[1] + 1).follows(&previous));
    }
    for row in list(&vectors, "large_proofs") {
        let number = |name: &str| {
            let decimal = row[name].as_str().unwrap();
            Proof::try_from(Value::Integer(decimal.into())).unwrap()
        };
        let hash = work_hash(&number("proof"), &number("previous")).unwrap();
        assert_eq!(hex::encode(hash), row["hash"].as_str().unwrap());
    }
}

#[test]
fn numbers_that_python_cannot_print_are_no_work() {
    let power = |zeros: usize| Value::Integer(format!("1{}", "0".repeat(zeros)));
    let proof = |zeros| Proof::try_from(power(zeros)).unwrap();
    assert!(work_hash(&proof(MAX_DIGITS / 2 - 1), &Proof::from(1)).is_some());
    assert!(work_hash(&proof(MAX_DIGITS / 2), &Proof::from(0)).is_none());
}

#[test]
fn a_chain_that_python_made_is_valid() {
    let vectors = vectors();
    let body = vectors["chain"]["body"].as_str().unwrap();
    let candidate = Candidate::read(body.as_bytes()).unwrap();
    let hashes = candidate
        .chain
        .blocks()
        .iter()
        .map(|block| hex::encode(block.hash()));
    let expected = vectors["chain"]["hashes"].as_array().unwrap();
    assert!(hashes.eq(expected.iter().map(|hash| hash.as_str().unwrap())));
    candidate.chain.check().unwrap();
    // Sent on, it is the same bytes.
    let json = String::from_utf8(candidate.chain.json().to_vec()).unwrap();
    assert_eq!(format!("{{\"chain\":[{json}],\"length\":6}}\n"), body);
}

#[test]
fn times_are_written_as_python_writes_them() {
    for row in list(&vectors(), "times") {
        let time = LocalTime(row[0].as_i64().unwrap());
        assert_eq!(time.to_string(), row[1].as_str().unwrap());
    }
    // Whatever a clock says, there is a text.
    for edge in [i64::MIN, i64::MAX] {
        assert!(!LocalTime(edge).to_string().is_empty());
    }
}

#[test]
fn depth_is_bounded_at_its_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [MAX_BODY_DEPTH, MAX_DEPTH] {
        assert!(read(nested(depth).as_bytes(), depth).is_ok());
        let deeper = read(nested(depth + 1).as_bytes(), depth);
        assert_eq!(deeper, Err(ReadError::Depth(depth)));
    }
    // Lists beside each other are not deep.
    let wide = format!("[{}[]]", "[],{\"a\":[]},".repeat(MAX_DEPTH));
    assert!(read(wide.as_bytes(), 3).is_ok());
}

/// JSON that serde reads as Python does: without halves of pairs, and with floats that it reads exactly.
fn any_json() -> impl Strategy<Value = Vector> {
    let leaf = prop_oneof![
        Just(Vector::Null),
        any::<bool>().prop_map(Vector::from),
        any::<i64>().prop_map(Vector::from),
        any::<i32>().prop_map(|whole| format!("{whole}.25").parse().expect("a number")),
        any::<String>().prop_map(Vector::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Vector::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Vector::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = read(&bytes, MAX_DEPTH);
        let _ = Candidate::read(&bytes);
    }

    #[test]
    fn bytes_like_json_are_read_or_refused(text in r#"[\[\]{},:"\\u0-9aeEdD.truNnfls+\- ]{0,40}"#) {
        if let Ok(value) = read(text.as_bytes(), MAX_DEPTH) {
            for style in [Style::Spaced, Style::Compact] {
                let bytes = to_bytes(&value, style);
                prop_assert!(bytes.is_ascii());
                prop_assert_eq!(&read(&bytes, MAX_DEPTH).unwrap(), &value);
            }
        }
    }

    #[test]
    fn what_is_printed_means_the_same_to_others(json in any_json()) {
        let written = json.to_string();
        let value = read(written.as_bytes(), MAX_DEPTH).unwrap();
        for style in [Style::Spaced, Style::Compact] {
            let bytes = to_bytes(&value, style);
            prop_assert_eq!(&serde_json::from_slice::<Vector>(&bytes).unwrap(), &json);
        }
    }
}
