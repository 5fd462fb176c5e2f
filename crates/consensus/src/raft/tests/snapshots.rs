//! Snapshots in place of the beginning of the log (paper section 7).

use alloc::{format, vec::Vec};

use super::net::Net;
use super::{assert_settled, noop, number};
use crate::raft::message::{Index, Message, Outcome, Point, Term};

/// A network in which a snapshot is taken after so many entries and travels in pieces of so many bytes.
fn net(members: usize, seed: u64, snapshot: u64, piece: u64) -> Net {
    let values = [50, 150, 64, 500, snapshot, piece].into();
    let mut net = Net::with(values, members, 4, seed);
    net.boot_all();
    net
}

fn work(net: &mut Net, rounds: usize) {
    let clients = net.members().end..net.nodes.len();
    for round in 0..rounds {
        for client in clients.clone() {
            net.submit(client, format!("{client}/{round}"));
        }
        net.finish();
    }
}

#[test]
fn logs_stay_short_and_restarts_begin_with_the_snapshot() {
    let mut net = net(3, 1, 10, 100);
    for _ in 0..4 {
        work(&mut net, 20);
        net.run_ms(200);
        assert_settled(&net);
        for place in net.members() {
            assert!(net.log(place).len() < 20, "as many again are kept");
            let cut = net.cut_of(place);
            let snapshot = net.nodes[place].snapshot.as_ref().expect("taken");
            assert_eq!(cut.snapshot.index.0, snapshot.slot, "saved together");
            net.crash(place);
            net.boot(place);
            let executed = net.glance(place).expect("up").executed;
            assert_eq!(executed, cut.snapshot.index.0, "at once, not slot by slot");
        }
        net.run_ms(1000);
    }
}

#[test]
fn none_are_taken_if_they_are_not_wanted() {
    let mut net = net(3, 2, 0, 100);
    work(&mut net, 30);
    assert!(net.nodes.iter().all(|node| node.snapshot.is_none()));
}

#[test]
fn a_follower_that_lacks_what_is_gone_gets_the_snapshot_in_pieces() {
    let mut net = net(3, 3, 10, 50);
    let leader = net.elect();
    let away = (leader + 1) % 3;
    net.crash(away);
    work(&mut net, 40);
    net.boot(away);
    let mut pieces = Vec::new();
    net.run_until("the snapshot", |net| {
        if let Some((_, to, Message::Install { offset, .. })) = net.said.back()
            && *to == away
        {
            pieces.push(*offset);
        }
        net.installed == 1
    });
    assert!(pieces.len() > 3, "{pieces:?}");
    assert!(pieces.is_sorted());
    assert_eq!(net.leader(), Some(leader), "pieces are signs of life");
    net.run_ms(500);
    assert_settled(&net);
    assert_eq!(net.installed, 1, "then entries do");
    work(&mut net, 5);
    net.run_ms(200);
    assert_settled(&net);
}

/// One that is only a little behind needs none: entries below the snapshot are kept for it.
#[test]
fn a_follower_that_is_a_little_behind_gets_entries() {
    let mut net = net(3, 4, 100, 50);
    let leader = net.elect();
    let away = (leader + 1) % 3;
    while net.log(leader).len() < 95 {
        work(&mut net, 1);
    }
    net.crash(away);
    while net.nodes[leader].snapshot.is_none() {
        work(&mut net, 1);
    }
    net.boot(away);
    net.run_ms(1000);
    assert_settled(&net);
    assert_eq!(net.installed, 0);
}

#[test]
fn a_snapshot_survives_leaders_and_followers_that_crash_on_the_way() {
    for fuse in 0..60 {
        let mut net = net(3, 5 + u64::from(fuse), 5, 20);
        let leader = net.elect();
        let away = (leader + 1) % 3;
        net.crash(away);
        work(&mut net, 10);
        net.boot(away);
        let place = if fuse % 2 == 0 { away } else { leader };
        net.nodes[place].fuse = Some(fuse);
        for _ in 0..30 {
            net.run_ms(50);
            net.boot(place);
        }
        net.nodes[place].fuse = None;
        net.boot_all();
        work(&mut net, 2);
        net.run_ms(2000);
        assert_settled(&net);
        assert!(net.installed >= 1);
    }
}

/// A leader's older messages reach below what a follower has cut off.
#[test]
fn an_old_message_about_what_is_gone_is_confirmed() {
    let mut net = net(3, 6, 5, 100);
    let leader = net.elect();
    work(&mut net, 20);
    net.run_ms(300);
    let (follower, term) = ((leader + 1) % 3, net.glance(leader).expect("up").epoch);
    let (term, before) = (Term(term), net.log(follower));
    let base = net.cut_of(follower).base.index;
    assert!(base > Index(3));
    for count in [1, base.0, base.0 + 1] {
        let mut entries: Vec<_> = (0..count).map(|_| noop(1)).collect();
        if let Some(entry) = entries.get_mut(base.0 as usize) {
            *entry = before[0].clone();
        }
        let (prev, commit) = (Point::default(), Index(0));
        let old = Message::Append {
            term,
            prev,
            commit,
            entries,
        };
        net.tell(leader, follower, &old);
        let outcome = Outcome::Matched(Index(count));
        let answer = Message::Appended { term, outcome };
        assert_eq!(net.said.back(), Some(&(follower, leader, answer)));
    }
    assert_eq!(net.log(follower), before);
}

/// What a snapshot stands for is committed: nothing goes back, whatever arrives late.
#[test]
fn an_old_snapshot_changes_nothing() {
    let mut net = net(3, 7, 5, 1000);
    let leader = net.elect();
    work(&mut net, 10);
    net.run_ms(300);
    let old = net.nodes[leader].snapshot.clone().expect("taken");
    let last = net.cut_of(leader).snapshot;
    work(&mut net, 10);
    net.run_ms(300);
    let follower = (leader + 1) % 3;
    let before = (net.inspect(follower), net.cut_of(follower));
    let term = Term(net.glance(leader).expect("up").epoch);
    let message = Message::Install {
        term,
        last,
        configured: None,
        len: old.len(),
        offset: 0,
        piece: old.bytes.clone(),
    };
    net.tell(leader, follower, &message);
    assert_eq!((net.inspect(follower), net.cut_of(follower)), before);
    let outcome = Outcome::Matched(last.index);
    let answer = Message::Appended { term, outcome };
    assert_eq!(net.said.back(), Some(&(follower, leader, answer)));
}

/// Pieces that make no snapshot are thrown away, and the leader starts again.
#[test]
fn junk_is_not_installed() {
    let mut net = net(3, 8, 0, 100);
    let leader = net.elect();
    net.run_ms(300);
    net.unclaimed(); // the leader is made up
    let (follower, term) = ((leader + 1) % 3, net.glance(leader).expect("up").epoch);
    let (index, term) = (Index(99), Term(term));
    let last = Point { index, term };
    let install = |offset, piece: &[u8]| Message::Install {
        term,
        last,
        configured: None,
        len: 3,
        offset,
        piece: piece.into(),
    };
    let before = net.log(follower);
    for (offset, piece, have) in [
        (0, &[1][..], 1),
        (2, &[3], 1),
        (1, &[2, 3], 1),
        (0, &[1], 1),
    ] {
        net.tell(leader, follower, &install(offset, piece));
        if (offset, piece.len()) != (1, 2) {
            let answer = Message::Received { term, last, have };
            assert_eq!(net.said.back(), Some(&(follower, leader, answer)));
        }
    }
    assert_eq!((net.installed, net.log(follower)), (0, before));
    assert_eq!(number(&net, follower, "snapshot"), 0);
}
