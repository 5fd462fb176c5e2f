//! The same scenario gives the same bytes natively, in Node and in Chromium: there is one golden
//! value for each, and every platform must reach it.
//!
//! `cargo test -p sim`, `wasm-pack test --node crates/sim`, `wasm-pack test --headless --chrome
//! crates/sim`.

use scenario::Scenario;
use sim::Sim;

/// A case by its folder, with its two files: browsers read none.
macro_rules! cases {
    ($($folder:literal),* $(,)?) => {
        [$((
            $folder,
            include_str!(concat!("../../../tests/scenarios/", $folder, "/scenario.toml")),
            include_str!(concat!("../../../tests/scenarios/", $folder, "/trace.txt")),
        )),*]
    };
}

/// A folder, its scenario and its golden transcript.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &cases![
    "pbft/01-normal-case",
    "pbft/02-primary-dies",
    "pbft/03-primary-cut-off",
    "pbft/04-water-marks",
    "pbft/05-far-behind",
    "pbft/06-bad-links",
    "pbft/07-no-quorum",
    "pbft/08-two-of-seven",
    "pbft/09-retry",
    "pbft/10-even-group",
    "pbft/11-silent-primary",
    "pbft/12-primary-is-two",
    "pbft/13-primary-dies-in-commit",
    "pbft/14-equivocating-primary",
    "pbft/15-gap",
    "pbft/16-two-traitors-of-four",
    "pbft/17-two-traitors-of-seven",
    "pbft/18-forgets-what-was-prepared",
    "pbft/19-amnesia",
    "pbft/20-lying-checkpoint",
    "pbft/21-wrong-replies",
    "pbft/22-parted-views",
    "pbft/23-four-regions",
    "pow/01-lossy-links",
    "pow/02-partition",
    "pow/03-deep-partition",
    "pow/04-power-fails",
    "pow/05-fifty-one-percent",
    "pow/06-selfish-20-gamma-0",
    "pow/07-selfish-20-gamma-50",
    "pow/08-selfish-33-gamma-0",
    "pow/09-selfish-33-gamma-50",
    "pow/10-selfish-40-gamma-0",
    "pow/11-selfish-40-gamma-50",
    "pow/12-eclipse",
    "pow/13-six-confirmations",
    "pow/14-two-confirmations",
    "raft/01-first-election",
    "raft/02-leader-dies",
    "raft/03-minority-leads-alone",
    "raft/04-bad-links",
    "raft/05-no-majority",
    "raft/06-even-cluster",
    "raft/07-impatient",
    "raft/08-crash-at-once",
    "raft/09-power-fails",
    "raft/10-standing-still",
    "raft/11-one-way",
    "raft/12-slow-server",
    "raft/13-snapshots",
    "raft/14-votes-twice",
    "raft/15-comings-and-goings",
    "raft/16-rotten-disk",
    "raft/17-done-by-hand",
    "raft/18-read-index",
    "raft/19-leader-transfer",
    "raft/20-split-vote",
    "raft/21-partially-connected",
    "raft/22-diverging-logs",
    "raft/23-figure-8",
    "raft/24-learner",
    "raft/25-joint-consensus",
    "raft/26-single-steps",
    "raft/27-single-step-bug",
    "raft/28-single-steps-of-own-term",
    "raft/29-removed-server-disrupts",
    "raft/30-removed-server-asks-in-vain",
];

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn fingerprints_are_the_same_everywhere() {
    CASES.iter().copied().for_each(reproduce);
}

/// A pause after each case: whoever drives a browser takes a page that is silent for long for dead.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn fingerprints_are_the_same_everywhere() {
    for case in CASES {
        reproduce(*case);
        gloo_timers::future::TimeoutFuture::new(0).await;
    }
}

fn reproduce((folder, scenario, trace): Case) {
    let scenario: Scenario = toml::from_str(scenario).expect("a scenario");
    let report = Sim::new(&scenario).expect("within limits").run();
    let mut lines = trace.lines().rev();
    let golden = lines.find_map(|line| line.strip_prefix("fingerprint "));
    let fingerprint = report.fingerprint.to_string();
    assert_eq!(Some(fingerprint.as_str()), golden, "{folder}");
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn no_case_is_forgotten() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let names = |path: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).expect("readable");
        let folders = entries.map(|entry| entry.expect("readable"));
        let folders = folders.filter(|entry| entry.path().is_dir());
        folders
            .map(|entry| entry.file_name().into_string().expect("plain"))
            .collect()
    };
    let mut found: Vec<String> = names(&root)
        .into_iter()
        .flat_map(|protocol| {
            let cases = names(&root.join(&protocol));
            cases
                .into_iter()
                .map(move |case| format!("{protocol}/{case}"))
        })
        .collect();
    found.sort();
    let listed: Vec<&str> = CASES.iter().map(|(folder, ..)| *folder).collect();
    assert_eq!(found, listed);
}
