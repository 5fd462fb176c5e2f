//! The vector kernels and the choice between them: the one place with `unsafe`.
//!
//! Why it is needed: a function that uses AVX may only run on a processor that has AVX, which is
//! only known at run time, so Rust makes calling a `#[target_feature]` function from ordinary code
//! `unsafe`. That call is the only thing marked so: the kernels take and return plain numbers and
//! references, hold no pointers and read no memory but their arguments. In WebAssembly a module
//! with an unknown instruction does not load at all, so the call is safe there, and the wasm build
//! has no `unsafe`.

#[macro_use]
mod lanes;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "wasm32")]
mod wasm;

use crate::job::Job;
use crate::{Backend, Found};

#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx2, "avx2");
#[cfg(target_arch = "x86_64")]
cpufeatures::new!(has_avx512, "avx512f");

/// Whether this processor can run a vector kernel.
pub fn is_available(backend: Backend) -> bool {
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 => has_avx2::get(),
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 => has_avx512::get(),
        Backend::Simd128 => cfg!(target_arch = "wasm32"),
        _ => false,
    }
}

/// The fastest kernel that this processor can run.
pub fn best() -> Backend {
    [Backend::Avx512, Backend::Avx2, Backend::Simd128]
        .into_iter()
        .find(|&backend| is_available(backend))
        .unwrap_or(Backend::Portable)
}

/// See [`crate::search`]; the range does not wrap and `found` has room. Falls back to the portable
/// kernel where this processor has no such vectors.
#[cfg_attr(target_arch = "x86_64", allow(unsafe_code))]
pub fn scan(backend: Backend, job: &Job, start: u32, count: u64, found: &mut Found) -> u64 {
    match backend {
        #[cfg(target_arch = "x86_64")]
        Backend::Avx2 if is_available(backend) => {
            // SAFETY: the guard has just checked that this processor has AVX2.
            unsafe { avx2::scan(job, start, count, found) }
        }
        #[cfg(target_arch = "x86_64")]
        Backend::Avx512 if is_available(backend) => {
            // SAFETY: the guard has just checked that this processor has AVX-512F.
            unsafe { avx512::scan(job, start, count, found) }
        }
        #[cfg(target_arch = "wasm32")]
        Backend::Simd128 => wasm::scan(job, start, count, found),
        _ => crate::portable::scan(job, start, count, found),
    }
}
