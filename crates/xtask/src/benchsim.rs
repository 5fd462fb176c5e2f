//! `cargo xtask bench sim`: builds the programs that measure the simulator, with all that is native
//! optimised for speed, unlike a release, which a visitor downloads; and runs those that are named, or
//! all. `cargo xtask bench attacks` does the same with the one that measures attacks, and takes minutes.

use crate::{root, sh};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// An example of one of our crates that measures something and prints it.
struct Section {
    name: &'static str,
    package: &'static str,
    /// The folder with the scenarios that it measures, if it takes any.
    scenarios: Option<&'static str>,
}

const SECTIONS: [Section; 3] = [
    // How many events a second one core carries out and judges.
    Section {
        name: "rate",
        package: "sim",
        scenarios: Some("tests/bench/rates"),
    },
    // How long networks of hundreds and thousands of nodes take, and how much memory.
    Section {
        name: "sparse",
        package: "sim",
        scenarios: Some("tests/bench/sparse"),
    },
    // How long seeking takes in a run of a million events, and how much memory such a run.
    Section {
        name: "seek",
        package: "lab",
        scenarios: None,
    },
];

/// How often attacks on proof of work succeed, beside theory.
const ATTACKS: Section = Section {
    name: "attacks",
    package: "sim",
    scenarios: None,
};

/// What payments cost that wait at a node, few and many.
const MEMPOOL: Section = Section {
    name: "mempool",
    package: "node",
    scenarios: None,
};

/// Measures the mempool.
///
/// # Errors
/// Says what went wrong.
pub fn mempool() -> Result<(), String> {
    measure(&MEMPOOL).map_err(|error| format!("{error:#}"))
}

/// Measures attacks.
///
/// # Errors
/// A figure is too far from theory, or something else went wrong.
pub fn attacks() -> Result<(), String> {
    measure(&ATTACKS).map_err(|error| format!("{error:#}"))
}

/// Runs the sections that are named, or all.
///
/// # Errors
/// Names what is no section, or says what went wrong.
pub fn run(names: &[String]) -> Result<(), String> {
    let is_unknown = |name: &&String| SECTIONS.iter().all(|section| section.name != **name);
    if let Some(unknown) = names.iter().find(is_unknown) {
        let known = SECTIONS.map(|section| section.name).join(", ");
        return Err(format!("`{unknown}` is no part of `bench sim`: {known}"));
    }
    let is_wanted =
        |section: &&Section| names.is_empty() || names.iter().any(|n| n == section.name);
    let mut wanted = SECTIONS.iter().filter(is_wanted);
    wanted.try_for_each(|section| measure(section).map_err(|error| format!("{error:#}")))
}

fn measure(section: &Section) -> Result<()> {
    println!("# {}", section.name);
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--profile", "rate", "--package"]);
    cargo.args([section.package, "--example", section.name, "--"]);
    cargo.args(section.files()?);
    sh::run(cargo.current_dir(root()))
}

impl Section {
    fn files(&self) -> Result<Vec<PathBuf>> {
        let Some(folder) = self.scenarios else {
            return Ok(Vec::new());
        };
        let entries = std::fs::read_dir(root().join(folder)).context(folder)?;
        let files = entries.map(|entry| entry.map(|entry| entry.path()));
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        files.sort();
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_section_is_named() {
        let error = run(&["seek".into(), "walk".into()]).expect_err("no such section");
        assert!(
            error.contains("`walk`") && error.contains("seek"),
            "{error}"
        );
    }

    #[test]
    fn scenarios_are_found() {
        let files = SECTIONS.iter().map(|section| section.files());
        let files = files
            .collect::<Result<Vec<_>>>()
            .expect("the folders are there");
        assert!(files.concat().len() >= 3, "{files:?}");
    }
}
