//! `tabchain mine`: threads that search for one header's nonce.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use chain::BitcoinHeader;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::out::{Failure, Out};

/// How many nonces a thread takes at a time: a fraction of a second of work.
const PART: u64 = 1 << 20;

/// What the threads share.
struct Search {
    header: [u8; 80],
    target: [u8; 32],
    /// The next nonce that no thread has taken, from 0 up to 2^32.
    next: AtomicU64,
    hashes: AtomicU64,
    winner: AtomicU32,
    found: AtomicBool,
}

/// Searches upwards from the header's own nonce; true if one was found.
pub fn mine(bytes: &[u8; 80], threads: Option<u16>, out: &mut Out) -> Result<bool, Failure> {
    let header = BitcoinHeader::decode(bytes);
    let target = header
        .bits
        .to_target()
        .map_err(|error| Failure::no_target(&error))?;
    let mut little_endian = target.to_be_bytes();
    little_endian.reverse();
    let search = Search {
        header: *bytes,
        target: little_endian,
        next: AtomicU64::new(header.nonce.into()),
        hashes: AtomicU64::new(0),
        winner: AtomicU32::new(u32::MAX),
        found: AtomicBool::new(false),
    };
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = threads.map_or(cores, usize::from);
    let start = Instant::now();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| search.work()))
            .collect();
        watch(&search, (1 << 32) - u64::from(header.nonce), || {
            workers.iter().all(thread::ScopedJoinHandle::is_finished)
        });
    });
    let seconds = start.elapsed().as_secs_f64();
    tell(&search, header, seconds, out)
}

fn tell(
    search: &Search,
    header: BitcoinHeader,
    seconds: f64,
    out: &mut Out,
) -> Result<bool, Failure> {
    let hashes = search.hashes.load(Ordering::Relaxed);
    let rate = hashes as f64 / seconds.max(1e-9);
    let found = search.found.load(Ordering::Acquire);
    if found {
        let nonce = search.winner.load(Ordering::Acquire);
        let hash = BitcoinHeader { nonce, ..header }.id().to_string();
        let text = format!("nonce {nonce}\nhash {hash}\nrate {:.2} MH/s", rate / 1e6);
        let value = json!({
            "nonce": nonce, "hash": hash, "hashes": hashes, "hashes_per_second": rate.round(),
        });
        out.line(text, value)?;
    } else {
        let text = format!("none of the {hashes} nonces left meets the target");
        out.line(text, json!({"nonce": null, "hashes": hashes}))?;
    }
    out.finish()?;
    Ok(found)
}

impl Search {
    fn work(&self) {
        while !self.found.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(PART, Ordering::Relaxed);
            let Ok(start) = u32::try_from(at) else { return };
            let mut found = miner::Found::new();
            let done = miner::search(&self.header, &self.target, start, PART, &mut found);
            self.hashes.fetch_add(done, Ordering::Relaxed);
            if let Some(nonce) = found.as_slice().first() {
                // Parts are taken in order, and each part taken is finished, so the lowest winner
                // is the one that a single thread would have found.
                self.winner.fetch_min(*nonce, Ordering::AcqRel);
                self.found.store(true, Ordering::Release);
            }
        }
    }
}

/// Shows progress on a terminal (indicatif hides it elsewhere) until the threads are done.
fn watch(search: &Search, nonces: u64, finished: impl Fn() -> bool) {
    let bar = ProgressBar::new(nonces);
    let style = "{bar:32} {pos}/{len} nonces, {per_sec}, {elapsed}";
    bar.set_style(ProgressStyle::with_template(style).expect("the template is right"));
    while !finished() {
        bar.set_position(search.hashes.load(Ordering::Relaxed));
        thread::sleep(Duration::from_millis(if bar.is_hidden() { 1 } else { 20 }));
    }
    bar.finish_and_clear();
}
