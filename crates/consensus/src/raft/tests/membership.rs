//! Who takes part changes: learners, joint consensus, single steps, and servers that are no longer wanted.

use alloc::{format, vec::Vec};

use chain::{Seat, decode_exact};
use protocol::{Body, Config, Order};

use super::net::Net;
use super::{noop, number, plant};
use crate::raft::ENTRY;
use crate::raft::message::{Configured, Entry, Index, Message, Term};
use crate::raft::saved::{CONFIG, entry_name};

fn seats(list: &[u32]) -> Vec<Seat> {
    list.iter().copied().map(Seat).collect()
}

fn config(voters: &[u32], outgoing: &[u32], learners: &[u32]) -> Config {
    Config {
        voters: seats(voters),
        outgoing: seats(outgoing),
        learners: seats(learners),
    }
}

/// Machines of which the first `voters` vote, with some parameters that are not the default.
fn net(members: usize, voters: u64, params: &[(&str, u64)], seed: u64) -> Net {
    let value = |name: &str, default| match params.iter().find(|(other, _)| *other == name) {
        Some((_, value)) => *value,
        None if name == "voters" => voters,
        None => default,
    };
    let specs = ENTRY.params.iter();
    let values = specs.map(|spec| value(spec.name, spec.default)).collect();
    let mut net = Net::with(values, members, 1, seed);
    net.boot_all();
    net
}

fn order(net: &mut Net, voters: &[u32], learners: &[u32]) {
    net.order(&Order::Reconfigure {
        voters: seats(voters),
        learners: seats(learners),
    });
}

/// All configurations in a replica's log.
fn configs(net: &Net, place: usize) -> Vec<Config> {
    let bodies = net
        .log(place)
        .into_iter()
        .map(|it| it.proposal.body.clone());
    bodies
        .filter_map(|body| match body {
            Body::Config(config) => Some(config),
            Body::Noop | Body::Requests(_) => None,
        })
        .collect()
}

fn work(net: &mut Net, what: &str) {
    let client = net.members().end;
    for round in 0..5 {
        net.submit(client, format!("{what} {round}"));
    }
    net.finish();
    net.run_ms(200);
}

fn executed(net: &Net, place: usize) -> u64 {
    net.glance(place).expect("up").executed
}

#[test]
fn a_learner_catches_up_and_is_promoted() {
    let mut net = net(4, 3, &[("joint", 0)], 1);
    let leader = net.elect();
    work(&mut net, "before");
    assert_eq!(executed(&net, 3), 0, "nobody sends it anything");
    order(&mut net, &[0, 1, 2, 3], &[]);
    net.run_ms(500);
    let steps = [
        config(&[0, 1, 2], &[], &[3]),
        config(&[0, 1, 2, 3], &[], &[]),
    ];
    assert_eq!(configs(&net, leader), steps);
    work(&mut net, "after");
    net.assert_settled();
    net.run_ms(500);
    assert_eq!(net.leader(), Some(leader));
}

#[test]
fn a_learner_that_is_none_to_be_voter_stays_one_and_counts_for_nothing() {
    let mut net = net(4, 3, &[], 2);
    net.elect();
    order(&mut net, &[0, 1, 2], &[3]);
    net.run_ms(500);
    let leader = net.leader().expect("one leads");
    assert_eq!(configs(&net, leader), [config(&[0, 1, 2], &[], &[3])]);
    work(&mut net, "all");
    net.assert_settled();
    // With the learner only, a leader has no majority.
    net.isolate(&[leader, 3]);
    net.run_ms(1000);
    assert_ne!(net.glance(leader).expect("up").role, 3);
    assert_ne!(net.glance(3).expect("up").role, 3);
    net.crash(leader);
    (0..3)
        .filter(|place| *place != leader)
        .for_each(|place| net.crash(place));
    net.cut.clear();
    net.run_ms(2000);
    assert_eq!(net.glance(3).expect("up").role, 0, "it never stands");
}

/// Nobody votes who has nothing to vote with: a server that cannot be reached is not made a voter.
#[test]
fn who_does_not_catch_up_is_not_promoted() {
    for joint in [0, 1] {
        let mut net = net(4, 3, &[("joint", joint)], 3);
        let leader = net.elect();
        net.crash(3);
        order(&mut net, &[0, 1, 2, 3], &[]);
        net.run_ms(3000);
        assert_eq!(configs(&net, leader), [config(&[0, 1, 2], &[], &[3])]);
        net.boot(3);
        net.run_ms(1000);
        let last = configs(&net, leader).pop();
        assert_eq!(last, Some(config(&[0, 1, 2, 3], &[], &[])));
    }
}

#[test]
fn joint_consensus_replaces_three_of_five() {
    let mut net = net(8, 5, &[], 4);
    let leader = net.elect();
    work(&mut net, "before");
    order(&mut net, &[3, 4, 5, 6, 7], &[]);
    net.run_ms(1000);
    work(&mut net, "after");
    let (old, new) = ([0, 1, 2, 3, 4], [3, 4, 5, 6, 7]);
    let steps = [
        config(&old, &[], &[5, 6, 7]),
        config(&new, &old, &[]),
        config(&new, &[], &[]),
    ];
    assert_eq!(configs(&net, 5), steps);
    let now = net.leader().expect("one leads");
    assert!(now >= 3 && (leader >= 3) == (now == leader));
    // The old ones are not needed any more.
    (0..3).for_each(|place| net.crash(place));
    work(&mut net, "without them");
    assert_eq!(executed(&net, 3), executed(&net, 7));
}

/// While a change is under way, neither the old majority nor the new one is enough.
#[test]
fn in_joint_consensus_both_majorities_count() {
    let mut net = net(6, 3, &[], 5);
    let leader = net.elect();
    let old: Vec<usize> = (0..3).filter(|place| *place != leader).collect();
    order(&mut net, &[3, 4, 5], &[]);
    let is_joint = |net: &Net| {
        let last = configs(net, leader).pop();
        last.is_some_and(|config| !config.outgoing.is_empty())
    };
    net.run_until("the joint configuration", is_joint);
    let place = number(&net, leader, "last");
    old.iter().for_each(|place| net.crash(*place));
    net.run_ms(140); // less than the leader's patience
    assert!(
        number(&net, leader, "commit") < place,
        "the new ones have it"
    );
    net.boot_all();
    net.run_ms(1000);
    work(&mut net, "after");
    let last = configs(&net, 3).pop();
    assert_eq!(last, Some(config(&[3, 4, 5], &[], &[])));
}

#[test]
fn single_steps_change_one_voter_at_a_time_and_the_leader_goes_last() {
    let mut net = net(5, 3, &[("joint", 0)], 6);
    let leader = net.elect();
    order(&mut net, &[3, 4], &[]);
    net.run_ms(1000);
    work(&mut net, "after");
    let steps = configs(&net, 4);
    let mut before = seats(&[0, 1, 2]);
    for step in &steps {
        let differ =
            |one: &[Seat], other: &[Seat]| one.iter().filter(|seat| !other.contains(seat)).count();
        let change = differ(&before, &step.voters) + differ(&step.voters, &before);
        assert!(change <= 1 && step.outgoing.is_empty(), "{steps:?}");
        before.clone_from(&step.voters);
    }
    assert_eq!(steps.last(), Some(&config(&[3, 4], &[], &[])));
    let voters = |step: &Config| step.voters.contains(&Seat(leader as u32));
    let until = steps.iter().filter(|step| voters(step)).count();
    assert_eq!(until, steps.len() - 1);
    assert!(net.leader().expect("one leads") >= 3);
}

/// Paper, end of section 6: it leads until its successor's configuration is committed.
#[test]
fn a_leader_that_is_removed_steps_down() {
    for joint in [0, 1] {
        let mut net = net(3, 0, &[("joint", joint)], 7);
        let leader = net.elect();
        let rest: Vec<u32> = (0..3).filter(|seat| *seat != leader as u32).collect();
        order(&mut net, &rest, &[]);
        net.run_ms(1000);
        assert_eq!(net.glance(leader).expect("up").role, 0);
        work(&mut net, "after");
        assert_ne!(net.leader(), Some(leader));
        net.run_ms(3000);
        assert_eq!(net.glance(leader).expect("up").role, 0, "it never stands");
    }
}

/// Dissertation 4.2.2: of two servers one is to go, and it alone has the entry that says so.
#[test]
fn who_is_removed_stands_for_election_as_long_as_it_may_be_needed() {
    let mut net = net(2, 0, &[("joint", 0)], 8);
    let leader = net.elect();
    net.run_ms(200);
    net.isolate(&[leader]);
    order(&mut net, &[1 - leader as u32], &[]);
    assert_eq!(configs(&net, leader).len(), 1);
    net.crash(leader);
    net.cut.clear();
    net.boot(leader);
    net.run_ms(2000);
    assert_eq!(net.leader(), Some(1 - leader));
    work(&mut net, "after");
}

/// What was not committed when a leader was deposed does not hold any more where it is overwritten.
#[test]
fn a_configuration_that_is_overwritten_holds_no_longer() {
    let mut net = net(4, 3, &[], 9);
    let leader = net.elect();
    net.run_ms(200);
    net.isolate(&[leader, 3]);
    order(&mut net, &[0, 1, 2], &[3]);
    net.run_ms(100);
    assert_eq!(configs(&net, leader).len(), 1);
    assert_eq!(configs(&net, 3).len(), 1);
    net.run_until("another leader", |net| {
        net.leader().is_some_and(|now| now != leader)
    });
    net.cut.clear();
    work(&mut net, "after");
    assert_eq!(configs(&net, leader), []);
    // Nobody tells the one that it was about, and so it waits.
    net.run_ms(2000);
    assert_eq!((configs(&net, 3).len(), executed(&net, 3)), (1, 1));
}

#[test]
fn snapshots_carry_the_configuration() {
    let params = [("snapshot", 5), ("piece", 20)];
    let mut net = net(5, 3, &params, 10);
    net.elect();
    work(&mut net, "before");
    order(&mut net, &[0, 1, 2, 3], &[]);
    net.run_ms(1000);
    (0..4).for_each(|round| work(&mut net, &format!("{round}")));
    let leader = net.leader().expect("one leads");
    assert_eq!(configs(&net, leader), [], "all are in the snapshot");
    let kept = |net: &Net, place: usize| -> Configured {
        let value = net.nodes[place].disk.get(CONFIG).expect("kept");
        decode_exact(value).expect("as saved")
    };
    assert_eq!(kept(&net, leader).config.voters, seats(&[0, 1, 2, 3]));
    // Who was never told anything gets it with the snapshot, and goes by it after a restart.
    order(&mut net, &[0, 1, 2, 3, 4], &[]);
    net.run_ms(1000);
    assert!(net.installed >= 1);
    (0..4).for_each(|round| work(&mut net, &format!("again {round}")));
    assert_eq!(kept(&net, 4).config.voters, seats(&[0, 1, 2, 3, 4]));
    (0..5).for_each(|place| net.crash(place));
    net.boot_all();
    net.run_ms(1000);
    // Two of five are no majority, as two of three would be.
    let leader = net.leader().expect("one leads");
    net.isolate(&[leader, (leader + 1) % 5]);
    net.run_ms(1000);
    assert_ne!(net.glance(leader).expect("up").role, 3);
}

/// A removed server that does not know it stands for election again and again. Without pre-vote, and
/// with nobody who keeps to the leader that is heard, each attempt deposes that.
fn terms_after_a_removal(params: &[(&str, u64)]) -> u64 {
    let mut net = net(4, 0, params, 11);
    let leader = net.elect();
    work(&mut net, "before");
    let gone = if leader == 3 { 2 } else { 3 };
    net.isolate(&[gone]);
    let rest: Vec<u32> = (0..4).filter(|seat| *seat != gone as u32).collect();
    order(&mut net, &rest, &[]);
    net.run_ms(100);
    let term = |net: &Net| {
        let terms = rest.iter().map(|seat| net.glance(*seat as usize));
        terms.map(|glance| glance.expect("up").epoch).max()
    };
    let before = term(&net);
    net.cut.clear();
    net.run_ms(5000);
    work(&mut net, "after");
    term(&net).expect("some") - before.expect("some")
}

#[test]
fn a_removed_server_disturbs_nobody() {
    assert!(terms_after_a_removal(&[("pre-vote", 0), ("check-quorum", 0)]) > 5);
    assert_eq!(terms_after_a_removal(&[("check-quorum", 0)]), 0);
    assert_eq!(terms_after_a_removal(&[("pre-vote", 0)]), 0);
    assert_eq!(terms_after_a_removal(&[]), 0);
}

/// Ongaro, "bug in single-server membership changes", raft-dev, 2015, the second example: server 0 adds
/// server 4 in term 1 and is cut off; server 1 removes server 0 in term 2, with 2; server 0 comes back
/// and is elected by 3 and 4, although it lacks what was committed.
fn schedule_of_2015(hasty: u64) -> Net {
    let params = [("joint", 0), ("hasty", hasty)];
    let mut net = net(5, 4, &params, 12);
    let first = net.elect();
    net.run_ms(200);
    order(&mut net, &[0, 1, 2, 3], &[4]);
    net.run_ms(300);
    let others: Vec<usize> = (0..4).filter(|place| *place != first).collect();
    let (second, third, fourth) = (others[0], others[1], others[2]);
    net.isolate(&[first, 4]);
    order(&mut net, &[0, 1, 2, 3, 4], &[]);
    net.run_ms(100);
    assert_eq!(configs(&net, 4).len(), 2, "it has its own promotion");
    net.crash(first);
    net.crash(4);
    // The other leader's entries do not come to the fourth, which votes for it.
    net.lose(move |from, to, message| {
        let is_entry = matches!(message, Message::Append { .. });
        let is_far = from != third && to == fourth && is_entry;
        let stands = matches!(message, Message::AskVote { .. });
        is_far || (stands && from != second)
    });
    net.run_until("the second leader", |net| net.leader() == Some(second));
    let rest: Vec<u32> = others.iter().map(|place| *place as u32).collect();
    order(&mut net, &rest, &[]);
    net.run_ms(60);
    net
}

#[test]
fn a_hasty_leader_removes_a_server_with_two_of_four() {
    let net = schedule_of_2015(1);
    let leader = net.leader().expect("one leads");
    assert_eq!(number(&net, leader, "commit"), number(&net, leader, "last"));
    // Its first one has a learner too many, which goes with the second.
    assert_eq!(configs(&net, leader).len(), 3);
}

#[test]
fn a_leader_that_waits_for_its_own_term_does_not() {
    let net = schedule_of_2015(0);
    let leader = net.leader().expect("one leads");
    assert!(number(&net, leader, "commit") < number(&net, leader, "last"));
    assert_eq!(configs(&net, leader).len(), 1);
}

/// A configuration that no leader makes, from one that lies: nobody panics.
#[test]
fn nobody_votes_in_an_empty_configuration() {
    let mut net = Net::new(3, 0, 13);
    plant(&mut net, 0, &[1], 1);
    let proposal = protocol::Proposal {
        body: Body::Config(Config::default()),
        ..(*noop(1).proposal).clone()
    };
    let (term, proposal) = (Term(1), proposal.into());
    let name = entry_name(Index(2));
    net.plant(0, &name, chain::Encode::to_vec(&Entry { term, proposal }));
    net.boot_all();
    net.unclaimed();
    net.run_ms(3000);
    assert_ne!(net.glance(0).expect("up").role, 3);
}
