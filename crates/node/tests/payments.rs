//! Payments between real nodes: how they spread, wait, come into blocks, and come back when blocks are undone.

mod kit;

use std::collections::BTreeSet;
use std::sync::Arc;

use chain::{Encode, Height, OutPoint, Transaction, Txid, Witness};
use kit::pay::{block, bytes, coins, mine, network, outpoint, pay, reward, sat, submit, waits};
use kit::{key, params, peer};
use node::message::Message;
use proptest::prelude::*;
use protocol::{AskId, Event, Input};

#[test]
fn a_payment_spreads_comes_into_a_block_and_is_settled_six_deep() {
    let mut net = network(4, 5);
    let (at, amount) = reward(&net, 1);
    let tx = pay(0, &[(at, amount)], &[(3, amount.to_sat() - 1_000)]);
    submit(&mut net, 1, 9, &tx);
    net.run(1_000);
    assert!(
        (0..4).all(|seat| waits(&net, seat, &tx)),
        "everybody has it"
    );
    mine(&mut net, 2);
    assert!((0..4).all(|seat| net.seats[seat].node.mempool().is_empty()));
    assert_eq!(
        coins(&net, 0, 3)
            .iter()
            .map(|coin| coin.amount.to_sat())
            .sum::<u64>(),
        amount.to_sat() - 1_000
    );
    let tip = net.seats[0].node.tip().0;
    let reward = block(&net, 0, &tip).transactions[0].output_total().unwrap();
    assert_eq!(
        reward.to_sat(),
        params().subsidy.to_sat() + 1_000,
        "the miner gets the fee"
    );
    for _ in 0..5 {
        assert_eq!(net.seats[1].answers, []);
        mine(&mut net, 2);
    }
    let receipt = ledger::utxo::Receipt {
        result: Ok(sat(1_000)),
    };
    let receipt: Arc<[u8]> = receipt.to_vec().into();
    assert_eq!(net.seats[1].answers, [(AskId(9), Some(receipt))]);
}

#[test]
fn who_comes_late_is_offered_what_waits() {
    let mut net = network(3, 5);
    net.regroup(vec![0, 0, 1]);
    let (at, amount) = reward(&net, 1);
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    submit(&mut net, 0, 1, &tx);
    net.run(5_000);
    assert!(!waits(&net, 2, &tx));
    net.regroup(vec![0; 3]);
    net.run(5_000);
    assert!(waits(&net, 2, &tx));
}

#[test]
fn payments_of_undone_blocks_come_back_parents_first_and_reach_those_who_never_saw_them() {
    let mut net = network(4, 5);
    net.regroup(vec![0, 0, 1, 1]);
    let (at, amount) = reward(&net, 1);
    let first = pay(0, &[(at, amount)], &[(0, amount.to_sat() - 500)]);
    let rest = sat(amount.to_sat() - 500);
    let second = pay(
        0,
        &[(outpoint(&first, 0), rest)],
        &[(1, rest.to_sat() - 500)],
    );
    submit(&mut net, 0, 1, &first);
    mine(&mut net, 0);
    submit(&mut net, 0, 2, &second);
    mine(&mut net, 1);
    assert!(net.seats[0].node.mempool().is_empty(), "both are in blocks");
    for _ in 0..3 {
        mine(&mut net, 2);
    }
    net.seats[0].events.clear();
    net.regroup(vec![0; 4]);
    net.run(10_000);
    assert_eq!(net.tips().len(), 1);
    let returned: Vec<Txid> = net.seats[0]
        .events
        .iter()
        .filter_map(|event| match event {
            Event::TxReturned { txid } => Some(*txid),
            _ => None,
        })
        .collect();
    assert_eq!(returned, [first.txid(), second.txid()]);
    assert!((0..4).all(|seat| waits(&net, seat, &first) && waits(&net, seat, &second)));
    mine(&mut net, 3);
    assert!((0..4).all(|seat| net.seats[seat].node.mempool().is_empty()));
}

#[test]
fn what_the_other_branch_spends_does_not_come_back_nor_what_needs_it() {
    let mut net = network(4, 5);
    net.regroup(vec![0, 0, 1, 1]);
    let (at, amount) = reward(&net, 1);
    let (less, more) = (amount.to_sat() - 500, amount.to_sat() - 400);
    let mine_it = pay(0, &[(at, amount)], &[(0, less)]);
    let child = pay(0, &[(outpoint(&mine_it, 0), sat(less))], &[(1, less - 500)]);
    let other = pay(0, &[(at, amount)], &[(2, more)]);
    submit(&mut net, 0, 1, &mine_it);
    mine(&mut net, 0);
    submit(&mut net, 0, 2, &child);
    submit(&mut net, 2, 3, &other);
    for _ in 0..2 {
        mine(&mut net, 2);
    }
    net.regroup(vec![0; 4]);
    net.run(10_000);
    assert_eq!(net.tips().len(), 1);
    assert!(net.seats.iter().all(|seat| seat.node.mempool().is_empty()));
    let dropped = |txid: Txid| {
        net.seats[0].events.iter().any(|event| {
            matches!(event, Event::TxDropped { txid: gone, reason, .. }
            if *gone == txid && reason == "bad-txns-inputs-missingorspent")
        })
    };
    assert!(dropped(mine_it.txid()) && dropped(child.txid()));
    let refused = [(AskId(1), None), (AskId(2), None)];
    assert_eq!(net.seats[0].answers, refused);
}

#[test]
fn a_payment_out_of_an_undone_coinbase_is_given_up() {
    let mut net = network(4, 0);
    net.regroup(vec![0, 0, 1, 1]);
    for _ in 0..5 {
        mine(&mut net, 0);
    }
    let (at, amount) = reward(&net, 1);
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    submit(&mut net, 0, 1, &tx);
    net.run(1_000);
    assert!(waits(&net, 1, &tx));
    for _ in 0..7 {
        mine(&mut net, 2);
    }
    net.regroup(vec![0; 4]);
    net.run(10_000);
    assert_eq!(net.tips().len(), 1);
    assert!(net.seats.iter().all(|seat| seat.node.mempool().is_empty()));
    assert_eq!(net.seats[0].answers, [(AskId(1), None)]);
}

#[test]
fn a_payment_of_a_reward_that_is_mature_on_both_branches_stays() {
    let mut net = network(4, 5);
    net.regroup(vec![0, 0, 1, 1]);
    let (at, amount) = reward(&net, 2);
    mine(&mut net, 0);
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    submit(&mut net, 0, 1, &tx);
    for _ in 0..2 {
        mine(&mut net, 2);
    }
    net.regroup(vec![0; 4]);
    net.run(10_000);
    assert!(
        (0..4).all(|seat| waits(&net, seat, &tx)),
        "it is mature there, too"
    );
}

#[test]
fn a_child_that_comes_first_brings_its_parent() {
    let mut net = network(2, 5);
    let (at, amount) = reward(&net, 1);
    let first = pay(0, &[(at, amount)], &[(0, amount.to_sat() - 500)]);
    let rest = sat(amount.to_sat() - 500);
    let second = pay(
        0,
        &[(outpoint(&first, 0), rest)],
        &[(1, rest.to_sat() - 500)],
    );
    net.regroup(vec![0, 1]);
    submit(&mut net, 0, 1, &first);
    submit(&mut net, 0, 2, &second);
    net.run(1_000);
    net.regroup(vec![0, 0]);
    net.input(
        1,
        Input::Packet {
            from: peer(0),
            packet: protocol::encode_packet(Message::Transaction(bytes(&second)).encode()),
        },
    );
    net.run(1_000);
    assert!(waits(&net, 1, &first) && waits(&net, 1, &second));
}

#[test]
fn a_higher_fee_replaces_everywhere() {
    let mut net = network(3, 5);
    let (at, amount) = reward(&net, 1);
    let slow = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    let fast = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 5_000)]);
    submit(&mut net, 0, 1, &slow);
    net.run(1_000);
    submit(&mut net, 0, 2, &fast);
    net.run(1_000);
    assert!((0..3).all(|seat| waits(&net, seat, &fast) && !waits(&net, seat, &slow)));
    assert_eq!(net.seats[0].answers, [(AskId(1), None)]);
    let replaced = Event::TxDropped {
        txid: slow.txid(),
        reason: "replaced".to_owned(),
        by: Some(fast.txid()),
    };
    assert!(net.seats.iter().all(|seat| seat.events.contains(&replaced)));
}

#[test]
fn refusals_name_the_rule() {
    let mut net = network(1, 5);
    let (at, amount) = reward(&net, 1);
    let (young, young_amount) = reward(&net, 5);
    let good = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    let mut forged = good.clone();
    forged.inputs[0].witness = Witness::new([vec![7; 64]]);
    let cases = [
        (
            pay(0, &[(at, amount)], &[(1, amount.to_sat())]),
            "min relay fee not met",
        ),
        (
            pay(0, &[(at, amount)], &[(1, amount.to_sat() + 1)]),
            "bad-txns-in-belowout",
        ),
        (
            pay(0, &[(young, young_amount)], &[(1, 1)]),
            "bad-txns-premature-spend-of-coinbase",
        ),
        (
            pay(0, &[(OutPoint { vout: 7, ..at }, amount)], &[(1, 1)]),
            "bad-txns-inputs-missingorspent",
        ),
        (forged, "bad-signature"),
    ];
    for (ask, (tx, reason)) in (1..).zip(cases) {
        submit(&mut net, 0, ask, &tx);
        assert_eq!(net.seats[0].admitted.pop(), Some((AskId(ask), Err(reason))));
        assert_eq!(net.seats[0].answers.pop(), Some((AskId(ask), None)));
    }
    let junk = Input::Submit {
        ask: AskId(99),
        tx: Arc::from(&b"junk"[..]),
    };
    net.input(0, junk);
    assert_eq!(net.seats[0].answers, [(AskId(99), None)]);
    let expected = [(AskId(99), Err("bad-blk-decode"))];
    assert_eq!(net.seats[0].admitted, expected);
}

#[test]
fn who_pays_somebody_else_is_still_known_as_the_maker() {
    let mut net = network(2, 1);
    let payee = protocol::Payee(key(7));
    net.input(1, Input::Order(protocol::Order::PayTo { payee }));
    mine(&mut net, 1);
    let (tip, height) = net.seats[0].node.tip();
    assert_eq!(height, Height(2));
    assert_eq!(net.seats[0].node.maker_of(&tip), Some(peer(1)));
    let paid = coins(&net, 0, 7);
    assert_eq!(
        paid.iter().map(|coin| coin.height).collect::<Vec<_>>(),
        [height]
    );
    mine(&mut net, 0);
    let tip = net.seats[0].node.tip().0;
    assert_eq!(net.seats[1].node.maker_of(&tip), Some(peer(0)));
}

#[test]
fn an_offer_that_was_lost_is_made_again_after_the_next_block() {
    let mut net = network(3, 5);
    net.run(12_000);
    let (at, amount) = reward(&net, 1);
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    net.loss = 1_000_000;
    submit(&mut net, 0, 1, &tx);
    net.run(500);
    net.loss = 0;
    assert!(waits(&net, 0, &tx) && !waits(&net, 1, &tx) && !waits(&net, 2, &tx));
    net.mine(1); // a draft from before
    net.run(2_000);
    assert!((0..3).all(|seat| waits(&net, seat, &tx)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// After any cuts, double spends and losses: no payment both waits and is in a block, nothing that waits spends
    /// what is gone, and each payment that was taken waits, is in a block, or was dropped with a reason.
    #[test]
    fn nothing_is_lost_without_a_word(
        seed in any::<u64>(),
        deeds in prop::collection::vec((0..6u8, 0..4u8, 1..6u32, 1..50u64), 4..24),
    ) {
        let mut net = network(4, 8);
        net.dice = chain::Stream::new(seed, 1, "net");
        net.loss = 100_000;
        let mut made: Vec<Transaction> = vec![];
        for (ask, (kind, seat, height, fee)) in (1..).zip(deeds) {
            match kind {
                0 => net.regroup(vec![0, 0, 1, 1]),
                1 => net.regroup(vec![0; 4]),
                2 | 3 => mine(&mut net, seat.into()),
                _ => {
                    let coins = coins(&net, seat.into(), 0);
                    let Some(coin) = coins.iter().find(|coin| coin.height == Height(height)) else { continue };
                    let rest = coin.amount.to_sat().saturating_sub(fee * 1_000);
                    let tx = pay(0, &[(coin.at, coin.amount)], &[(0, rest / 2), (seat, rest / 2)]);
                    submit(&mut net, seat.into(), ask, &tx);
                    made.push(tx);
                    net.run(500);
                }
            }
        }
        net.loss = 0;
        net.regroup(vec![0; 4]);
        for seat in [0, 1] {
            mine(&mut net, seat);
            net.run(20_000);
        }
        prop_assert_eq!(net.tips().len(), 1);
        for seat in 0..4 {
            let node = &net.seats[seat].node;
            let mut confirmed = BTreeSet::new();
            let mut at = node.tip().0;
            while let Some(parent) = node.tree().parent(&at) {
                confirmed.extend(block(&net, seat, &at).txids());
                at = parent;
            }
            for tx in &made {
                let txid = tx.txid();
                let waits = node.mempool().get(&txid).is_some();
                prop_assert!(!(waits && confirmed.contains(&txid)));
                let taken = net.seats[seat].events.iter().any(|event| {
                    matches!(event, Event::TxAccepted { txid: taken, .. } if *taken == txid)
                });
                let dropped = net.seats[seat].events.iter().any(|event| {
                    matches!(event, Event::TxDropped { txid: gone, .. } if *gone == txid)
                });
                prop_assert!(!taken || waits || dropped || confirmed.contains(&txid));
            }
        }
    }
}
