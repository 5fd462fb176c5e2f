//! What a search computes once per header and target, because it does not depend on the nonce.
//!
//! A header fills one 64-byte block and 16 bytes of a second one; the nonce is the second block's
//! word 3. The first block therefore gives a midstate. In the second, rounds 0 to 2 are fixed,
//! round 3 only lacks the addition of the nonce, and words 16 and 17 of the message schedule and
//! parts of words 18 and 19 are known.

use crate::sha256::{self, IV, K, small0, small1};
use crate::{Found, HeaderBytes, TargetBytes};
use sha2::block_api::compress256;

/// The length of a header in bits, which is the last word of its padded second block.
pub const HEADER_BITS: u32 = 80 * 8;
/// The length in bits of the digest that the second hash is over.
pub const DIGEST_BITS: u32 = 32 * 8;
/// The bit that SHA-256's padding begins with.
pub const PAD: u32 = 0x8000_0000;

/// A prepared search.
#[cfg_attr(
    not(any(target_arch = "wasm32", target_arch = "x86_64")),
    expect(
        dead_code,
        reason = "the portable kernel starts from the midstate alone"
    )
)]
pub struct Job {
    header: HeaderBytes,
    target: TargetBytes,
    /// The state after the header's first 64 bytes.
    pub midstate: [u32; 8],
    /// The second block, padded, with a nonce of zero.
    pub block: [u8; 64],
    /// The state after round 3 of the second block with a nonce word of zero: the kernel adds the
    /// nonce word to its `a` and its `e`.
    pub round3: [u32; 8],
    /// Schedule words 16 and 17, and words 18 and 19 without the nonce's share.
    pub schedule: [u32; 4],
    /// The round constants in groups of sixteen. They are here and not in the code because browsers
    /// build a vector literal from pieces, while a word from memory fills a vector in one
    /// instruction.
    pub k: [[u32; 16]; 4],
    /// The most significant 32 bits of the target, which the last word of a hash is compared with.
    pub target_top: u32,
}

impl Job {
    pub fn new(header: &HeaderBytes, target: &TargetBytes) -> Self {
        let (mut first, mut block) = ([0; 64], [0; 64]);
        first.copy_from_slice(&header[..64]);
        block[..12].copy_from_slice(&header[64..76]);
        block[16] = 0x80;
        block[60..].copy_from_slice(&HEADER_BITS.to_be_bytes());

        let mut midstate = IV;
        compress256(&mut midstate, &[first]);

        let w = [0, 4, 8]
            .map(|at| u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]));
        let mut state = midstate;
        for (word, k) in w.into_iter().chain([0]).zip(K) {
            let (a, e) = sha256::round(state, k.wrapping_add(word));
            let [a0, b0, c0, _, e0, f0, g0, _] = state;
            state = [a, a0, b0, c0, e, e0, f0, g0];
        }
        let w16 = w[0].wrapping_add(small0(w[1]));
        let w17 = w[1]
            .wrapping_add(small0(w[2]))
            .wrapping_add(small1(HEADER_BITS));
        Self {
            header: *header,
            target: *target,
            midstate,
            block,
            round3: state,
            schedule: [
                w16,
                w17,
                w[2].wrapping_add(small1(w16)),
                small0(PAD).wrapping_add(small1(w17)),
            ],
            k: core::array::from_fn(|sixteen| core::array::from_fn(|i| K[16 * sixteen + i])),
            target_top: u32::from_le_bytes([target[28], target[29], target[30], target[31]]),
        }
    }

    /// The full check of one nonce. Kernels only compare the top 32 bits, and every candidate has
    /// to pass this, so a faulty lane could miss a winner but never invent one.
    pub fn wins(&self, nonce: u32) -> bool {
        let mut header = self.header;
        header[76..].copy_from_slice(&nonce.to_le_bytes());
        sha256::meets(&sha256::sha256d(&header), &self.target)
    }

    /// Checks a batch's candidates: bit `i` of `mask` stands for `nonce + i`, and only the first
    /// `left` nonces belong to the range. Returns how many of the batch were tried if the
    /// search ends here because `found` is full.
    #[cold]
    #[inline(never)]
    pub fn settle(&self, nonce: u32, mask: u32, left: u64, found: &mut Found) -> Option<u64> {
        for lane in (0..u32::BITS).filter(|lane| mask >> lane & 1 == 1) {
            if u64::from(lane) >= left {
                break;
            }
            let nonce = nonce.wrapping_add(lane);
            if self.wins(nonce) {
                found.push(nonce);
                if found.is_full() {
                    return Some(u64::from(lane) + 1);
                }
            }
        }
        None
    }
}
