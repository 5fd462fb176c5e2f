//! Shrinking: what does not matter goes, and what fails still fails.

#![cfg(not(target_arch = "wasm32"))] // many runs

use scenario::{FaultKind, Scenario};
use sim::random;
use sim::shrink::{breaks, shrink};

fn of(protocol: &str, seed: u64) -> Scenario {
    let entry = consensus::find(protocol).expect("in the registry");
    random::scenario(entry, seed)
}

fn pauses(scenario: &Scenario) -> usize {
    let faults = scenario.faults.iter();
    let pauses = faults.filter(|fault| matches!(fault.kind, FaultKind::Pause { .. }));
    pauses.count()
}

#[test]
fn faults_seats_time_and_bad_links_that_do_not_matter_are_dropped() {
    let scenario = (0..)
        .map(|seed| of("raft", seed))
        .find(|scenario| pauses(scenario) > 1 && scenario.faults.len() > 8)
        .expect("one of many");
    let small = shrink(&scenario, 1_000, |scenario| pauses(scenario) > 0);
    assert_eq!((small.faults.len(), pauses(&small)), (1, 1), "{small:?}");
    assert!(small.seconds < scenario.seconds / 2);
    assert!(
        small.nodes.count + small.clients.count <= 2,
        "who stands still, and a node"
    );
    assert_eq!((small.links.loss_ppm, small.links.duplicate_ppm), (0, 0));
    assert_eq!(small.disks, scenario::DisksSpec::default());
}

/// Blocks are final too early: that claim falls, and still falls in what is left.
#[test]
fn the_same_claim_falls_in_what_is_left() {
    let early = |seed| Scenario {
        depth: 1,
        ..of("pow", seed)
    };
    let scenario = (0..)
        .map(early)
        .find(|scenario| breaks(scenario, "agreement"))
        .expect("one of many");
    let small = shrink(&scenario, 60, |scenario| breaks(scenario, "agreement"));
    assert!(breaks(&small, "agreement"));
    assert!(small.faults.len() < scenario.faults.len());
    assert!(small.seconds < scenario.seconds);
}

#[test]
fn no_more_is_tried_than_is_allowed() {
    let mut tried = 0;
    let scenario = of("raft", 1);
    let small = shrink(&scenario, 5, |_| {
        tried += 1;
        false
    });
    assert_eq!((small, tried), (scenario, 5));
}
