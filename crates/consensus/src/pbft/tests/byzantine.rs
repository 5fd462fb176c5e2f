//! Members and clients that lie: what they can do, and what they cannot.

use alloc::{format, vec};

use super::count;
use super::net::{Net, key, values, vote};
use crate::pbft::message::{Batch, Digest, Kind, Message};

/// A primary that tells two halves two things gets neither through, and is replaced.
#[test]
fn an_equivocating_primary_splits_nobody() {
    let mut net = Net::new(4, 2, 1);
    (1..6).for_each(|place| net.boot(place));
    let one = net.batch(0, vec![net.request(4, 1, b"one")]);
    let other = net.batch(0, vec![net.request(5, 1, b"other")]);
    net.submit(4, "one");
    net.submit(5, "other");
    for (to, batch) in [(1, &one), (2, &other), (3, &other)] {
        let said = net.pre_prepare(0, 0, 1, batch);
        net.tell(0, to, &said);
        for batch in [&one, &other] {
            let vote = vote(0, 1, batch.digest());
            let said = net.vote(0, Kind::Commit, vote);
            net.tell(0, to, &said);
        }
    }
    let second = net.pre_prepare(0, 0, 1, &one);
    net.tell(0, 2, &second);
    net.finish();
    net.run_ms(1000);
    let digest = |place| net.decided(place, 1).map(|decided| decided.batch.digest());
    assert!(digest(1).is_some() && digest(1) == digest(2) && digest(2) == digest(3));
}

/// Nobody but the client can make its requests: a primary that invents one is not followed.
#[test]
fn a_primary_cannot_invent_a_request() {
    let mut net = Net::new(4, 1, 2);
    (1..5).for_each(|place| net.boot(place));
    let genuine = net.request(4, 1, b"genuine");
    let mut changed = genuine.clone();
    changed.wish.tx = b"changed".as_slice().into();
    let mut foreign = genuine.clone();
    foreign.key = key(0).public_key().to_bytes();
    let mut own_key = net.request(0, 1, b"mine");
    own_key.wish.client = genuine.wish.client;
    for request in [changed, foreign, own_key] {
        let batch = net.batch(0, vec![genuine.clone(), request.clone()]);
        let said = net.pre_prepare(0, 0, 1, &batch);
        net.tell(0, 1, &said);
        net.tell(4, 1, &Message::Request(request));
    }
    assert_eq!(
        count(&net, |one| matches!(
            one,
            Message::Prepare(..) | Message::Request(_)
        )),
        0
    );
    let batch = net.batch(0, vec![genuine]);
    let said = net.pre_prepare(0, 0, 1, &batch);
    net.tell(0, 1, &said);
    assert_eq!(count(&net, |one| matches!(one, Message::Prepare(..))), 3);
}

/// A primary cannot use up the slots, nor date a batch into the future, nor speak for another view.
#[test]
fn a_pre_prepare_outside_the_rules_is_not_accepted() {
    let mut net = Net::new(4, 1, 3);
    net.boot(1);
    let request = || vec![net.request(4, 1, b"one")];
    let batch = net.batch(0, request());
    let mut late = Batch::clone(&batch);
    late.time.0 += 60_000_000;
    let mut stolen = Batch::clone(&batch);
    stolen.proposer.0 = 2;
    let many = net.batch(0, vec![request()[0].clone(); 2000]);
    let wrong = [
        net.pre_prepare(0, 0, 0, &batch),
        net.pre_prepare(0, 0, 33, &batch),
        net.pre_prepare(0, 0, 1 << 63, &batch),
        net.pre_prepare(0, 0, u64::MAX, &batch),
        net.pre_prepare(0, 4, 1, &batch),
        net.pre_prepare(0, 0, 1, &late.into()),
        net.pre_prepare(0, 0, 1, &stolen.into()),
        net.pre_prepare(0, 0, 1, &many),
        net.pre_prepare(0, 0, 1, &net.batch(0, vec![])),
        net.pre_prepare(2, 0, 1, &batch),
    ];
    for said in wrong {
        net.tell(0, 1, &said);
        assert_eq!(
            count(&net, |one| matches!(one, Message::Prepare(..))),
            0,
            "{said:?}"
        );
    }
    let said = net.pre_prepare(0, 0, 1, &batch);
    net.tell(2, 1, &said);
    assert_eq!(
        count(&net, |one| matches!(one, Message::Prepare(..))),
        0,
        "no primary"
    );
    let said = net.pre_prepare(0, 0, 32, &batch);
    net.tell(0, 1, &said);
    assert_eq!(count(&net, |one| matches!(one, Message::Prepare(..))), 3);
}

/// Votes count once, from members, with their own signatures, for what was accepted.
#[test]
fn votes_are_sets_not_numbers() {
    let mut net = Net::new(4, 1, 4);
    net.unclaimed(); // the members that speak are not seen speaking
    net.boot(1);
    let batch = net.batch(0, vec![net.request(4, 1, b"one")]);
    let this = vote(0, 1, batch.digest());
    let said = net.pre_prepare(0, 0, 1, &batch);
    net.tell(0, 1, &said);
    let commits = |net: &Net| count(net, |one| matches!(one, Message::Commit(..)));
    let by_primary = net.vote(0, Kind::Prepare, this);
    net.tell(0, 1, &by_primary);
    let by_two = net.vote(2, Kind::Prepare, this);
    net.tell(3, 1, &by_two);
    net.tell(4, 1, &by_two);
    let other = net.vote(2, Kind::Prepare, vote(0, 1, Digest([7; 32])));
    net.tell(2, 1, &other);
    assert_eq!(commits(&net), 0);
    net.tell(2, 1, &by_two);
    assert_eq!(commits(&net), 3);
    let by_two = net.vote(2, Kind::Commit, this);
    net.tell(2, 1, &by_two);
    net.tell(2, 1, &by_two);
    assert_eq!(net.executed(1), 0, "two of four are no quorum");
    let by_three = net.vote(3, Kind::Commit, this);
    net.tell(3, 1, &by_three);
    assert_eq!(net.executed(1), 1);
}

/// f + 1 checkpoints, or a quorum's different ones, make nothing stable.
#[test]
fn a_stable_checkpoint_takes_a_quorum() {
    let mut net = Net::with(values(2, 1), 4, 1, 5);
    net.unclaimed(); // the members that speak are not seen speaking
    net.boot(3);
    let stable = |net: &Net| net.nodes[3].disk.contains_key(&b"stable"[..]);
    for (from, digest) in [(0, 1), (1, 1), (1, 1), (2, 2)] {
        let said = net.checkpoint(from, 2, [digest; 32]);
        net.tell(from, 3, &said);
    }
    assert!(!stable(&net));
    for (from, slot) in [(0, 3), (1, 3), (2, 3), (0, 6), (1, 6), (2, 6)] {
        let said = net.checkpoint(from, slot, [1; 32]);
        net.tell(from, 3, &said);
    }
    assert!(
        !stable(&net),
        "no multiple of the interval, or beyond the window"
    );
    for from in 0..3 {
        let said = net.checkpoint(from, 4, [1; 32]);
        net.tell(from, 3, &said);
    }
    assert!(stable(&net), "though this replica has not executed so far");
    assert_eq!(net.executed(3), 0);
}

/// A client believes f + 1 members that say the same, not f + 1 that differ.
#[test]
fn a_client_believes_matching_replies_alone() {
    let mut net = Net::new(4, 1, 6);
    net.unclaimed();
    net.boot(4);
    net.submit(4, "tx");
    let reply = |view, number, receipt: &[u8]| Message::Reply {
        view: crate::pbft::message::View(view),
        number,
        receipt: receipt.into(),
        tag: None,
    };
    net.tell(0, 4, &reply(u64::MAX, 1, b"lie"));
    net.tell(0, 4, &reply(0, 1, b"lie"));
    net.tell(1, 4, &reply(0, 1, b"tx"));
    net.tell(2, 4, &reply(0, 2, b"tx"));
    assert!(net.answered.is_empty());
    net.tell(3, 4, &reply(0, 1, b"tx"));
    assert_eq!(net.answered, net.asked);
}

/// Members that say nothing but rubbish, loudly: all others go on.
#[test]
fn a_member_that_repeats_itself_for_ever_stops_nobody() {
    let mut net = Net::new(4, 1, 7);
    [0, 1, 2, 4].into_iter().for_each(|place| net.boot(place));
    for round in 0..20u64 {
        net.submit(4, format!("{round}"));
        for to in 0..3 {
            let junk = vote(0, 1 + round % 40, Digest([round as u8; 32]));
            for kind in [Kind::Prepare, Kind::Commit] {
                let said = net.vote(3, kind, junk);
                net.tell(3, to, &said);
            }
            let said = net.checkpoint(3, 16 * (round % 4), [9; 32]);
            net.tell(3, to, &said);
        }
        net.finish();
    }
    assert_eq!(net.view(0), 0);
    net.boot(3);
    net.run_ms(2000);
    net.assert_settled();
}
