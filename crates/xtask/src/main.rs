//! Does: sets up, builds, serves, tests, measures and tidies Tabchain: `cargo xtask help`.
//! Never: contains product code or depends on one of our crates.
//! Neighbours: calls cargo, trunk, wasm-pack and Playwright.
#![forbid(unsafe_code)]

mod bench;
mod benchcoin;
mod benchsim;
mod bugbench;
mod content;
mod layers;
mod once;
mod progress;
mod seal;
mod serve;
mod setup;
mod sh;
mod size;
mod steps;
mod suite;
mod swarm;
mod tidy;
mod tools;

use anyhow::{Result, bail};
use lexopt::prelude::*;
use setup::Need;
use std::env;
use std::path::{Path, PathBuf};

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port N] [--open] [--debug] [--no-build]
                    build the page and serve it on 127.0.0.1 (port 8080)
  build [--debug]   build the page into dist/
  test [--only STEP,..] [--skip STEP,..] [--system] [--list]
                    check everything that must hold; the last line has the totals
  setup [--system]  fetch what `serve` and `test` need (they also do it themselves);
                    --system also installs system packages (as root: always)
  tidy              check the written house rules
  layers            check that crates only depend downwards
  size              compare the page's size with its budget (after a build)
  bench hash        compare the mining kernel with others, as ratios
  bench sig         compare the verification of signatures in wasm with others, as ratios
  bench sim [SECTION..]
                    measure the simulator: events a second; time to seek and memory of a long run
  bench bcoin       compare `tabchain bcoin` with a minimal Flask original
  swarm tabs [--seeds N] [--from S] | --seed S | --script FILE [--trace all]
                    run simulated browsers with random users and faults
  swarm planted [--seeds N]
                    count the seeds it takes to find each planted bug
  bugbench [--seeds N] [--from S] [--bug NAME] [--first N] [--clean N]
                    count the seeds the simulator takes to find each planted bug
  seal              write the security policy into a build (Trunk calls this)
  help              print this text
";

fn main() -> std::process::ExitCode {
    match dispatch() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    let Some(first) = args.next()? else {
        print!("{HELP}");
        bail!("no command given");
    };
    let command = match first {
        Value(name) => name.string()?,
        Short('h') | Long("help") => "help".into(),
        other => return Err(other.unexpected().into()),
    };
    match command.as_str() {
        "serve" => serve(args),
        "build" => build(args),
        "test" => test(args),
        "setup" => setup(args),
        "bench" => bench(args),
        "swarm" => swarm::run(&words(args)?),
        "bugbench" => bugbench::run(&words(args)?),
        "tidy" => no_more(args).and_then(|()| tidy::run()),
        "layers" => no_more(args).and_then(|()| layers::run()),
        "size" => no_more(args).and_then(|()| size::run()),
        "seal" => no_more(args).and_then(|()| seal::run()),
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        other => {
            print!("{HELP}");
            bail!("unknown command `{other}`");
        }
    }
}

fn serve(mut args: lexopt::Parser) -> Result<()> {
    let mut options = serve::Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("port") => options.port = args.value()?.parse()?,
            Long("open") => options.open = true,
            Long("debug") => options.debug = true,
            Long("no-build") => options.build = false,
            other => return Err(other.unexpected().into()),
        }
    }
    serve::run(&options)
}

fn build(mut args: lexopt::Parser) -> Result<()> {
    let mut debug = false;
    while let Some(arg) = args.next()? {
        match arg {
            Long("debug") => debug = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Need::Page.ensure(false)?;
    serve::build(debug)
}

fn setup(mut args: lexopt::Parser) -> Result<()> {
    let mut system = false;
    while let Some(arg) = args.next()? {
        match arg {
            Long("system") => system = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Need::ALL.iter().try_for_each(|need| need.ensure(system))?;
    println!("everything is installed; to use the tools by hand:");
    println!("  {}", tools::path_line());
    Ok(())
}

fn test(mut args: lexopt::Parser) -> Result<()> {
    let mut options = suite::Options::default();
    while let Some(arg) = args.next()? {
        match arg {
            Long("only") => options.only = names(&args.value()?.string()?),
            Long("skip") => options.skip = names(&args.value()?.string()?),
            Long("system") => options.system = true,
            Long("list") => options.list = true,
            other => return Err(other.unexpected().into()),
        }
    }
    suite::run(&options)
}

fn bench(args: lexopt::Parser) -> Result<()> {
    bench::run(&words(args)?).map_err(anyhow::Error::msg)
}

/// All remaining arguments, unchanged.
fn words(mut args: lexopt::Parser) -> Result<Vec<String>> {
    let words = args.raw_args()?.map(|word| word.string());
    Ok(words.collect::<Result<Vec<String>, _>>()?)
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

fn no_more(mut args: lexopt::Parser) -> Result<()> {
    match args.next()? {
        None => Ok(()),
        Some(other) => Err(other.unexpected().into()),
    }
}

/// The repository's root folder, so that commands work from any folder inside it. Cargo names it at
/// run time, because a checkout may have moved since this program was compiled.
fn root() -> PathBuf {
    let own =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&own)
        .join("../..")
        .canonicalize()
        .unwrap_or_else(|_| ".".into())
}
