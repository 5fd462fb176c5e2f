//! The native side of `cargo xtask bench hash`: measures on request, so that its turns can be
//! interleaved with the browser's.
//!
//! A request is a line on standard input, `plain MS`, `kernel MS`, `BACKEND MS` or `threads N MS`;
//! the answer is a line with the hashes per second by wall clock, or `none` for a kernel that this
//! processor cannot run.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench measures time, with threads"
)]

use miner::{Backend, Found, backend, search_plain, search_with};
use std::io::Write;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// No hash meets it, so a search never stops early.
const TARGET: [u8; 32] = [0; 32];
/// Nonces between two readings of the clock.
const CHUNK: u64 = 1 << 15;

fn main() -> std::io::Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let rate = match *words.as_slice() {
            ["plain", ms] => time(ms).map(|time| one(time, plain)),
            ["threads", threads, ms] => match (threads.parse(), time(ms)) {
                (Ok(threads), Some(time)) => Some(many(threads, time)),
                _ => None,
            },
            [name, ms] => match (named(name), time(ms)) {
                (Some(backend), Some(time)) => Some(one(time, |start| kernel(backend, start))),
                _ => None,
            },
            _ => None,
        };
        match rate {
            Some(rate) => println!("{rate}"),
            None => println!("none"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn time(milliseconds: &str) -> Option<Duration> {
    milliseconds.parse().ok().map(Duration::from_millis)
}

/// The kernel with that name, if it runs here.
fn named(name: &str) -> Option<Backend> {
    if name == "kernel" {
        return Some(backend());
    }
    let mut all = Backend::ALL.into_iter();
    all.find(|kernel| kernel.is_available() && format!("{kernel:?}").eq_ignore_ascii_case(name))
}

fn plain(start: u32) -> u64 {
    search_plain(&[7; 80], &TARGET, start, CHUNK, &mut Found::new())
}

fn kernel(backend: Backend, start: u32) -> u64 {
    search_with(backend, &[7; 80], &TARGET, start, CHUNK, &mut Found::new()).unwrap_or(0)
}

/// Hashes until the time is up; returns the number of hashes.
fn work(time: Duration, hash: impl Fn(u32) -> u64) -> u64 {
    let (begin, mut hashes, mut start) = (Instant::now(), 0, 0_u32);
    while begin.elapsed() < time {
        hashes += hash(start);
        start = start.wrapping_add(1 << 15);
    }
    hashes
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn one(time: Duration, hash: impl Fn(u32) -> u64) -> f64 {
    let begin = Instant::now();
    work(time, hash) as f64 / begin.elapsed().as_secs_f64()
}

/// Hashes per second of this many threads at once, each with the best kernel.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn many(threads: usize, time: Duration) -> f64 {
    let (gate, best) = (Barrier::new(threads + 1), backend());
    std::thread::scope(|scope| {
        let run = || {
            gate.wait();
            work(time, |start| kernel(best, start))
        };
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        gate.wait();
        let begin = Instant::now();
        let hashes: u64 = all
            .into_iter()
            .filter_map(|thread| thread.join().ok())
            .sum();
        hashes as f64 / begin.elapsed().as_secs_f64()
    })
}
