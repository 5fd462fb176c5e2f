//! Prints how long networks take in which each node hears only some others, and how much memory: `cargo
//! xtask bench sim sparse`. Takes scenario files, the smallest first.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program has a clock; the runs it starts have none"
)]

use std::process::ExitCode;
use std::time::Instant;

use scenario::Scenario;
use sim::{Sim, Verdict};

fn main() -> ExitCode {
    for file in std::env::args().skip(1) {
        if let Err(why) = measure(&file) {
            eprintln!("{file}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(file: &str) -> Result<(), String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    println!("{}", scenario.title);
    let (begun, busy) = (Instant::now(), busy_nanos());
    let mut sim = Sim::new(&scenario).map_err(|error| error.to_string())?;
    let report = sim.run();
    let whole = begun.elapsed().as_nanos();
    // Other work on the machine takes time that is not the run's; Linux says how much was.
    let took = busy.and_then(|busy| Some(busy_nanos()? - busy));
    let nanos = took.unwrap_or(whole);
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
        nanos / 1_000_000,
        nanos / pairs,
        report.counts.steps,
        report.counts.packets,
        peak_kib() / 1_024,
    );
    Ok(())
}

/// How long this thread has run on a processor, in nanoseconds; `None` where nobody says.
fn busy_nanos() -> Option<u128> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

/// The most memory that this process had, in KiB; 0 where nobody says.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.unwrap_or_default()
}
