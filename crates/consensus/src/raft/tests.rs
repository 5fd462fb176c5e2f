//! Raft over a network in virtual time, with all its claims on.

extern crate std;

use alloc::{collections::BTreeSet, format, sync::Arc, vec, vec::Vec};

use chain::{Encode as _, Seat, Time};
use protocol::{Body, Proposal, Value};

use super::message::{Entry, Index, Message, Outcome, Term};
use super::saved::{PROMISE, Promise, entry_name};
use crate::testing::{assert_copies_go_their_own_way, assert_numbers_outlive_a_crash};

mod chaos;
mod codec;
mod membership;
pub mod net;
mod reads;
mod rules;
mod snapshots;
mod transfer;

use net::{Net, Raft};

/// An entry of a term that asks for nothing.
fn noop(term: u64) -> Entry {
    let proposal = Proposal {
        time: Time(0),
        proposer: Seat(0),
        body: Body::Noop,
    };
    Entry {
        term: Term(term),
        proposal: Arc::new(proposal),
    }
}

/// Gives a replica that is down a log of such entries, and a term in which it has voted for itself.
fn plant(net: &mut Net, place: usize, terms: &[u64], term: u64) {
    let promise = Promise {
        term: Term(term),
        vote: Some(Seat(place as u32)),
    };
    net.plant(place, PROMISE, promise.to_vec());
    for (index, term) in (1..).zip(terms) {
        net.plant(place, &entry_name(Index(index)), noop(*term).to_vec());
    }
}

fn terms_of(net: &Net, place: usize) -> Vec<u64> {
    net.log(place).iter().map(|entry| entry.term.0).collect()
}

fn number(net: &Net, place: usize, label: &str) -> u64 {
    let sheet = net.inspect(place);
    let row = sheet.rows.iter().find(|row| row.label == label);
    match row.map(|row| &row.value) {
        Some(Value::Number(number)) => *number,
        other => panic!("{label} is {other:?}"),
    }
}

/// All is answered with its own receipt, all replicas executed the same, and all logs are equal as far
/// as they are kept.
fn assert_settled(net: &Net) {
    net.assert_settled();
    let logs: Vec<_> = net.members().map(|place| net.log(place)).collect();
    let same = |one: &[Entry], other: &[Entry]| {
        one.iter()
            .rev()
            .zip(other.iter().rev())
            .all(|(a, b)| a == b)
    };
    assert!(
        logs.windows(2).all(|two| same(&two[0], &two[1])),
        "logs differ"
    );
    for place in net.members() {
        let end = net
            .cut_of(place)
            .base
            .index
            .plus(net.log(place).len() as u64);
        let executed = net.glance(place).map(|glance| Index(glance.executed));
        assert_eq!(executed, Some(end));
    }
}

#[test]
fn a_first_leader_is_elected_and_stays() {
    for members in [1, 2, 3, 5, 7] {
        let mut net = Net::up(members, 0, 1);
        let leader = net.elect();
        let term = net.glance(leader).map(|glance| glance.epoch);
        net.run_ms(5000);
        assert_eq!(net.leader(), Some(leader));
        assert_eq!(net.glance(leader).map(|glance| glance.epoch), term);
        assert_settled(&net);
    }
}

#[test]
fn entries_reach_all_and_clients_get_their_receipts() {
    let mut net = Net::up(3, 3, 2);
    for round in 0..50 {
        for client in 3..6 {
            net.submit(client, format!("{client}/{round}"));
        }
    }
    net.finish();
    net.run_ms(200);
    assert_settled(&net);
}

#[test]
fn requests_that_wait_share_an_entry() {
    let mut net = Net::up(3, 40, 3);
    net.elect();
    for client in 3..43 {
        net.submit(client, format!("{client}"));
    }
    net.finish();
    net.run_ms(200);
    assert_settled(&net);
    let leader = net.leader().expect("one leads");
    let entries = net.log(leader).len();
    assert!(entries < 40, "{entries} entries for 40 requests");
}

#[test]
fn a_leader_that_crashes_is_replaced() {
    let mut net = Net::up(5, 1, 4);
    let first = net.elect();
    net.submit(5, "before");
    net.finish();
    net.crash(first);
    net.submit(5, "after");
    net.finish();
    assert_ne!(net.elect(), first);
    net.boot(first);
    net.run_ms(2000);
    assert_settled(&net);
}

/// Paper figure 7: a leader of term 8 repairs six followers that lack entries, have more, or both.
#[test]
fn a_new_leader_repairs_the_followers_of_figure_7() {
    let logs: [&[u64]; 7] = [
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6],
        &[1, 1, 1, 4],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
        &[1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
        &[1, 1, 1, 4, 4, 4, 4],
        &[1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
    ];
    let mut net = Net::new(7, 0, 5);
    for (place, log) in logs.iter().enumerate() {
        plant(&mut net, place, log, 7);
    }
    // The followers that could win are asleep until the first one leads.
    (0..7)
        .filter(|place| ![3, 4].contains(place))
        .for_each(|place| net.boot(place));
    net.run_until("the first one's reign", |net| net.leader() == Some(0));
    net.boot(3);
    net.boot(4);
    net.run_ms(1000);
    assert_eq!(net.leader(), Some(0));
    assert_settled(&net);
    assert_eq!(terms_of(&net, 6)[..10], logs[0][..]);
}

/// Repair skips a whole term for each refusal (paper, end of section 5.3).
#[test]
fn repair_takes_a_refusal_a_term() {
    let mut net = Net::new(3, 0, 6);
    let long: Vec<u64> = [vec![1; 10], vec![2; 1000]].concat();
    let other: Vec<u64> = [vec![1; 10], vec![3; 500], vec![4; 500]].concat();
    plant(&mut net, 0, &other, 5);
    plant(&mut net, 1, &other, 5);
    plant(&mut net, 2, &long, 5);
    net.boot(0);
    net.boot(1);
    net.elect();
    net.boot(2);
    let mut conflicts = BTreeSet::new();
    net.run_until("the repair", |net| {
        for (from, _, message) in &net.said {
            if let Message::Appended {
                outcome: Outcome::Conflict { at, .. },
                ..
            } = message
            {
                conflicts.insert((*from, *at));
            }
        }
        terms_of(net, 2).len() == 1011 && terms_of(net, 2)[10] == 3
    });
    assert!(conflicts.len() <= 3, "{conflicts:?}");
}

/// Paper figure 8: an entry of an older term on a majority is not committed by being counted (c),
/// only once one of the leader's own term is (e).
#[test]
fn an_old_terms_entry_is_not_committed_by_counting() {
    let mut net = Net::new(3, 0, 7);
    plant(&mut net, 0, &[1, 2], 3);
    plant(&mut net, 1, &[1, 2], 3);
    plant(&mut net, 2, &[1], 3);
    net.boot(0);
    net.boot(1);
    let leader = net.elect();
    let term = Term(net.glance(leader).expect("up").epoch);
    let follower = 1 - leader;
    net.isolate(&[leader]);
    // The follower confirms what is of term 2, but not what is of the new leader's own.
    let matched = |index| Message::Appended {
        term,
        outcome: Outcome::Matched(Index(index)),
    };
    net.tell(follower, leader, &matched(2));
    assert_eq!(number(&net, leader, "commit"), 0);
    net.cut.clear();
    net.run_ms(300);
    assert_eq!(number(&net, leader, "commit"), 3);
}

/// Dissertation section 9.6: who cannot win asks in vain, and returns without disturbing anybody.
#[test]
fn a_partitioned_replica_raises_no_terms() {
    let mut net = Net::up(5, 1, 8);
    let leader = net.elect();
    net.run_ms(300);
    let term = net.glance(leader).expect("up").epoch;
    let alone = (leader + 1) % 5;
    net.isolate(&[alone]);
    net.run_ms(5000);
    assert_eq!(
        net.glance(alone).expect("up").role,
        1,
        "it asks whether it could"
    );
    assert_eq!(net.glance(alone).expect("up").epoch, term);
    net.submit(5, "meanwhile");
    net.finish();
    net.cut.clear();
    net.run_ms(2000);
    assert_eq!(net.leader(), Some(leader));
    assert_eq!(net.glance(leader).expect("up").epoch, term);
    assert_settled(&net);
}

/// Dissertation section 6.2.
#[test]
fn a_leader_that_hears_no_majority_steps_down() {
    let mut net = Net::up(5, 0, 9);
    let leader = net.elect();
    net.run_ms(300);
    net.isolate(&[leader, (leader + 1) % 5]);
    net.run_ms(500);
    assert_ne!(net.glance(leader).expect("up").role, 3);
    assert_ne!(net.elect(), leader);
}

/// 4 is connected to 2 only and 5 to 3 only: without pre-vote and check-quorum, elections never end
/// (Howard & Abraham, "Raft does not guarantee liveness in the face of network faults", 2020).
#[test]
fn partial_connections_leave_a_stable_leader() {
    let mut net = Net::up(5, 0, 10);
    for pair in [(0, 3), (2, 3), (3, 4), (0, 4), (1, 4)] {
        net.cut.insert(pair);
    }
    net.run_ms(3000);
    let leader = net.leader().expect("one leads");
    let term = net.glance(leader).expect("up").epoch;
    net.run_ms(10_000);
    assert_eq!(net.leader(), Some(leader));
    assert_eq!(net.glance(leader).expect("up").epoch, term);
}

/// A replica that crashes between any two wishes of a run comes back with its promises: the claims
/// look at each vote and each confirmation, and all work gets done.
#[test]
fn a_crash_between_any_two_wishes_breaks_no_promise() {
    for fuse in 0..150 {
        for place in 0..3 {
            let mut net = Net::new(3, 1, 12);
            net.nodes[place].fuse = Some(fuse);
            (0..4).for_each(|place| net.boot(place));
            for round in 0..4 {
                net.submit(3, format!("{round}"));
            }
            for _ in 0..40 {
                net.run_ms(50);
                net.boot(place);
            }
            net.nodes[place].fuse = None;
            net.finish();
            net.run_ms(300);
            assert_settled(&net);
        }
    }
}

/// A client that restarts never uses a number twice.
#[test]
fn a_clients_numbers_outlive_a_crash() {
    assert_numbers_outlive_a_crash::<Raft>(3);
}

#[test]
fn a_copy_goes_its_own_way() {
    assert_copies_go_their_own_way::<Raft>(3);
}
