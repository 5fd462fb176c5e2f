//! `tabchain swarm`: many random scenarios of a protocol on all cores; every claim must hold.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use consensus::PROTOCOLS;
use indicatif::ProgressBar;
use protocol::Entry;
use scenario::{Replay, Scenario};
use serde_json::{Value, json};
use sim::shrink::{breaks, shrink};
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
    /// Go on for so many minutes instead, however many seeds that takes.
    pub minutes: Option<u32>,
}

/// Most runs that shrinking a violation may take.
const TRIES: u32 = 300;

/// A claim that did not hold.
struct Fall {
    seed: u64,
    claim: &'static str,
    what: String,
}

/// What all runs of a protocol came to.
#[derive(Default)]
struct Sum {
    seeds: u64,
    counts: Counts,
    falls: Vec<Fall>,
}

/// Runs all that is wanted; true if every claim held.
pub fn run(wanted: &Wanted, out: &mut Out) -> Result<bool, Failure> {
    let mut held = true;
    for entry in entries(wanted.protocol.as_deref())? {
        let begun = Instant::now();
        let sum = Mutex::new(Sum::default());
        let seeds = over_cores(wanted, |seed| {
            add(&sum, seed, &random::scenario(entry, seed))
        });
        let mut sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        held &= sum.falls.is_empty();
        sum.seeds = seeds;
        tell(entry, wanted.from, sum, begun.elapsed().as_millis(), out)?;
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

/// Does the work of all seeds, on all cores; says how many there were.
fn over_cores(wanted: &Wanted, work: impl Fn(u64) + Sync) -> u64 {
    let (next, begun) = (AtomicU64::new(0), Instant::now());
    let limit = wanted.minutes.map(|minutes| u64::from(minutes) * 60);
    let bar = ProgressBar::new(limit.unwrap_or(wanted.seeds));
    let is_over = |number| match limit {
        Some(seconds) => begun.elapsed().as_secs() >= seconds,
        None => number >= wanted.seeds,
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if is_over(number) {
                        return;
                    }
                    work(wanted.from.saturating_add(number));
                    match limit {
                        Some(_) => bar.set_position(begun.elapsed().as_secs()),
                        None => bar.inc(1),
                    }
                }
            });
        }
    });
    bar.finish_and_clear();
    next.into_inner() - threads as u64 // each thread took one number in vain
}

/// A claim that fell, and a shrunk scenario in which it still does.
struct Shrunk {
    claim: &'static str,
    scenario: Scenario,
    /// If it is short enough.
    link: Option<String>,
}

/// The first violation of each claim, shrunk.
fn shrunk(entry: &Entry, falls: &[Fall], tries: u32) -> Vec<Shrunk> {
    let mut claims: Vec<&Fall> = falls.iter().collect();
    claims.sort_by_key(|fall| fall.claim); // stable: the first seed stays first
    claims.dedup_by_key(|fall| fall.claim);
    let small = |fall: &Fall| {
        let scenario = random::scenario(entry, fall.seed);
        let (claim, bar) = (fall.claim, ProgressBar::new(tries.into()));
        let scenario = shrink(&scenario, tries, |scenario| {
            bar.inc(1);
            breaks(scenario, claim)
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

fn tell(
    entry: &Entry,
    from: u64,
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
        "events_a_second": u64::try_from(rate).unwrap_or(u64::MAX), "crashes": counts.crashes,
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
        let fall = |seed, claim| Fall {
            seed,
            claim,
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
