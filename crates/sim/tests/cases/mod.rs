//! Finds the cases under `tests/scenarios`.

#![allow(dead_code, reason = "each test file uses another part")]

use std::path::{Path, PathBuf};

use scenario::Scenario;

/// The folder that has all cases.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

/// The folders of all cases, in their order.
pub fn all() -> Vec<PathBuf> {
    let mut found = below(&root());
    found.sort();
    found
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the scenarios are there") {
        let path = entry.expect("readable").path();
        if path.join("scenario.toml").exists() {
            found.push(path);
        } else if path.is_dir() {
            found.extend(below(&path));
        }
    }
    found
}

/// The scenario of a case.
pub fn load(folder: &Path) -> Scenario {
    let text = std::fs::read_to_string(folder.join("scenario.toml")).expect("readable");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{folder:?}: {error}"))
}
