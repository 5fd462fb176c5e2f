//! The same scenario gives the same bytes natively, in Node and in Chromium: there is one golden
//! value, and every platform must reach it.
//!
//! `cargo test -p sim`, `wasm-pack test --node crates/sim`, `wasm-pack test --headless --chrome
//! crates/sim`.

use scenario::Scenario;
use sim::Sim;
use wasm_bindgen_test::wasm_bindgen_test;

const SCENARIO: &str = include_str!("../../../tests/scenarios/pow/01-lossy-links/scenario.toml");
const TRACE: &str = include_str!("../../../tests/scenarios/pow/01-lossy-links/trace.txt");

#[wasm_bindgen_test(unsupported = test)]
fn the_fingerprint_is_the_same_everywhere() {
    let scenario: Scenario = toml::from_str(SCENARIO).expect("a scenario");
    let report = Sim::new(&scenario).expect("within limits").run();
    let golden = TRACE
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("fingerprint "));
    assert_eq!(Some(report.fingerprint.to_string().as_str()), golden);
}
