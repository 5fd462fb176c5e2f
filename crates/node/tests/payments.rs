//! Payments between real nodes: how they spread, wait, come into blocks, and come back when blocks are undone.

mod kit;

use std::collections::BTreeSet;
use std::sync::Arc;

use chain::sighash::{SighashType, Sighasher};
use chain::{
    Address, Amount, Block, BlockId, Encode, Height, OutPoint, Script, SecretKey, Transaction,
    TxIn, TxOut, Txid, Witness, Wtxid, decode_exact,
};
use kit::host::{Disk, Solo};
use kit::net::Net;
use kit::{key, params, peer, real_node};
use ledger::Owned;
use node::message::Message;
use node::{Memo, limits};
use proptest::prelude::*;
use protocol::{AskId, Event, Input, To};

fn secret(seat: u8) -> SecretKey {
    SecretKey::from_bytes(&[seat, 1].repeat(16).try_into().unwrap()).unwrap()
}

fn script(seat: u8) -> Script {
    Address::from_output_key(&key(seat)).script_pubkey()
}

fn sat(satoshi: u64) -> Amount {
    Amount::new(satoshi).unwrap()
}

/// A signed payment of coins of seat `owner`, in outputs of these amounts to seats.
fn pay(owner: u8, coins: &[(OutPoint, Amount)], to: &[(u8, u64)]) -> Transaction {
    let spent: Vec<TxOut> = coins
        .iter()
        .map(|(_, amount)| TxOut::new(*amount, script(owner)))
        .collect();
    let inputs = coins.iter().map(|(at, _)| TxIn {
        sequence: 0xffff_fffd, // replaceable
        ..TxIn::new(*at)
    });
    let mut tx = Transaction {
        version: 2,
        inputs: inputs.collect(),
        outputs: to
            .iter()
            .map(|(seat, amount)| TxOut::new(sat(*amount), script(*seat)))
            .collect(),
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let tag = *params().genesis_id().as_bytes();
    let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).unwrap();
    for (index, input) in (0u32..).zip(&mut tx.inputs) {
        let signature = sighasher.sign_key_spend(index, SighashType::DEFAULT, &secret(owner));
        input.witness = Witness::new([signature.unwrap()]);
    }
    tx
}

fn bytes(tx: &Transaction) -> Arc<[u8]> {
    tx.to_vec().into()
}

fn outpoint(tx: &Transaction, vout: u32) -> OutPoint {
    let txid = tx.txid();
    OutPoint { txid, vout }
}

/// A network whose seat 0 has mined `rewards` blocks, of which the first coinbases are mature.
fn network(nodes: u8, rewards: usize) -> Net {
    let memo = Memo::new();
    let nodes = (0..nodes).map(|seat| real_node(seat, &memo)).collect();
    let mut net = Net::new(nodes, 7);
    for _ in 0..rewards {
        mine(&mut net, 0);
    }
    net
}

/// A seat finds a block with what waits there now, and everybody has time to hear of it.
fn mine(net: &mut Net, seat: usize) {
    net.run(12_000); // so that the draft is a new one
    net.mine(seat);
    net.run(2_000);
}

fn coins(net: &Net, seat: usize, of: u8) -> Vec<Owned> {
    net.seats[seat].node.watch(&[script(of)]).0
}

/// The coin of seat 0's block at a height of the best chain.
fn reward(net: &Net, height: u32) -> (OutPoint, Amount) {
    let coins = coins(net, 0, 0);
    let coin = coins.iter().find(|coin| coin.height == Height(height));
    let coin = coin.expect("not spent yet");
    (coin.at, coin.amount)
}

fn submit(net: &mut Net, seat: usize, ask: u64, tx: &Transaction) {
    let ask = AskId(ask);
    net.input(seat, Input::Submit { ask, tx: bytes(tx) });
}

fn waits(net: &Net, seat: usize, tx: &Transaction) -> bool {
    net.seats[seat].node.mempool().get(&tx.txid()).is_some()
}

fn block(net: &Net, seat: usize, id: &BlockId) -> Block {
    let block = net.seats[seat].node.block(id).expect("it is here");
    decode_exact(&block).expect("a block")
}

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

/// A node that is up, with coins of its own, and a peer that gave it nothing.
fn solo() -> (Solo, OutPoint, Amount) {
    let net = network(1, 5);
    let (at, amount) = reward(&net, 1);
    let disk = Disk {
        own: net.seats[0].disk.own.clone(),
        shared: net.seats[0].disk.shared.clone(),
    };
    let mut solo = Solo::boot(real_node(0, &Memo::new()), disk);
    solo.step(Input::Peers {
        up: vec![peer(8), peer(9)],
    });
    solo.sent.clear();
    (solo, at, amount)
}

#[test]
fn whoever_sends_a_forged_payment_is_blamed_and_whoever_sends_a_cheap_one_is_not() {
    let (mut solo, at, amount) = solo();
    let cheap = pay(0, &[(at, amount)], &[(1, amount.to_sat())]);
    solo.hear(peer(8), &Message::Transaction(bytes(&cheap)));
    let blamed = |solo: &Solo| {
        solo.events
            .iter()
            .any(|event| matches!(event, Event::Misbehaved { .. }))
    };
    assert!(!blamed(&solo));
    let mut forged = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    forged.inputs[0].witness = Witness::new([vec![7; 64]]);
    solo.hear(peer(8), &Message::Transaction(bytes(&forged)));
    assert!(blamed(&solo));
    assert!(solo.node.mempool().is_empty());
}

#[test]
fn a_forged_witness_does_not_keep_the_true_payment_away() {
    let (mut solo, at, amount) = solo();
    let good = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    let mut forged = good.clone();
    forged.inputs[0].witness = Witness::new([vec![7; 64]]);
    assert_eq!(forged.txid(), good.txid());
    solo.hear(peer(8), &Message::Transaction(bytes(&forged)));
    let wtxid = Wtxid::from_bytes(*good.wtxid().as_bytes());
    solo.hear(peer(9), &Message::OfferTransactions(vec![wtxid]));
    let asked = solo
        .sent
        .contains(&(To::Peer(peer(9)), Message::GetTransactions(vec![wtxid])));
    assert!(asked);
    solo.hear(peer(9), &Message::Transaction(bytes(&good)));
    assert_eq!(solo.node.mempool().len(), 1);
}

#[test]
fn whoever_does_not_deliver_is_not_waited_for() {
    let (mut solo, at, amount) = solo();
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    let offer = Message::OfferTransactions(vec![tx.wtxid()]);
    solo.hear(peer(8), &offer);
    solo.hear(peer(9), &offer);
    let ask = Message::GetTransactions(vec![tx.wtxid()]);
    let asks = |solo: &Solo, of| {
        solo.sent
            .iter()
            .filter(|(to, sent)| *to == To::Peer(of) && *sent == ask)
            .count()
    };
    assert_eq!((asks(&solo, peer(8)), asks(&solo, peer(9))), (1, 0));
    solo.wait(5_000);
    assert_eq!((asks(&solo, peer(8)), asks(&solo, peer(9))), (1, 1));
    solo.wait(10_000);
    solo.hear(peer(8), &offer);
    assert_eq!(asks(&solo, peer(8)), 2, "an offer made once more counts");
}

#[test]
fn a_flood_of_offers_is_bounded() {
    let (mut solo, ..) = solo();
    let id = |n: u32| {
        let mut bytes = [3; 32];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Wtxid::from_bytes(bytes)
    };
    for part in 0..100 {
        let ids = (0..limits::OFFERS as u32)
            .map(|n| id(part * 1000 + n))
            .collect();
        solo.hear(peer(8), &Message::OfferTransactions(ids));
    }
    let asked: usize = solo
        .sent
        .iter()
        .map(|(_, message)| match message {
            Message::GetTransactions(ids) => ids.len(),
            _ => 0,
        })
        .sum();
    assert_eq!(asked, limits::WANTED_PER_PEER);
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
