//! Reads by read index. To the executor of these tests, what begins with a question mark is one.

use alloc::{format, vec, vec::Vec};

use super::assert_settled;
use super::net::Net;
use crate::raft::ENTRY;
use crate::raft::message::{Message, Term};

/// All up, with reads beside the log.
fn up(members: usize, clients: usize, seed: u64) -> Net {
    let mut values: Vec<u64> = ENTRY.params.iter().map(|param| param.default).collect();
    let reads = ENTRY.params.iter().position(|param| param.name == "reads");
    values[reads.expect("a parameter")] = 1;
    let mut net = Net::with(values.into(), members, clients, seed);
    net.boot_all();
    net
}

/// How often a leader asked whether it leads, and was answered by a member or itself a client.
fn said(net: &Net) -> (usize, usize, usize) {
    let count = |is: fn(&Message) -> bool| net.said.iter().filter(|said| is(&said.2)).count();
    (
        count(|one| matches!(one, Message::Confirm { .. })),
        count(|one| matches!(one, Message::Confirmed { .. })),
        count(|one| matches!(one, Message::Reply { .. })),
    )
}

#[test]
fn a_read_is_answered_and_leaves_the_log_alone() {
    for members in [1, 2, 3, 5] {
        let mut net = up(members, 1, 1);
        let leader = net.elect();
        net.submit(members, "written");
        net.finish();
        let before = net.log(leader);
        net.said.clear();
        net.submit(members, "?");
        net.finish();
        net.run_ms(300);
        assert_eq!(net.log(leader), before);
        let others = members - 1;
        assert_eq!(said(&net), (others, others, 1), "one round");
        assert_settled(&net);
    }
}

#[test]
fn reads_that_come_during_a_round_share_the_next_one() {
    let mut net = up(3, 20, 2);
    let leader = net.elect();
    for client in 3..23 {
        net.submit(client, "who leads?");
    }
    net.finish();
    net.said.clear();
    for client in 3..23 {
        let (number, tx) = (2, b"?"[..].into());
        net.tell(client, leader, &Message::Request { number, tx });
    }
    net.run_until("the replies", |net| said(net).2 == 20);
    assert_eq!(said(&net).0, 4, "one for the first, one for all others");
}

/// Dissertation 6.4: it does not know yet how far its log is committed.
#[test]
fn a_new_leader_reads_nothing_before_an_entry_of_its_own_is_committed() {
    let mut net = up(3, 1, 3);
    net.lose(|_, _, message| matches!(message, Message::Appended { .. }));
    let leader = net.elect();
    let (number, tx) = (1, b"?"[..].into());
    net.tell(3, leader, &Message::Request { number, tx });
    net.run_ms(50);
    assert_eq!(said(&net), (0, 0, 0));
    net.filter = None;
    net.run_until("the reply", |net| said(net).2 == 1);
}

/// A leader that is cut off may have been replaced: it answers nothing, also after what followers said
/// of an earlier round.
#[test]
fn a_leader_that_nobody_confirms_answers_no_read() {
    let mut net = up(3, 2, 4);
    let leader = net.elect();
    net.submit(3, "?");
    net.finish();
    net.said.clear();
    net.isolate(&[leader, 3]);
    let (number, tx) = (9, b"?"[..].into());
    net.tell(3, leader, &Message::Request { number, tx });
    let (term, round) = (Term(net.glance(leader).expect("up").epoch), 1);
    for from in (0..3).filter(|place| *place != leader) {
        net.tell(from, leader, &Message::Confirmed { term, round });
    }
    net.submit(4, "meanwhile");
    net.finish();
    assert_ne!(net.elect(), leader);
    let answered = net.said.iter().filter(|(from, _, message)| {
        *from == leader && matches!(message, Message::Reply { number: 9, .. })
    });
    assert_eq!(answered.count(), 0);
}

#[test]
fn a_round_whose_messages_are_lost_goes_on_with_the_next_heartbeat() {
    let mut net = up(3, 1, 5);
    net.elect();
    net.submit(3, "first");
    net.finish();
    net.lose(|_, _, message| matches!(message, Message::Confirmed { .. }));
    net.submit(3, "?");
    net.run_ms(120);
    assert!(said(&net).0 >= 4 && net.answered.len() == 1);
    net.filter = None;
    net.finish();
    assert_settled(&net);
}

/// Whatever is asked of it, a leader holds no more than the latest read of each client.
#[test]
fn only_the_latest_read_of_a_client_waits() {
    let mut net = up(3, 100, 6);
    let leader = net.elect();
    net.submit(3, "first");
    net.finish();
    net.isolate(&[leader]);
    net.said.clear();
    for number in [4, 6, 5, 6] {
        for client in 3..103 {
            let tx = format!("?{number}").into_bytes().into();
            net.tell(client, leader, &Message::Request { number, tx });
        }
    }
    assert_eq!(said(&net), (2, 0, 0), "one round, of which nobody hears");
    net.cut.clear();
    net.run_ms(120);
    let replies = net.said.iter().filter_map(|(_, _, message)| match message {
        Message::Reply { number, .. } => Some(*number),
        _ => None,
    });
    let mut numbers: Vec<u64> = replies.collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [vec![4], vec![6; 100]].concat());
}
