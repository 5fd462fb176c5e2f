//! Random faults within what a protocol tolerates: all claims hold, and once faults end everything
//! is answered.

#![cfg(not(target_arch = "wasm32"))] // many runs; `fingerprint.rs` runs everywhere

use scenario::Scenario;
use sim::{Counts, Sim, Verdict, random};

fn of(protocol: &str, seed: u64) -> Scenario {
    let entry = consensus::find(protocol).expect("in the registry");
    random::scenario(entry, seed)
}

/// Runs seeds in which all claims must hold, and adds up what happened.
fn hold(protocol: &str, seeds: u64) -> Counts {
    let mut all = Counts::default();
    for seed in 0..seeds {
        let scenario = of(protocol, seed);
        let report = Sim::new(&scenario).expect("within limits").run();
        for claim in &report.claims {
            assert_eq!(claim.verdict, Verdict::Held, "seed {seed}: {}", claim.name);
        }
        all += report.counts;
    }
    all
}

#[test]
fn raft_keeps_its_promises() {
    let all = hold("raft", 40);
    assert!(all.crashes >= 40 && all.torn_writes >= 5, "{all:?}");
    assert!(all.answered >= 1_000, "{all:?}");
}

#[test]
fn pbft_keeps_its_promises() {
    let all = hold("pbft", 8);
    assert!(all.crashes >= 8 && all.torn_writes >= 2, "{all:?}");
    assert!(all.answered >= 800, "{all:?}");
}

#[test]
fn proof_of_work_keeps_its_promises() {
    let all = hold("pow", 12);
    assert!(all.crashes >= 12 && all.reorganisations >= 20, "{all:?}");
}

#[test]
fn a_run_is_the_same_each_time_and_another_seed_is_another_run() {
    let report = |seed| Sim::new(&of("raft", seed)).expect("within limits").run();
    assert_eq!(report(3), report(3));
    assert_ne!(report(3).fingerprint, report(4).fingerprint);
}

#[test]
fn a_random_scenario_survives_its_file() {
    for protocol in ["pow", "raft", "pbft"] {
        for seed in 0..50 {
            let scenario = of(protocol, seed);
            let text = toml::to_string(&scenario).expect("a file");
            assert_eq!(toml::from_str(&text), Ok(scenario), "{text}");
        }
    }
}
