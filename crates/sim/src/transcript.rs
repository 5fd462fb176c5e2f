//! What a run comes to, as text that is kept beside its scenario: a golden transcript.

use std::fmt::Write as _;

use scenario::{Scenario, ScenarioError};

use crate::log::Log;
use crate::report::Report;
use crate::run::Sim;

/// Runs a scenario: what its nodes told, and how it ended, with its report.
///
/// # Errors
/// The first thing in the scenario that is outside its limits.
pub fn transcript(scenario: &Scenario) -> Result<(String, Report), ScenarioError> {
    let mut sim = Sim::new(scenario)?;
    let mut log = Log::default();
    while sim.advance() {
        log.note(&sim);
    }
    let report = sim.report();
    let mut text = format!("# {}\n", scenario.title);
    let mut line = |line: String| writeln!(text, "{line}").expect("a string grows");
    for (at, seat, event) in log.events() {
        line(format!("{:>12} node {seat} {event:?}", at.0));
    }
    for claim in &report.claims {
        line(format!("claim {} {:?}", claim.name, claim.verdict));
    }
    for node in &report.nodes {
        line(format!("node {} {:?}", node.peer, node.tip));
    }
    line(format!("{:?}", report.counts));
    line(format!("fingerprint {}", report.fingerprint));
    Ok((text, report))
}
