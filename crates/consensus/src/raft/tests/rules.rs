//! What a replica or client makes of one message or another.

use alloc::{format, sync::Arc, vec, vec::Vec};

use chain::{Encode as _, Seat, Time};
use protocol::{Body, Proposal, Request};

use super::net::Net;
use super::{noop, number, plant, terms_of};
use crate::raft::message::{Entry, Index, Message, Outcome, Point, Stage, Term};
use crate::raft::saved::entry_name;

fn point(index: u64, term: u64) -> Point {
    Point {
        index: Index(index),
        term: Term(term),
    }
}

fn ask(term: u64, last: Point) -> Message {
    let (stage, term) = (Stage::Real, Term(term));
    Message::AskVote { stage, term, last }
}

/// Whether the last thing said was a vote for somebody.
fn granted(net: &Net) -> Option<usize> {
    match net.said.back() {
        Some((_, to, Message::Voted { granted, .. })) => granted.then_some(*to),
        other => panic!("{other:?} is no vote"),
    }
}

fn append(term: u64, prev: Point, commit: u64, entries: Vec<Entry>) -> Message {
    let (term, commit) = (Term(term), Index(commit));
    Message::Append {
        term,
        prev,
        commit,
        entries,
    }
}

/// Paper section 5.4.1: the later term is more up to date, then the longer log.
#[test]
fn votes_go_to_logs_that_are_up_to_date() {
    let cases = [
        (point(9, 1), false),
        (point(1, 2), false),
        (point(2, 2), true),
        (point(3, 2), true),
        (point(1, 3), true),
    ];
    for (last, expected) in cases {
        let mut net = Net::new(3, 0, 1);
        plant(&mut net, 0, &[1, 2], 3);
        net.boot(0);
        net.tell(1, 0, &ask(4, last));
        assert_eq!(granted(&net).is_some(), expected, "{last:?}");
    }
}

/// Dissertation section 4.2.3: whoever hears its leader helps nobody to another.
#[test]
fn who_is_led_gives_no_vote_and_keeps_its_term() {
    let mut net = Net::up(3, 0, 2);
    let leader = net.elect();
    net.run_ms(300);
    let term = net.glance(leader).expect("up").epoch;
    for voter in 0..3 {
        let rival = (0..3).find(|place| ![voter, leader].contains(place));
        net.tell(
            rival.expect("three"),
            voter,
            &ask(term + 5, point(99, term)),
        );
        assert_eq!(granted(&net), None);
        assert_eq!(net.glance(voter).expect("up").epoch, term);
    }
}

/// Of those who do not count, only a request is heard.
#[test]
fn strangers_change_nothing() {
    let mut net = Net::new(3, 1, 10);
    net.boot(0);
    let (last, before) = (point(9, 9), net.inspect(0));
    for stranger in [0, 3] {
        net.tell(stranger, 0, &ask(9, last));
        net.tell(stranger, 0, &append(9, Point::default(), 1, vec![noop(9)]));
    }
    assert_eq!((net.inspect(0), net.said.len()), (before, 0));
    let tx = b"who leads?"[..].into();
    net.tell(3, 0, &Message::Request { number: 7, tx });
    let (number, leader) = (7, None);
    let answer = Message::NotLeader { number, leader };
    assert_eq!(net.said.back(), Some(&(0, 3, answer)));
}

/// Whatever became of its disk, a replica starts, and votes in no term that its log knows.
#[test]
fn a_damaged_disk_is_made_sound() {
    let mut net = Net::new(3, 0, 11);
    net.unclaimed();
    plant(&mut net, 0, &[1, 2, 2, 3], 3);
    net.plant(0, b"state", vec![1, 2, 3]);
    net.plant(0, &entry_name(Index(3)), vec![4]);
    net.boot(0);
    assert_eq!(terms_of(&net, 0), [1, 2]);
    assert!(!net.nodes[0].disk.contains_key(&entry_name(Index(4))));
    net.tell(1, 0, &ask(2, point(9, 2)));
    assert_eq!(granted(&net), None);
    net.tell(1, 0, &ask(3, point(9, 2)));
    assert_eq!(granted(&net), Some(1));
}

/// A late answer to "would you?" is no vote.
#[test]
fn a_pre_vote_does_not_elect() {
    let mut net = Net::new(5, 0, 3);
    net.boot(0);
    let voted = |stage, term| {
        let (term, granted) = (Term(term), true);
        Message::Voted {
            stage,
            term,
            granted,
        }
    };
    net.run_until("a pre-candidate", |net| {
        net.glance(0).is_some_and(|glance| glance.role == 1)
    });
    [1, 2]
        .into_iter()
        .for_each(|from| net.tell(from, 0, &voted(Stage::Pre, 1)));
    assert_eq!(net.glance(0).expect("up").role, 2, "a majority would");
    [3, 4]
        .into_iter()
        .for_each(|from| net.tell(from, 0, &voted(Stage::Pre, 1)));
    (0..2).for_each(|_| net.tell(1, 0, &voted(Stage::Real, 1)));
    assert_eq!(
        net.glance(0).expect("up").role,
        2,
        "one did, and said so twice"
    );
    net.tell(2, 0, &voted(Stage::Real, 1));
    assert_eq!(net.glance(0).expect("up").role, 3);
}

#[test]
fn a_leader_of_a_past_term_is_told_so() {
    let mut net = Net::new(3, 0, 4);
    plant(&mut net, 0, &[1], 5);
    net.boot(0);
    net.tell(1, 0, &append(4, point(1, 1), 1, vec![noop(4)]));
    let stale = Message::Appended {
        term: Term(5),
        outcome: Outcome::Stale,
    };
    assert_eq!(net.said.back(), Some(&(0, 1, stale)));
    assert_eq!(terms_of(&net, 0), [1]);
}

/// What comes after the entries of a message may not be the leader's.
#[test]
fn only_what_was_compared_is_committed() {
    let mut net = Net::new(3, 0, 5);
    for place in [0, 1] {
        plant(&mut net, place, &[1, 2, 2], 5);
    }
    plant(&mut net, 2, &[1, 1, 1], 5);
    net.boot(2);
    net.unclaimed(); // the leader is made up
    net.tell(1, 2, &append(6, point(1, 1), 3, vec![]));
    assert_eq!(number(&net, 2, "commit"), 1);
    net.tell(1, 2, &append(6, point(1, 1), 3, vec![noop(2), noop(2)]));
    assert_eq!(number(&net, 2, "commit"), 3);
    assert_eq!(terms_of(&net, 2), [1, 2, 2]);
}

#[test]
fn times_never_fall_along_a_log() {
    let mut net = Net::new(1, 0, 6);
    plant(&mut net, 0, &[1], 1);
    let (term, time) = (Term(1), Time(u64::MAX / 2));
    let proposal = Proposal {
        time,
        proposer: Seat(0),
        body: Body::Noop,
    };
    let proposal = Arc::new(proposal);
    net.plant(0, &entry_name(Index(2)), Entry { term, proposal }.to_vec());
    net.boot(0);
    net.elect();
    assert_eq!(net.log(0)[2].proposal.time, time);
}

#[test]
fn an_entry_holds_at_most_a_batch() {
    let mut net = Net::up(3, 200, 7);
    net.elect();
    (3..203).for_each(|client| {
        net.submit(client, format!("{client}"));
    });
    net.run_until("the answers", |net| net.answered.len() == 200);
    let leader = net.elect();
    let sizes = net
        .log(leader)
        .into_iter()
        .map(|entry| match &entry.proposal.body {
            Body::Noop | Body::Config(_) => 0,
            Body::Requests(requests) => requests.len(),
        });
    assert_eq!(sizes.max(), Some(64));
}

/// A new leader knows what its log holds and nobody has executed.
#[test]
fn a_new_leader_does_not_append_again_what_it_inherits() {
    let mut net = Net::new(3, 1, 8);
    plant(&mut net, 0, &[1], 1);
    let request = Request {
        client: net.nodes[3].peer,
        number: 1,
        tx: b"once"[..].into(),
    };
    let proposal = Proposal {
        time: Time(0),
        proposer: Seat(0),
        body: Body::Requests(vec![request]),
    };
    let (term, proposal) = (Term(1), Arc::new(proposal));
    net.plant(0, &entry_name(Index(2)), Entry { term, proposal }.to_vec());
    net.boot(0);
    net.boot(1);
    net.run_until("its reign", |net| net.leader() == Some(0));
    net.isolate(&[0]);
    let tx = b"once"[..].into();
    net.tell(3, 0, &Message::Request { number: 1, tx });
    assert_eq!(terms_of(&net, 0).len(), 3, "two, and the first of its own");
}

/// Two replicas that name each other do not keep a client running.
#[test]
fn a_client_follows_few_hints_between_time_outs() {
    let mut net = Net::new(3, 1, 9);
    net.boot(3);
    net.submit(3, "who leads?");
    for from in [0, 1].repeat(50) {
        let leader = Some(Seat(1 - from));
        let hint = Message::NotLeader { number: 1, leader };
        net.tell(from as usize, 3, &hint);
    }
    assert_eq!(net.said.len(), 1 + 3);
    net.run_ms(501);
    assert_eq!(net.said.len(), 1 + 3 + 1, "then it tries the next");
}

#[test]
fn an_old_message_deletes_nothing() {
    let mut net = Net::up(3, 1, 11);
    let leader = net.elect();
    net.run_ms(300);
    let follower = (leader + 1) % 3;
    for round in 0..5 {
        net.submit(3, format!("{round}"));
    }
    net.finish();
    net.run_ms(200);
    let log = net.log(follower);
    let term = net.glance(leader).expect("up").epoch;
    let old = append(term, Point::default(), 0, log[..2].to_vec());
    net.tell(leader, follower, &old);
    assert_eq!(net.log(follower), log);
}

#[test]
fn a_vote_outlives_a_crash() {
    let mut net = Net::new(3, 0, 13);
    net.boot(0);
    net.tell(1, 0, &ask(5, Point::default()));
    assert_eq!(granted(&net), Some(1));
    net.crash(0);
    net.boot(0);
    net.tell(2, 0, &ask(5, Point::default()));
    assert_eq!(granted(&net), None, "the vote of term 5 was given");
    net.tell(1, 0, &ask(5, Point::default()));
    assert_eq!(granted(&net), Some(1), "to the first one, again");
    net.tell(2, 0, &ask(6, Point::default()));
    assert_eq!(granted(&net), Some(2));
}

/// A single request, sent again and again by a client whose replies are lost, is in the log once
/// while it is not executed.
#[test]
fn a_request_under_way_is_not_appended_again() {
    let mut net = Net::up(3, 1, 15);
    let leader = net.elect();
    net.run_ms(300);
    let before = net.log(leader).len();
    (0..3).filter(|place| *place != leader).for_each(|place| {
        net.cut.insert((place.min(leader), place.max(leader)));
    });
    let request = Message::Request {
        number: 1,
        tx: b"once"[..].into(),
    };
    (0..10).for_each(|_| net.tell(3, leader, &request));
    assert_eq!(net.log(leader).len(), before + 1);
}

/// A leader that nobody hears stops writing, however much is asked of it.
#[test]
fn a_lonely_leader_writes_little() {
    let mut net = Net::up(3, 1, 16);
    let leader = net.elect();
    net.run_ms(300);
    let before = net.log(leader).len();
    net.isolate(&[leader, 3]);
    for number in 1..5000 {
        let tx = b"flood"[..].into();
        net.tell(3, leader, &Message::Request { number, tx });
    }
    assert_eq!(net.log(leader).len(), before + 4);
    assert_eq!(number(&net, leader, "waiting"), 1024);
}
