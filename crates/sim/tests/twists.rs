//! Liars: how scenarios name them, and what is asked of them.

#![cfg(not(target_arch = "wasm32"))] // many runs; `fingerprint.rs` runs everywhere

use consensus::PROTOCOLS;
use protocol::{Entry, Role};
use scenario::{Fault, FaultKind, Scenario, ScenarioError};
use sim::{Sim, random};

fn turn_evil(at_ms: u32, node: u32, twist: &str) -> Fault {
    let twist = twist.into();
    let kind = FaultKind::TurnEvil { node, twist };
    Fault { at_ms, kind }
}

/// A random scenario with a liar in it.
fn with(entry: &Entry, fault: Fault) -> Scenario {
    let mut scenario = random::scenario(entry, 1);
    scenario.faults.insert(0, fault);
    scenario
}

#[test]
fn an_unknown_twist_is_refused_with_those_that_there_are() {
    let raft = consensus::find("raft").expect("in the registry");
    let error = with(raft, turn_evil(0, 0, "vote-thrice")).check().err();
    assert!(matches!(error, Some(ScenarioError::UnknownTwist { .. })));
    let text = error.expect("refused").to_string();
    assert!(
        text.contains("vote-thrice") && text.contains("vote-twice"),
        "{text}"
    );
    assert_eq!(
        with(raft, turn_evil(0, 99, "vote-twice")).check().err(),
        Some(ScenarioError::BadNode(99))
    );
}

/// Whatever the others make of it, a run with a liar comes to its end, and twice to the same.
#[test]
fn every_twist_runs_from_the_beginning_or_later() {
    for entry in PROTOCOLS {
        for twist in entry.twists {
            for at_ms in [0, 10_000] {
                let scenario = with(entry, turn_evil(at_ms, 1, twist.id));
                let run = || Sim::new(&scenario).expect("within limits").run();
                let report = run();
                assert_eq!(report, run(), "{} {at_ms}", twist.id);
                for (seat, node) in (0..).zip(&report.nodes) {
                    assert_eq!(node.is_twisted, seat == 1, "{}", twist.id);
                    assert!(node.role == Role::Client || node.tip.is_some());
                }
            }
        }
    }
}
