//! Slots and blocks against a plain ordered map.

use std::collections::BTreeMap;

use chain::{Encode, MerkleRoot};
use ledger::kv::{Access, Entry, Key, KvError, Receipt, Store, Transaction, Value, Version};
use ledger::merkle_map::EMPTY_ROOT;
use ledger::{Ledger, NoneChecked};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{at, body, execute, header, ledger, place};

/// A transaction before it is known what version its key will have.
#[derive(Clone, Debug)]
enum Wish {
    Get(u8),
    Put(u8, u8),
    Delete(u8),
    /// Expects the right version.
    Informed(u8, u8),
    /// Expects some version, or none.
    Guess(u8, Option<(u32, u32)>, u8),
}

fn wish() -> impl Strategy<Value = Wish> {
    let name = 0u8..5;
    prop_oneof![
        name.clone().prop_map(Wish::Get),
        (name.clone(), any::<u8>()).prop_map(|(name, text)| Wish::Put(name, text)),
        name.clone().prop_map(Wish::Delete),
        (name.clone(), any::<u8>()).prop_map(|(name, text)| Wish::Informed(name, text)),
        (name, any::<Option<(u32, u32)>>(), any::<u8>())
            .prop_map(|(name, guess, text)| Wish::Guess(name, guess, text)),
    ]
}

/// Key and value, and who wrote it.
type Model = BTreeMap<u8, (u8, Version)>;

fn named(name: u8) -> Key {
    Key::new(&[name]).expect("one byte")
}

fn byte(text: u8) -> Value {
    Value::new(&[text]).expect("one byte")
}

/// The transaction of a wish, and what should come of it.
fn carry_out(model: &mut Model, now: Version, wish: &Wish) -> (Transaction, Receipt) {
    let access = |name, version| {
        let key = named(name);
        vec![Access { key, version }]
    };
    let receipt = |result, reads, writes| Receipt {
        result,
        reads,
        writes,
    };
    let version_of = |model: &Model, name| model.get(&name).map(|(_, version)| *version);
    match *wish {
        Wish::Get(name) => {
            let found = model.get(&name).map(|(text, _)| byte(*text));
            let reads = access(name, version_of(model, name));
            let tx = Transaction::Get { key: named(name) };
            (tx, receipt(Ok(found), reads, vec![]))
        }
        Wish::Put(name, text) => {
            model.insert(name, (text, now));
            let (key, value) = (named(name), byte(text));
            let tx = Transaction::Put { key, value };
            (tx, receipt(Ok(None), vec![], access(name, Some(now))))
        }
        Wish::Delete(name) => {
            model.remove(&name);
            let tx = Transaction::Delete { key: named(name) };
            (tx, receipt(Ok(None), vec![], access(name, None)))
        }
        Wish::Informed(name, text) | Wish::Guess(name, _, text) => {
            let found = version_of(model, name);
            let expected = match wish {
                Wish::Guess(_, guess, _) => guess.map(|(height, index)| at(height, index)),
                _ => found,
            };
            let (key, value) = (named(name), byte(text));
            let tx = Transaction::CompareAndSet {
                key,
                expected,
                value,
            };
            let reads = access(name, found);
            if found == expected {
                model.insert(name, (text, now));
                (tx, receipt(Ok(None), reads, access(name, Some(now))))
            } else {
                let error = KvError::VersionMismatch { expected, found };
                (tx, receipt(Err(error), reads, vec![]))
            }
        }
    }
}

fn store_of(model: &Model) -> Store {
    let mut store = Store::default();
    for (name, (text, version)) in model {
        let (value, version) = (byte(*text), *version);
        store.insert(named(*name), Entry { value, version });
    }
    store
}

proptest! {
    #[test]
    fn slots_and_blocks_do_what_a_plain_map_does(blocks in vec(vec(wish(), 0..8), 0..8)) {
        let ledger = ledger();
        let (mut slots, mut forks) = (ledger.genesis(), ledger.genesis());
        let mut model = Model::new();
        for (height, wishes) in (1..).zip(blocks) {
            let mut transactions = vec![];
            for (index, wish) in (0..).zip(&wishes) {
                let now = at(height, index);
                let (tx, expected) = carry_out(&mut model, now, wish);
                prop_assert_eq!(execute(&ledger, &mut slots, now, &tx.to_vec()), expected);
                transactions.push(tx);
            }
            let body = body(transactions);
            prop_assert_eq!(ledger.check(&header(body.root()), &body.to_vec()), Ok(()));
            forks = ledger.apply(&forks, place(height), &body.to_vec(), &NoneChecked).expect("valid");
            prop_assert!(ledger.store(&slots).iter().eq(store_of(&model).iter()));
            prop_assert_eq!(ledger.root(&slots), store_of(&model).root());
            prop_assert_eq!(ledger.root(&forks), ledger.root(&slots));
        }
    }

    #[test]
    fn junk_is_survived(junk in vec(any::<u8>(), 0..200)) {
        let ledger = ledger();
        let mut state = ledger.genesis();
        let receipt = execute(&ledger, &mut state, at(1, 0), &junk);
        if let Err(KvError::Undecodable { .. }) = receipt.result {
            prop_assert_eq!(ledger.root(&state), EMPTY_ROOT);
        }
        prop_assert!(ledger.check(&header(MerkleRoot::ZERO), &junk).is_err());
        let _ = ledger.apply(&state, place(1), &junk, &NoneChecked);
        let _ = ledger.maker(&junk);
    }
}
