//! PBFT over a network in virtual time, with all its claims on.

extern crate std;

use alloc::format;

use super::message::{Kind, Message, Slot};
use crate::testing::{assert_copies_go_their_own_way, assert_numbers_outlive_a_crash};

mod byzantine;
mod chaos;
mod codec;
mod macs;
mod net;
mod snapshots;
mod views;

use net::{Net, Pbft, values};

/// How many messages of one kind were said.
fn count(net: &Net, is_one: impl Fn(&Message) -> bool) -> usize {
    net.said
        .iter()
        .filter(|(_, _, message)| is_one(message))
        .count()
}

/// Messages a request, for 4 and 7 replicas: to all others, and from each to the client.
#[test]
fn a_request_costs_so_many_messages() {
    for (members, expected) in [(4, [3, 9, 12, 4]), (7, [6, 36, 42, 7])] {
        let mut net = Net::up(members, 1, 1);
        net.run_ms(10);
        net.submit(members, "one");
        net.run_ms(100); // before anybody says again where it stands
        net.assert_settled();
        let counts = [
            count(&net, |one| matches!(one, Message::PrePrepare { .. })),
            count(&net, |one| matches!(one, Message::Prepare(..))),
            count(&net, |one| matches!(one, Message::Commit(..))),
            count(&net, |one| matches!(one, Message::Reply { .. })),
        ];
        assert_eq!(counts, expected, "{members} replicas");
    }
}

/// Whatever the number of replicas, requests are executed by all, in one order.
#[test]
fn requests_reach_all_and_clients_get_their_receipts() {
    for members in [1, 2, 3, 4, 5, 6, 8] {
        let mut net = Net::up(members, 3, 2);
        for round in 0..10 {
            for client in members..members + 3 {
                net.submit(client, format!("{client}/{round}"));
            }
        }
        net.finish();
        net.run_ms(500);
        net.assert_settled();
        assert_eq!(net.executed(0), 30, "one request a batch");
        assert_eq!(net.view(0), 0);
    }
}

#[test]
fn requests_that_wait_share_a_batch() {
    let mut net = Net::with(values(16, 64), 4, 40, 3);
    net.boot_all();
    for client in 4..44 {
        net.submit(client, format!("{client}"));
    }
    net.finish();
    net.run_ms(500);
    net.assert_settled();
    assert!(
        net.executed(0) < 20,
        "{} slots for 40 requests",
        net.executed(0)
    );
}

/// A client that nobody hears turns to all replicas; two of which make the primary known to be dead.
#[test]
fn a_primary_that_crashes_is_replaced() {
    let mut net = Net::up(4, 1, 4);
    net.submit(4, "before");
    net.finish();
    net.crash(0);
    net.submit(4, "after");
    net.finish();
    assert_eq!(net.view(1), 1);
    assert!(
        count(&net, |one| matches!(one, Message::Request(_))) > 4,
        "asked all"
    );
    net.boot(0);
    net.run_ms(2000);
    assert_eq!(net.view(0), 1, "who was away learns of the new view");
    net.assert_settled();
}

#[test]
fn two_primaries_of_seven_may_crash_one_after_the_other() {
    let mut net = Net::up(7, 2, 5);
    net.crash(0);
    net.crash(1);
    net.submit(7, "one");
    net.submit(8, "other");
    net.finish();
    assert_eq!(net.view(3), 2);
    net.boot_all();
    net.run_ms(3000);
    net.assert_settled();
}

/// Slots are decided in any order within the window, and executed in theirs.
#[test]
fn a_later_slot_is_decided_before_an_earlier_one() {
    let mut net = Net::up(4, 3, 6);
    net.lose(|_, _, message| {
        matches!(
            message,
            Message::PrePrepare { slot: Slot(1), .. } | Message::Decided(_)
        )
    });
    (4..7).for_each(|client| net.want(client, 0));
    net.run_ms(200);
    for place in net.members() {
        assert!(net.decided(place, 1).is_none() && net.decided(place, 3).is_some());
        assert_eq!(net.executed(place), 0);
    }
    net.filter = None;
    net.finish();
    net.run_ms(1000);
    assert_eq!(net.view(0), 0, "said again in time");
    net.assert_settled();
}

/// Without stable checkpoints, the log ends 2K slots after the last one.
#[test]
fn the_window_ends_where_nothing_is_stable() {
    let mut net = Net::with(values(2, 1), 4, 1, 7);
    net.boot_all();
    net.lose(|_, _, message| matches!(message, Message::Checkpoint(..)));
    (0..8).for_each(|round| net.want(4, round));
    net.run_ms(800);
    assert_eq!(net.answered.len(), 4);
    assert!(net.members().all(|place| net.executed(place) == 4));
    net.filter = None;
    net.finish();
    net.run_ms(1000);
    net.assert_settled();
}

/// Below a stable checkpoint nothing is kept but the state.
#[test]
fn what_is_stable_is_forgotten() {
    let mut net = Net::with(values(4, 1), 4, 1, 8);
    net.boot_all();
    (0..10).for_each(|round| net.want(4, round));
    net.finish();
    net.run_ms(500);
    for place in net.members() {
        let names = net.nodes[place].disk.keys();
        let kept = |prefix: &[u8]| {
            names
                .clone()
                .filter(|name| name.starts_with(prefix))
                .count()
        };
        let counts = [
            kept(b"decided/"),
            kept(b"accepted/"),
            kept(b"prepared/"),
            kept(b"batch/"),
        ];
        assert_eq!(counts, [2, 2, 2, 2]);
        let state = net.nodes[place].snapshot.as_ref();
        assert_eq!(state.map(|state| state.slot), Some(8));
    }
}

/// A replica that was away for several windows is given the state, and shown what was decided since.
#[test]
fn a_replica_that_is_far_behind_catches_up() {
    let mut net = Net::with(values(4, 1), 4, 1, 9);
    net.boot_all();
    net.isolate(&[3]);
    (0..50).for_each(|round| net.want(4, round));
    net.finish();
    assert_eq!(net.executed(3), 0);
    net.cut.clear();
    net.run_ms(3000);
    assert_eq!((net.executed(3), net.installed), (50, 1));
    net.assert_settled();
    // It counts again: with another one away, its votes are needed.
    net.isolate(&[2]);
    net.submit(4, "more");
    net.finish();
    assert_eq!(net.view(0), 0);
}

#[test]
fn nothing_is_decided_without_a_quorum() {
    let mut net = Net::up(4, 1, 10);
    net.isolate(&[2, 3]);
    net.submit(4, "in vain");
    net.run_ms(10_000);
    assert!(net.answered.is_empty());
    assert!(
        net.members().all(|place| net.view(place) <= 1),
        "views do not run away"
    );
    net.cut.clear();
    net.finish();
    net.run_ms(2000);
    net.assert_settled();
}

/// A client asks again after its request was executed: it gets the old receipt, and nothing else happens.
#[test]
fn a_reply_that_was_lost_is_repeated() {
    let mut net = Net::up(4, 1, 11);
    net.lose(|_, _, message| matches!(message, Message::Reply { .. }));
    net.submit(4, "once");
    net.run_ms(400);
    assert!(net.answered.is_empty() && net.executed(0) == 1);
    net.filter = None;
    net.finish();
    assert_eq!(net.executed(0), 1);
}

/// A client that restarts never uses a number twice.
#[test]
fn a_clients_numbers_outlive_a_crash() {
    assert_numbers_outlive_a_crash::<Pbft>(4);
}

#[test]
fn a_copy_goes_its_own_way() {
    assert_copies_go_their_own_way::<Pbft>(4);
}

/// Any two quorums share a correct member, and the correct ones alone are one.
#[test]
fn quorums_are_right_for_every_number_of_members() {
    use super::group::{faults, quorum};
    let expected = [
        (4, 3),
        (5, 4),
        (6, 4),
        (7, 5),
        (8, 6),
        (9, 6),
        (10, 7),
        (11, 8),
        (12, 8),
        (13, 9),
    ];
    for (n, q) in expected {
        assert_eq!(quorum(n), q, "of {n}");
    }
    for n in 1..100 {
        let (f, q) = (faults(n), quorum(n));
        assert!(3 * f < n && 3 * (f + 1) >= n);
        assert!(2 * q - n > f && q <= n - f);
    }
    assert_ne!(Kind::Prepare as u8, Kind::Commit as u8);
}
