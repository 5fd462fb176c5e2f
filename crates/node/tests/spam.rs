//! Useless headers and requests: memory and traffic stay bounded, and honest chains get through.

mod kit;

use std::collections::BTreeMap;

use chain::{Height, PeerId, U256, Work};
use kit::host::{Disk, Solo};
use kit::{EASY, HARD, MEDIUM, Made, NO_WORK, WRONG, peer, toy_node};
use node::message::Message;
use node::{Memo, limits};
use protocol::{Event, Input, To};

fn solo() -> Solo {
    let mut solo = Solo::boot(toy_node(0, &Memo::disabled()), Disk::default());
    solo.step(Input::Peers {
        up: (1..20).map(peer).collect(),
    });
    solo
}

/// A node whose chain has `count` blocks of work 2^16 each.
fn settled(count: usize) -> (Solo, Vec<Made>) {
    let mut solo = solo();
    let chain = Made::genesis().chain(MEDIUM, count, 0);
    solo.feed_all(peer(1), &chain);
    assert!(solo.has_tip(chain.last().unwrap()));
    (solo, chain)
}

/// Answers requests for headers of a chain, as a peer would, until there are no more.
fn serve(solo: &mut Solo, seat: u8, chain: &[Made]) {
    serve_each(solo, seat, chain, 1);
}

/// The same, over links that carry each answer `times` times.
fn serve_each(solo: &mut Solo, seat: u8, chain: &[Made], times: usize) {
    let places: BTreeMap<_, _> = chain.iter().map(Made::id).zip(0usize..).collect();
    loop {
        let asked = |(to, message): &(To, Message)| {
            *to == To::Peer(peer(seat)) && matches!(message, Message::GetHeaders { .. })
        };
        let Some(at) = solo.sent.iter().position(asked) else {
            return;
        };
        let Message::GetHeaders { locator, stop } = solo.sent.remove(at).1 else {
            unreachable!()
        };
        let start = locator.iter().find_map(|id| places.get(id));
        let start = start.map_or(0, |at| at + 1);
        let stop = places.get(&stop).map_or(chain.len(), |at| at + 1);
        let end = stop.clamp(start, chain.len().min(start + limits::HEADERS));
        let headers: Vec<_> = chain[start..end].iter().map(|block| block.header).collect();
        for _ in 0..times {
            solo.hear(peer(seat), &Message::Headers(headers.clone()));
        }
    }
}

fn bodies_asked(solo: &Solo, seat: u8) -> usize {
    let count = |(to, message): &(To, Message)| match message {
        Message::GetBodies(ids) if *to == To::Peer(peer(seat)) => ids.len(),
        _ => 0,
    };
    solo.sent.iter().map(count).sum()
}

#[test]
fn cve_2024_52916_a_hundred_thousand_cheap_headers_leave_nothing_behind() {
    let (mut solo, _) = settled(200);
    let before = solo.number("headers");
    let spam = Made::genesis().chain(EASY, 100_000, 1);
    let lie = Work(U256::MAX);
    solo.hear(
        peer(2),
        &Message::Tip(Solo::claim(spam.last().unwrap(), 100_000, lie)),
    );
    serve(&mut solo, 2, &spam);
    assert_eq!(solo.number("headers"), before);
    assert_eq!(
        solo.number("measured"),
        0,
        "the end of the branch was seen: too light"
    );
    // Nor do headers that nobody asked for and no claim announced.
    for part in spam.chunks(limits::HEADERS) {
        solo.hear(
            peer(3),
            &Message::Headers(part.iter().map(|block| block.header).collect()),
        );
    }
    assert_eq!(solo.number("headers"), before);
}

#[test]
fn a_branch_that_is_light_at_first_but_heavy_in_all_is_measured_and_then_followed() {
    let (mut solo, _) = settled(200); // 200 * 2^16
    let mut branch = Made::genesis().chain(EASY, 4500, 1);
    branch.extend(branch.last().unwrap().chain(HARD, 10, 1)); // 10 * 2^32
    let claim = Solo::claim(branch.last().unwrap(), 4510, Work::from(11 << 24));
    solo.events.clear();
    solo.hear(peer(2), &Message::Tip(claim));
    serve(&mut solo, 2, &branch);
    assert_eq!(solo.number("best-header"), 4510);
    assert!(bodies_asked(&solo, 2) > 0);
    for block in &branch {
        solo.hear(peer(2), &Message::Body(block.raw()));
    }
    assert!(solo.has_tip(branch.last().unwrap()));
    let started = |event: &&Event| matches!(event, Event::SyncStarted { .. });
    assert_eq!(solo.events.iter().filter(started).count(), 1);
}

#[test]
fn answers_that_come_twice_do_not_end_a_measurement() {
    let (mut solo, _) = settled(200);
    let mut branch = Made::genesis().chain(EASY, 8500, 1);
    branch.extend(branch.last().unwrap().chain(HARD, 10, 1));
    let claim = Solo::claim(branch.last().unwrap(), 8510, Work::from(11 << 32));
    solo.hear(peer(2), &Message::Tip(claim));
    serve_each(&mut solo, 2, &branch, 2);
    assert_eq!(solo.number("best-header"), 8510);
}

#[test]
fn what_was_measured_is_what_is_stored() {
    let (mut solo, _) = settled(200);
    let before = solo.number("headers");
    let mut heavy = Made::genesis().chain(EASY, 2500, 1);
    heavy.extend(heavy.last().unwrap().chain(HARD, 10, 1));
    let cheap = Made::genesis().chain(EASY, 2500, 2);
    let claim = Solo::claim(heavy.last().unwrap(), 2510, Work::from(11 << 24));
    solo.hear(peer(2), &Message::Tip(claim));
    // The first pass is shown the heavy branch, the second pass another one.
    for part in [&heavy[..2000], &heavy[2000..], &cheap[..2000]] {
        solo.hear(
            peer(2),
            &Message::Headers(part.iter().map(|block| block.header).collect()),
        );
    }
    assert_eq!(solo.number("headers"), before);
    assert_eq!(solo.number("measured"), 0);
}

#[test]
fn few_branches_are_measured_at_once() {
    let (mut solo, _) = settled(200);
    let lie = Work(U256::MAX);
    for seat in 1..20 {
        let spam = Made::genesis().chain(EASY, 2000, u64::from(seat));
        solo.hear(
            peer(seat),
            &Message::Tip(Solo::claim(spam.last().unwrap(), 99_999, lie)),
        );
        let headers = spam.iter().map(|block| block.header).collect();
        solo.hear(peer(seat), &Message::Headers(headers));
    }
    assert_eq!(solo.number("measured"), limits::PRESYNCS as u64);
    solo.wait(30_000);
    assert_eq!(solo.number("measured"), 0, "silent ones lose their places");
}

#[test]
fn rivals_at_one_height_are_bounded_but_a_heavier_branch_through_them_is_not() {
    let (mut solo, chain) = settled(20);
    let parent = &chain[18];
    for salt in 1..100 {
        solo.hear(
            peer(2),
            &Message::Headers(vec![parent.child(MEDIUM, 0, salt).header]),
        );
    }
    assert_eq!(
        solo.node.tree().at_height(Height(20)).count(),
        limits::RIVALS
    );
    let honest = parent.chain(MEDIUM, 2, 1000);
    solo.feed_all(peer(3), &honest);
    assert!(solo.has_tip(&honest[1]));
}

#[test]
fn headers_of_unknown_parents_cost_one_question_and_no_memory() {
    let (mut solo, _) = settled(5);
    let before = solo.number("headers");
    let elsewhere = Made::genesis().chain(HARD, 1000, 7);
    solo.sent.clear();
    for block in &elsewhere[1..] {
        solo.hear(peer(2), &Message::Headers(vec![block.header]));
        solo.hear(peer(2), &Message::Body(block.raw()));
    }
    assert_eq!(solo.number("headers"), before);
    let questions = solo
        .sent
        .iter()
        .filter(|(_, m)| matches!(m, Message::GetHeaders { .. }));
    // Neither a body nor a header without a known parent counts as an answer; each may be followed
    // by one request.
    assert!(questions.count() <= elsewhere.len());
    assert!(solo.number("asked-headers") <= 1);
}

#[test]
fn a_peer_may_not_owe_bodies_without_end() {
    let mut solo = solo();
    let withheld = Made::genesis().chain(EASY, 30_000, 1);
    let work = Work(U256::MAX);
    solo.hear(
        peer(2),
        &Message::Tip(Solo::claim(withheld.last().unwrap(), 30_000, work)),
    );
    serve(&mut solo, 2, &withheld);
    assert!(solo.number("headers") <= 1 + u64::from(limits::HEADERS_AHEAD));
    assert!(solo.number("asked-bodies") <= limits::FLIGHTS_PER_PEER as u64);
    // Meanwhile an honest chain, though lighter than what was promised, is still followed.
    let honest = Made::genesis().chain(EASY, 10, 2);
    solo.feed_all(peer(3), &honest);
    assert!(solo.has_tip(&honest[9]));
}

/// A peer that exists only in a sender's name.
fn invented(number: u32) -> PeerId {
    let mut id = [7; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    PeerId::from_bytes(id)
}

/// Each of the invented `senders` shows a branch of its own: `count` headers of next to no work,
/// and never a body.
fn flood(solo: &mut Solo, senders: std::ops::Range<u32>, count: usize) {
    for sender in senders {
        let spam = Made::genesis().chain(EASY, count, 1_000 + u64::from(sender));
        for part in spam.chunks(limits::HEADERS) {
            let headers = part.iter().map(|block| block.header).collect();
            solo.hear(invented(sender), &Message::Headers(headers));
        }
        assert!(solo.number("unproven") <= limits::UNPROVEN as u64);
        assert!(solo.number("goals") <= limits::GOALS as u64);
    }
}

#[test]
fn headers_of_eighty_inventions_share_one_limit_and_a_heavier_chain_gets_through() {
    let mut solo = solo();
    flood(&mut solo, 0..80, 4_000);
    assert!(
        solo.number("headers") <= 1 + limits::UNPROVEN as u64,
        "{} headers",
        solo.number("headers")
    );
    let honest = Made::genesis().chain(MEDIUM, 500, 0);
    let (first, rest) = honest.split_at(300);
    solo.feed_all(peer(1), first);
    assert!(solo.has_tip(&first[299]));
    flood(&mut solo, 80..100, 2_000);
    solo.feed_all(peer(1), rest);
    assert!(solo.has_tip(&honest[499]));
}

#[test]
fn branches_whose_bodies_nobody_brings_give_way_to_a_chain_that_is_no_heavier() {
    let mut solo = solo();
    flood(&mut solo, 0..20, 4_000);
    let honest = Made::genesis().chain(EASY, 100, 0);
    solo.wait(limits::GOAL_STALL.0 / 1_000);
    solo.feed_all(peer(1), &honest);
    assert!(solo.has_tip(&honest[99]));
}

#[test]
fn ten_thousand_inventions_fill_no_table() {
    let mut solo = solo();
    flood(&mut solo, 0..10_000, 3);
    let tables = solo.number("peers") + solo.number("measured") + solo.number("goals");
    let most = limits::PEERS + limits::PRESYNCS + limits::GOALS;
    assert!(tables <= most as u64);
    let honest = Made::genesis().chain(MEDIUM, 50, 0);
    solo.feed_all(peer(1), &honest);
    assert!(solo.has_tip(&honest[49]));
}

#[test]
fn bad_bodies_do_not_buy_memory_for_the_headers_above_them() {
    let mut solo = solo();
    for sender in 0..40 {
        let mut spam = vec![Made::genesis().child(EASY, WRONG, u64::from(sender))];
        spam.extend(spam[0].chain(EASY, 1_999, 0));
        let headers = spam.iter().map(|block| block.header).collect();
        solo.hear(invented(sender), &Message::Headers(headers));
        solo.hear(invented(sender), &Message::Body(spam[0].raw()));
    }
    let headers = solo.number("headers");
    assert!(headers <= 1 + limits::INVALID as u64, "{headers} headers");
    // The last culprit is still known.
    let last = Made::genesis().child(EASY, WRONG, 39);
    assert!(solo.node.tree().get(&last.id()).unwrap().is_invalid());
}

#[test]
fn work_is_checked_before_anything_is_asked_or_relayed() {
    let mut solo = solo();
    let mut cheat = Made::genesis().child(EASY, 0, 0);
    cheat.header.nonce = NO_WORK;
    solo.sent.clear();
    solo.hear(
        peer(2),
        &Message::Tip(Solo::claim(&cheat, 1, Work(U256::MAX))),
    );
    solo.hear(peer(2), &Message::Body(cheat.raw()));
    assert_eq!(solo.sent, []);
    assert_eq!(solo.number("headers"), 1);
    let misbehaved = |event: &&Event| matches!(event, Event::Misbehaved { .. });
    assert_eq!(solo.events.iter().filter(misbehaved).count(), 1);
    // It is muted for a while, others are not, and later it is heard again.
    let good = Made::genesis().chain(EASY, 2, 0);
    solo.feed(peer(2), &good[0]);
    assert_eq!(solo.number("headers"), 1);
    solo.feed(peer(3), &good[0]);
    assert!(solo.has_tip(&good[0]));
    solo.wait(61_000);
    solo.feed(peer(2), &good[1]);
    assert!(solo.has_tip(&good[1]));
}

#[test]
fn what_a_peer_may_have_served_is_bounded() {
    let (mut solo, chain) = settled(100);
    solo.sent.clear();
    let ids: Vec<_> = chain.iter().take(limits::BODIES).map(Made::id).collect();
    for _ in 0..10_000 {
        solo.hear(peer(2), &Message::GetBodies(ids.clone()));
        let (locator, stop) = (vec![Made::genesis().id()], chain[99].id());
        solo.hear(peer(2), &Message::GetHeaders { locator, stop });
    }
    let bytes: usize = solo
        .sent
        .iter()
        .map(|(_, message)| message.encode().len())
        .sum();
    assert!(bytes < 100_000_000, "{bytes}");
    solo.sent.clear();
    solo.hear(peer(3), &Message::GetBodies(ids));
    assert_eq!(solo.sent.len(), limits::BODIES, "others are served");
}

#[test]
fn small_blocks_are_not_free() {
    let (mut solo, chain) = settled(100);
    solo.sent.clear();
    let ids: Vec<_> = chain.iter().take(limits::BODIES).map(Made::id).collect();
    for _ in 0..10_000 {
        solo.hear(peer(2), &Message::GetBodies(ids.clone()));
    }
    let most = limits::TOKENS as usize * 4;
    assert!(solo.sent.len() <= most, "{} messages", solo.sent.len());
}

/// The bytes sent to these peers since the last call.
fn served(solo: &mut Solo, whom: impl Fn(PeerId) -> bool) -> usize {
    let bytes = |(to, message): &(To, Message)| match to {
        To::Peer(peer) if whom(*peer) => message.encode().len(),
        _ => 0,
    };
    let sum = solo.sent.iter().map(bytes).sum();
    solo.sent.clear();
    sum
}

/// Invented peers each ask once for all headers and many bodies.
fn crowd_asks(solo: &mut Solo, chain: &[Made], crowd: std::ops::Range<u32>) {
    let (locator, stop) = (vec![Made::genesis().id()], chain.last().unwrap().id());
    let ids: Vec<_> = chain.iter().take(limits::BODIES).map(Made::id).collect();
    for sender in crowd {
        let (locator, ids) = (locator.clone(), ids.clone());
        solo.hear(invented(sender), &Message::GetHeaders { locator, stop });
        solo.hear(invented(sender), &Message::GetBodies(ids));
    }
}

#[test]
fn a_crowd_of_inventions_draws_no_more_bytes_than_one_budget() {
    let (mut solo, chain) = settled(2_000);
    solo.sent.clear();
    let mut bytes = 0;
    for second in 0..5 {
        for _ in 0..20 {
            crowd_asks(&mut solo, &chain, second * 100..second * 100 + 80);
            bytes += served(&mut solo, |_| true);
        }
        solo.wait(1_000);
    }
    let most = limits::ANSWERS_BURST + 5 * 1_000_000 * limits::ANSWERS_PER_MICRO;
    assert!(bytes as u64 <= most, "{bytes} bytes");
}

#[test]
fn a_newcomer_is_answered_while_ten_thousand_inventions_ask() {
    let (mut solo, chain) = settled(2_000);
    solo.sent.clear();
    let newcomer = peer(2);
    let mut answers = 0;
    for round in 0..10 {
        crowd_asks(&mut solo, &chain, round * 1_000..(round + 1) * 1_000);
        solo.sent.clear();
        let (locator, stop) = (vec![Made::genesis().id()], chain[1_999].id());
        solo.hear(newcomer, &Message::GetHeaders { locator, stop });
        answers += u32::from(served(&mut solo, |peer| peer == newcomer) > 10_000);
        solo.wait(limits::ASK_TIMEOUT.0 / 1_000);
    }
    assert!(answers >= 9, "{answers} of 10");
    // A peer that gave us blocks need not wait.
    crowd_asks(&mut solo, &chain, 0..2_000);
    solo.sent.clear();
    let (locator, stop) = (vec![Made::genesis().id()], chain[1_999].id());
    solo.hear(peer(1), &Message::GetHeaders { locator, stop });
    assert!(served(&mut solo, |who| who == peer(1)) > 2_000 * 80);
}
