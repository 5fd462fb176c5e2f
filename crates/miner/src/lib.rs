//! Does: searches a nonce range of an 80-byte block header for hashes that meet a target, as fast as the machine can.
//! Never: uses a thread, a clock, a worker or the network, or knows a rule beyond `SHA-256d(header) <= target`.
//! Neighbours: nothing of ours below; `pool`, `cli`, `sim` and `swarm` call [`search`], `consensus` checks its finds.
#![no_std]
#![cfg_attr(not(target_arch = "x86_64"), forbid(unsafe_code))]

mod found;
mod job;
mod portable;
mod sha256;
#[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
mod simd;

pub use found::Found;
use job::Job;

/// A block header as it is hashed: 80 bytes, the nonce little-endian in the last four.
pub type HeaderBytes = [u8; 80];

/// A target as Bitcoin stores 256-bit numbers: little-endian. A hash wins if it is not greater.
pub type TargetBytes = [u8; 32];

/// Searches the nonces `start`, `start + 1`, ... (`count` of them, and never past `u32::MAX`) and
/// adds those whose `SHA-256d` meets `target` to `found`, in ascending order. The nonce in
/// `header` is ignored.
///
/// Returns how many nonces were tried. It is less than `count` only if the range reached
/// `u32::MAX` or `found` became full; in the latter case the last nonce tried is the last one
/// found, so a caller that empties `found` and continues at `start + returned` loses nothing. If
/// `found` is full from the start, it returns 0.
///
/// The fastest kernel for the processor is chosen at run time; see [`backend`].
pub fn search(
    header: &HeaderBytes,
    target: &TargetBytes,
    start: u32,
    count: u64,
    found: &mut Found,
) -> u64 {
    search_with(backend(), header, target, start, count, found).unwrap_or(0)
}

/// [`search`] on a kernel of the caller's choice, for tests and benches. `None`, with nothing
/// tried, if this processor cannot run it.
pub fn search_with(
    backend: Backend,
    header: &HeaderBytes,
    target: &TargetBytes,
    start: u32,
    count: u64,
    found: &mut Found,
) -> Option<u64> {
    if !backend.is_available() {
        return None;
    }
    let count = clip(start, count);
    if count == 0 || found.is_full() {
        return Some(0);
    }
    let job = Job::new(header, target);
    Some(match backend {
        Backend::Portable => portable::scan(&job, start, count, found),
        #[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
        _ => simd::scan(backend, &job, start, count, found),
        #[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
        _ => return None,
    })
}

/// The same contract as [`search`], implemented with nothing but `sha2`: the oracle of the tests
/// and the baseline of the bench.
pub fn search_plain(
    header: &HeaderBytes,
    target: &TargetBytes,
    start: u32,
    count: u64,
    found: &mut Found,
) -> u64 {
    if found.is_full() {
        return 0;
    }
    let mut header = *header;
    let count = clip(start, count);
    for (nonce, done) in (start..=u32::MAX).zip(1..=count) {
        header[76..].copy_from_slice(&nonce.to_le_bytes());
        if sha256::meets(&sha256::sha256d(&header), target) {
            found.push(nonce);
            if found.is_full() {
                return done;
            }
        }
    }
    count
}

/// The kernels. [`Backend::is_available`] tells which of them run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Two compressions per nonce by `sha2`, which uses SHA instructions if there are any.
    Portable,
    /// Four nonces at a time in WebAssembly's 128-bit vectors.
    Simd128,
    /// Eight nonces at a time in AVX2's 256-bit vectors.
    Avx2,
    /// Sixteen nonces at a time in AVX-512's vectors.
    Avx512,
}

impl Backend {
    /// All kernels, slowest first.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Simd128, Self::Avx2, Self::Avx512];

    /// Whether this build on this processor can run it.
    pub fn is_available(self) -> bool {
        #[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
        let wide = simd::is_available(self);
        #[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
        let wide = false;
        self == Self::Portable || wide
    }
}

/// The kernel that [`search`] uses here.
pub fn backend() -> Backend {
    #[cfg(any(target_arch = "wasm32", target_arch = "x86_64"))]
    return simd::best();
    #[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
    Backend::Portable
}

/// How many of `count` nonces from `start` on come before the range would wrap.
fn clip(start: u32, count: u64) -> u64 {
    count.min((1 << 32) - u64::from(start))
}
