//! The kernel for all other processors: one nonce at a time through `sha2`'s compression, which
//! uses SHA instructions if the processor has them.

use crate::Found;
use crate::job::{DIGEST_BITS, Job};
use crate::sha256::IV;
use sha2::block_api::compress256;

/// See [`crate::search`]; the range does not wrap and `found` has room.
pub fn scan(job: &Job, start: u32, count: u64, found: &mut Found) -> u64 {
    let mut first = job.block;
    let mut second = [0; 64];
    second[32] = 0x80;
    second[60..].copy_from_slice(&DIGEST_BITS.to_be_bytes());
    for (nonce, done) in (start..=u32::MAX).zip(1..=count) {
        first[12..16].copy_from_slice(&nonce.to_le_bytes());
        let mut state = job.midstate;
        compress256(&mut state, &[first]);
        for (bytes, word) in second.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        let mut state = IV;
        compress256(&mut state, &[second]);
        if state[7].swap_bytes() <= job.target_top && job.settle(nonce, 1, 1, found).is_some() {
            return done;
        }
    }
    count
}
