//! `swarm tabs`: runs many seeds on all cores; `swarm planted`: whether planted bugs are found.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program has threads and a clock; the runs it starts have neither"
)]

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use swarm::{Coverage, Outcome, Script, Violation, draw, run, run_telling, shrink};

/// Most runs that shrinking may take.
const TRIES: u32 = 1_500;
/// Runs with fewer events do not count: in some scripts everybody leaves at once.
const FEWEST: u64 = 300;
/// A long search reports its progress each time after this many runs.
const PROGRESS: u64 = 2_000;
/// The search ends after this many violations.
const ENOUGH: usize = 60;
/// This many violations of each claim are shrunk.
const SHRUNK: usize = 2;

const HELP: &str = "\
swarm tabs [--seeds N] [--from S]      run N seeds, starting from S (default: 1000 from 0)
swarm tabs --seed S                    run one seed and report on it
swarm tabs --script FILE               run a script and report on it
                                       (with --trace all, either also shows each step)
swarm planted [--seeds N] [--bug NAME] show which seed finds each planted bug (feature `planted`)
                                       (--with VERB,VERB: only seeds that use all of these verbs;
                                       --least N: stop when N of them are found)
";

#[derive(Default)]
struct Options {
    seeds: Option<u64>,
    from: u64,
    seed: Option<u64>,
    script: Option<String>,
    trace: bool,
    bug: Option<String>,
    least: Option<usize>,
    with: Vec<String>,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.split_first() {
        Some((first, rest)) if first == "tabs" => options(rest).and_then(|options| tabs(&options)),
        Some((first, rest)) if first == "planted" => options(rest).and_then(planted),
        _ => Err(HELP.into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn options(words: &[String]) -> Result<Options, String> {
    let mut options = Options::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().ok_or(HELP)?;
        let number = || value.parse().map_err(|_| format!("bad number: `{value}`"));
        match word.as_str() {
            "--seeds" => options.seeds = Some(number()?),
            "--from" => options.from = number()?,
            "--seed" => options.seed = Some(number()?),
            "--least" => options.least = Some(value.parse().map_err(|_| HELP)?),
            "--bug" => options.bug = Some(value.clone()),
            "--with" => options.with = value.split(',').map(str::to_owned).collect(),
            "--trace" => options.trace = true,
            "--script" => options.script = Some(value.clone()),
            _ => return Err(HELP.into()),
        }
    }
    Ok(options)
}

/// Whether all claims held.
fn tabs(options: &Options) -> Result<bool, String> {
    if let Some(path) = &options.script {
        let text = std::fs::read_to_string(path).map_err(|why| format!("{path}: {why}"))?;
        return Ok(tell_of(&text.parse()?, options.trace));
    }
    if let Some(seed) = options.seed {
        return Ok(tell_of(&draw::draw(seed), options.trace));
    }
    Ok(many(options.from, options.seeds.unwrap_or(1_000)))
}

fn tell_of(script: &Script, trace: bool) -> bool {
    let outcome = if trace {
        run_telling(script, |line| println!("{line}"))
    } else {
        run(script)
    };
    print!("{script}");
    println!(
        "{} events, fingerprint {:016x}",
        outcome.events, outcome.fingerprint
    );
    table(&outcome.coverage);
    if let Some(violation) = &outcome.violation {
        if trace {
            println!("{}", said(violation));
        } else {
            report(script, violation);
        }
    }
    outcome.violation.is_none()
}

fn many(from: u64, count: u64) -> bool {
    let begun = Instant::now();
    let (events, coverage) = (AtomicU64::new(0), Mutex::new(Coverage::default()));
    let (long, short) = (AtomicU64::new(0), AtomicU64::new(0));
    let broken = Mutex::new(Vec::new());
    over_cores(from, count.saturating_mul(2), |seed| {
        let outcome = guarded(seed);
        events.fetch_add(outcome.events, Ordering::Relaxed);
        let runs = if outcome.events < FEWEST {
            &short
        } else {
            &long
        };
        let done = runs.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) && outcome.events >= FEWEST {
            eprintln!("{done} of {count} seeds, {} s", begun.elapsed().as_secs());
        }
        coverage
            .lock()
            .expect("no run panics")
            .merge(&outcome.coverage);
        let mut broken = broken.lock().expect("no run panics");
        if let Some(violation) = &outcome.violation {
            eprintln!("seed {seed}: {}", said(violation));
        }
        broken.extend(outcome.violation.map(|violation| (seed, violation)));
        broken.len() < ENOUGH && long.load(Ordering::Relaxed) < count
    });
    let took = begun.elapsed();
    table(&coverage.into_inner().expect("no run panics"));
    let events = events.into_inner();
    let rate = u128::from(events) * 1_000 / took.as_millis().max(1);
    println!(
        "{} seeds from {from} with at least {FEWEST} events, {} with fewer: \
         {events} events in {} ms, {rate} a second",
        long.into_inner(),
        short.into_inner(),
        took.as_millis(),
    );
    let mut broken = broken.into_inner().expect("no run panics");
    broken.sort_by_key(|(seed, _)| *seed);
    let mut shrunk: BTreeMap<&str, usize> = BTreeMap::new();
    for (seed, violation) in &broken {
        let times = shrunk.entry(violation.claim).or_default();
        *times += 1;
        if *times <= SHRUNK {
            report(&draw::draw(*seed), violation);
        } else {
            println!("\nseed {seed}: {}", said(violation));
        }
    }
    println!("{} seeds with a violation", broken.len());
    broken.is_empty()
}

/// A run whose panics count as violations, too.
fn guarded(seed: u64) -> Outcome {
    run_guarded(&draw::draw(seed))
}

fn run_guarded(script: &Script) -> Outcome {
    let result = std::panic::catch_unwind(|| run(script));
    result.unwrap_or_else(|panic| Outcome {
        events: 0,
        coverage: Coverage::default(),
        fingerprint: 0,
        violation: Some(Violation {
            at: 0,
            claim: "panic",
            what: panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default(),
        }),
    })
}

/// Gives each seed to `each` on one of the cores, until it says `false`: enough.
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

fn report(script: &Script, violation: &Violation) {
    println!("\nseed {}: {}", script.seed, said(violation));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let same = |script: &Script| {
        run_guarded(script)
            .violation
            .is_some_and(|other| other.claim == violation.claim)
    };
    let small = shrink::shrink(script, TRIES, same);
    let again = run_guarded(&small).violation;
    std::panic::set_hook(hook);
    let again = again.as_ref().unwrap_or(violation);
    println!("shrunk to {} steps: {}", small.steps.len(), said(again));
    print!("{small}");
}

fn said(violation: &Violation) -> String {
    let ms = violation.at / 1_000;
    format!("{} at {ms} ms: {}", violation.claim, violation.what)
}

fn table(coverage: &Coverage) {
    for (what, times) in coverage.iter() {
        println!("{times:>9}  {what}");
    }
}

#[cfg(not(feature = "planted"))]
fn planted(options: Options) -> Result<bool, String> {
    let _ = (options.bug, options.least);
    Err("built without the feature `planted`".into())
}

/// Whether every planted bug was found, or as many as are asked for.
#[cfg(feature = "planted")]
fn planted(options: Options) -> Result<bool, String> {
    let most = options.seeds.unwrap_or(2_000);
    let (mut all, mut hits) = (0, 0);
    let asked = |bug: &tab::planted::Bug| {
        let name = format!("{bug:?}");
        options.bug.as_ref().is_none_or(|asked| *asked == name)
    };
    for bug in swarm::planted::all().into_iter().filter(asked) {
        if options.least.is_some_and(|least| hits >= least) {
            break;
        }
        let found = Mutex::new(None::<(u64, Violation)>);
        over_cores(options.from, most, |seed| {
            let script = draw::draw(seed);
            let done = |verb: &String| script.steps.iter().any(|step| step.verb.text() == verb);
            let wanted = options.with.iter().all(done);
            let violation = wanted
                .then(|| swarm::planted::found(bug, &script))
                .flatten();
            let mut found = found.lock().expect("no run panics");
            if let Some(violation) = violation
                && found.as_ref().is_none_or(|(other, _)| seed < *other)
            {
                *found = Some((seed, violation));
            }
            found.is_none()
        });
        all += 1;
        match found.into_inner().expect("no run panics") {
            Some((seed, violation)) => {
                hits += 1;
                println!("{bug:?}: seed {seed}, {}", said(&violation));
            }
            None => println!("{bug:?}: not found within {most} seeds"),
        }
    }
    let least = options.least.unwrap_or(all);
    println!("{hits} of {all} found");
    Ok(hits >= least)
}
