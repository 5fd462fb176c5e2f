//! `tabchain run`, `replay` and `link`: runs a scenario, from a file or a link, in the simulator.

use std::io::Read;
use std::path::Path;

use indicatif::ProgressBar;
use protocol::Role;
use scenario::{Replay, ReplayError, Scenario};
use serde_json::json;
use sim::{Claim, Log, Report, Sim, Standing, Verdict};

use crate::out::{Failure, Out, open};

/// The longest scenario file, and more than any link with the page's address before it, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// Runs a scenario file; true if the run came to what it expects.
pub fn run(file: &Path, seed: Option<u64>, log: bool, out: &mut Out) -> Result<bool, Failure> {
    run_whole(read(file, seed)?, None, log, out)
}

/// Prints the link of a scenario file, without running it.
pub fn link(file: &Path, seed: Option<u64>, out: &mut Out) -> Result<bool, Failure> {
    let replay = Replay {
        scenario: read(file, seed)?,
        fingerprint: None,
    };
    let link = replay.link().map_err(|error| bad_link(&error))?;
    out.line(&link, json!({ "link": link }))?;
    out.finish()?;
    Ok(true)
}

/// Runs the scenario of a link, or of one from standard input for `-`; true if the run came to what
/// it expects, and has the fingerprint that the link carries.
pub fn replay(link: &str, log: bool, out: &mut Out) -> Result<bool, Failure> {
    let text = match link {
        "-" => read_text(Path::new("-"), MAX_FILE)?,
        _ => link.to_owned(),
    };
    let replay = Replay::parse(&text).map_err(|error| bad_link(&error))?;
    run_whole(replay.scenario, replay.fingerprint, log, out)
}

fn bad_link(error: &ReplayError) -> Failure {
    Failure::Input {
        error: error.to_string(),
        help: match error {
            ReplayError::TooLong(_) => "pass the scenario on as a file",
            ReplayError::Version(_) => "take the program that made it, or a later one",
            ReplayError::Scenario(_) => "tests/scenarios/README.md explains every field",
            _ => "copy the whole link once more",
        },
    }
}

fn read_text(file: &Path, most: u64) -> Result<String, Failure> {
    let mut text = String::new();
    let mut input = open(file)?.take(most + 1);
    input
        .read_to_string(&mut text)
        .map_err(|error| Failure::Read(file.into(), error))?;
    if text.len() as u64 > most {
        return Err(Failure::Input {
            error: format!("there are more than {most} bytes"),
            help: "shorten it",
        });
    }
    Ok(text)
}

/// What a scenario file comes to, as a transcript, and what of its expectations it does not meet.
pub fn transcribe(file: &Path) -> Result<(String, Vec<String>), Failure> {
    let scenario = read(file, None)?;
    let (text, report) = sim::transcript(&scenario).map_err(|error| bad(&error))?;
    Ok((text, report.unmet(&scenario.expect)))
}

/// The scenario of a file, with another seed if one is given.
fn read(file: &Path, seed: Option<u64>) -> Result<Scenario, Failure> {
    let text = read_text(file, MAX_FILE)?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| bad(&error))?;
    let seed = seed.unwrap_or(scenario.seed);
    Ok(Scenario { seed, ..scenario })
}

fn bad(error: &dyn std::fmt::Display) -> Failure {
    Failure::Input {
        error: error.to_string(),
        help: "mend the scenario; tests/scenarios/README.md explains every field",
    }
}

fn run_whole(
    scenario: Scenario,
    wanted: Option<[u8; 16]>,
    log: bool,
    out: &mut Out,
) -> Result<bool, Failure> {
    let mut sim = Sim::new(&scenario).map_err(|error| bad(&error))?;
    let told = drive(&mut sim, log);
    if log {
        tell_log(&told, out)?;
    }
    let report = sim.report();
    let fingerprint = report.fingerprint.to_bytes();
    let outcome = Outcome {
        unmet: report.unmet(&scenario.expect),
        same: wanted.map(|wanted| wanted == fingerprint),
        link: Replay {
            scenario: scenario.clone(),
            fingerprint: Some(fingerprint),
        }
        .link(),
    };
    tell(&scenario.title, &report, &outcome, out)?;
    Ok(outcome.unmet.is_empty() && outcome.same != Some(false))
}

/// What a run comes to besides its report.
struct Outcome {
    /// Expectations that it did not meet.
    unmet: Vec<String>,
    /// Whether it has the fingerprint that its link carries, if that carries one.
    same: Option<bool>,
    link: Result<String, ReplayError>,
}

/// Runs to the end, showing progress on a terminal; returns what was told, if that is to be kept.
fn drive(sim: &mut Sim, is_kept: bool) -> Log {
    let (bar, mut log) = (ProgressBar::new(sim.progress().1), Log::default());
    while sim.advance() {
        if is_kept {
            log.note(sim);
        }
        bar.set_position(sim.progress().0);
    }
    bar.finish_and_clear();
    log
}

fn tell_log(log: &Log, out: &mut Out) -> Result<(), Failure> {
    if log.forgotten() > 0 {
        eprintln!("the first {} events are not kept", log.forgotten());
    }
    for (at, seat, event) in log.events() {
        let seconds = format!("{}.{:06}", at.0 / 1_000_000, at.0 % 1_000_000);
        let text = format!("{seconds:>14} node {seat} {event:?}");
        out.line(text, json!({"at": seconds, "node": seat, "event": event}))?;
    }
    Ok(())
}

fn tell(title: &str, report: &Report, outcome: &Outcome, out: &mut Out) -> Result<(), Failure> {
    let counts = report.counts;
    let mut text = vec![title.to_string()];
    text.extend(report.claims.iter().map(claim_text));
    text.extend(
        (0..)
            .zip(&report.nodes)
            .map(|(index, node)| node_text(index, node)),
    );
    text.push(format!(
        "{} s, {} steps, {} packets ({} lost), {} blocks found, {} reorganisations, {} crashes, {} writes torn and {} lost, {} of {} transactions answered",
        report.now.0 / 1_000_000,
        counts.steps,
        counts.packets,
        counts.lost,
        counts.found,
        counts.reorganisations,
        counts.crashes,
        counts.torn_writes,
        counts.lost_writes,
        counts.answered,
        counts.submitted,
    ));
    text.push(match &outcome.link {
        Ok(link) => format!("link {link}"),
        Err(error) => format!("no link: {error}"),
    });
    text.push(format!("fingerprint {}", report.fingerprint));
    text.extend(outcome.same.map(|same| match same {
        true => "the same run as where the link was made".to_owned(),
        false => {
            "ANOTHER run than where the link was made: another version of the program?".to_owned()
        }
    }));
    text.extend(outcome.unmet.iter().map(|what| format!("UNMET   {what}")));
    let claims: Vec<_> = report.claims.iter().map(claim_json).collect();
    let tips: Vec<_> = report
        .nodes
        .iter()
        .map(|node| {
            node.tip
                .map(|(id, height)| json!({"hash": id.to_string(), "height": height.0}))
        })
        .collect();
    let value = json!({
        "title": title, "seconds": report.now.0 / 1_000_000, "claims": claims, "tips": tips,
        "steps": counts.steps, "packets": counts.packets, "lost": counts.lost,
        "found": counts.found, "reorganisations": counts.reorganisations,
        "crashes": counts.crashes, "torn_writes": counts.torn_writes,
        "lost_writes": counts.lost_writes,
        "submitted": counts.submitted, "answered": counts.answered,
        "fingerprint": report.fingerprint.to_string(), "same": outcome.same,
        "link": outcome.link.as_ref().ok(), "unmet": outcome.unmet,
    });
    out.line(text.join("\n"), value)?;
    out.finish()
}

fn claim_text(claim: &Claim) -> String {
    match &claim.verdict {
        Verdict::Held => format!("held    {}", claim.name),
        Verdict::Broken { at, what } => {
            format!("BROKEN  {} at {} s: {what}", claim.name, at.0 / 1_000_000)
        }
        Verdict::Excused { what, why } => format!("excused {}: {what}; {why}", claim.name),
    }
}

fn claim_json(claim: &Claim) -> serde_json::Value {
    match &claim.verdict {
        Verdict::Held => json!({"claim": claim.name, "held": true}),
        Verdict::Broken { at, what } => {
            json!({"claim": claim.name, "held": false, "at_micros": at.0, "what": what})
        }
        Verdict::Excused { what, why } => {
            json!({"claim": claim.name, "held": null, "what": what, "why": why})
        }
    }
}

fn node_text(index: u32, node: &Standing) -> String {
    let mut text = match (node.role, node.tip) {
        (Role::Client, Some(_)) => format!("client {index}"), // its chain stays empty
        (Role::Client, None) => format!("client {index} is down"),
        (Role::Member, Some((id, height))) => format!("node {index} on {height} {id}"),
        (Role::Member, None) => format!("node {index} is down"),
    };
    if node.is_twisted {
        text += ", of whom nothing is asked";
    }
    text
}
