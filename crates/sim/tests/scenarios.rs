//! Runs every case under `tests/scenarios` and compares it with its golden transcript.

#![cfg(not(target_arch = "wasm32"))] // reads files; `fingerprint.rs` runs everywhere

use scenario::Scenario;
use sim::{Sim, Verdict, transcript};

mod cases;

use cases::{all, load, root};

#[test]
fn every_scenario_matches_its_transcript() {
    let cases = all();
    assert!(cases.len() >= 3, "only {} cases found", cases.len());
    let mut differ = Vec::new();
    for folder in cases {
        let scenario = load(&folder);
        let (transcript, report) = transcript(&scenario).expect("within limits");
        let unmet = report.unmet(&scenario.expect);
        assert!(unmet.is_empty(), "{folder:?}: {unmet:?}");
        let golden = std::fs::read_to_string(folder.join("trace.txt"));
        if golden.unwrap_or_default() != transcript {
            differ.push(folder);
        }
    }
    assert!(
        differ.is_empty(),
        "other transcripts than before (`tabchain bless` rewrites them): {differ:?}"
    );
}

/// Sharing the results of validity checks between nodes changes nothing.
#[test]
fn runs_are_the_same_without_the_memo() {
    for folder in all() {
        let scenario = load(&folder);
        let with = Sim::new(&scenario).expect("valid").run();
        let without = Sim::new(&scenario).expect("valid").without_memo().run();
        assert_eq!(with, without, "{folder:?}");
    }
}

#[test]
fn another_seed_is_another_run() {
    let folder = root().join("pow/01-lossy-links");
    let first = load(&folder);
    let second = Scenario {
        seed: first.seed + 1,
        ..first.clone()
    };
    let [a, b] = [first, second].map(|scenario| Sim::new(&scenario).expect("valid").run());
    assert_ne!(a.fingerprint, b.fingerprint);
}

/// No false alarms and no disagreement in the end, whatever the seed: the links heal by themselves.
#[test]
fn many_seeds_converge_without_a_broken_claim() {
    let base = load(&root().join("pow/01-lossy-links"));
    let mut torn_writes = 0;
    for seed in 100..125 {
        let scenario = Scenario {
            seed,
            seconds: 300,
            faults: base.faults[..2].to_vec(),
            ..base.clone()
        };
        let report = Sim::new(&scenario).expect("valid").run();
        for claim in &report.claims {
            assert_eq!(claim.verdict, Verdict::Held, "seed {seed}: {}", claim.name);
        }
        assert_eq!(report.counts.crashes, 2, "seed {seed}");
        torn_writes += report.counts.torn_writes;
        let heights: Vec<u32> = report
            .nodes
            .iter()
            .filter_map(|node| node.tip.map(|(_, height)| height.0))
            .collect();
        let (low, high) = (heights.iter().min(), heights.iter().max());
        let spread = high.zip(low).map(|(high, low)| high - low);
        assert!(
            spread.is_some_and(|spread| spread <= 2),
            "seed {seed}: heights {heights:?}"
        );
        // Every node considers some blocks final, and the claim of agreement says that they are the
        // same.
        assert!(
            low.is_some_and(|low| *low >= 2 * scenario.depth),
            "seed {seed}: heights {heights:?}"
        );
    }
    assert!(torn_writes >= 5, "only {torn_writes} writes were torn");
}
