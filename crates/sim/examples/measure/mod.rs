//! What the programs of `cargo xtask bench sim` share: a clock that leaves out the time in which others have
//! the processor, and the most memory that was needed.

#![allow(dead_code, reason = "each program uses another part")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program has a clock; the runs it starts have none"
)]

use std::fs::read_to_string;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use scenario::Scenario;

/// Measures each scenario file that was named, until one cannot be.
pub fn each_file(measure: fn(&Scenario) -> Result<(), String>) -> ExitCode {
    for file in std::env::args().skip(1) {
        if let Err(why) = scenario(&file).and_then(|scenario| measure(&scenario)) {
            eprintln!("{file}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Reads a scenario, and says which it is.
fn scenario(file: &str) -> Result<Scenario, String> {
    let text = read_to_string(file).map_err(|error| error.to_string())?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| error.to_string())?;
    println!("{}", scenario.title);
    Ok(scenario)
}

/// How long something takes, without the time in which others have the processor; with it where the system
/// does not say.
pub fn time<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let (begun, busy) = (Instant::now(), busy());
    let done = what();
    let whole = begun.elapsed();
    let took = busy.and_then(|before| self::busy()?.checked_sub(before));
    (done, took.unwrap_or(whole))
}

/// How long this thread has run on a processor; `None` where nobody says (Linux does).
fn busy() -> Option<Duration> {
    let stat = read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = stat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The most memory that this process has had at a time, in MiB; `None` where the system does not say.
pub fn peak_mib() -> Option<u64> {
    let status = read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024)
}
