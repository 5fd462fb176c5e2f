//! What must hold, with one function per step.

use crate::setup::{BARE, Need, WASM};
use crate::suite::counted;
use crate::{bugbench, layers, root, serve, setup, sh, size, swarm, tidy, tools};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many tests of a step passed and failed; a step that is a single check counts as one.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
}

impl Outcome {
    /// One check that holds.
    pub const OK: Self = Self {
        passed: 1,
        failed: 0,
    };
    /// One check that does not hold.
    pub const FAILED: Self = Self {
        passed: 0,
        failed: 1,
    };

    /// Whether nothing was counted.
    pub fn is_empty(self) -> bool {
        self.passed + self.failed == 0
    }

    fn and(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
        }
    }
}

/// One step of `cargo xtask test`.
pub struct Step {
    /// Its name, for `--only` and `--skip`.
    pub name: &'static str,
    /// Its description, for the heading.
    pub what: &'static str,
    /// What has to be installed before it runs.
    pub needs: &'static [Need],
    /// Runs the step.
    pub run: fn() -> Result<Outcome>,
}

impl Step {
    /// Whether the step may run no tests: Firefox is optional, everything else must run something.
    pub fn may_be_empty(&self) -> bool {
        self.name == "firefox"
    }
}

const fn step(
    name: &'static str,
    what: &'static str,
    needs: &'static [Need],
    run: fn() -> Result<Outcome>,
) -> Step {
    Step {
        name,
        what,
        needs,
        run,
    }
}

/// Quick and informative steps first; each step comes after those it builds on.
#[rustfmt::skip]
pub const ALL: [Step; 18] = [
    step("lock", "Cargo.lock and the tools' versions agree", &[Need::Crates], lock),
    step("fmt", "formatting", &[Need::Rustfmt], fmt),
    step("tidy", "the written house rules", &[], || check(tidy::run)),
    step("layers", "crates only depend downwards", &[Need::Crates], || check(layers::run)),
    step("clippy", "lints, natively", &[Need::Clippy], clippy),
    step("clippy-wasm", "lints, for the browser", &[Need::Clippy, Need::Wasm], clippy_wasm),
    step("bare-metal", "the no_std crates compile without an operating system", &[Need::BareMetal], bare_metal),
    step("native", "tests, natively", &[], native),
    step("swarm", "a thousand simulated browsers", &[], swarm::short),
    step("planted", "planted bugs that simulated browsers find", &[], swarm::short_planted),
    step("bugbench", "planted bugs that random scenarios find", &[], bugbench::short),
    step("doc", "examples and links in the documentation", &[], doc),
    step("wasm-chrome", "wasm tests in Chromium", &[Need::WasmTests, Need::Browser], wasm_chrome),
    step("wasm-node", "wasm tests in Node", &[Need::WasmTests, Need::Node], wasm_node),
    step("build", "the static page, as released", &[Need::Page], || check(|| serve::build(false))),
    step("size", "what the page weighs", &[], || check(size::run)),
    step("browser", "the page in Chromium, from a sub-folder", &[Need::Node, Need::Browser], browser),
    step("firefox", "the page in Firefox, where there is one", &[Need::Node, Need::Browser], firefox),
];

/// Crates that must compile without an operating system.
const NO_STD: [&str; 9] = [
    "chain",
    "miner",
    "bcoin",
    "protocol",
    "ledger",
    "wallet",
    "consensus",
    "node",
    "adversary",
];
/// Crates that never reach a browser.
const NATIVE_ONLY: [&str; 4] = ["bcoin-server", "cli", "swarm", "xtask"];

fn check(run: impl FnOnce() -> Result<()>) -> Result<Outcome> {
    run().map(|()| Outcome::OK)
}

fn cargo(args: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root()).args(args);
    cargo
}

fn lock() -> Result<Outcome> {
    setup::bindgen_matches()?;
    let locked = sh::ask(&mut cargo(&[
        "metadata",
        "--locked",
        "--offline",
        "--format-version",
        "1",
    ]));
    locked.context("Cargo.lock is out of date: run `cargo metadata` and commit it")?;
    Ok(Outcome::OK)
}

fn fmt() -> Result<Outcome> {
    check(|| sh::run(&mut cargo(&["fmt", "--all", "--check"])))
}

fn clippy() -> Result<Outcome> {
    check(|| {
        sh::run(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))
    })
}

fn clippy_wasm() -> Result<Outcome> {
    let mut clippy = cargo(&["clippy", "--workspace", "--target", WASM]);
    for name in NATIVE_ONLY {
        clippy.args(["--exclude", name]);
    }
    check_mut(clippy.args(["--", "-D", "warnings"]))
}

fn check_mut(command: &mut Command) -> Result<Outcome> {
    sh::run(command).map(|()| Outcome::OK)
}

fn bare_metal() -> Result<Outcome> {
    let mut check = cargo(&["check", "--lib", "--target", BARE]);
    for name in NO_STD {
        check.args(["-p", name]);
    }
    check_mut(&mut check)
}

fn native() -> Result<Outcome> {
    let has_nextest = sh::ask(&mut cargo(&["nextest", "--version"])).is_some();
    let args: &[&str] = if has_nextest {
        &[
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--status-level",
            "fail",
        ]
    } else {
        &[
            "test",
            "--workspace",
            "--lib",
            "--bins",
            "--tests",
            "--no-fail-fast",
        ]
    };
    counted(&mut cargo(args))
}

fn doc() -> Result<Outcome> {
    let examples = counted(&mut cargo(&[
        "test",
        "--workspace",
        "--doc",
        "--no-fail-fast",
    ]))?;
    // Libraries only, because the page's and the miner's programs share their names with crates.
    let mut links = cargo(&[
        "doc",
        "--workspace",
        "--no-deps",
        "--lib",
        "--document-private-items",
    ]);
    let links = check_mut(links.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(examples.and(links))
}

/// The folders of crates that have wasm tests for this environment.
fn crates_with_wasm_tests(in_browser: bool) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("crates"))? {
        let folder = entry?.path();
        // xtask only mentions such tests.
        if folder.ends_with("xtask") {
            continue;
        }
        let mut sources = Vec::new();
        for part in ["src", "tests"] {
            rust_files(&folder.join(part), &mut sources);
        }
        let fits = |path: &PathBuf| {
            fs::read_to_string(path).is_ok_and(|text| has_wasm_tests(&text, in_browser))
        };
        if sources.iter().any(fits) {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

/// A test file that configures an environment runs only in a browser, any other only in Node.
fn has_wasm_tests(text: &str, in_browser: bool) -> bool {
    let configured = text.contains("wasm_bindgen_test_configure!(run_in_");
    if in_browser {
        configured
    } else {
        !configured && text.contains("#[wasm_bindgen_test")
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn wasm_chrome() -> Result<Outcome> {
    wasm_tests(&["--headless", "--chrome"], true)
}

fn wasm_node() -> Result<Outcome> {
    wasm_tests(&["--node"], false)
}

/// All crates at once: what they share is compiled once, with what all of them ask of it.
fn wasm_tests(place: &[&str], in_browser: bool) -> Result<Outcome> {
    let folders = crates_with_wasm_tests(in_browser)?;
    let first = folders.first().context("no crate has wasm tests")?;
    let mut pack = tools::command("wasm-pack");
    pack.arg("test").args(place).arg(first);
    for name in folders.iter().filter_map(|folder| folder.file_name()) {
        pack.arg("--package").arg(name);
    }
    if let Some(driver) = setup::chromedriver() {
        pack.env("CHROMEDRIVER", driver);
    }
    // In seconds. Simulations take long in a build with debug checks; 20 is the default.
    pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    counted(&mut pack)
}

fn browser() -> Result<Outcome> {
    let chromium = setup::chromium().context("no Chromium: run `cargo xtask setup`")?;
    let some = |chosen: &[&str]| {
        let mut tests = tools::command("node");
        tests
            .current_dir(tools::node_folder())
            .args(["node_modules/@playwright/test/cli.js", "test"])
            .args(chosen)
            .env("TABCHAIN_CHROMIUM", &chromium)
            .env("TABCHAIN_DIST", serve::dist());
        counted(&mut tests)
    };
    let most = some(&["--grep-invert", "@alone"])?;
    Ok(most.and(some(&["--grep", "@alone", "--workers", "1"])?))
}

fn firefox() -> Result<Outcome> {
    let Some(firefox) = setup::firefox() else {
        println!("no Firefox on PATH; on Debian: sudo apt-get install firefox-esr");
        return Ok(Outcome::default());
    };
    let mut smoke = tools::command("node");
    smoke
        .current_dir(tools::node_folder())
        .arg("firefox-smoke.mjs")
        .env("TABCHAIN_FIREFOX", firefox)
        .env("TABCHAIN_DIST", serve::dist());
    check_mut(&mut smoke)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_file_runs_in_one_place() {
        let node = "#[wasm_bindgen_test(unsupported = test)]\nfn f() {}";
        let browser = "wasm_bindgen_test_configure!(run_in_dedicated_worker);\nmod search;";
        assert!(has_wasm_tests(node, false) && !has_wasm_tests(node, true));
        assert!(has_wasm_tests(browser, true) && !has_wasm_tests(browser, false));
        assert!(!has_wasm_tests("#[test]\nfn f() {}", false));
    }

    #[test]
    fn step_names_are_unique() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|step| step.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
