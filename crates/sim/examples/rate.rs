//! Prints how many events a second of one core's time the simulator carries out and judges: `cargo xtask
//! bench sim`. Takes scenario files; each is run three times.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program has a clock; the runs it starts have none"
)]

use std::process::ExitCode;
use std::time::Instant;

use scenario::Scenario;
use sim::{Report, Sim};

const RUNS: u32 = 3;

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
    for _ in 0..RUNS {
        let (begun, busy) = (Instant::now(), busy_nanos());
        let report = Sim::new(&scenario)
            .map_err(|error| error.to_string())?
            .run();
        let whole = begun.elapsed().as_nanos();
        // Other work on the machine takes time that is not the run's; Linux says how much was.
        let took = busy.and_then(|busy| Some(busy_nanos()? - busy));
        let unmet = report.unmet(&scenario.expect);
        if !unmet.is_empty() {
            return Err(unmet.join("; "));
        }
        print(&report, took.unwrap_or(whole) / 1_000_000);
    }
    Ok(())
}

/// How long this thread has run on a processor, in nanoseconds; `None` where nobody says.
fn busy_nanos() -> Option<u128> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok()
}

fn print(report: &Report, millis: u128) {
    let counts = report.counts;
    let rate = u128::from(counts.steps) * 1_000 / millis.max(1);
    println!(
        "  {rate} events a second: {} in {millis} ms; {} of {} requests answered",
        counts.steps, counts.answered, counts.submitted
    );
}
