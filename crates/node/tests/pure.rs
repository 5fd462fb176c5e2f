//! Forks are cheap and independent, memos change nothing, and states do not depend on the path.

mod kit;

use chain::Height;
use kit::host::{Disk, Solo};
use kit::net::Net;
use kit::{EASY, Made, peer, real_node, toy_node};
use node::{Memo, limits};
use proptest::prelude::*;
use protocol::{Input, Machine};

fn chain_of(count: usize) -> (Solo, Vec<Made>) {
    let mut solo = Solo::boot(toy_node(0, &Memo::new()), Disk::default());
    let chain = Made::genesis().chain(EASY, count, 0);
    solo.feed_all(peer(1), &chain);
    (solo, chain)
}

#[test]
fn a_fork_goes_its_own_way() {
    let (mut solo, chain) = chain_of(20);
    let mut twin = Solo::asleep(solo.node.twin(), Disk::default());
    twin.feed(peer(1), &chain[19].child(EASY, 0, 1));
    twin.found(1);
    assert!(solo.has_tip(&chain[19]));
    assert_eq!(twin.node.tip().1, Height(22));
    solo.feed(peer(1), &chain[19].child(EASY, 0, 2));
    assert_eq!(
        (solo.node.tip().1, twin.node.tip().1),
        (Height(21), Height(22))
    );
}

#[test]
fn a_fork_given_the_same_inputs_says_the_same() {
    let (mut solo, chain) = chain_of(20);
    let mut twin = solo.node.fork();
    for salt in 0..10 {
        let input = Input::Found {
            job: protocol::JobId(salt),
            nonce: 1,
        };
        let (mut left, mut right) = (vec![], vec![]);
        solo.node.step(solo.now, input.clone(), &mut left);
        twin.step(solo.now, input, &mut right);
        assert_eq!(left, right);
    }
    assert_eq!(solo.node.inspect(), twin.inspect());
    assert_ne!(solo.node.tip().0, chain[19].id());
}

/// A fork costs O(1), apart from the bounded tables: one of a chain a hundred times as long shares
/// just as much.
#[test]
fn a_fork_shares_every_block() {
    let (solo, chain) = chain_of(500);
    let twin = solo.node.twin();
    for block in &chain {
        let [ours, theirs] = [&solo.node, &twin].map(|node| node.block(&block.id()).unwrap());
        assert!(std::sync::Arc::ptr_eq(&ours, &theirs));
    }
}

#[test]
fn a_memo_changes_nothing_that_can_be_seen() {
    let run = |memos: [Memo; 4]| {
        let nodes = (0u8..)
            .zip(&memos)
            .map(|(seat, memo)| real_node(seat, memo))
            .collect();
        let mut net = Net::new(nodes, 11);
        (net.loss, net.double) = (100_000, 100_000);
        for round in 0..30 {
            net.run(3_000);
            net.mine(round % 4);
            if round == 10 {
                net.regroup(vec![0, 0, 1, 1]);
            }
            if round == 20 {
                net.regroup(vec![0; 4]);
            }
        }
        net.run(20_000);
        net.trace
    };
    let shared = Memo::new();
    let with = run([(); 4].map(|()| shared.clone()));
    let without = run([(); 4].map(|()| Memo::disabled()));
    assert!(with == without);
}

#[test]
fn nodes_that_share_a_memo_share_bytes() {
    let memo = Memo::new();
    let block = Made::genesis().child(EASY, 0, 0);
    let bytes = [0, 1].map(|seat| {
        let mut solo = Solo::boot(toy_node(seat, &memo), Disk::default());
        solo.feed(peer(5), &block);
        solo.node.block(&block.id()).unwrap()
    });
    assert!(std::sync::Arc::ptr_eq(&bytes[0], &bytes[1]));
}

#[test]
fn old_states_are_forgotten_and_rebuilt() {
    let (mut solo, chain) = chain_of(1200);
    assert!(solo.number("states") <= u64::from(limits::STATES) + 1 + 1200 / 256 + 1);
    let replay = |upto: usize| chain_of(upto + 1).0.node.state_root(&chain[upto].id());
    for place in [0, 254, 255, 256, 600, 911, 912, 1199] {
        assert_eq!(
            solo.node.state_root(&chain[place].id()),
            replay(place),
            "block {place}"
        );
    }
    // A deep branch is applied on top of a state that was forgotten.
    let branch = chain[300].chain(EASY, 1000, 9);
    solo.feed_all(peer(2), &branch);
    assert!(
        solo.has_tip(&branch[999]),
        "{:?}",
        solo.events.last_chunk::<8>()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Blocks of a random tree in a random order: whatever was connected and disconnected on the
    /// way, the state at the tip equals that of a replay from genesis.
    #[test]
    fn disconnecting_undoes_connecting(
        parents in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
    ) {
        let mut solo = Solo::boot(toy_node(0, &Memo::disabled()), Disk::default());
        let mut made = vec![Made::genesis()];
        for (salt, parent) in (0u64..).zip(&parents) {
            let block = made[parent.index(made.len())].child(EASY, 0, salt);
            solo.feed(peer(1), &block);
            made.push(block);
        }
        let (tip, _) = solo.node.tip();
        let mut path = vec![];
        let mut at = tip;
        while let Some(block) = made[1..].iter().find(|block| block.id() == at) {
            path.push(block.clone());
            at = block.header.prev;
        }
        path.reverse();
        let mut fresh = Solo::boot(toy_node(0, &Memo::disabled()), Disk::default());
        fresh.feed_all(peer(1), &path);
        prop_assert_eq!(fresh.node.tip().0, tip);
        prop_assert_eq!(fresh.node.state_root(&tip), solo.node.state_root(&tip));
        prop_assert_eq!(fresh.node.supply(), solo.node.supply());
    }
}
