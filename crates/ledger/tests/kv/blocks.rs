//! Bodies of blocks: what they commit to, what spoils them, and drafts.

use chain::{
    BlockId, Encode, Hash256, Header, Height, MerkleRoot, Reject, SealedHeader, Seat, SecretKey,
    StateRoot, Time,
};
use ledger::kv::{Transaction, Value};
use ledger::merkle_map::EMPTY_ROOT;
use ledger::{Ledger, Miner, NoneChecked};
use proptest::prelude::*;

use crate::{at, body, compare_and_set, get, header, key, ledger, miner, place, put};

#[test]
fn a_condition_that_fails_does_not_spoil_its_block() {
    let ledger = ledger();
    let body = body(vec![
        put("x", "a"),
        compare_and_set("x", None, "b"),
        compare_and_set("x", Some(at(7, 0)), "c"),
        put("y", "d"),
    ]);
    let genesis = ledger.genesis();
    ledger
        .check(&header(body.root()), &body.to_vec())
        .expect("well-formed");
    let state = ledger
        .apply(&genesis, place(7), &body.to_vec(), &NoneChecked)
        .expect("valid");
    let store = ledger.store(&state);
    let version = |name| store.get(&key(name)).map(|entry| entry.version);
    assert_eq!(
        (version("x"), version("y")),
        (Some(at(7, 2)), Some(at(7, 3)))
    );
    assert_eq!(
        ledger.root(&genesis),
        EMPTY_ROOT,
        "the parent's state is as it was"
    );
}

#[test]
fn an_undecodable_transaction_spoils_its_block_but_not_the_header() {
    let ledger = ledger();
    let good = body(vec![put("x", "a"), get("x")]);
    let mut bytes = good.to_vec();
    let tag = bytes.len() - get("x").to_vec().len();
    bytes[tag] = 9;
    let refused = ledger.check(&header(good.root()), &bytes);
    assert_eq!(refused, Err(Reject::BodyUndecodable));
    assert!(!Reject::BodyUndecodable.is_permanent());
    let applied = ledger.apply(&ledger.genesis(), place(1), &bytes, &NoneChecked);
    assert_eq!(applied.err(), Some(Reject::BodyUndecodable));
}

#[test]
fn a_body_is_its_headers_whatever_kind_it_is() {
    let ledger = ledger();
    let body = body(vec![put("x", "a")]);
    let (computed, found) = (body.root(), MerkleRoot::from_bytes([7; 32]));
    let sealed = |tx_root| {
        Header::Sealed(SealedHeader {
            parent: BlockId::ZERO,
            height: Height(1),
            slot: 1,
            time: Time::ZERO,
            proposer: Seat(0),
            tx_root,
            state_root: StateRoot::ZERO,
            extra_hash: Hash256::ZERO,
        })
    };
    let mismatch = Err(Reject::BadTxnMrklRoot { found, computed });
    for make in [header, sealed] {
        assert_eq!(ledger.check(&make(computed), &body.to_vec()), Ok(()));
        assert_eq!(ledger.check(&make(found), &body.to_vec()), mismatch);
    }
}

#[test]
fn the_longest_body_is_exactly_as_long_as_a_block_may_be() {
    let ledger = ledger();
    let limit = chain::params::TABCHAIN_BLOCK_SIZE;
    let large = || Transaction::Put {
        key: key("x"),
        value: Value::new(&[0; 4096]).expect("the longest"),
    };
    let filled = |last: usize| {
        let mut transactions = vec![large(); 30];
        let key = key("y");
        let value = Value::new(&vec![0; last]).expect("short");
        transactions.push(Transaction::Put { key, value });
        body(transactions)
    };
    let rest = limit as usize - filled(300).to_vec().len() + 300;
    let (full, over) = (filled(rest), filled(rest + 1));
    assert_eq!(full.to_vec().len(), limit as usize);
    assert_eq!(ledger.check(&header(full.root()), &full.to_vec()), Ok(()));
    let size = u64::from(limit) + 1;
    let refused = ledger.check(&header(over.root()), &over.to_vec());
    assert_eq!(refused, Err(Reject::BadBlkLength { size, limit }));
}

/// Bitcoin's tree pairs a last node with itself; equal transactions are honest here.
#[test]
fn repeated_transactions_are_fine_and_repeated_tails_show_cve_2012_2459() {
    let ledger = ledger();
    let lists = |count: usize| body(vec![get("x"); count]);
    let twins = lists(4);
    ledger
        .check(&header(twins.root()), &twins.to_vec())
        .expect("equal, but honest");
    let roots: std::collections::BTreeSet<_> = (0..20).map(|count| lists(count).root()).collect();
    assert_eq!(roots.len(), 20);
}

#[test]
fn drafts_are_valid_pay_the_payee_and_differ_by_extra_and_payee() {
    let ledger = ledger();
    let genesis = ledger.genesis();
    let other = SecretKey::from_bytes(&[8; 32]).expect("a key").public_key();
    let draft = ledger.draft(&genesis, place(1), &miner(), 1, &[]);
    ledger
        .check(&header(draft.root), &draft.body)
        .expect("a valid body");
    let state = ledger
        .apply(&genesis, place(1), &draft.body, &NoneChecked)
        .expect("a valid block");
    assert_eq!(ledger.root(&state), EMPTY_ROOT);
    assert_eq!(ledger.supply(&state), chain::Amount::ZERO);
    assert_eq!(ledger.maker(&draft.body), Some(miner().key.peer_id()));
    assert_ne!(
        ledger.draft(&genesis, place(1), &miner(), 2, &[]).root,
        draft.root
    );
    assert_ne!(
        ledger
            .draft(&genesis, place(1), &Miner::paid(other), 1, &[])
            .root,
        draft.root
    );
}

#[test]
fn a_block_can_be_nobodys() {
    let mut body = body(vec![]);
    body.coinbase.payee = [0xff; 32]; // no x coordinate is that large
    assert_eq!(ledger().maker(&body.to_vec()), None);
    assert_eq!(ledger().maker(&[]), None);
    ledger()
        .check(&header(body.root()), &body.to_vec())
        .expect("still a block");
}

proptest! {
    #[test]
    fn the_header_commits_to_every_byte(count in 0usize..5, flip in 1u8..) {
        let mixed = [put("x", "a"), get("y"), compare_and_set("x", Some(at(1, 0)), "b"), get("y")];
        let body = body(mixed[..count].to_vec());
        let (header, bytes) = (header(body.root()), body.to_vec());
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= flip;
            let refused = ledger().check(&header, &changed).expect_err("another body");
            prop_assert!(!refused.is_permanent(), "the honest body may still come");
        }
    }
}
