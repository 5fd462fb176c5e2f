//! `cargo xtask test`: runs the steps in order, each with a heading and its time, then prints a
//! table and one last line with the totals.

use crate::setup::Need;
use crate::sh;
use crate::steps::{self, Outcome};
use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// The options of `cargo xtask test`.
#[derive(Default)]
pub struct Options {
    /// Run only these steps; all of them if empty.
    pub only: Vec<String>,
    /// Skip these steps.
    pub skip: Vec<String>,
    /// Whether system packages may be installed.
    pub system: bool,
    /// Only list the steps.
    pub list: bool,
}

/// The result of one step.
struct Row {
    name: &'static str,
    outcome: Outcome,
    time: Duration,
}

/// Runs the chosen steps, continuing after failures.
///
/// # Errors
/// When a step fails, once the table is printed.
pub fn run(options: &Options) -> Result<()> {
    if options.list {
        for step in &steps::ALL {
            println!("{:<14} {}", step.name, step.what);
        }
        return Ok(());
    }
    check_names(options)?;
    let chosen = |name: &str| {
        let named = |list: &[String]| list.iter().any(|each| each == name);
        (options.only.is_empty() || named(&options.only)) && !named(&options.skip)
    };
    let needed = |need: &Need| {
        let mut steps = steps::ALL.iter().filter(|step| chosen(step.name));
        steps.any(|step| step.needs.contains(need))
    };
    for need in Need::ALL.iter().filter(|need| needed(need)) {
        need.ensure(options.system)?;
    }
    let mut rows = Vec::new();
    for step in steps::ALL.iter().filter(|step| chosen(step.name)) {
        println!("\n=== {}: {}", step.name, step.what);
        let begun = Instant::now();
        let mut outcome = (step.run)().unwrap_or_else(|error| {
            println!("{error:#}");
            Outcome::FAILED
        });
        if outcome.is_empty() && !step.may_be_empty() {
            println!("nothing was counted: no test ran, or the runner's output format has changed");
            outcome = Outcome::FAILED;
        }
        let time = begun.elapsed();
        println!(
            "--- {}: {} in {:.0} s",
            step.name,
            verdict(outcome),
            time.as_secs_f64()
        );
        rows.push(Row {
            name: step.name,
            outcome,
            time,
        });
    }
    report(&rows)
}

fn check_names(options: &Options) -> Result<()> {
    for name in options.only.iter().chain(&options.skip) {
        if !steps::ALL.iter().any(|step| step.name == name) {
            let all: Vec<&str> = steps::ALL.iter().map(|step| step.name).collect();
            bail!("unknown step `{name}`; the steps are: {}", all.join(", "));
        }
    }
    Ok(())
}

fn verdict(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome {
            failed: 0,
            passed: 0,
        } => "nothing to run",
        Outcome { failed: 0, .. } => "ok",
        Outcome { .. } => "FAILED",
    }
}

fn report(rows: &[Row]) -> Result<()> {
    println!(
        "\n{:<14} {:>8} {:>8} {:>8}",
        "step", "passed", "failed", "seconds"
    );
    let mut sum = Outcome::default();
    for Row {
        name,
        outcome,
        time,
    } in rows
    {
        let mark = if outcome.failed > 0 {
            "  <-- FAILED"
        } else {
            ""
        };
        println!(
            "{name:<14} {:>8} {:>8} {:>8.0}{mark}",
            outcome.passed,
            outcome.failed,
            time.as_secs_f64()
        );
        sum.passed += outcome.passed;
        sum.failed += outcome.failed;
    }
    let total: Duration = rows.iter().map(|row| row.time).sum();
    println!(
        "{:<14} {:>8} {:>8} {:>8.0}",
        "all",
        sum.passed,
        sum.failed,
        total.as_secs_f64()
    );
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if sum.failed > 0 {
        bail!("some checks failed");
    }
    Ok(())
}

/// Runs a test runner and adds up the results that it reports. One that fails without reporting a
/// failure (because it did not compile, say) counts as one failure.
///
/// # Errors
/// When it cannot be started.
pub fn counted(command: &mut std::process::Command) -> Result<Outcome> {
    let (succeeded, said) = sh::tee(command)?;
    let mut outcome = count(&said);
    if !succeeded && outcome.failed == 0 {
        outcome.failed = 1;
    }
    Ok(outcome)
}

/// Reads the summaries of libtest, wasm-bindgen-test, nextest and Playwright.
fn count(said: &str) -> Outcome {
    let mut sum = Outcome::default();
    // nextest repeats libtest's summary of each failure and counts the failure itself.
    let by_nextest = said.contains("Summary [");
    for line in said.lines() {
        let line = without_colours(line);
        let line = line.trim();
        let is_libtest = !by_nextest && line.starts_with("test result:");
        let is_nextest = line.starts_with("Summary [");
        let words: Vec<&str> = line
            .split([' ', ',', ';', '('])
            .filter(|word| !word.is_empty())
            .collect();
        // A line of Playwright's summary begins with a number.
        let is_playwright = words.len() <= 3
            && words
                .first()
                .is_some_and(|word| word.parse::<u32>().is_ok());
        if !(is_libtest || is_nextest || is_playwright) {
            continue;
        }
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else {
                continue;
            };
            match pair[1] {
                "passed" => sum.passed += number,
                "failed" => sum.failed += number,
                // Playwright: passed on a retry (named further up), or cut short.
                "flaky" if is_playwright => sum.passed += number,
                "interrupted" if is_playwright => sum.failed += number,
                _ => {}
            }
        }
    }
    sum
}

fn without_colours(line: &str) -> String {
    let mut plain = String::new();
    let mut parts = line.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // An escape sequence ends with its first letter: `[32m`.
        plain.push_str(
            part.split_once(|c: char| c.is_ascii_alphabetic())
                .map_or("", |(_, rest)| rest),
        );
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(passed: u32, failed: u32) -> Outcome {
        Outcome { passed, failed }
    }

    #[test]
    fn counts_what_each_runner_says() {
        assert_eq!(
            count("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured"),
            of(3, 0)
        );
        assert_eq!(
            count("test result: FAILED. 3 passed; 2 failed; 0 ignored"),
            of(3, 2)
        );
        assert_eq!(
            count("     Summary [   0.1s] 12 tests run: 11 passed, 1 failed, 2 skipped"),
            of(11, 1)
        );
        assert_eq!(
            count(
                "test result: FAILED. 0 passed; 1 failed;\n  Summary [ 1s] 3 tests run: 2 passed, 1 failed"
            ),
            of(2, 1)
        );
        assert_eq!(
            count("\u{1b}[32m  5 passed\u{1b}[39m (10.2s)\n  1 failed\n  1 flaky"),
            of(6, 1)
        );
    }

    #[test]
    fn prose_with_numbers_is_not_counted() {
        assert_eq!(count("of the 7 checks 3 passed, so far"), of(0, 0));
        assert_eq!(count("test a ... ok"), of(0, 0));
    }

    #[test]
    fn a_misspelt_step_is_named() {
        let options = Options {
            only: vec!["fmtt".into()],
            ..Options::default()
        };
        assert!(
            check_names(&options)
                .unwrap_err()
                .to_string()
                .contains("fmtt")
        );
    }
}
