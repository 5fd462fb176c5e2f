//! What each transaction does, and its receipt.

use chain::{Encode, StateRoot};
use ledger::kv::{Access, ENTRY, KvError, Receipt, Transaction, Version};
use ledger::merkle_map::EMPTY_ROOT;
use ledger::{Ledger, Touch, Touched};

use crate::{at, compare_and_set, delete, execute, get, key, ledger, put, value};

fn access(name: &str, version: Option<Version>) -> Vec<Access> {
    vec![Access {
        key: key(name),
        version,
    }]
}

/// One line per transaction: what it is, and its receipt's result, reads and writes.
#[test]
fn each_transaction_does_what_its_name_says() {
    let (ledger, x) = (ledger(), |version| access("x", version));
    let mut state = ledger.genesis();
    let first = Some(at(2, 0));
    let second = Some(at(4, 0));
    let mismatch = |expected, found| Err(KvError::VersionMismatch { expected, found });
    let script = [
        (get("x"), Ok(None), x(None), vec![]),
        (put("x", "a"), Ok(None), vec![], x(first)),
        (get("x"), Ok(Some(value("a"))), x(first), vec![]),
        (
            compare_and_set("x", first, "b"),
            Ok(None),
            x(first),
            x(second),
        ),
        (
            compare_and_set("x", first, "c"),
            mismatch(first, second),
            x(second),
            vec![],
        ),
        (
            compare_and_set("x", None, "c"),
            mismatch(None, second),
            x(second),
            vec![],
        ),
        (get("x"), Ok(Some(value("b"))), x(second), vec![]),
        (delete("x"), Ok(None), vec![], x(None)),
        (delete("x"), Ok(None), vec![], x(None)),
        (
            compare_and_set("x", second, "d"),
            mismatch(second, None),
            x(None),
            vec![],
        ),
        (
            compare_and_set("x", None, "d"),
            Ok(None),
            x(None),
            x(Some(at(11, 0))),
        ),
        (get("x"), Ok(Some(value("d"))), x(Some(at(11, 0))), vec![]),
    ];
    for (height, (tx, result, reads, writes)) in (1..).zip(script) {
        let receipt = execute(&ledger, &mut state, at(height, 0), &tx.to_vec());
        let expected = Receipt {
            result,
            reads,
            writes,
        };
        assert_eq!(receipt, expected, "slot {height}: {tx:?}");
    }
}

/// A read that is not carried out finds what it would find; what may write is no read.
#[test]
fn a_query_is_a_read_that_leaves_no_trace() {
    let ledger = ledger();
    let mut state = ledger.genesis();
    for (height, tx) in (1..).zip([delete("x"), put("x", "a"), put("y", "b")]) {
        execute(&ledger, &mut state, at(height, 0), &tx.to_vec());
        for name in ["x", "y", "z"] {
            let read = get(name).to_vec();
            let found = ledger.query(&state, &read).expect("a read");
            let receipt = execute(&ledger, &mut state, at(height, 1), &read);
            assert_eq!(found[..], receipt.to_vec());
        }
    }
    for tx in [put("x", "a"), delete("x"), compare_and_set("x", None, "c")] {
        assert_eq!(ledger.query(&state, &tx.to_vec()), None);
    }
    assert_eq!(ledger.query(&state, b"junk"), None);
}

/// Claims about histories read receipts as little more than keys and versions.
#[test]
fn a_receipt_tells_what_was_touched() {
    let (ledger, touched) = (ledger(), ENTRY.touched.expect("it says so"));
    let mut state = ledger.genesis();
    let touch = |version: Option<Version>| {
        let (key, version) = (b"x".to_vec(), version.map(Version::number));
        vec![Touch { key, version }]
    };
    let mut tell = |height, tx: Transaction| {
        let receipt = execute(&ledger, &mut state, at(height, 3), &tx.to_vec());
        let Touched { reads, writes } = touched(&receipt.to_vec()).expect("a receipt");
        (reads, writes)
    };
    assert_eq!(tell(1, put("x", "a")), (vec![], touch(Some(at(1, 3)))));
    assert_eq!(tell(2, get("x")), (touch(Some(at(1, 3))), vec![]));
    assert_eq!(tell(3, delete("x")), (vec![], touch(None)));
    assert_eq!(touched(b"junk"), None);
    assert!(at(1, u32::MAX).number() < at(2, 0).number());
}

#[test]
fn a_rewritten_value_is_another_state_by_its_version() {
    let ledger = ledger();
    let [once, twice] = [1, 2].map(|times| {
        let mut state = ledger.genesis();
        for height in 1..=times {
            execute(&ledger, &mut state, at(height, 0), &put("x", "a").to_vec());
        }
        ledger.root(&state)
    });
    assert_ne!(once, twice);
}

#[test]
fn bytes_that_are_no_transaction_have_a_receipt_and_no_effect() {
    let ledger = ledger();
    let mut state = ledger.genesis();
    let cut = &put("x", "a").to_vec()[..4];
    let longer = [delete("x").to_vec().as_slice(), &[0]].concat();
    for bytes in [&[][..], &[4, 1, b'x'], cut, &longer] {
        let receipt = execute(&ledger, &mut state, at(1, 0), bytes);
        let len = bytes.len() as u64;
        assert_eq!(receipt.result, Err(KvError::Undecodable { len }));
        assert!(receipt.reads.is_empty() && receipt.writes.is_empty());
        assert_eq!(ledger.root(&state), EMPTY_ROOT);
    }
}

/// A root that changes breaks the agreement of nodes: it may only do so on purpose.
#[test]
fn a_known_state_has_a_known_root() {
    let ledger = ledger();
    let mut state = ledger.genesis();
    execute(&ledger, &mut state, at(1, 2), &put("x", "a").to_vec());
    execute(&ledger, &mut state, at(3, 4), &put("y", "").to_vec());
    let root = StateRoot::from_bytes(ledger.root(&state)).to_string();
    assert_eq!(
        root,
        "0e3ec33d842c7239b94cf2dd3f134dd175e3d0927c380599ce6d440e66d27421"
    );
}
