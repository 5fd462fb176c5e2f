//! Prints how long networks take in which each node hears only some others, and how much memory: `cargo
//! xtask bench sim sparse`. Takes scenario files, the smallest first.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use scenario::Scenario;
use sim::{Sim, Verdict};

mod measure;

fn main() -> ExitCode {
    measure::each_file(run)
}

fn run(scenario: &Scenario) -> Result<(), String> {
    let (report, took) = measure::time(|| Sim::new(scenario).map(|mut sim| sim.run()));
    let report = report.map_err(|error| error.to_string())?;
    if let Some(claim) = report
        .claims
        .iter()
        .find(|claim| claim.verdict != Verdict::Held)
    {
        return Err(format!("{}: {:?}", claim.name, claim.verdict));
    }
    let tips = report.nodes.iter().filter_map(|node| node.tip);
    let height = tips.map(|(_, height)| height.0).max().unwrap_or_default();
    let pairs = u128::from(scenario.nodes.count) * u128::from(height.max(1));
    println!(
        "  {} ms, {} ns a node and block; {height} blocks, {} events, {} packets; at most {} MiB so far",
        took.as_millis(),
        took.as_nanos() / pairs,
        report.counts.steps,
        report.counts.packets,
        measure::peak_mib().unwrap_or_default(),
    );
    Ok(())
}
