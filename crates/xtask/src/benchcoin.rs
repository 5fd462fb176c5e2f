//! `cargo xtask bench bcoin`: starts `tabchain bcoin` and a minimal Flask original in turns, and lets one client ask
//! both the same. The client opens a connection for each request, as Postman and Python's `requests.get` do.

use crate::{root, sh};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Fresh servers of both kinds each time.
const ROUNDS: usize = 3;
/// Blocks that each server mines. All chains have the same proofs, so both sides try the same numbers.
const BLOCKS: u32 = 20;
/// Requests of each kind, spread over so many clients.
const REQUESTS: u32 = 1000;
const CLIENTS: u32 = 4;
/// How long a server may take to start.
const START: Duration = Duration::from_secs(20);

const PAYMENT: &str = r#"{"sender":"Ann","receiver":"Ben","amount":40}"#;

/// The requests whose rate is measured, in this order: payments make chains no longer, as nobody mines them.
const SECTIONS: [&str; 3] = ["GET /get_chain", "GET /is_valid", "POST /add_transaction"];

/// One round's figures: blocks mined a second, then requests a second of each section.
type Figures = [f64; 1 + SECTIONS.len()];

/// Builds, measures and prints.
///
/// # Errors
/// When something cannot be built or started, or answers wrongly.
pub fn run() -> Result<()> {
    let python = python()?;
    sh::run(
        Command::new("cargo")
            .current_dir(root())
            .args(["build", "--release", "-p", "cli"]),
    )?;
    let mut rounds: [Vec<Figures>; 2] = [Vec::new(), Vec::new()];
    for round in 1..=ROUNDS {
        println!("round {round} of {ROUNDS}");
        rounds[0].push(measure(|port| {
            let mut command = Command::new(root().join("target/release/tabchain"));
            command.args(["bcoin", "--ports", port]);
            command
        })?);
        rounds[1].push(measure(|port| {
            let mut command = Command::new(&python);
            command
                .arg(root().join("tests/bench/bcoin/original.py"))
                .arg(port);
            command
        })?);
    }
    tell(&rounds);
    Ok(())
}

/// Prints medians; a ratio compares figures of one round, so that a busy machine slows both sides alike.
fn tell([ours, original]: &[Vec<Figures>; 2]) {
    println!("\nmedians of {ROUNDS} rounds                 tabchain    Flask    ratio");
    for (at, name) in ["blocks mined"].iter().chain(&SECTIONS).enumerate() {
        let figures = |side: &[Figures]| median(side.iter().map(|round| round[at]));
        let ratios = ours.iter().zip(original).map(|(a, b)| a[at] / b[at]);
        let (mine, theirs, ratio) = (figures(ours), figures(original), median(ratios));
        println!("{name:<24} a second{mine:>8.0}{theirs:>9.0}{ratio:>9.1}");
    }
}

/// A Python that has what the original needs, in a folder of its own.
fn python() -> Result<PathBuf> {
    let folder = root().join("target/bcoin-python");
    let python = folder.join("bin/python");
    if !python.exists() {
        sh::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("Python 3 with its venv module is needed")?;
    }
    let has_flask = sh::ask(Command::new(&python).args(["-c", "import flask, requests"])).is_some();
    if !has_flask {
        let install = ["-m", "pip", "install", "--quiet", "flask", "requests"];
        sh::run(Command::new(&python).args(install))?;
    }
    Ok(python)
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// A server that is ended when its measurement is over.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(command: impl Fn(&str) -> Command) -> Result<Self> {
        // Free now; somebody would have to be quick to take it.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let process = command(&address.port().to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the server does not start")?;
        let server = Self { process, address };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(start.elapsed() < START, "the server does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

fn measure(command: impl Fn(&str) -> Command) -> Result<Figures> {
    let server = Server::start(command)?;
    let mut figures = Figures::default();
    let start = Instant::now();
    for _ in 0..BLOCKS {
        ask(server.address, "GET /mine_block")?;
    }
    figures[0] = f64::from(BLOCKS) / start.elapsed().as_secs_f64();
    for (figure, name) in figures[1..].iter_mut().zip(SECTIONS) {
        let start = Instant::now();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let address = server.address;
                let all = move || (0..REQUESTS / CLIENTS).try_for_each(|_| ask(address, name));
                thread::spawn(all)
            })
            .collect();
        for client in clients {
            client.join().expect("clients do not panic")?;
        }
        *figure = f64::from(REQUESTS) / start.elapsed().as_secs_f64();
    }
    Ok(figures)
}

/// Sends one request and reads all of its answer.
fn ask(address: SocketAddr, what: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let body = if what.starts_with("POST") {
        PAYMENT
    } else {
        ""
    };
    let head = format!(
        "{what} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer.get(9..12).unwrap_or_default();
    if ![b"200", b"201"].iter().any(|good| status == *good) {
        bail!(
            "{what}: {}",
            String::from_utf8_lossy(&answer[..answer.len().min(200)])
        );
    }
    Ok(())
}
