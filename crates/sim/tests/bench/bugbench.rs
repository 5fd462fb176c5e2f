//! Counts the seeds that random scenarios take to find each planted bug: `cargo xtask bugbench`.
//!
//! A find counts only if the same seed breaks no claim without the bug, and if the claim is one that
//! the bug can break. The canary is a bug that the first seed must find: where it lives, nothing else
//! that is said here counts.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program has threads and a clock; the runs it starts have neither"
)]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use protocol::planted::plant;
use scenario::Scenario;
use sim::{Sim, Verdict, random};

/// A bug that can be planted.
struct Bug {
    name: &'static str,
    /// The protocol that it needs.
    protocol: &'static str,
    /// What the claims that it can break begin with; a panic counts, too.
    breaks: &'static [&'static str],
    /// A scenario that brings it about, if random ones hardly do.
    script: Option<&'static str>,
}

const fn bug(name: &'static str, protocol: &'static str, breaks: &'static [&'static str]) -> Bug {
    Bug {
        name,
        protocol,
        breaks,
        script: None,
    }
}

impl Bug {
    const fn in_script(mut self, script: &'static str) -> Self {
        self.script = Some(script);
        self
    }
}

const FIGURE_8: &str = include_str!("../../../../tests/scenarios/raft/23-figure-8/scenario.toml");

/// The canary comes first, then bugs that are found soon.
#[rustfmt::skip]
const ALL: [Bug; 31] = [
    bug("raft/entries-not-saved", "raft", &["raft/"]),
    bug("raft/vote-not-saved", "raft", &["raft/"]),
    bug("raft/minority-commits", "raft", &["raft/"]),
    bug("raft/minority-elects", "raft", &["raft/"]),
    bug("node/block-not-saved", "pow", &["most-work"]),
    bug("pow/longest-chain", "pow", &["most-work"]),
    bug("host/sent-before-synced", "raft", &["raft/", "one-history"]),
    bug("node/executed-twice", "raft", &["one-history"]),
    bug("raft/count-not-saved", "raft", &["one-history", "answers"]),
    bug("raft/vote-forgotten", "raft", &["raft/"]),
    bug("raft/two-votes-a-term", "raft", &["raft/"]),
    bug("raft/logs-not-compared", "raft", &["raft/", "one-history"]),
    bug("raft/prev-not-checked", "raft", &["raft/", "one-history"]),
    bug("raft/stale-append-truncates", "raft", &["raft/"]),
    bug("raft/votes-counted-twice", "raft", &["raft/"]),
    bug("raft/late-votes-count", "raft", &["raft/"]),
    bug("raft/old-terms-counted", "raft", &["raft/"]).in_script(FIGURE_8),
    bug("raft/pre-vote-ignored", "raft", &["answers"]),
    bug("raft/quorum-not-checked", "raft", &["answers"]),
    bug("raft/patience-not-drawn", "raft", &["answers"]),
    bug("raft/deposed-leader-reads", "raft", &["reads-are-linearizable"]),
    bug("node/blocks-forgotten", "pow", &["most-work"]),
    bug("pbft/quorum-too-small", "pbft", &["pbft/"]),
    bug("pbft/accepted-not-saved", "pbft", &["pbft/"]),
    bug("pbft/prepared-not-saved", "pbft", &["pbft/"]),
    bug("pbft/view-change-not-saved", "pbft", &["pbft/"]),
    bug("pbft/prepared-forgotten", "pbft", &["pbft/", "one-history"]),
    bug("pbft/amnesia", "pbft", &["pbft/", "one-history"]),
    bug("pbft/minority-checkpoint", "pbft", &["pbft/"]),
    bug("pbft/one-reply-believed", "pbft", &["pbft/"]),
    bug("node/executed-twice", "pbft", &["one-history"]),
];

/// Bugs that 200 seeds have not found: random schedules do not reach them, or no claim asks for what
/// they cost. Not finding them is no failure of the bench, but a gap that it names.
const MISSED: [&str; 4] = [
    "raft/late-votes-count",
    "raft/pre-vote-ignored",
    "raft/quorum-not-checked",
    "raft/patience-not-drawn",
];

const HELP: &str = "\
bugbench [--seeds N] [--from S]  look for each planted bug in N random scenarios (200 from 0)
         [--bug NAME]            only for this one
         [--first N]             only for the first N of the list
         [--clean N]             also run N scenarios without any bug: no claim may be broken
";

struct Options {
    seeds: u64,
    from: u64,
    bug: Option<String>,
    first: usize,
    clean: u64,
}

/// A claim that fell, and what was seen.
type Fall = (String, String);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    std::panic::set_hook(Box::new(|_| {})); // a bug that trips an assertion is found, too
    match options(&words).map(|options| bench(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprint!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn options(words: &[String]) -> Result<Options, String> {
    let mut options = Options {
        seeds: 200,
        from: 0,
        bug: None,
        first: ALL.len(),
        clean: 0,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(HELP)?;
        let number = || {
            value
                .parse()
                .map_err(|_| format!("bad number: `{value}`\n"))
        };
        match word.as_str() {
            "--seeds" => options.seeds = number()?,
            "--from" => options.from = number()?,
            "--clean" => options.clean = number()?,
            "--first" => options.first = value.parse().map_err(|_| HELP)?,
            "--bug" => options.bug = Some(value.clone()),
            _ => return Err(HELP.into()),
        }
    }
    Ok(options)
}

/// Whether all bugs were found but those known to be missed, the canary at once, and nothing without
/// a bug.
fn bench(options: &Options) -> bool {
    let asked = |bug: &&Bug| options.bug.as_ref().is_none_or(|name| name == bug.name);
    let bugs: Vec<&Bug> = ALL.iter().take(options.first).filter(asked).collect();
    let (mut found, mut gone) = (0, false);
    for bug in &bugs {
        let begun = Instant::now();
        match first_find(bug, options) {
            Some((seed, (claim, what))) => {
                found += 1;
                let (needed, took) = (seed - options.from + 1, begun.elapsed().as_millis());
                println!("{}: {needed} seeds, {took} ms: {claim}: {what}", bug.name);
                if bug.name == ALL[0].name && needed > 1 {
                    println!("the canary lives: the first seed should have found it");
                    return false;
                }
            }
            None if let Some((claim, what)) = find_in_script(bug) => {
                found += 1;
                println!("{}: in its scenario: {claim}: {what}", bug.name);
            }
            None => {
                let known = MISSED.contains(&bug.name);
                gone |= !known;
                let before = if known { ", as before" } else { "" };
                println!(
                    "{}: NOT FOUND within {} seeds{before}",
                    bug.name, options.seeds
                );
            }
        }
    }
    println!("{found} of {} planted bugs found", bugs.len());
    let clean = clean(options);
    clean && !gone
}

/// Whether scenarios without a bug break no claim.
fn clean(options: &Options) -> bool {
    let broken = Mutex::new(0);
    over_cores(options.from, options.clean, |seed| {
        if let Some((claim, what)) = fall(&drawn("raft", seed)) {
            println!("FALSE ALARM with seed {seed}: {claim}: {what}");
            *broken.lock().expect("nobody panics") += 1;
        }
        true
    });
    let broken: u64 = broken.into_inner().expect("nobody panics");
    if options.clean > 0 {
        println!(
            "{} seeds without a bug, {broken} false alarms",
            options.clean
        );
    }
    broken == 0
}

/// The lowest seed that finds a bug.
fn first_find(bug: &Bug, options: &Options) -> Option<(u64, Fall)> {
    let found = Mutex::new(None::<(u64, Fall)>);
    over_cores(options.from, options.seeds, |seed| {
        let fall = find(bug, seed);
        let mut found = found.lock().expect("nobody panics");
        if let Some(fall) = fall
            && found.as_ref().is_none_or(|(other, _)| seed < *other)
        {
            *found = Some((seed, fall));
        }
        found.is_none()
    });
    found.into_inner().expect("nobody panics")
}

fn find(bug: &Bug, seed: u64) -> Option<Fall> {
    find_in(bug, &drawn(bug.protocol, seed))
}

fn find_in_script(bug: &Bug) -> Option<Fall> {
    let scenario = toml::from_str(bug.script?).expect("a scenario of the test suite");
    find_in(bug, &scenario)
}

/// What falls in a scenario with a bug, if nothing does without.
fn find_in(bug: &Bug, scenario: &Scenario) -> Option<Fall> {
    plant(Some(bug.name));
    let fall_with = fall(scenario);
    plant(None);
    let fall_with = fall_with.filter(|(claim, _)| {
        claim == "panic" || bug.breaks.iter().any(|start| claim.starts_with(start))
    })?;
    fall(scenario).is_none().then_some(fall_with)
}

/// The random scenario of a seed.
fn drawn(protocol: &str, seed: u64) -> Scenario {
    let entry = consensus::find(protocol).expect("in the registry");
    random::scenario(entry, seed)
}

/// The claim that falls first in a run.
fn fall(scenario: &Scenario) -> Option<Fall> {
    let run = || Sim::new(scenario).expect("within limits").run();
    let report = match std::panic::catch_unwind(run) {
        Ok(report) => report,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            return Some(("panic".into(), text.unwrap_or_default()));
        }
    };
    let broken = report
        .claims
        .into_iter()
        .filter_map(|claim| match claim.verdict {
            Verdict::Broken { at, what } => Some((at, (claim.name.to_owned(), what))),
            Verdict::Held | Verdict::Excused { .. } => None,
        });
    let first = broken.min_by_key(|(at, _)| *at);
    first.map(|(_, fall)| fall)
}

/// Gives each seed to `each` on one of the cores, in order, until it says `false`: enough.
fn over_cores(from: u64, count: u64, each: impl Fn(u64) -> bool + Sync) {
    let next = AtomicU64::new(from);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count || !each(seed) {
                        next.store(from + count, Ordering::Relaxed);
                        return;
                    }
                }
            });
        }
    });
}
