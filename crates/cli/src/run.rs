//! `tabchain run`: runs a scenario file in the simulator.

use std::io::Read;
use std::path::Path;

use indicatif::ProgressBar;
use protocol::Role;
use scenario::Scenario;
use serde_json::json;
use sim::{Claim, Report, Sim, Standing, Verdict};

use crate::out::{Failure, Out, open};

/// The longest scenario file, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// Runs a scenario; true if every claim held.
pub fn run(file: &Path, seed: Option<u64>, log: bool, out: &mut Out) -> Result<bool, Failure> {
    let mut text = String::new();
    let mut input = open(file)?.take(MAX_FILE + 1);
    input
        .read_to_string(&mut text)
        .map_err(|error| Failure::Read(file.into(), error))?;
    if text.len() as u64 > MAX_FILE {
        return Err(Failure::Input {
            error: format!("a scenario has at most {MAX_FILE} bytes"),
            help: "shorten the file",
        });
    }
    let bad = |error: &dyn std::fmt::Display| Failure::Input {
        error: format!("{}: {error}", file.display()),
        help: "mend the scenario; tests/scenarios/README.md explains every field",
    };
    let mut scenario: Scenario = toml::from_str(&text).map_err(|error| bad(&error))?;
    scenario.seed = seed.unwrap_or(scenario.seed);
    let mut sim = Sim::new(&scenario).map_err(|error| bad(&error))?;
    drive(&mut sim);
    if log {
        tell_log(&sim, out)?;
    }
    let report = sim.report();
    tell(&scenario.title, &report, out)?;
    Ok(report
        .claims
        .iter()
        .all(|claim| !matches!(claim.verdict, Verdict::Broken { .. })))
}

/// Runs to the end, showing progress on a terminal.
fn drive(sim: &mut Sim) {
    let bar = ProgressBar::new(sim.progress().1);
    while sim.advance() {
        bar.set_position(sim.progress().0);
    }
    bar.finish_and_clear();
}

fn tell_log(sim: &Sim, out: &mut Out) -> Result<(), Failure> {
    if sim.forgotten() > 0 {
        eprintln!("the first {} events are not kept", sim.forgotten());
    }
    for (at, seat, event) in sim.events() {
        let seconds = format!("{}.{:06}", at.0 / 1_000_000, at.0 % 1_000_000);
        let text = format!("{seconds:>14} node {seat} {event:?}");
        out.line(text, json!({"at": seconds, "node": seat, "event": event}))?;
    }
    Ok(())
}

fn tell(title: &str, report: &Report, out: &mut Out) -> Result<(), Failure> {
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
    text.push(format!("fingerprint {}", report.fingerprint));
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
        "fingerprint": report.fingerprint.to_string(),
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
    match (node.role, node.tip) {
        (Role::Client, Some(_)) => format!("client {index}"), // its chain stays empty
        (Role::Client, None) => format!("client {index} is down"),
        (Role::Member, Some((id, height))) => format!("node {index} on {height} {id}"),
        (Role::Member, None) => format!("node {index} is down"),
    }
}
