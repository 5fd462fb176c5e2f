//! Checks that dependencies between our crates only point down, and only along this list, and that
//! nothing but a wish on the command line plants a bug.

use crate::{root, sh};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::Command;

/// A crate, its layer, and the crates that it may depend on.
struct Place {
    name: &'static str,
    layer: u8,
    uses: &'static [&'static str],
}

const fn place(name: &'static str, layer: u8, uses: &'static [&'static str]) -> Place {
    Place { name, layer, uses }
}

/// A new dependency needs a reason here, and a review.
const PLACES: [Place; 25] = [
    place("chain", 0, &[]),
    place("miner", 0, &[]),
    // A chain of its own, with rules that nothing else here follows.
    place("bcoin", 0, &[]),
    // The contract speaks of blocks, headers and times.
    place("protocol", 1, &["chain"]),
    // Ledgers provide the facts that the contract names.
    place("ledger", 1, &["chain", "protocol"]),
    // Wallets know what a chain says of coins, no ledger and no node.
    place("wallet", 1, &["chain"]),
    // Protocols never see a ledger; nodes never name a protocol.
    place("consensus", 2, &["chain", "protocol"]),
    place("node", 2, &["chain", "protocol", "ledger"]),
    // Liars know no protocol that they lie in.
    place("adversary", 2, &["chain", "protocol"]),
    // The one place that turns names into machines.
    place(
        "scenario",
        3,
        &[
            "chain",
            "protocol",
            "ledger",
            "consensus",
            "node",
            "adversary",
        ],
    ),
    // Checkers interpret blocks and coins themselves, so that they share no code with a node; its
    // bench of planted bugs names protocols.
    place(
        "sim",
        4,
        &[
            "chain",
            "protocol",
            "node",
            "scenario",
            "miner",
            "ledger",
            "consensus",
            "adversary",
        ],
    ),
    // Looks around in runs.
    place("lab", 4, &["chain", "protocol", "scenario", "sim"]),
    // Decisions about mining know hashes but nothing about chains.
    place("pool", 4, &["miner"]),
    // Messages between threads contain values, rules and settings.
    place("wire", 4, &["chain", "protocol", "scenario", "pool"]),
    place(
        "tab",
        4,
        &["chain", "protocol", "node", "scenario", "pool", "wire"],
    ),
    // Plays browser, pages and workers; judges tabs from outside, by what they say, store and show.
    place(
        "swarm",
        5,
        &[
            "chain", "miner", "protocol", "node", "scenario", "pool", "wire", "tab",
        ],
    ),
    // Adapters know none of our other crates: all they carry is bytes and names.
    place("browser", 5, &[]),
    // What programs in the page draw with.
    place("kit", 5, &[]),
    // Puts its nodes on sockets and disks; keeps a server's dependencies out of the command line's own.
    place("bcoin-server", 5, &["bcoin"]),
    // The programs.
    place("engine", 6, &["miner", "pool", "tab", "wire", "browser"]),
    place("miner-worker", 6, &["pool"]),
    place(
        "page",
        6,
        &["chain", "protocol", "scenario", "wire", "browser", "kit"],
    ),
    // Needs no engine: what one tries there is computed in the page.
    place("try-page", 6, &["chain", "browser", "kit"]),
    place(
        "cli",
        6,
        &[
            "chain",
            "miner",
            "bcoin",
            "bcoin-server",
            "protocol",
            "ledger",
            "consensus",
            "adversary",
            "node",
            "scenario",
            "sim",
        ],
    ),
    place("xtask", 7, &[]),
];

/// Crates that must be deterministic: no clock, no entropy, no threads and no browser.
const DETERMINISTIC: [&str; 16] = [
    "chain",
    "miner",
    "bcoin",
    "protocol",
    "ledger",
    "wallet",
    "consensus",
    "node",
    "adversary",
    "scenario",
    "sim",
    "lab",
    "pool",
    "wire",
    "tab",
    "swarm",
];
const HOSTS_ONLY: [&str; 8] = [
    "getrandom",
    "tokio",
    "rayon",
    "js-sys",
    "web-sys",
    "wasm-bindgen",
    "chrono",
    "gloo-timers",
];

/// Checks the workspace.
///
/// # Errors
/// Names each dependency that is not allowed.
pub fn run() -> Result<()> {
    let metadata = sh::ask(
        Command::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(root()),
    )
    .context("cargo metadata failed")?;
    let faults = faults(&serde_json::from_str(&metadata)?)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    println!(
        "layers: {} crates, all dependencies point down",
        PLACES.len()
    );
    Ok(())
}

fn faults(metadata: &Value) -> Result<Vec<String>> {
    let mut faults = table_faults();
    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().context("no name")?;
        let Some(place) = PLACES.iter().find(|place| place.name == name) else {
            faults.push(format!("{name} has no place in crates/xtask/src/layers.rs"));
            continue;
        };
        if is_listed(&package["features"]["default"]) {
            faults.push(format!("{name} plants bugs by default"));
        }
        for dependency in package["dependencies"]
            .as_array()
            .context("no dependencies")?
        {
            // Tests may depend on anything.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let used = dependency["name"].as_str().context("no name")?;
            let is_ours = !dependency["path"].is_null();
            if is_listed(&dependency["features"]) {
                faults.push(format!("{name} plants bugs in {used}"));
            }
            if is_ours && !place.uses.contains(&used) {
                faults.push(format!("{name} must not use {used}"));
            }
            if DETERMINISTIC.contains(&name) && HOSTS_ONLY.contains(&used) {
                faults.push(format!("{name} is deterministic and must not use {used}"));
            }
        }
    }
    Ok(faults)
}

/// Whether a list of features plants bugs: only `--features planted` may.
fn is_listed(features: &Value) -> bool {
    let plants = |feature: &Value| {
        feature
            .as_str()
            .is_some_and(|name| name.contains("planted"))
    };
    features
        .as_array()
        .is_some_and(|list| list.iter().any(plants))
}

/// Checks that the list itself never points upwards.
fn table_faults() -> Vec<String> {
    let layer = |name: &str| {
        PLACES
            .iter()
            .find(|place| place.name == name)
            .map(|place| place.layer)
    };
    let arrows = PLACES
        .iter()
        .flat_map(|place| place.uses.iter().map(move |used| (place, *used)));
    arrows
        .filter(|(place, used)| layer(used).is_none_or(|below| below > place.layer))
        .map(|(place, used)| format!("{} -> {used} points up", place.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn workspace(name: &str, used: &str, kind: Value, path: Value) -> Value {
        json!({"packages": [{"name": name, "dependencies": [{"name": used, "kind": kind, "path": path}]}]})
    }

    #[test]
    fn an_arrow_upwards_is_a_fault_and_a_test_dependency_is_not() {
        let up = workspace("chain", "node", Value::Null, json!("/x/node"));
        assert_eq!(faults(&up).unwrap(), ["chain must not use node"]);
        let test_only = workspace("chain", "node", json!("dev"), json!("/x/node"));
        assert!(faults(&test_only).unwrap().is_empty());
        let down = workspace("node", "chain", Value::Null, json!("/x/chain"));
        assert!(faults(&down).unwrap().is_empty());
    }

    #[test]
    fn a_deterministic_crate_gets_no_entropy() {
        let random = workspace("node", "getrandom", Value::Null, Value::Null);
        assert_eq!(faults(&random).unwrap().len(), 1);
        let host = workspace("browser", "getrandom", Value::Null, Value::Null);
        assert!(faults(&host).unwrap().is_empty());
    }

    #[test]
    fn nobody_plants_bugs_for_others() {
        let mut planted = workspace("node", "chain", Value::Null, json!("/x/chain"));
        planted["packages"][0]["dependencies"][0]["features"] = json!(["planted"]);
        assert_eq!(faults(&planted).unwrap(), ["node plants bugs in chain"]);
        let mut by_default = workspace("node", "chain", Value::Null, json!("/x/chain"));
        by_default["packages"][0]["features"] = json!({"planted": [], "default": ["planted"]});
        assert_eq!(
            faults(&by_default).unwrap(),
            ["node plants bugs by default"]
        );
    }

    #[test]
    fn a_crate_without_a_place_is_a_fault() {
        let unknown = json!({"packages": [{"name": "evm", "dependencies": []}]});
        assert_eq!(faults(&unknown).unwrap().len(), 1);
    }
}
