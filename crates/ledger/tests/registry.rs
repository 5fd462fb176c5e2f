//! The registry, and what every ledger in it promises.

use std::collections::BTreeSet;
use std::sync::Arc;

use chain::{
    Amount, BitcoinHeader, BlockId, BlockTime, CompactTarget, Header, Height, MerkleRoot,
    PublicKey, SecretKey, Time, tabchain,
};
use ledger::{Allocation, LEDGERS, Ledger, LedgerTerms, Miner, NoneChecked, Place, Position, find};
use proptest::prelude::*;

fn owner() -> PublicKey {
    let key = SecretKey::from_bytes(&[1; 32]).expect("a key");
    key.public_key()
}

fn terms() -> LedgerTerms {
    let chain = tabchain("registry", 10, CompactTarget(0x207f_ffff), 8, 150);
    LedgerTerms {
        chain: Arc::new(chain.expect("within limits")),
        allocation: Allocation::new(vec![(owner(), Amount::COIN)]).expect("one coin"),
    }
}

const POSITION: Position = Position {
    height: Height(1),
    index: 0,
    time: Time(0),
};

fn header(merkle_root: MerkleRoot) -> Header {
    Header::Bitcoin(BitcoinHeader {
        version: 1,
        prev: BlockId::ZERO,
        merkle_root,
        time: BlockTime(0),
        bits: CompactTarget(0),
        nonce: 0,
    })
}

#[test]
fn ids_are_unique_short_and_found() {
    let ids: BTreeSet<&str> = LEDGERS.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, BTreeSet::from(["kv", "utxo"]));
    assert_eq!(ids.len(), LEDGERS.len());
    for entry in LEDGERS {
        let found = find(entry.id).expect("listed");
        assert_eq!((found.id, found.name), (entry.id, entry.name));
        assert!(!entry.name.is_empty());
        assert!(entry.params.iter().all(|param| param.allows(param.default)));
    }
    assert!(find("").is_none() && find("UTXO").is_none());
}

/// What a form makes is a transaction that is told by the form's name, with what was filled in.
#[test]
fn forms_make_transactions_that_are_told_as_they_were_filled_in() {
    for entry in LEDGERS {
        let ledger = (entry.build)(&terms());
        for form in entry.forms {
            let texts: Vec<&[u8]> = form.fields.iter().map(|name| name.as_bytes()).collect();
            let tx = (form.fill)(&texts).expect("the form's fields");
            let told = (entry.tell_transaction)(&tx).expect("made by a form");
            assert_eq!(told.what, form.id);
            assert_eq!(told.values, texts);
            let (_, receipt) = ledger.execute(&ledger.genesis(), POSITION, &tx);
            assert!((entry.tell_receipt)(&receipt).is_some(), "{}", form.id);
            assert_eq!((form.fill)(&texts[1..]), None, "a field is missing");
            assert_eq!((form.fill)(&vec![&[0; 5_000][..]; texts.len()]), None);
        }
    }
}

#[test]
fn receipts_of_the_store_say_what_came_of_it() {
    let entry = find("kv").expect("listed");
    let ledger = (entry.build)(&terms());
    let fill = |id: &str, values: &[&[u8]]| {
        let form = entry.forms.iter().find(|form| form.id == id);
        (form.expect("a form").fill)(values).expect("allowed")
    };
    let mut state = ledger.genesis();
    let mut told = |tx: &[u8]| {
        let (next, receipt) = ledger.execute(&state, POSITION, tx);
        state = next;
        let told = (entry.tell_receipt)(&receipt).expect("a receipt");
        (told.what, told.values)
    };
    let get = fill("get", &[b"a"]);
    assert_eq!(told(&get), ("nothing", vec![]));
    assert_eq!(told(&fill("put", &[b"a", b"1"])), ("done", vec![]));
    assert_eq!(told(&get), ("found", vec![b"1".to_vec()]));
    assert_eq!(told(&fill("delete", &[b"a"])), ("done", vec![]));
    assert_eq!(told(&get), ("nothing", vec![]));
    assert_eq!(told(b"junk"), ("undecodable", vec![]));
}

#[test]
fn an_allocation_reaches_the_ledger_that_has_money() {
    let supply = |id| {
        let ledger = (find(id).expect("listed").build)(&terms());
        ledger.supply(&ledger.genesis())
    };
    assert_eq!(supply("utxo"), Amount::COIN);
    assert_eq!(supply("kv"), Amount::ZERO);
}

#[test]
fn every_ledger_accepts_its_own_drafts() {
    let (miner, height) = (Miner::paid(owner()), Height(1));
    for entry in LEDGERS {
        let ledger: Arc<dyn Ledger> = (entry.build)(&terms());
        let genesis = ledger.genesis();
        let median = BlockTime(0);
        let place = Place {
            height,
            median,
            time: median,
        };
        let draft = ledger.draft(&genesis, place, &miner, 7, &[]);
        let checked = ledger.check(&header(draft.root), &draft.body);
        assert_eq!(checked, Ok(()), "{}", entry.id);
        ledger
            .apply(&genesis, place, &draft.body, &NoneChecked)
            .expect("a valid block");
        assert_eq!(
            ledger.maker(&draft.body),
            Some(miner.key.peer_id()),
            "{}",
            entry.id
        );
        let other = ledger.draft(&genesis, place, &miner, 8, &[]);
        assert_ne!(other.root, draft.root, "{}", entry.id);
    }
}

proptest! {
    #[test]
    fn junk_is_told_as_nothing_and_never_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        for entry in LEDGERS {
            let _ = (entry.tell_transaction)(&bytes);
            let _ = (entry.tell_receipt)(&bytes);
            for form in entry.forms {
                let _ = (form.fill)(&[&bytes]);
                let _ = (form.fill)(&[&bytes, &bytes]);
            }
        }
    }

    /// Nodes that execute the same slots have the same states and receipts, whatever is decided.
    #[test]
    fn execution_is_total_and_the_same_for_all(
        slots in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..10),
    ) {
        for entry in LEDGERS {
            let run = || {
                let ledger = (entry.build)(&terms());
                let mut state = ledger.genesis();
                let mut said = vec![];
                for (height, tx) in (1..).zip(&slots) {
                    let (height, time) = (Height(height), Time::ZERO);
                    let place = Position { height, index: 0, time };
                    let (after, receipt) = ledger.execute(&state, place, tx);
                    state = after;
                    said.push((receipt, ledger.root(&state)));
                }
                said
            };
            prop_assert_eq!(run(), run());
        }
    }
}
