//! How long it takes to seek in a run of a million events, and how much memory that run takes:
//! `cargo xtask bench sim seek`.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::time::Duration;

use chain::Stream;
use lab::Recording;
use measure::{peak_mib, time};
use scenario::Scenario;
use sim::Sim;

#[path = "../../../sim/examples/measure/mod.rs"]
mod measure;

const EVENTS: u64 = 1_000_000;
const SEEKS: usize = 200;

const SCENARIO: &str = r#"
    title = "Five servers and sixteen clients"
    seed = 1
    seconds = 3600
    chain = { name = "seek", protocol = "raft", ledger = "kv" }
    nodes = { count = 5 }
    clients = { count = 16, every_ms = 50 }
    links = { delay_min_ms = 1, delay_max_ms = 10 }
"#;

fn tell_memory(when: &str) {
    match peak_mib() {
        Some(mib) => println!("peak memory {when}: {mib} MiB"),
        None => println!("peak memory {when}: not known here"),
    }
}

fn per_second(events: u64, took: Duration) -> u64 {
    let rate = u128::from(events) * 1_000_000 / took.as_micros().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// Takes a million steps of a run that nobody records.
fn plain(scenario: &Scenario) {
    let mut sim = Sim::new(scenario).expect("within limits");
    let (_, took) = time(|| while sim.happened() < EVENTS && sim.advance() {});
    let rate = per_second(EVENTS, took);
    println!("plain: {EVENTS} events in {took:.1?}, {rate} a second");
}

fn main() {
    let scenario: Scenario = toml::from_str(SCENARIO).expect("a scenario");
    plain(&scenario);
    tell_memory("of a plain run");
    let mut recording = Recording::new(scenario).expect("within limits");
    let (_, took) = time(|| recording.forward(EVENTS));
    let rate = per_second(EVENTS, took);
    let checkpoints = recording.checkpoints();
    println!("recorded: {EVENTS} events in {took:.1?}, {rate} a second; {checkpoints} checkpoints");
    tell_memory("of a recorded run");

    let mut dice = Stream::new(1, 0, "seeks");
    let mut times: Vec<Duration> = (0..SEEKS)
        .map(|_| time(|| recording.seek(dice.below(EVENTS))).1)
        .collect();
    times.sort();
    let [median, last] = [times[SEEKS / 2], times[SEEKS * 19 / 20]];
    let worst = times[SEEKS - 1];
    println!(
        "{SEEKS} seeks to random events: median {median:.1?}, p95 {last:.1?}, worst {worst:.1?}"
    );

    recording.seek(EVENTS - 1);
    let mut backs: Vec<Duration> = (0..SEEKS).map(|_| time(|| recording.back(1)).1).collect();
    backs.sort();
    let (median, worst) = (backs[SEEKS / 2], backs[SEEKS - 1]);
    println!("{SEEKS} steps back from the end: median {median:.1?}, worst {worst:.1?}");

    let (branch, took) = time(|| recording.branch());
    println!("branch: {took:.1?}");
    black_box(branch);
    tell_memory("in all");
}
