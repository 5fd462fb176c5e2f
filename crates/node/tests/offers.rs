//! How a node offers transactions, asks for them, and takes what peers send.

mod kit;

use chain::{Witness, Wtxid};
use kit::host::Solo;
use kit::pay::{alone, bytes, feed, mine, network, pay, reward, solo, submit};
use kit::peer;
use node::limits;
use node::message::Message;
use protocol::{Event, To};

#[test]
fn what_was_refused_is_asked_for_again_only_on_top_of_another_block() {
    let mut net = network(2, 5);
    let (at, amount) = reward(&net, 1);
    let mut solo = alone(&net, 0);
    let cheap = pay(0, &[(at, amount)], &[(1, amount.to_sat())]);
    let offer = Message::OfferTransactions(vec![cheap.wtxid()]);
    let asks = |solo: &Solo| {
        let ask = Message::GetTransactions(vec![cheap.wtxid()]);
        solo.sent.iter().filter(|(_, sent)| *sent == ask).count()
    };
    solo.hear(peer(8), &Message::Transaction(bytes(&cheap)));
    solo.hear(peer(8), &offer);
    assert_eq!(asks(&solo), 0);
    mine(&mut net, 1);
    solo.now = net.now;
    feed(&mut solo, &net, 1, 1);
    solo.hear(peer(8), &offer);
    assert_eq!(asks(&solo), 1);
}

#[test]
fn what_comes_back_is_offered_to_all() {
    let mut net = network(2, 5);
    net.regroup(vec![0, 1]);
    let (at, amount) = reward(&net, 1);
    let tx = pay(0, &[(at, amount)], &[(1, amount.to_sat() - 500)]);
    submit(&mut net, 0, 1, &tx);
    mine(&mut net, 0);
    mine(&mut net, 1);
    mine(&mut net, 1);
    let mut solo = alone(&net, 0);
    solo.now = net.now;
    feed(&mut solo, &net, 1, 2);
    assert_eq!(solo.node.mempool().len(), 1);
    solo.sent.clear(); // what is offered after each block, by some
    solo.wait(200);
    let offer = Message::OfferTransactions(vec![tx.wtxid()]);
    assert_eq!(solo.sent, [(To::All, offer)]);
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
