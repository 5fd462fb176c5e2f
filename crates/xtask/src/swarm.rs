//! `cargo xtask swarm`: builds the simulated browsers, optimised but with checks on, and passes all
//! arguments on to them.

use crate::steps::Outcome;
use crate::{root, sh};
use anyhow::Result;
use std::process::Command;

/// The number of seeds in the run that is part of every test run.
const SEEDS: u32 = 1_000;

/// Runs the program with these arguments.
///
/// # Errors
/// When a claim is violated or the arguments make no sense; the program has said which.
pub fn run(words: &[String]) -> Result<()> {
    let planted = words.first().is_some_and(|word| word == "planted");
    sh::run(program("swarm", planted).args(words))
}

/// The short run of `cargo xtask test`.
///
/// # Errors
/// When a claim is violated.
pub fn short() -> Result<Outcome> {
    let seeds = SEEDS.to_string();
    let mut tabs = program("swarm", false);
    sh::run(tabs.args(["tabs", "--seeds", &seeds]))?;
    Ok(Outcome::OK)
}

/// Seeds for each planted bug in the run that is part of every test run ...
const PLANTED_SEEDS: u32 = 40;
/// ... and how many of the bugs must be found: a checker that has gone blind finds none.
const FOUND: u32 = 12;

/// The short run with planted bugs.
///
/// # Errors
/// When too few are found.
pub fn short_planted() -> Result<Outcome> {
    let (seeds, least) = (PLANTED_SEEDS.to_string(), FOUND.to_string());
    let mut planted = program("swarm", true);
    sh::run(planted.args(["planted", "--seeds", &seeds, "--least", &least]))?;
    Ok(Outcome::OK)
}

/// The program of a package, optimised but with checks on, and with planted bugs if it is to find them.
pub fn program(package: &str, planted: bool) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .current_dir(root())
        .args(["run", "--quiet", "--profile", "swarm", "--package", package]);
    if planted {
        cargo.args(["--features", "planted"]);
    }
    cargo.arg("--");
    cargo
}
