//! Does: searches a nonce range of an 80-byte block header for hashes that meet a target, as fast as the machine can.
//! Never: a thread, a clock, a worker, the network, or any rule beyond `SHA-256d(header) <= target`.
//! Neighbours: nobody below; `web` and `cli` cut ranges into jobs and call [`search`], `node` checks what comes back.
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

/// A target as Bitcoin stores 256-bit numbers: little-endian. A hash wins when it is not greater.
pub type TargetBytes = [u8; 32];

/// Searches the nonces `start`, `start + 1`, ... (`count` of them, and never past `u32::MAX`) and
/// adds those whose `SHA-256d` meets `target` to `found`, in ascending order. The nonce that stands
/// in `header` is ignored.
///
/// Returns how many nonces were tried. It is less than `count` only where the range met `u32::MAX`
/// or `found` became full; in that case the last nonce tried is the last one found, so a caller
/// that empties `found` and goes on at `start + returned` loses nothing. A `found` that is full at
/// the call yields 0.
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
/// tried, where this processor cannot run it.
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

/// What [`search`] promises, written with nothing but `sha2`: the oracle of the tests and the
/// yardstick of the bench.
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

/// The kernels that exist. Which of them run here, [`Backend::is_available`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Two compressions a nonce by `sha2`, which uses the SHA instructions where there are any.
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

/// How many of `count` nonces from `start` on there are before the range would wrap.
fn clip(start: u32, count: u64) -> u64 {
    count.min((1 << 32) - u64::from(start))
}
