//! Peers that exist in name only do not keep a newcomer from those that do answer.

mod kit;

use chain::{Height, PeerId, Time};
use kit::host::Solo;
use kit::net::Net;
use kit::{EASY, HARD, Made, peer, toy_node};
use node::message::{Claim, Message};
use node::{Memo, limits};
use protocol::{Input, To, encode_packet};

const NEWCOMER: usize = 1;

/// Half of them sort before every real peer, half of them after.
fn invented(number: u16) -> PeerId {
    let mut id = if number.is_multiple_of(2) {
        [0; 32]
    } else {
        [255; 32]
    };
    id[30..].copy_from_slice(&number.to_be_bytes());
    PeerId::from_bytes(id)
}

/// One honest node with `count` blocks, and a newcomer that cannot reach it yet.
fn apart(count: usize) -> Net {
    let memo = Memo::new();
    let mut net = Net::new((0..2).map(|seat| toy_node(seat, &memo)).collect(), 1);
    net.regroup(vec![0, 1]);
    for _ in 0..count {
        net.found(0);
        net.run(20);
    }
    net.run(10_000);
    net
}

/// Both reach each other and `crowd` invented peers. The honest node announced its tip before.
fn meet(net: &mut Net, crowd: u16) {
    for seat in 0..2 {
        let mut up: Vec<PeerId> = (0..crowd).map(invented).collect();
        up.push(peer(1 - seat));
        up.sort_unstable();
        net.input(usize::from(seat), Input::Peers { up });
        net.groups = vec![0, 0];
    }
}

fn tip_of(net: &Net, seat: usize) -> Claim {
    let node = &net.seats[seat].node;
    let (id, height) = node.tip();
    Claim {
        header: node.header(&id).unwrap(),
        height,
        work: node.work(&id).unwrap(),
    }
}

/// Milliseconds until the newcomer reaches a height.
fn millis_until(net: &mut Net, height: u32) -> u64 {
    let start = net.now;
    while net.seats[NEWCOMER].node.tip().1 < Height(height) {
        net.run(5);
        let Time(now) = net.now;
        assert!(now < start.0 + 60_000_000, "not within a minute");
    }
    let millis = (net.now.0 - start.0) / 1_000;
    println!("height {height} after {millis} ms");
    millis
}

#[test]
fn a_newcomer_among_62_silent_peers_stands_at_25_within_half_a_second() {
    let mut net = apart(25);
    meet(&mut net, 62);
    let millis = millis_until(&mut net, 25);
    assert!(millis <= 500, "{millis} ms");
}

#[test]
fn a_newcomer_to_whom_62_silent_peers_promise_the_same_block_stands_at_25_within_half_a_second() {
    let mut net = apart(25);
    let packet = encode_packet(Message::Tip(tip_of(&net, 0)).encode());
    meet(&mut net, 62);
    for from in (0..62).map(invented) {
        let packet = packet.clone();
        net.input(NEWCOMER, Input::Packet { from, packet });
    }
    let millis = millis_until(&mut net, 25);
    assert!(millis <= 500, "{millis} ms");
}

#[test]
fn silent_peers_hardly_slow_a_long_sync_down() {
    let mut alone = apart(1_000);
    meet(&mut alone, 0);
    let without = millis_until(&mut alone, 1_000);
    let mut net = apart(1_000);
    let packet = encode_packet(Message::Tip(tip_of(&net, 0)).encode());
    meet(&mut net, 62);
    for from in (0..62).map(invented) {
        let packet = packet.clone();
        net.input(NEWCOMER, Input::Packet { from, packet });
    }
    let with = millis_until(&mut net, 1_000);
    assert!(with <= without + 1_000, "{with} ms, {without} ms alone");
}

#[test]
fn requests_to_inventions_are_bounded_and_make_room_for_others() {
    let mut solo = Solo::boot(toy_node(0, &Memo::disabled()), Default::default());
    for number in 0..10_000 {
        // Each announces a block of its own whose parent nobody has.
        let claim = Made::genesis().chain(HARD, 2, u64::from(number)).remove(1);
        let tip = Solo::claim(&claim, 2, chain::Work(chain::U256::MAX));
        solo.hear(invented(number), &Message::Tip(tip));
    }
    assert!(solo.number("asked-headers") <= limits::ASKS as u64);
    let honest = Made::genesis().chain(EASY, 5, 0);
    let tip = Solo::claim(&honest[4], 5, chain::Work::from(12));
    solo.wait(limits::ASK_TURN.0 / 1_000);
    solo.hear(peer(1), &Message::Tip(tip));
    let is_asked = |(to, message): &(To, Message)| {
        *to == To::Peer(peer(1)) && matches!(message, Message::GetHeaders { .. })
    };
    assert!(solo.sent.iter().any(is_asked));
}
