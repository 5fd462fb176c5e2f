//! Does: `tabchain`, the command line: checks, mining and the small simulator, natively.
//! Never: decides anything that a crate below decides.
//! Neighbours: the crates for chains and the simulator; none for browsers.

#![forbid(unsafe_code)]

mod address;
mod bcoin;
mod bless;
mod check;
mod decode;
mod hex_args;
mod mine;
mod out;
mod protocols;
mod run;
mod swarm;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::hex_args::{Bits, HeaderArg};
use crate::out::Out;

/// Tabchain on the command line: check Bitcoin data, mine a header, run a simulation.
#[derive(Parser)]
#[command(name = "tabchain", version, after_help = EXAMPLES)]
struct Args {
    /// Print one JSON object per line instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  tabchain check headers headers.txt --linked
  tabchain check blocks blocks.txt
  tabchain check sighash inputs.txt
  tabchain check tx transactions.txt
  tabchain check retarget 1261130161 1262152739 1d00ffff
  tabchain check compact 1d00ffff
  tabchain decode 0100000001c997a5e5...
  tabchain address tab1p...
  tabchain mine --header 0100...7c --threads 2
  tabchain run tests/scenarios/pow/01-lossy-links/scenario.toml
  tabchain run tests/scenarios/raft/04-bad-links/scenario.toml --seed 5
  tabchain link tests/scenarios/raft/02-leader-dies/scenario.toml | tabchain replay -
  tabchain bless tests/scenarios/raft/*/scenario.toml
  tabchain protocols
  tabchain swarm --protocol raft --seeds 1000
  tabchain bcoin --ports 1001,1002,1003";

#[derive(Subcommand)]
enum Command {
    /// Check data against Bitcoin's rules.
    #[command(subcommand)]
    Check(Check),
    /// Say what each byte of a header, block or transaction means; exit code 1 if bytes stop making sense, and
    /// where.
    #[command(
        after_help = "Examples:\n  tabchain decode <hex digits>\n  tabchain decode --as block - < block.txt"
    )]
    Decode {
        /// The bytes in hex; - for standard input.
        hex: String,
        /// What they are, if they could be several things.
        #[arg(long, value_name = "KIND", value_enum)]
        r#as: Option<decode::Kind>,
    },
    /// Say what an address pays to, or which address a script or an internal key has.
    #[command(
        after_help = "Examples:\n  tabchain address tab1p...\n  tabchain address 5120<64 hex digits>\n  tabchain address --prefix bc <64 hex digits>"
    )]
    Address {
        /// An address of any network; or in hex, an output's script or a taproot output's internal key of 32
        /// bytes.
        text: String,
        /// What the address begins with that is printed for hex.
        #[arg(long, value_name = "TEXT", default_value = chain::address::PREFIX)]
        prefix: String,
    },
    /// Search for a header's nonce, starting from the one that it carries.
    #[command(after_help = "Example:\n  tabchain mine --header <160 hex digits> --threads 2")]
    Mine {
        /// The 80 bytes of a header as 160 hex digits.
        #[arg(long, value_name = "HEX")]
        header: HeaderArg,
        /// Number of threads that search; by default one per core.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
    },
    /// Run a scenario in the simulator; exit code 1 if it does not come to what it expects: that no
    /// claim is broken, if it says nothing.
    #[command(
        after_help = "Example:\n  tabchain run tests/scenarios/pow/01-lossy-links/scenario.toml"
    )]
    Run {
        /// A scenario file (TOML).
        scenario: PathBuf,
        /// Another seed than the file's: the same rules and faults, other chances.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
        /// Also print what the nodes reported.
        #[arg(long)]
        log: bool,
    },
    /// Print a scenario as a link, which says how its run goes in every detail.
    #[command(
        after_help = "Example:\n  tabchain link tests/scenarios/raft/02-leader-dies/scenario.toml"
    )]
    Link {
        /// A scenario file (TOML).
        scenario: PathBuf,
        /// Another seed than the file's.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// Run the scenario of a link, like `run`; exit code 1 also if it is another run than where the
    /// link was made.
    #[command(after_help = "Example:\n  tabchain replay '/lab?run=...'")]
    Replay {
        /// A link that `run`, `link` or `swarm` printed; - for standard input.
        link: String,
        /// Also print what the nodes reported.
        #[arg(long)]
        log: bool,
    },
    /// Write the golden transcripts of scenarios anew, as `trace.txt` beside each, and say what changed;
    /// exit code 1 if a run does not come to what it expects.
    #[command(after_help = "Example:\n  tabchain bless tests/scenarios/raft/*/scenario.toml")]
    Bless {
        /// Scenario files (TOML).
        #[arg(required = true)]
        scenarios: Vec<PathBuf>,
    },
    /// List the protocols and ledgers that a scenario can name, with their parameters.
    Protocols,
    /// Run random scenarios of a protocol on all cores: bad links, cuts, crashes, then quiet; exit
    /// code 1 if a claim did not hold. Violations are shrunk and printed as files and links.
    #[command(after_help = "Example:\n  tabchain swarm --protocol raft --seeds 1000")]
    Swarm {
        /// Short name of the protocol; all of them if there is none.
        #[arg(long, value_name = "NAME")]
        protocol: Option<String>,
        /// How many random scenarios of each.
        #[arg(long, value_name = "N", default_value_t = 200)]
        seeds: u64,
        /// The seed of the first one.
        #[arg(long, value_name = "N", default_value_t = 0)]
        from: u64,
        /// Go on for so many minutes instead, however many scenarios that takes.
        #[arg(long, value_name = "M", conflicts_with = "seeds")]
        minutes: Option<u32>,
        /// Keep what it has come to in this file, and go on from there if there is one.
        #[arg(long, value_name = "FILE")]
        resume: Option<PathBuf>,
        /// Print the scenario of this seed instead of running any.
        #[arg(long, value_name = "SEED")]
        show: Option<u64>,
    },
    /// Serve nodes of B-Coin, the toy chain of a textbook, for the clients that were made for it.
    #[command(
        after_help = "Examples:\n  tabchain bcoin\n  tabchain bcoin --ports 5001,5002 --data chains\n  curl http://127.0.0.1:1001/mine_block"
    )]
    Bcoin(bcoin::Wanted),
}

#[derive(Subcommand)]
enum Check {
    /// One header of 160 hex digits per line: proof of work and, with --linked, the previous
    /// hashes.
    #[command(after_help = "Example:\n  tabchain check headers headers.txt --linked")]
    Headers {
        /// The file; - for standard input.
        file: PathBuf,
        /// Each header must name the one before it as its parent.
        #[arg(long)]
        linked: bool,
    },
    /// One raw block in hex per line: form, proof of work, Merkle root and mutation.
    #[command(
        after_help = "Examples:\n  tabchain check blocks blocks.txt\n  tabchain check blocks --full blocks.txt"
    )]
    Blocks {
        /// The file; - for standard input.
        file: PathBuf,
        /// Check all rules, spends and signatures too: the first line is block 1, and each block follows the
        /// one before it.
        #[arg(long)]
        full: bool,
        /// The chain whose rules and genesis block count.
        #[arg(long, value_enum, default_value_t = Params::Bitcoin2009, requires = "full")]
        params: Params,
    },
    /// One transaction in hex per line: form, and the rules that need no other transaction.
    #[command(after_help = "Example:\n  tabchain check tx transactions.txt")]
    Tx {
        /// The file; - for standard input.
        file: PathBuf,
    },
    /// What signatures of inputs without a witness sign. One input per line, in four words: transaction in hex,
    /// script in hex (- for an empty one), index of the input, type as a signed decimal.
    #[command(after_help = "Example:\n  tabchain check sighash inputs.txt")]
    Sighash {
        /// The file; - for standard input.
        file: PathBuf,
    },
    /// The bits after one of Bitcoin's retarget windows, from the times of its first and last
    /// block.
    #[command(after_help = "Example:\n  tabchain check retarget 1261130161 1262152739 1d00ffff")]
    Retarget {
        /// Time of the first block, Unix seconds.
        first: u32,
        /// Time of the last block, Unix seconds.
        last: u32,
        /// Bits of the window, hex.
        bits: Bits,
    },
    /// What compact bits mean: target, sign, overflow, and their shortest form.
    #[command(after_help = "Example:\n  tabchain check compact 1d00ffff")]
    Compact {
        /// The bits, hex.
        bits: Bits,
    },
}

/// Chains whose genesis block is built in.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Params {
    /// Bitcoin's main network by the rules of 2009.
    #[value(name = "bitcoin_2009")]
    Bitcoin2009,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    let mut out = Out::new(args.json);
    let outcome = match args.command {
        Command::Check(Check::Headers { file, linked }) => check::headers(&file, linked, &mut out),
        Command::Check(Check::Blocks { file, full, params }) => match (full, params) {
            (false, _) => check::blocks(&file, &mut out),
            (true, Params::Bitcoin2009) => check::full_blocks(&file, &mut out),
        },
        Command::Check(Check::Tx { file }) => check::transactions(&file, &mut out),
        Command::Check(Check::Sighash { file }) => check::sighashes(&file, &mut out),
        Command::Check(Check::Retarget { first, last, bits }) => {
            check::retarget(first, last, bits.0, &mut out)
        }
        Command::Check(Check::Compact { bits }) => check::compact(bits.0, &mut out),
        Command::Decode { hex, r#as } => decode::decode(&hex, r#as, &mut out),
        Command::Address { text, prefix } => address::address(&text, &prefix, &mut out),
        Command::Mine { header, threads } => mine::mine(&header.0, threads, &mut out),
        Command::Run {
            scenario,
            seed,
            log,
        } => run::run(&scenario, seed, log, &mut out),
        Command::Link { scenario, seed } => run::link(&scenario, seed, &mut out),
        Command::Replay { link, log } => run::replay(&link, log, &mut out),
        Command::Bless { scenarios } => bless::bless(&scenarios, &mut out),
        Command::Protocols => protocols::list(&mut out),
        Command::Bcoin(wanted) => bcoin::serve(wanted, &mut out),
        Command::Swarm {
            protocol,
            show: Some(seed),
            ..
        } => swarm::show(protocol.as_deref(), seed, &mut out),
        Command::Swarm {
            protocol,
            seeds,
            from,
            minutes,
            resume,
            show: None,
        } => {
            let wanted = swarm::Wanted {
                protocol,
                seeds,
                from,
                minutes,
                resume,
            };
            swarm::run(&wanted, &mut out)
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // The reader has seen enough (`| head`): there is nothing to say, but not everything was
        // checked.
        Err(error) if error.is_closed_pipe() => ExitCode::FAILURE,
        Err(error) => {
            // If this cannot be printed either, standard error still gives the reason.
            let _ = out.failure(&error);
            eprintln!("tabchain: {error}\n  {}", error.help());
            ExitCode::from(2)
        }
    }
}

/// Handles invalid arguments and requests for help: prints what clap prints, and errors also in
/// JSON where the arguments ask for it.
fn refuse(error: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() {
        let (what, help) = in_two_lines(error);
        let _ = Out::new(json).error(&what, &help);
    }
    let _ = error.print();
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// What is wrong (clap's first paragraph) and what to do about it (the others), each on one line.
fn in_two_lines(error: &clap::Error) -> (String, String) {
    let text = error.to_string();
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return (
            "a command is missing".into(),
            "see `tabchain --help`".into(),
        );
    }
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.split("\n\n").map(line);
    let what = paragraphs.next().unwrap_or_default();
    let help: Vec<_> = paragraphs.collect();
    (what.trim_start_matches("error: ").into(), help.join("; "))
}
