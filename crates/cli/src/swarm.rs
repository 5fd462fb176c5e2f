//! `tabchain swarm`: many random scenarios of a protocol on all cores; every claim must hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use consensus::PROTOCOLS;
use indicatif::ProgressBar;
use protocol::Entry;
use scenario::Scenario;
use serde_json::json;
use sim::{Counts, Sim, Verdict, random};

use crate::out::{Failure, Out};

/// Which runs are wanted.
pub struct Wanted {
    /// Short name of the protocol; all if there is none.
    pub protocol: Option<String>,
    /// How many seeds of each.
    pub seeds: u64,
    /// The first.
    pub from: u64,
}

/// A claim that did not hold.
struct Fall {
    seed: u64,
    claim: &'static str,
    what: String,
}

/// What all runs of a protocol came to.
#[derive(Default)]
struct Sum {
    counts: Counts,
    falls: Vec<Fall>,
}

/// Runs all that is wanted; true if every claim held.
pub fn run(wanted: &Wanted, out: &mut Out) -> Result<bool, Failure> {
    let mut held = true;
    for entry in entries(wanted.protocol.as_deref())? {
        let begun = Instant::now();
        let sum = Mutex::new(Sum::default());
        over_cores(wanted, |seed| {
            add(&sum, seed, &random::scenario(entry, seed))
        });
        let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        held &= sum.falls.is_empty();
        tell(entry, wanted, sum, begun.elapsed().as_millis(), out)?;
    }
    out.finish()?;
    Ok(held)
}

/// Prints the scenario of a seed as a file that `tabchain run` takes.
pub fn show(protocol: Option<&str>, seed: u64, out: &mut Out) -> Result<bool, Failure> {
    for entry in entries(protocol)? {
        let scenario = random::scenario(entry, seed);
        let text = toml::to_string(&scenario).expect("what was read from a file can be written");
        out.line(text, json!({ "scenario": scenario }))?;
    }
    out.finish()?;
    Ok(true)
}

fn entries(protocol: Option<&str>) -> Result<Vec<&'static Entry>, Failure> {
    let Some(id) = protocol else {
        return Ok(PROTOCOLS.iter().collect());
    };
    let entry = consensus::find(id).ok_or_else(|| Failure::Input {
        error: format!("there is no protocol {id:?}"),
        help: "`tabchain protocols` lists all",
    })?;
    Ok(vec![entry])
}

fn add(sum: &Mutex<Sum>, seed: u64, scenario: &Scenario) {
    let report = match Sim::new(scenario) {
        Ok(mut sim) => sim.run(),
        Err(error) => unreachable!("random scenarios are within the limits: {error}"),
    };
    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
    sum.counts += report.counts;
    for claim in report.claims {
        if let Verdict::Broken { what, .. } | Verdict::Excused { what, .. } = claim.verdict {
            let claim = claim.name;
            sum.falls.push(Fall { seed, claim, what });
        }
    }
}

/// Does the work of all seeds, on all cores.
fn over_cores(wanted: &Wanted, work: impl Fn(u64) + Sync) {
    let (next, bar) = (AtomicU64::new(0), ProgressBar::new(wanted.seeds));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= wanted.seeds {
                        return;
                    }
                    work(wanted.from.saturating_add(number));
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
}

fn tell(
    entry: &Entry,
    wanted: &Wanted,
    mut sum: Sum,
    millis: u128,
    out: &mut Out,
) -> Result<(), Failure> {
    let (id, counts) = (entry.card.id, sum.counts);
    let rate = u128::from(counts.steps) * 1_000 / millis.max(1);
    sum.falls.sort_by_key(|fall| (fall.seed, fall.claim));
    let mut text = vec![format!(
        "{id}: {} seeds from {}: {} events in {millis} ms, {rate} a second; {} crashes, {} writes \
         torn and {} lost, {} of {} packets lost, {} reorganisations, {} of {} transactions answered",
        wanted.seeds,
        wanted.from,
        counts.steps,
        counts.crashes,
        counts.torn_writes,
        counts.lost_writes,
        counts.lost,
        counts.packets,
        counts.reorganisations,
        counts.answered,
        counts.submitted,
    )];
    text.extend(sum.falls.iter().map(|fall| {
        let Fall { seed, claim, what } = fall;
        format!("BROKEN  seed {seed}: {claim}: {what}")
    }));
    if let Some(fall) = sum.falls.first() {
        let seed = fall.seed;
        text.push(format!(
            "look closer: tabchain swarm --protocol {id} --show {seed} | tabchain run - --log"
        ));
    }
    let falls = sum.falls.iter();
    let falls: Vec<_> = falls
        .map(|fall| json!({"seed": fall.seed, "claim": fall.claim, "what": fall.what}))
        .collect();
    let value = json!({
        "protocol": id, "seeds": wanted.seeds, "from": wanted.from, "events": counts.steps,
        "events_a_second": u64::try_from(rate).unwrap_or(u64::MAX), "crashes": counts.crashes,
        "torn_writes": counts.torn_writes, "lost_writes": counts.lost_writes, "answered": counts.answered, "broken": falls,
    });
    out.line(text.join("\n"), value)
}
