//! Checks what a visitor downloads, compressed as a static host would, against a budget.

use crate::serve;
use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;

/// One line of the budget, in units of 1000 bytes.
struct Budget {
    what: &'static str,
    most: usize,
    /// Whether a file of the build belongs to it.
    takes: fn(&str) -> bool,
}

const BUDGETS: [Budget; 7] = [
    Budget {
        // Rooms in which slots are decided (cards, form, answers, decided blocks) cost 27 KB; payments, and programs
        // that are loaded when their route opens, 5 KB each.
        what: "page: wasm and js",
        most: 290,
        takes: is_page_program,
    },
    Budget {
        // Loaded when a route under #/try opens.
        what: "rooms to try: wasm and js",
        most: 150,
        takes: |file| file.starts_with("try-page"),
    },
    Budget {
        // The curve's arithmetic takes 45 KB of it.
        what: "rooms with signatures: wasm and js",
        most: 170,
        takes: |file| file.starts_with("try-keys"),
    },
    Budget {
        what: "styles",
        most: 15,
        takes: |file| file.ends_with(".css"),
    },
    Budget {
        what: "mining worker",
        most: 20,
        takes: |file| file.starts_with("miner"),
    },
    Budget {
        // Heartbeat signatures and flood limits cost 40 KB; the first protocol that decides slots, with
        // its replicas, snapshots and ledger, 63 KB; PBFT 42 KB; what older locks ask for, ECDSA above all,
        // 18 KB; payments that wait, 35 KB. More protocols will follow.
        what: "engine worker",
        most: 600,
        takes: |file| file.starts_with("engine"),
    },
    Budget {
        what: "first visit, until the engine loads",
        most: 350,
        takes: is_first_visit,
    },
];

fn is_page_program(file: &str) -> bool {
    file.starts_with("page") && (file.ends_with(".js") || file.ends_with(".wasm"))
}

fn is_first_visit(file: &str) -> bool {
    is_page_program(file)
        || ["index.html", "boot.js"].contains(&file)
        || [".css", ".svg"].iter().any(|end| file.ends_with(end))
}

/// Prints the table for dist/.
///
/// # Errors
/// When something exceeds its budget, or there is no build.
pub fn run() -> Result<()> {
    let files = measured()?;
    for (file, bytes) in &files {
        println!("{:>9} B gz  {file}", bytes);
    }
    let mut over = Vec::new();
    for budget in &BUDGETS {
        let taken: Vec<usize> = files
            .iter()
            .filter(|(file, _)| (budget.takes)(file))
            .map(|(_, bytes)| *bytes)
            .collect();
        ensure!(
            !taken.is_empty(),
            "the build has no file for `{}`",
            budget.what
        );
        let bytes: usize = taken.iter().sum();
        let fits = bytes <= budget.most * 1000;
        println!(
            "{:>7.1} of {:>3} KB  {}{}",
            bytes as f64 / 1000.0,
            budget.most,
            budget.what,
            if fits { "" } else { "   OVER BUDGET" }
        );
        if !fits {
            over.push(budget.what);
        }
    }
    if !over.is_empty() {
        bail!("over budget: {}", over.join("; "));
    }
    Ok(())
}

fn measured() -> Result<Vec<(String, usize)>> {
    let mut files = Vec::new();
    let folder = fs::read_dir(serve::dist()).context("no build: run `cargo xtask build` first")?;
    for entry in folder {
        let path = entry?.path();
        if path.is_file() {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            files.push((name, compressed(&fs::read(&path)?)?));
        }
    }
    files.sort();
    Ok(files)
}

fn compressed(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_counts_once_and_workers_do_not_count_for_the_first_visit() {
        let owner = |file: &str| {
            BUDGETS
                .iter()
                .filter(|b| (b.takes)(file))
                .map(|b| b.what)
                .collect::<Vec<_>>()
        };
        assert_eq!(owner("page-1234_bg.wasm").len(), 2);
        assert_eq!(owner("engine_bg.wasm"), ["engine worker"]);
        assert_eq!(owner("try-page_bg.wasm"), ["rooms to try: wasm and js"]);
        assert_eq!(owner("miner_loader.js"), ["mining worker"]);
        assert_eq!(owner("index.html").len(), 1);
    }
}
