//! Liars: how scenarios name them, and what is asked of them.

#![cfg(not(target_arch = "wasm32"))] // many runs; `fingerprint.rs` runs everywhere

use adversary::{Lie, TWISTS};
use consensus::PROTOCOLS;
use protocol::{Entry, Role};
use scenario::{Fault, FaultKind, Scenario, ScenarioError};
use sim::{Sim, Verdict, random};

fn turn_evil(at_ms: u32, node: u32, twist: &str) -> Fault {
    let by_ms = match Lie::find(twist) {
        Some(twist) if twist.kind.takes_time() => 300,
        _ => 0,
    };
    let kind = FaultKind::TurnEvil {
        node,
        twist: twist.into(),
        to: vec![],
        by_ms,
    };
    Fault::at_ms(at_ms, kind)
}

/// A short scenario with a liar in it.
fn with(entry: &Entry, fault: Fault) -> Scenario {
    Scenario {
        seconds: 12,
        faults: vec![fault],
        ..random::scenario(entry, 1)
    }
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
        let own = entry.twists.iter().map(|twist| twist.id);
        for twist in own.chain(TWISTS.iter().map(|twist| twist.id)) {
            for at_ms in [0, 6_000] {
                let scenario = with(entry, turn_evil(at_ms, 1, twist));
                let run = || Sim::new(&scenario).expect("within limits").run();
                let report = run();
                assert_eq!(report, run(), "{twist} {at_ms}");
                for (seat, node) in (0..).zip(&report.nodes) {
                    assert_eq!(node.is_twisted, seat == 1, "{twist}");
                    assert!(node.role == Role::Client || node.tip.is_some());
                }
            }
        }
    }
}

#[test]
fn a_twist_takes_only_what_belongs_to_it() {
    let raft = consensus::find("raft").expect("in the registry");
    let refused = |twist: &str, to: Vec<u32>, by_ms: u32| {
        let (node, twist) = (0, twist.into());
        let kind = FaultKind::TurnEvil {
            node,
            twist,
            to,
            by_ms,
        };
        with(raft, Fault::at_ms(0, kind)).check().is_err()
    };
    assert!(refused("delay", vec![], 0), "a delay takes time");
    assert!(refused("silent", vec![], 5), "silence takes none");
    assert!(
        refused("vote-twice", vec![1], 0),
        "everybody hears of a vote"
    );
    assert!(refused("silent", vec![1, 1], 0), "nobody is named twice");
    assert!(!refused("silent", vec![1], 0));
    assert!(!refused("replay", vec![], 5));
}

/// PBFT bears one liar of four to six, whatever else goes wrong for a while.
#[test]
fn one_liar_breaks_none_of_pbfts_promises() {
    let entry = consensus::find("pbft").expect("in the registry");
    for (seed, twist) in (0..).zip(entry.twists) {
        let mut scenario = random::scenario(entry, seed);
        let is_lie = |fault: &Fault| matches!(fault.kind, FaultKind::TurnEvil { .. });
        scenario.faults.retain(|fault| !is_lie(fault));
        let node = u32::try_from(seed % 3).expect("below 3");
        scenario.faults.insert(0, turn_evil(0, node, twist.id));
        scenario.chain.params.insert("macs".into(), 1);
        let report = Sim::new(&scenario).expect("within limits").run();
        for claim in &report.claims {
            let (id, name) = (twist.id, claim.name);
            assert_eq!(claim.verdict, Verdict::Held, "{id}: {name}");
        }
    }
}
