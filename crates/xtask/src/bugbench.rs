//! `cargo xtask bugbench`: builds the simulator with planted bugs, optimised but with checks on, and
//! passes all arguments on to the bench that looks for them.

use crate::sh;
use crate::steps::Outcome;
use crate::swarm::program;
use anyhow::Result;

/// How many bugs the run that is part of every test run looks for, the canary among them ...
const BUGS: &str = "6";
/// ... and how many scenarios without a bug may raise no alarm.
const CLEAN: &str = "200";

/// Runs the bench with these arguments.
///
/// # Errors
/// When a bug was not found; the bench has said which.
pub fn run(words: &[String]) -> Result<()> {
    sh::run(program("sim", true).args(words))
}

/// The short run of `cargo xtask test`.
///
/// # Errors
/// When a bug was not found, or a claim fell without one.
pub fn short() -> Result<Outcome> {
    sh::run(program("sim", true).args(["--first", BUGS, "--clean", CLEAN]))?;
    Ok(Outcome::OK)
}
