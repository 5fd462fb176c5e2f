//! `tabchain swarm`: many random scenarios of a protocol on all cores; every claim must hold.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use consensus::PROTOCOLS;
use indicatif::ProgressBar;
use protocol::Entry;
use scenario::{Replay, Scenario};
use serde_json::{Value, json};
use sim::shrink::{breaks, shrink};
use sim::{Sim, Verdict, random};

use crate::out::{Failure, Out};

mod progress;

use progress::{Fall, Progress, Sum};

/// Which runs are wanted.
pub struct Wanted {
    /// Short name of the protocol; all if there is none.
    pub protocol: Option<String>,
    /// How many seeds of each.
    pub seeds: u64,
    /// The first.
    pub from: u64,
    /// Go on for so many minutes instead, however many seeds that takes.
    pub minutes: Option<u32>,
    /// The file of an interrupted swarm that goes on, and of this one.
    pub resume: Option<PathBuf>,
}

/// Most runs that shrinking a violation may take.
const TRIES: u32 = 300;

/// So many seeds are run until what they came to is saved.
const SAVED_EACH: u64 = 64;

/// Runs all that is wanted; true if every claim held.
pub fn run(wanted: &Wanted, out: &mut Out) -> Result<bool, Failure> {
    let mut held = true;
    let mut progress = Progress::open(wanted.resume.as_deref(), wanted.from)?;
    for entry in entries(wanted.protocol.as_deref())? {
        run_protocol(wanted, entry, &mut progress)?;
        let sum = progress.of(entry.card.id).clone();
        held &= sum.falls.is_empty();
        tell(entry, wanted.from, sum, out)?;
    }
    out.finish()?;
    Ok(held)
}

/// Runs the seeds of one protocol that have not been run yet.
fn run_protocol(
    wanted: &Wanted,
    entry: &'static Entry,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let (id, begun) = (entry.card.id, Instant::now());
    let limit = wanted
        .minutes
        .map(|minutes| Duration::from_secs(60 * u64::from(minutes)));
    let bar = ProgressBar::new(limit.map_or(wanted.seeds, |limit| limit.as_secs()));
    let is_over = || limit.is_some_and(|limit| begun.elapsed() >= limit);
    let until = limit.map_or(wanted.seeds, |_| u64::MAX);
    let before = progress.of(id).millis;
    loop {
        let sum = progress.of(id);
        let numbers = sum.seeds..until.min(sum.seeds.saturating_add(SAVED_EACH));
        if numbers.is_empty() || is_over() {
            break;
        }
        let shared = Mutex::new(std::mem::take(sum));
        let done = over_cores(numbers, is_over, |number| {
            let seed = wanted.from.saturating_add(number);
            add(&shared, seed, &random::scenario(entry, seed));
            bar.set_position(limit.map_or(number, |_| begun.elapsed().as_secs()));
        });
        *sum = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        sum.seeds += done;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        sum.millis = before.saturating_add(millis);
        progress.save()?;
    }
    bar.finish_and_clear();
    Ok(())
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
            let claim = claim.name.to_owned();
            sum.falls.push(Fall { seed, claim, what });
        }
    }
}

/// Does the work of numbers from the first one on, on all cores, until time is over; says of how many.
fn over_cores(
    numbers: Range<u64>,
    is_over: impl Fn() -> bool + Sync,
    work: impl Fn(u64) + Sync,
) -> u64 {
    let next = AtomicU64::new(numbers.start);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end || is_over() {
                        return;
                    }
                    work(number);
                }
            });
        }
    });
    // Each thread took one number in vain.
    next.into_inner() - numbers.start - threads as u64
}

/// A claim that fell, and a shrunk scenario in which it still does.
struct Shrunk {
    claim: String,
    scenario: Scenario,
    /// If it is short enough.
    link: Option<String>,
}

/// The first violation of each claim, shrunk.
fn shrunk(entry: &Entry, falls: &[Fall], tries: u32) -> Vec<Shrunk> {
    let mut claims: Vec<&Fall> = falls.iter().collect();
    claims.sort_by_key(|fall| &fall.claim); // stable: the first seed stays first
    claims.dedup_by_key(|fall| &fall.claim);
    let small = |fall: &Fall| {
        let scenario = random::scenario(entry, fall.seed);
        let (claim, bar) = (fall.claim.clone(), ProgressBar::new(tries.into()));
        let scenario = shrink(&scenario, tries, |scenario| {
            bar.inc(1);
            breaks(scenario, &claim)
        });
        bar.finish_and_clear();
        let link = link(&scenario);
        Shrunk {
            claim,
            scenario,
            link,
        }
    };
    claims.into_iter().map(small).collect()
}

impl Shrunk {
    /// A file and, if it is short enough, a link.
    fn text(&self) -> String {
        let file = toml::to_string(&self.scenario);
        let file = file.expect("what was read from a file can be written");
        let link = match &self.link {
            Some(link) => format!("tabchain replay '{link}'"),
            None => "too long for a link: pass it on as a file".into(),
        };
        format!("\nshrunk, {} still falls: {link}\n{file}", self.claim)
    }

    fn json(&self) -> Value {
        json!({"claim": self.claim, "scenario": self.scenario, "link": self.link})
    }
}

/// The link of a scenario, with the fingerprint of its run.
fn link(scenario: &Scenario) -> Option<String> {
    let replay = Replay {
        fingerprint: Some(Sim::new(scenario).ok()?.run().fingerprint.to_bytes()),
        scenario: scenario.clone(),
    };
    replay.link().ok()
}

fn tell(entry: &Entry, from: u64, mut sum: Sum, out: &mut Out) -> Result<(), Failure> {
    let (id, counts, millis) = (entry.card.id, sum.counts, sum.millis);
    let rate = counts.steps.saturating_mul(1_000) / millis.max(1);
    sum.falls
        .sort_by(|one, other| (one.seed, &one.claim).cmp(&(other.seed, &other.claim)));
    let mut text = vec![format!(
        "{id}: {} seeds from {}: {} events in {millis} ms, {rate} a second; {} crashes, {} writes \
         torn and {} lost, {} of {} packets lost, {} reorganisations, {} of {} transactions answered",
        sum.seeds,
        from,
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
    let small = shrunk(entry, &sum.falls, TRIES);
    text.extend(small.iter().map(Shrunk::text));
    let small: Vec<_> = small.iter().map(Shrunk::json).collect();
    let falls = sum.falls.iter();
    let falls: Vec<_> = falls
        .map(|fall| json!({"seed": fall.seed, "claim": fall.claim, "what": fall.what}))
        .collect();
    let value = json!({
        "protocol": id, "seeds": sum.seeds, "from": from, "events": counts.steps,
        "events_a_second": rate, "crashes": counts.crashes,
        "torn_writes": counts.torn_writes, "lost_writes": counts.lost_writes, "answered": counts.answered, "broken": falls,
        "shrunk": small,
    });
    out.line(text.join("\n"), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forged violations, so that no smaller scenario breaks the claim.
    #[test]
    fn the_first_violation_of_each_claim_is_looked_at() {
        let entry = consensus::find("raft").expect("in the registry");
        let fall = |seed, claim: &str| Fall {
            seed,
            claim: claim.into(),
            what: "forged".into(),
        };
        let falls = [fall(2, "answers"), fall(3, "answers")];
        let [small] = &shrunk(entry, &falls, 3)[..] else {
            panic!("one claim")
        };
        assert_eq!(small.claim, "answers");
        assert_eq!(small.scenario, random::scenario(entry, 2));
        let text = small.text();
        assert!(text.contains("tabchain replay '/lab?run="), "{text}");
        let (_, file) = text.split_once("title").expect("a file");
        let file: Scenario = toml::from_str(&format!("title{file}")).expect("a scenario");
        assert_eq!(file, small.scenario);
    }
}
