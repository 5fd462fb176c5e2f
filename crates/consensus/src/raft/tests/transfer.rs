//! Leadership that changes hands because an operator says so.

use alloc::format;

use chain::Seat;
use protocol::Order;

use super::net::Net;
use super::{assert_settled, number};
use crate::raft::message::{Message, Stage};

fn hand_over(net: &mut Net, to: usize) {
    let to = Seat(to as u32);
    net.order(&Order::TransferLeadership { to });
}

fn term(net: &Net, place: usize) -> u64 {
    net.glance(place).expect("up").epoch
}

#[test]
fn leadership_goes_to_whoever_is_named() {
    let mut net = Net::up(5, 1, 1);
    let leader = net.elect();
    net.submit(5, "before");
    net.finish();
    let mut before = term(&net, leader);
    for to in [(leader + 1) % 5, (leader + 3) % 5, leader] {
        net.said.clear();
        hand_over(&mut net, to);
        net.run_ms(20); // far less than anybody's patience, and with a heartbeat of the leader that was
        assert_eq!(net.leader(), Some(to));
        assert_eq!(term(&net, to), before + 1, "one election, and no other");
        let asked = |said: &(usize, usize, Message)| match said.2 {
            Message::AskVote { stage, .. } => stage != Stage::Transfer,
            _ => false,
        };
        assert!(!net.said.iter().any(asked), "nobody else stood, or asked");
        before += 1;
        net.submit(5, format!("after {before}"));
        net.finish();
    }
    net.run_ms(300);
    assert_settled(&net);
}

/// The one that is to lead first gets what it lacks; meanwhile nothing new is proposed, so that it can.
#[test]
fn who_lags_catches_up_first() {
    let mut net = Net::up(3, 2, 2);
    let leader = net.elect();
    let to = (leader + 1) % 3;
    net.isolate(&[to]);
    for round in 0..20 {
        net.want(3, round);
    }
    net.finish();
    net.cut.clear();
    hand_over(&mut net, to);
    let last = net.log(leader).len();
    net.submit(4, "waits");
    net.run_until("another leader", |net| net.leader() == Some(to));
    assert_eq!(net.log(leader).len(), last);
    net.finish();
    net.run_ms(300);
    assert_settled(&net);
}

#[test]
fn a_leader_goes_on_if_the_other_one_does_not_take_over() {
    let mut net = Net::up(3, 1, 3);
    let leader = net.elect();
    let to = (leader + 1) % 3;
    net.submit(3, "who leads?");
    net.finish();
    net.crash(to);
    hand_over(&mut net, to);
    net.submit(3, "waits a little");
    net.run_ms(100);
    assert_eq!(
        (net.answered.len(), number(&net, leader, "waiting")),
        (1, 1)
    );
    net.finish();
    assert_eq!(net.leader(), Some(leader));
    net.boot(to);
    net.run_ms(1000);
    assert_eq!(net.leader(), Some(leader), "it has given up for good");
    assert_settled(&net);
}

#[test]
fn nobody_hands_over_to_itself_or_to_a_stranger() {
    let mut net = Net::up(3, 0, 4);
    let leader = net.elect();
    let before = term(&net, leader);
    for to in [leader, 3, 99] {
        hand_over(&mut net, to);
        net.run_ms(300);
        assert_eq!((net.leader(), term(&net, leader)), (Some(leader), before));
    }
}
