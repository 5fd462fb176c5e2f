//! The utxo ledger: what blocks may spend and create, each refusal by its standard name.

mod kit;

use chain::sighash::{SighashType, Sighasher};
use chain::{
    Amount, BitcoinHeader, Block, CompactTarget, Header, Height, OutPoint, Script, Transaction,
    TxOut, Witness, tabchain,
};
use kit::blocks::{Chain, header, place};
use kit::{COIN, key, pay, spend};
use ledger::utxo::body_of;
use ledger::{Ledger, Miner, NoneChecked, Place};
use proptest::prelude::*;

#[test]
fn coins_are_paid_and_supply_follows() {
    let mut chain = Chain::mature();
    let coin = chain.reward(1);
    let fee = 1_000;
    let outputs = vec![pay(20 * COIN, &key(2)), pay(30 * COIN - fee, &key(1))];
    let tx = spend(&[coin], outputs, &key(1), chain.tag());
    chain
        .extend(3, fee, vec![tx.clone()])
        .expect("a valid payment");
    let tip = chain.states.last().expect("states");
    let blocks = u64::from(chain.next() - 1);
    assert_eq!(
        chain.ledger.supply(tip).to_sat(),
        blocks * 50 * COIN,
        "fees are not lost"
    );
    let paid = OutPoint {
        txid: tx.txid(),
        vout: 0,
    };
    assert_eq!(
        chain
            .ledger
            .coins(tip)
            .get(&paid)
            .map(|coin| coin.amount.to_sat()),
        Some(20 * COIN)
    );
}

#[test]
fn a_fee_that_nobody_claims_is_burnt() {
    let mut chain = Chain::mature();
    let tx = spend(
        &[chain.reward(1)],
        vec![pay(49 * COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    chain
        .extend(3, 0, vec![tx])
        .expect("claiming less is allowed");
    let tip = chain.states.last().expect("states");
    let blocks = u64::from(chain.next() - 1);
    assert_eq!(chain.ledger.supply(tip).to_sat(), blocks * 50 * COIN - COIN);
}

/// b68 and b69 of Bitcoin Core's feature_block: the limit is exact.
#[test]
fn subsidy_and_fees_are_an_exact_limit() {
    let mut chain = Chain::mature();
    let tx = spend(
        &[chain.reward(1)],
        vec![pay(50 * COIN - 9, &key(2))],
        &key(1),
        chain.tag(),
    );
    assert_eq!(chain.extend(3, 10, vec![tx.clone()]), Err("bad-cb-amount"));
    chain.extend(3, 9, vec![tx]).expect("exactly the fee");
}

#[test]
fn a_coinbase_is_spent_when_mature_and_not_a_block_earlier() {
    let mut chain = Chain::mature();
    let young = spend(
        &[chain.reward(2)],
        vec![pay(COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    assert_eq!(
        chain.extend(1, 0, vec![young.clone()]),
        Err("bad-txns-premature-spend-of-coinbase")
    );
    chain.extend(1, 0, vec![]).expect("a plain block");
    chain.extend(1, 0, vec![young]).expect("mature now");
}

#[test]
fn spent_missing_and_foreign_coins_are_refused() {
    let mut chain = Chain::mature();
    let coin = chain.reward(1);
    let tx = spend(
        std::slice::from_ref(&coin),
        vec![pay(COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    let again = spend(
        std::slice::from_ref(&coin),
        vec![pay(2 * COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    let both = chain.extend(1, 0, vec![tx.clone(), again.clone()]);
    assert_eq!(
        both,
        Err("bad-txns-inputs-missingorspent"),
        "a double spend within a block"
    );
    chain.extend(1, 0, vec![tx]).expect("once");
    assert_eq!(
        chain.extend(1, 0, vec![again]),
        Err("bad-txns-inputs-missingorspent")
    );
    let nowhere = (
        OutPoint {
            txid: coin.0.txid,
            vout: 7,
        },
        coin.1,
    );
    let tx = spend(&[nowhere], vec![pay(COIN, &key(2))], &key(1), chain.tag());
    assert_eq!(
        chain.extend(1, 0, vec![tx]),
        Err("bad-txns-inputs-missingorspent")
    );
}

#[test]
fn more_out_than_in_is_refused() {
    let mut chain = Chain::mature();
    let tx = spend(
        &[chain.reward(1)],
        vec![pay(50 * COIN + 1, &key(2))],
        &key(1),
        chain.tag(),
    );
    assert_eq!(chain.extend(1, 0, vec![tx]), Err("bad-txns-in-belowout"));
}

#[test]
fn duplicate_inputs_in_a_block_cve_2018_17144() {
    let mut chain = Chain::mature();
    let coin = chain.reward(1);
    let tx = spend(
        &[coin.clone(), coin],
        vec![pay(99 * COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    assert_eq!(
        chain.extend(1, 0, vec![tx]),
        Err("bad-txns-inputs-duplicate")
    );
}

#[test]
fn output_sum_overflow_cve_2010_5139() {
    let mut chain = Chain::mature();
    let mut outputs = vec![pay(1, &key(2)), pay(1, &key(2))];
    outputs
        .iter_mut()
        .for_each(|output| output.value = 0x7fff_ffff_fff8_5ee0);
    let tx = spend(&[chain.reward(1)], outputs, &key(1), chain.tag());
    assert_eq!(chain.extend(1, 0, vec![tx]), Err("bad-txns-vout-toolarge"));
}

#[test]
fn signatures_that_do_not_hold_are_refused() {
    let mut chain = Chain::mature();
    let good = spend(
        &[chain.reward(1)],
        vec![pay(COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    let with = |change: &dyn Fn(&mut Transaction)| {
        let mut tx = good.clone();
        change(&mut tx);
        tx
    };
    let signature = good.inputs[0].witness.get(0).expect("signed").to_vec();
    let witness =
        |items: Vec<Vec<u8>>| with(&|tx| tx.inputs[0].witness = Witness::new(items.clone()));
    let mut flipped = signature.clone();
    flipped[40] ^= 1;
    for (tx, reason) in [
        (witness(vec![vec![0x5a; 64]]), "bad-signature"), // any 64 bytes
        (witness(vec![flipped]), "bad-signature"),
        (witness(vec![signature[..63].to_vec()]), "bad-witness"),
        (witness(vec![]), "bad-witness"),
        (
            witness(vec![signature.clone(), signature.clone()]),
            "bad-witness",
        ),
        (with(&|tx| tx.outputs[0].value += 1), "bad-signature"), // another message
        (
            with(&|tx| tx.inputs[0].script_sig = Script(vec![0x51])),
            "bad-witness",
        ),
    ] {
        assert_eq!(chain.extend(1, 0, vec![tx.clone()]), Err(reason), "{tx:?}");
    }
    let mut thief = good.clone();
    let spent = vec![chain.reward(1).1];
    let hasher = Sighasher::new(&good, &spent, Some(chain.tag())).expect("one coin");
    let hash = hasher.hash(0, SighashType::DEFAULT).expect("input 0");
    thief.inputs[0].witness = Witness::new([key(2).sign(&hash).as_bytes().to_vec()]);
    assert_eq!(
        chain.extend(1, 0, vec![thief]),
        Err("bad-signature"),
        "another key"
    );
    chain.extend(1, 0, vec![good]).expect("the honest one");
}

/// The same transaction, signed for a room with another name.
#[test]
fn a_signature_of_another_room_means_nothing_here() {
    let mut chain = Chain::mature();
    let other = tabchain("other", 10, CompactTarget(0x207f_ffff), 8, 150).expect("within limits");
    let tag = *other.genesis_id().as_bytes();
    let tx = spend(&[chain.reward(1)], vec![pay(COIN, &key(2))], &key(1), tag);
    assert_eq!(chain.extend(1, 0, vec![tx]), Err("bad-signature"));
}

#[test]
fn a_mutated_body_is_refused_without_blaming_the_header_cve_2012_2459() {
    let chain = Chain::mature();
    let a = spend(
        &[chain.reward(1)],
        vec![pay(COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    let mut block = chain.block(1, 0, vec![a.clone(), a]);
    // Three transactions, the last doubled, have the root of four.
    block.transactions.truncate(2);
    let next = chain.block(1, 0, block.transactions[1..].to_vec());
    let mut three = next.clone();
    three.transactions.push(Transaction {
        version: 3,
        ..three.transactions[1].clone()
    });
    three.commit();
    let header = Header::Bitcoin(three.header);
    let mut four = three.clone();
    four.transactions.push(three.transactions[2].clone());
    let reject = chain
        .ledger
        .check(&header, &body_of(&four))
        .expect_err("mutated");
    assert_eq!(reject.name(), "bad-txns-duplicate");
    assert!(!reject.is_permanent());
    chain
        .ledger
        .check(&header, &body_of(&three))
        .expect("the honest body of the same header");
}

#[test]
fn a_bloated_encoding_is_refused_without_blaming_the_header() {
    let chain = Chain::new();
    let block = chain.block(1, 0, vec![]);
    let body = body_of(&block);
    let bloated = [&[0xfd, 1, 0], &body[1..]].concat();
    let header = Header::Bitcoin(block.header);
    let reject = chain
        .ledger
        .check(&header, &bloated)
        .expect_err("not canonical");
    assert!(!reject.is_permanent());
    chain
        .ledger
        .check(&header, &body)
        .expect("the canonical body");
}

#[test]
fn nothing_is_paid_after_64_halvings() {
    let chain = Chain::new();
    let height = Height(150 * 64);
    let parent = chain.ledger.genesis();
    let at = Place { height, ..place(0) };
    let draft = chain
        .ledger
        .draft(&parent, at, &Miner::paid(key(1).public_key()), 0, &[]);
    let state = chain
        .ledger
        .apply(&parent, at, &draft.body, &NoneChecked)
        .expect("an empty reward");
    assert_eq!(chain.ledger.supply(&state), Amount::ZERO);
    let claim = Transaction::coinbase(height, &[0], vec![pay(1, &key(1))]);
    let mut block = Block {
        header: header(),
        transactions: vec![claim],
    };
    block.commit();
    let refused = chain
        .ledger
        .apply(&parent, at, &body_of(&block), &NoneChecked)
        .err();
    assert_eq!(refused.map(|reject| reject.name()), Some("bad-cb-amount"));
}

#[test]
fn drafts_are_valid_pay_the_payee_and_differ_by_extra() {
    let chain = Chain::new();
    let miner = Miner::paid(key(9).public_key());
    let parent = chain.ledger.genesis();
    let [a, b] = [1, 2].map(|extra| chain.ledger.draft(&parent, place(1), &miner, extra, &[]));
    assert_ne!(a.root, b.root);
    let header = BitcoinHeader {
        merkle_root: a.root,
        ..header()
    };
    chain
        .ledger
        .check(&Header::Bitcoin(header), &a.body)
        .expect("a valid body");
    chain
        .ledger
        .apply(&parent, place(1), &a.body, &NoneChecked)
        .expect("a valid block");
    assert_eq!(chain.ledger.maker(&a.body), Some(miner.key.peer_id()));
}

/// BIP30's rationale: blocks that are connected and disconnected leave no trace.
#[test]
fn states_are_values_and_a_reorganisation_leaves_no_trace() {
    let mut chain = Chain::mature();
    let fork = chain.states.len();
    let before = chain.ledger.root(&chain.states[fork - 1]);
    let tx = spend(
        &[chain.reward(1)],
        vec![pay(COIN, &key(2))],
        &key(1),
        chain.tag(),
    );
    chain.extend(1, 0, vec![tx.clone()]).expect("on one branch");
    assert_eq!(chain.ledger.root(&chain.states[fork - 1]), before);
    chain.states.truncate(fork);
    chain.coinbases.truncate(fork - 1);
    chain.extend(2, 0, vec![tx]).expect("and on the other");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))] // each builds a hundred blocks

    #[test]
    fn random_bodies_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        let chain = Chain::new();
        let parent = chain.ledger.genesis();
        prop_assert!(chain.ledger.check(&Header::Bitcoin(header()), &body).is_err());
        let _ = chain.ledger.apply(&parent, place(1), &body, &NoneChecked);
        let _ = chain.ledger.maker(&body);
    }

    /// However a coin is split, the supply stays the sum of all subsidies.
    #[test]
    fn supply_is_conserved_by_random_payments(parts in proptest::collection::vec(1u64..COIN, 1..6)) {
        let mut chain = Chain::mature();
        let kept = 50 * COIN - parts.iter().sum::<u64>();
        let mut outputs: Vec<TxOut> = parts.iter().map(|part| pay(*part, &key(2))).collect();
        outputs.push(pay(kept, &key(1)));
        let tx = spend(&[chain.reward(1)], outputs, &key(1), chain.tag());
        prop_assert_eq!(chain.extend(1, 0, vec![tx]), Ok(()));
        let blocks = u64::from(chain.next() - 1);
        let tip = chain.states.last().expect("states");
        prop_assert_eq!(chain.ledger.supply(tip).to_sat(), blocks * 50 * COIN);
    }
}
