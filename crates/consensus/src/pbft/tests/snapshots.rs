//! The state at checkpoints: what it replaces, and how it gets to those who lack it.

use alloc::vec;

use super::count;
use super::net::{Net, values, with_macs};
use crate::pbft::message::{Message, Slot};

/// A network in which the state has several pieces and one replica is far behind.
fn behind(seed: u64) -> Net {
    let mut net = Net::with(with_macs(4, 1), 4, 3, seed);
    net.boot_all();
    net.isolate(&[3]);
    for round in 0..4u8 {
        // What the last requests came to is part of the state.
        for client in 4..7 {
            net.submit(client, vec![round; 60_000]);
        }
        net.finish();
    }
    net.run_ms(500);
    assert_eq!(net.executed(3), 0);
    net
}

#[test]
fn a_state_comes_in_pieces() {
    let mut net = behind(1);
    net.cut.clear();
    net.run_ms(2000);
    net.assert_settled();
    assert_eq!(net.installed, 1);
    assert!(count(&net, |one| matches!(one, Message::Fetch { .. })) >= 2);
}

/// Pieces are lost and come twice, and the replica that is behind restarts half-way.
#[test]
fn a_state_comes_over_bad_links() {
    for seed in 0..5 {
        let mut net = behind(seed);
        net.cut.clear();
        (net.loss, net.double, net.delay) = (300_000, 300_000, (500, 20_000));
        net.run_ms(300);
        net.crash(3);
        net.boot(3);
        net.run_ms(4000);
        net.calm();
        net.run_ms(3000);
        net.assert_settled();
    }
}

/// One member sends something else: its pieces come to no state that is stable, and another one is asked.
#[test]
fn a_state_that_is_not_the_stable_one_is_not_installed() {
    let mut net = behind(2);
    // 3 hears of 0 and nobody else, and 0 sends nothing of its own.
    net.cut.clear();
    net.lose(|from, to, message| to == 3 && (from != 0 || !matches!(message, Message::Stable(_))));
    net.run_ms(1000);
    let state = net.nodes[0].snapshot.clone().expect("a checkpoint");
    let mut forged = state.bytes.to_vec();
    forged[0] ^= 1;
    let lie = Message::Data {
        slot: Slot(state.slot),
        len: 1000,
        offset: 0,
        bytes: forged[..1000].into(),
    };
    net.tell(0, 3, &lie);
    assert_eq!((net.installed, net.executed(3)), (0, 0));
    net.filter = None;
    net.run_ms(3000);
    assert_eq!(net.installed, 1);
    net.assert_settled();
}

/// A restart begins with the state, and needs nothing that led to it.
#[test]
fn a_restart_goes_on_from_the_state() {
    let mut net = Net::with(values(4, 1), 4, 1, 3);
    net.boot_all();
    (0..10).for_each(|round| net.want(4, round));
    net.finish();
    net.run_ms(500);
    for place in 0..4 {
        net.crash(place);
        net.boot(place);
        assert_eq!(net.executed(place), 10, "two slots more than the state");
    }
    net.submit(4, "more");
    net.finish();
    net.run_ms(500);
    net.assert_settled();
    assert_eq!(net.installed, 0);
}

/// A client whose reply was lost gets it from replicas that have the state alone.
#[test]
fn a_reply_is_repeated_from_the_state() {
    let mut net = Net::with(values(1, 1), 4, 1, 4);
    net.boot_all();
    net.lose(|_, _, message| matches!(message, Message::Reply { .. }));
    net.submit(4, "once");
    net.run_ms(300);
    for place in 0..4 {
        net.crash(place);
        net.boot(place);
    }
    net.filter = None;
    net.finish();
    assert_eq!((net.executed(0), net.view(0)), (1, 0));
}
