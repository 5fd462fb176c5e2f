//! Bodies that do not match, blocks that are invalid, and blocks that are early.

mod kit;

use chain::{BlockTime, Height, Work};
use kit::host::{Disk, Solo};
use kit::{AHEAD, EASY, Made, OVERPAID, WRONG, peer, toy_node};
use node::Memo;
use node::message::Message;
use protocol::{Event, Input, To};

fn solo() -> Solo {
    let mut solo = Solo::boot(toy_node(0, &Memo::new()), Disk::default());
    solo.step(Input::Peers {
        up: (1..20).map(peer).collect(),
    });
    solo
}

fn rejections(solo: &Solo) -> Vec<String> {
    let reason = |event: &Event| match event {
        Event::Rejected { reason, .. } => Some(reason.clone()),
        _ => None,
    };
    solo.events.iter().filter_map(reason).collect()
}

#[test]
fn cve_2012_2459_a_mutated_body_does_not_poison_the_block() {
    let mut solo = solo();
    let honest = Made::genesis().child(EASY, 0, 0);
    let mut mutated = honest.clone();
    *mutated.body.last_mut().unwrap() = 1;
    solo.feed(peer(1), &mutated);
    assert_eq!(rejections(&solo), ["bad-txns-duplicate"]);
    assert_eq!(solo.node.tip().1, Height(0));
    assert!(!solo.node.tree().get(&honest.id()).unwrap().is_invalid());
    // Another peer is asked at once.
    solo.hear(
        peer(2),
        &Message::Tip(Solo::claim(&honest, 1, Work::from(4))),
    );
    let asked = |(to, m): &(To, Message)| {
        *to == To::Peer(peer(2)) && *m == Message::GetBodies(vec![honest.id()])
    };
    assert!(solo.sent.iter().any(asked), "{:?}", solo.sent);
    solo.hear(peer(2), &Message::Body(honest.raw()));
    assert!(solo.has_tip(&honest));
}

/// Whoever was not asked cannot make a node give up on the one that was.
#[test]
fn a_bad_body_from_a_stranger_leaves_the_request_to_another_peer_alone() {
    let mut solo = solo();
    let honest = Made::genesis().child(EASY, 0, 0);
    let mut mutated = honest.clone();
    *mutated.body.last_mut().unwrap() = 1;
    let claim = Message::Tip(Solo::claim(&honest, 1, Work::from(4)));
    solo.hear(peer(1), &claim);
    solo.hear(peer(2), &claim);
    let asks = |solo: &Solo| {
        let asked = |(to, message): &(To, Message)| {
            (*message == Message::GetBodies(vec![honest.id()])).then_some(*to)
        };
        solo.sent.iter().filter_map(asked).collect::<Vec<To>>()
    };
    assert_eq!(asks(&solo), [To::Peer(peer(1))]);
    solo.hear(peer(2), &Message::Body(mutated.raw()));
    assert_eq!(rejections(&solo), ["bad-txns-duplicate"]);
    assert_eq!(asks(&solo), [To::Peer(peer(1))], "nobody else is asked");
    solo.hear(peer(1), &Message::Body(honest.raw()));
    assert!(solo.has_tip(&honest));
}

#[test]
fn a_body_of_another_block_is_refused() {
    let mut solo = solo();
    let [one, two] = [0, 1].map(|salt| Made::genesis().child(EASY, 0, salt));
    let crossed = Made {
        header: one.header,
        body: two.body,
    };
    solo.feed(peer(1), &crossed);
    assert_eq!(rejections(&solo), ["bad-txnmrklroot"]);
    solo.feed(peer(2), &one);
    assert!(solo.has_tip(&one));
}

#[test]
fn a_block_that_is_wrong_in_itself_takes_its_children_along() {
    let mut solo = solo();
    let wrong = Made::genesis().child(EASY, WRONG, 0);
    let child = wrong.child(EASY, 0, 0);
    let headers = vec![wrong.header, child.header];
    solo.hear(peer(1), &Message::Headers(headers));
    solo.hear(peer(1), &Message::Body(wrong.raw()));
    assert_eq!(rejections(&solo), ["bad-cb-missing"]);
    let tree = solo.node.tree();
    assert!(tree.get(&wrong.id()).unwrap().is_invalid());
    assert!(tree.get(&child.id()).unwrap().is_invalid());
    // A child that comes later is refused too.
    solo.hear(
        peer(2),
        &Message::Headers(vec![wrong.child(EASY, 0, 1).header]),
    );
    assert_eq!(rejections(&solo), ["bad-cb-missing", "bad-prevblk"]);
}

#[test]
fn a_fork_with_an_invalid_last_block_leads_to_that_blocks_parent() {
    let mut solo = solo();
    let ours = Made::genesis().chain(EASY, 3, 0);
    solo.feed_all(peer(1), &ours);
    let mut theirs = Made::genesis().chain(EASY, 5, 1);
    theirs.push(theirs[4].child(EASY, OVERPAID, 1));
    solo.feed_all(peer(2), &theirs);
    assert!(solo.has_tip(&theirs[4]));
    assert!(solo.node.tree().get(&theirs[5].id()).unwrap().is_invalid());
    // This branch is heavier only with its invalid block: the tip stays.
    let mut worse = ours[2].chain(EASY, 2, 2);
    worse.push(worse[1].child(EASY, OVERPAID, 2));
    worse.extend(worse[2].chain(EASY, 3, 2));
    solo.feed_all(peer(3), &worse);
    assert!(solo.has_tip(&theirs[4]));
}

#[test]
fn bodies_may_come_in_any_order() {
    let mut solo = solo();
    let chain = Made::genesis().chain(EASY, 50, 0);
    let headers = chain.iter().map(|block| block.header).collect();
    solo.hear(peer(1), &Message::Headers(headers));
    for block in chain.iter().rev() {
        solo.hear(peer(1), &Message::Body(block.raw()));
    }
    assert!(solo.has_tip(&chain[49]));
    assert_eq!(solo.number("waiting-bytes"), 0);
}

#[test]
fn a_block_from_the_future_is_taken_when_its_time_has_come() {
    let mut solo = solo();
    let clock = solo.now.to_block_time(kit::params().genesis.header.time);
    let mut early = Made::genesis().child(EASY, 0, 0);
    early.header.time = BlockTime(clock.0 + AHEAD + 30);
    solo.hear(
        peer(1),
        &Message::Tip(Solo::claim(&early, 1, Work::from(4))),
    );
    assert_eq!(solo.number("from-the-future"), 1);
    assert_eq!(solo.number("headers"), 1);
    solo.wait(29_000);
    assert_eq!(solo.number("headers"), 1, "not before");
    solo.wait(2_000);
    assert_eq!(solo.number("headers"), 2);
    solo.hear(peer(1), &Message::Body(early.raw()));
    assert!(solo.has_tip(&early));
    assert!(
        !solo
            .events
            .iter()
            .any(|event| matches!(event, Event::Misbehaved { .. }))
    );
}

#[test]
fn blocks_from_the_future_do_not_pile_up() {
    let mut solo = solo();
    let clock = solo.now.to_block_time(kit::params().genesis.header.time);
    for salt in 0..1000 {
        let mut early = Made::genesis().child(EASY, 0, salt);
        early.header.time = BlockTime(clock.0 + AHEAD + 30);
        solo.hear(peer(1), &Message::Headers(vec![early.header]));
    }
    assert_eq!(solo.number("from-the-future"), node::limits::LATER as u64);
}

#[test]
fn a_body_that_does_not_come_is_asked_of_another() {
    let mut solo = solo();
    let block = Made::genesis().child(EASY, 0, 0);
    for seat in [1, 2] {
        solo.hear(
            peer(seat),
            &Message::Tip(Solo::claim(&block, 1, Work::from(4))),
        );
    }
    let asked = |solo: &Solo, seat| {
        let body = Message::GetBodies(vec![block.id()]);
        solo.sent
            .iter()
            .filter(|sent| **sent == (To::Peer(peer(seat)), body.clone()))
            .count()
    };
    assert_eq!((asked(&solo, 1), asked(&solo, 2)), (1, 0));
    solo.wait(200);
    assert_eq!((asked(&solo, 1), asked(&solo, 2)), (1, 1));
    // A peer that says it lacks the body is not waited for.
    solo.hear(peer(2), &Message::NotFound(vec![block.id()]));
    assert_eq!((asked(&solo, 1), asked(&solo, 2)), (2, 1));
}

#[test]
fn a_peer_that_lacks_a_body_is_not_pestered() {
    let mut solo = solo();
    let block = Made::genesis().child(EASY, 0, 0);
    solo.hear(
        peer(1),
        &Message::Tip(Solo::claim(&block, 1, Work::from(4))),
    );
    let asked = |solo: &Solo| {
        let is_it = |sent: &&(To, Message)| matches!(sent.1, Message::GetBodies(_));
        solo.sent.iter().filter(is_it).count()
    };
    for _ in 0..100 {
        solo.hear(peer(1), &Message::NotFound(vec![block.id()]));
    }
    assert_eq!(asked(&solo), 1);
    solo.wait(10_000);
    assert!((2..=10).contains(&asked(&solo)), "{}", asked(&solo));
}

#[test]
fn a_body_that_nobody_has_is_asked_for_ever_more_rarely_until_its_peer_moves_on() {
    let mut solo = solo();
    let chain = Made::genesis().chain(EASY, 2, 0);
    let tell = |solo: &mut Solo, height: u32| {
        let place = usize::try_from(height - 1).unwrap();
        let work = Work::from(2 + 2 * u64::from(height));
        let claim = Solo::claim(&chain[place], height, work);
        solo.hear(peer(1), &Message::Tip(claim));
    };
    tell(&mut solo, 1);
    let wanted = Message::GetBodies(vec![chain[0].id()]);
    let asked = |solo: &Solo| solo.sent.iter().filter(|sent| sent.1 == wanted).count();
    let mut times = Vec::new();
    for _ in 0..3 {
        let before = asked(&solo);
        for _ in 0..60 {
            solo.hear(peer(1), &Message::NotFound(vec![chain[0].id()]));
            solo.wait(1_000);
        }
        times.push(asked(&solo) - before);
    }
    assert!(
        times[0] <= 20 && times[1] <= 7 && times[2] <= 7,
        "{times:?}"
    );
    assert!(times[2] >= 3, "{times:?}");
    let before = asked(&solo);
    tell(&mut solo, 2);
    assert_eq!(
        solo.sent
            .iter()
            .filter(
                |sent| matches!(&sent.1, Message::GetBodies(ids) if ids.contains(&chain[0].id()))
            )
            .count(),
        before + 1
    );
}

#[test]
fn own_blocks_go_the_same_way() {
    let mut solo = solo();
    solo.found(1);
    let (tip, height) = solo.node.tip();
    assert_eq!(height, Height(1));
    let own = [
        Event::Found { block: tip, height },
        Event::Extended {
            block: tip,
            height,
            from: None,
        },
    ];
    assert_eq!(solo.events, own);
    // An own block that breaks a rule is refused like anybody's.
    let before = solo.node.tree().len();
    solo.step(Input::Found {
        job: protocol::JobId(2),
        nonce: kit::NO_WORK,
    });
    assert_eq!(solo.node.tree().len(), before);
    assert_eq!(rejections(&solo), ["high-hash"]);
}

/// The ids of the bodies that a peer was asked for.
fn asked_of(solo: &Solo, seat: u8) -> Vec<chain::BlockId> {
    let ids = |(to, message): &(To, Message)| match message {
        Message::GetBodies(ids) if *to == To::Peer(peer(seat)) => ids.clone(),
        _ => vec![],
    };
    solo.sent.iter().flat_map(ids).collect()
}

#[test]
fn a_peer_that_sends_later_headers_is_asked_for_the_bodies_below_them() {
    let mut solo = solo();
    let chain = Made::genesis().chain(EASY, 2200, 0);
    let headers = |blocks: &[Made]| Message::Headers(blocks.iter().map(|one| one.header).collect());
    solo.hear(peer(1), &headers(&chain[..2000]));
    assert!(asked_of(&solo, 1).contains(&chain[0].id()));
    solo.step(Input::Peers { up: vec![peer(2)] });
    // The second peer's tip is further ahead than it may lead us now.
    let far = Solo::claim(&chain[2199], 2200, Work::from(2 * 2201));
    solo.hear(peer(2), &Message::Tip(far));
    solo.hear(peer(2), &headers(&chain[2000..2100]));
    assert!(asked_of(&solo, 2).contains(&chain[0].id()));
}

#[test]
fn silent_peers_do_not_keep_us_from_asking_another() {
    let mut solo = solo();
    let chain = Made::genesis().chain(EASY, 20, 0);
    let tip = Message::Tip(Solo::claim(&chain[19], 20, Work::from(42)));
    let mut seats: Vec<u8> = (1..20).collect();
    seats.sort_by_key(|seat| peer(*seat));
    let [first, second, honest] = [seats[0], seats[1], seats[18]];
    for _ in 0..12 {
        for seat in [first, second, honest] {
            solo.hear(peer(seat), &tip);
        }
        solo.wait(1_000);
    }
    let is_asked = |(to, message): &(To, Message)| {
        *to == To::Peer(peer(honest)) && matches!(message, Message::GetHeaders { .. })
    };
    assert!(solo.sent.iter().any(is_asked));
}
