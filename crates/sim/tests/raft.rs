//! Raft under random faults: all claims hold, and once faults end everything is answered.

#![cfg(not(target_arch = "wasm32"))] // many runs; `fingerprint.rs` runs everywhere

use std::collections::BTreeMap;

use chain::Stream;
use scenario::{ChainSpec, ClientsSpec, Fault, FaultKind, LinksSpec, NodesSpec, Scenario};
use sim::{Sim, Verdict};

/// When faults end, in seconds; 30 more are left to settle.
const FAULTS_END: u32 = 40;

/// A random scenario of this seed: 3 to 5 servers, bad links, crashes and cuts.
fn random(seed: u64) -> Scenario {
    let mut rng = Stream::new(seed, 0, "raft faults");
    let mut draw = |most: u64| u32::try_from(rng.below(most)).expect("small");
    let (count, clients) = (3 + draw(3), 1 + draw(3));
    let links = LinksSpec {
        delay_min_ms: 1,
        delay_max_ms: 1 + draw(60),
        loss_ppm: draw(100_000),
        duplicate_ppm: draw(100_000),
    };
    let mut faults = Vec::new();
    for _ in 0..draw(12) {
        let at = 2 + draw(u64::from(FAULTS_END) - 12);
        let kind = match draw(3) {
            0 => {
                let mut groups = vec![Vec::new(), Vec::new(), Vec::new()];
                for seat in 0..count + clients {
                    groups[draw(3) as usize].push(seat);
                }
                FaultKind::Cut { groups }
            }
            1 => FaultKind::Heal {},
            _ => FaultKind::Crash {
                node: draw(u64::from(count + clients)),
                seconds: draw(8),
            },
        };
        faults.push(Fault { at, kind });
    }
    faults.push(Fault {
        at: FAULTS_END,
        kind: FaultKind::Heal {},
    });
    Scenario {
        title: format!("random faults {seed}"),
        seed,
        seconds: FAULTS_END + 30,
        depth: 6,
        chain: ChainSpec {
            name: "random".into(),
            protocol: "raft".into(),
            ledger: "kv".into(),
            params: BTreeMap::new(),
        },
        nodes: NodesSpec {
            count,
            hashes_per_second: vec![],
        },
        clients: ClientsSpec {
            count: clients,
            every_ms: 300 + draw(2_000),
        },
        links,
        faults,
    }
}

#[test]
fn random_faults_break_no_claim_and_everything_is_answered_afterwards() {
    let (mut crashes, mut torn, mut answered) = (0, 0, 0);
    for seed in 0..40 {
        let scenario = random(seed);
        let report = Sim::new(&scenario).expect("within limits").run();
        for claim in &report.claims {
            assert_eq!(claim.verdict, Verdict::Held, "seed {seed}: {}", claim.name);
        }
        crashes += report.counts.crashes;
        torn += report.counts.torn_writes;
        answered += report.counts.answered;
    }
    assert!(crashes >= 40 && torn >= 5, "{crashes} crashes, {torn} torn");
    assert!(answered >= 1_000, "only {answered} answers");
}

#[test]
fn a_run_is_the_same_each_time_and_another_seed_is_another_run() {
    let report = |seed| Sim::new(&random(seed)).expect("within limits").run();
    assert_eq!(report(3), report(3));
    assert_ne!(report(3).fingerprint, report(4).fingerprint);
}
