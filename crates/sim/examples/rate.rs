//! Prints how many events a second of one core's time the simulator carries out and judges: `cargo xtask
//! bench sim`. Takes scenario files; each is run three times.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use scenario::Scenario;
use sim::{Report, Sim};

mod measure;

const RUNS: u32 = 3;

fn main() -> ExitCode {
    measure::each_file(runs)
}

fn runs(scenario: &Scenario) -> Result<(), String> {
    for _ in 0..RUNS {
        let (report, took) = measure::time(|| Sim::new(scenario).map(|mut sim| sim.run()));
        let report = report.map_err(|error| error.to_string())?;
        let unmet = report.unmet(&scenario.expect);
        if !unmet.is_empty() {
            return Err(unmet.join("; "));
        }
        print(&report, took.as_millis());
    }
    Ok(())
}

fn print(report: &Report, millis: u128) {
    let counts = report.counts;
    let rate = u128::from(counts.steps) * 1_000 / millis.max(1);
    println!(
        "  {rate} events a second: {} in {millis} ms; {} of {} requests answered",
        counts.steps, counts.answered, counts.submitted
    );
}
