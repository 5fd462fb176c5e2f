//! Prints how attacks on proof of work fare, beside what theory says: `cargo xtask bench attacks`.

#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "statistics of finished runs, and threads that share nothing: no run depends on them"
)]

use std::io::Write;
use std::process::ExitCode;

mod figures;
mod measure;
mod theory;

use figures::Effort;

const EFFORT: Effort = Effort {
    runs: 50,
    seconds: 1_200,
    attacks: 8_000,
};

/// How many standard errors away is too far.
const FAR: f64 = 3.0;

fn main() -> ExitCode {
    println!("| | of | measured | standard error | theory | distance |");
    println!("|---|---|---|---|---|---|");
    let mut far = 0;
    figures::all(&EFFORT, progress, |figure| {
        eprint!("\r\x1b[K");
        let (what, mean, theory) = (figure.what, figure.measured, figure.theory);
        let distance = mean.distance(theory);
        println!(
            "| {what} | {} | {:.5} | {:.5} | {theory:.5} | {distance:+.1} |",
            mean.of, mean.mean, mean.error
        );
        far += u32::from(distance.abs() > FAR);
    });
    eprint!("\r\x1b[K");
    if far > 0 {
        println!("{far} of these are more than {FAR} standard errors away");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn progress(what: &str, done: u64, runs: u64) {
    if done.is_multiple_of((runs / 20).max(1)) {
        eprint!("\r{what}: {done} of {runs}\x1b[K");
        let _ = std::io::stderr().flush(); // progress may go unseen
    }
}
