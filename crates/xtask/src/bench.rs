//! `cargo xtask bench sim`, `bench attacks` and `bench mempool` are in `benchsim.rs`, `bench bcoin` in
//! `benchcoin.rs`.
//!
//! `cargo xtask bench sig`: builds verification of signatures for wasm, and lets tests/bench/sig.mjs measure it beside
//! others in Node.
//!
//! `cargo xtask bench hash`: builds the kernel for the browser and natively, and lets
//! tests/bench/bench.mjs measure both against others, in turns.

use crate::setup::{self, WASM};
use crate::tools::WASM_BINDGEN;
use crate::{benchcoin, benchsim, root, sh, tools};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const USAGE: &str = "cargo xtask bench hash [--rounds N] [--ms N] [--json FILE], bench sig [--rounds N] [--ms N] [--json FILE], bench sim [SECTION..], bench attacks, bench mempool, or bench bcoin";

/// Runs the bench that the first argument names; the rest are its options.
///
/// # Errors
/// Says what is missing, what does not build or what went wrong during the run.
pub fn run(args: &[String]) -> Result<(), String> {
    match args.split_first().map(|(name, rest)| (name.as_str(), rest)) {
        Some(("sim", names)) => benchsim::run(names),
        Some(("attacks", [])) => benchsim::attacks(),
        Some(("bcoin", [])) => benchcoin::run().map_err(said),
        Some(("mempool", [])) => benchsim::mempool(),
        Some(("hash", options)) => hash(options),
        Some(("sig", options)) => sig(options),
        _ => Err(format!("name a benchmark; usage: {USAGE}")),
    }
}

fn hash(options: &[String]) -> Result<(), String> {
    let options = forwarded(options)?;
    let chromium = setup::chromium().ok_or("Chromium is needed: run `cargo xtask setup`")?;
    setup::target(WASM).map_err(said)?;
    WASM_BINDGEN.ensure().map_err(said)?;

    let target = target_folder()?;
    let native = build_native(&target)?;
    let wasm = build_wasm(&target, "miner", "bench_wasm", "web")?;
    let folder = root().join("tests/bench");
    setup::node_packages(&folder).map_err(said)?;
    sh::run(
        tools::command("node")
            .arg(folder.join("bench.mjs"))
            .arg("--native")
            .arg(native)
            .arg("--wasm")
            .arg(wasm)
            .arg("--dist")
            .arg(root().join("dist"))
            .args(options)
            .env("CHROMIUM", chromium),
    )
    .map_err(said)
}

fn sig(options: &[String]) -> Result<(), String> {
    let options = forwarded(options)?;
    setup::target(WASM).map_err(said)?;
    WASM_BINDGEN.ensure().map_err(said)?;
    let wasm = build_wasm(&target_folder()?, "chain", "bench_sig_wasm", "nodejs")?;
    setup::node_packages(&tools::node_folder()).map_err(said)?;
    optimize(&wasm.join("bench_sig_wasm_bg.wasm"))?;
    let folder = root().join("tests/bench");
    setup::node_packages(&folder).map_err(said)?;
    sh::run(
        tools::command("node")
            .arg(folder.join("sig.mjs"))
            .arg("--wasm")
            .arg(wasm)
            .args(options),
    )
    .map_err(said)
}

/// The options as the driver takes them. A file is relative to the caller's folder, not to the one
/// in which the driver runs.
fn forwarded(options: &[String]) -> Result<Vec<OsString>, String> {
    let mut forwarded = Vec::new();
    for pair in options.chunks(2) {
        match pair {
            [name, value] if name == "--json" => {
                let file = std::path::absolute(value).map_err(|error| error.to_string())?;
                forwarded.extend([name.into(), file.into()]);
            }
            [name, value] if name == "--rounds" || name == "--ms" => {
                forwarded.extend([name.into(), value.into()]);
            }
            _ => return Err(format!("cannot use `{}`; usage: {USAGE}", pair.join(" "))),
        }
    }
    Ok(forwarded)
}

/// The folder that cargo builds in, whatever its configuration says.
fn target_folder() -> Result<PathBuf, String> {
    let metadata = ["metadata", "--no-deps", "--format-version", "1"];
    let said = sh::ask(Command::new("cargo").args(metadata).current_dir(root()));
    let metadata: serde_json::Value = said
        .and_then(|text| serde_json::from_str(&text).ok())
        .ok_or("`cargo metadata` failed")?;
    let folder = metadata["target_directory"].as_str();
    Ok(folder.ok_or("cargo names no target folder")?.into())
}

/// Compiles an example of a crate with the release profile.
fn build(package: &str, example: &str, more: &[&str]) -> Result<(), String> {
    let args = ["build", "--release", "--package", package, "--example"];
    let mut cargo = Command::new("cargo");
    cargo.args(args).arg(example).args(more).current_dir(root());
    sh::run(&mut cargo).map_err(said)
}

fn build_native(target: &Path) -> Result<PathBuf, String> {
    build("miner", "bench_native", &[])?;
    let name = format!("bench_native{}", env::consts::EXE_SUFFIX);
    Ok(target.join("release/examples").join(name))
}

/// Returns the folder with the wasm and the module that loads it, in a browser (`web`) or in Node (`nodejs`).
fn build_wasm(
    target: &Path,
    package: &str,
    example: &str,
    loader: &str,
) -> Result<PathBuf, String> {
    build(package, example, &["--target", WASM])?;
    let folder = target.join("bench").join(loader);
    let wasm = format!("release/examples/{example}.wasm");
    sh::run(
        tools::command("wasm-bindgen")
            .args(["--target", loader, "--no-typescript", "--out-dir"])
            .arg(&folder)
            .arg(target.join(WASM).join(wasm)),
    )
    .map_err(said)?;
    Ok(folder)
}

/// What a release does with the engine's wasm (`index.html`).
fn optimize(wasm: &Path) -> Result<(), String> {
    sh::run(
        tools::command("wasm-opt")
            .args([
                "-O3",
                "--enable-bulk-memory",
                "--enable-nontrapping-float-to-int",
            ])
            .arg(wasm)
            .arg("-o")
            .arg(wasm),
    )
    .map_err(said)
}

fn said(error: anyhow::Error) -> String {
    format!("{error:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &str) -> Result<Vec<OsString>, String> {
        let words: Vec<String> = words.split_whitespace().map(Into::into).collect();
        forwarded(&words)
    }

    #[test]
    fn options_are_handed_on_and_a_file_is_made_absolute() {
        assert_eq!(given(""), Ok(vec![]));
        assert_eq!(given("--rounds 9"), Ok(vec!["--rounds".into(), "9".into()]));
        let file = given("--json out.json").map(|words| PathBuf::from(&words[1]));
        assert!(file.is_ok_and(|file| file.is_absolute() && file.ends_with("out.json")));
    }

    #[test]
    fn unknown_options_and_missing_values_are_named() {
        assert!(given("--round 9").is_err_and(|error| error.contains("--round 9")));
        assert!(given("--ms").is_err_and(|error| error.contains("--ms")));
        assert!(run(&["speed".into()]).is_err_and(|error| error.contains("bench hash")));
    }
}
