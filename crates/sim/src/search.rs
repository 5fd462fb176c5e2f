//! Mining in simulated time: the time until a search succeeds is drawn at random, but the nonce is
//! really searched for.

use chain::{Micros, Stream, Target, U256};
use protocol::Job;

/// The most nonces that are tried for one block: scenarios are limited to targets that at least one
/// hash in 2^16 meets, and retargeting moves the target by at most a factor of 4 per window.
const MOST_TRIES: u64 = 1 << 26;

/// How long the search for a job takes at this hash rate; `None` if nobody searches.
pub(crate) fn time_to_find(job: &Job, hashes_per_second: u32, rng: &mut Stream) -> Option<Micros> {
    if hashes_per_second == 0 {
        return None;
    }
    let micros = U256::from(1_000_000u64) * U256::from(expected_tries(job));
    let mean = micros / U256::from(hashes_per_second);
    let mean = u64::try_from(mean).unwrap_or(u64::MAX);
    Some(rng.exp_micros(Micros(mean)))
}

/// Searches from a random nonce on for one that meets the target; `None` if none of 2^26 nonces
/// does.
pub(crate) fn find(job: &Job, rng: &mut Stream) -> Option<u32> {
    let start = rng.next_u32();
    let mut found = miner::Found::new();
    let mut at = start;
    let mut tried = 0;
    while tried < MOST_TRIES {
        tried += miner::search(&job.header, &job.target, at, 1 << 12, &mut found);
        if let Some(nonce) = found.as_slice().first() {
            return Some(*nonce);
        }
        at = at.wrapping_add(1 << 12);
    }
    None
}

/// How many hashes a block takes on average, capped at 2^64 - 1.
fn expected_tries(job: &Job) -> u64 {
    let mut target = job.target;
    target.reverse();
    let Target(target) = Target::from_be_bytes(target);
    let tries = U256::MAX / target.max(U256::ONE);
    u64::try_from(tries).unwrap_or(u64::MAX)
}
