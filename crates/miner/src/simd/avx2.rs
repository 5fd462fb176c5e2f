//! Eight nonces at a time in 256-bit vectors. AVX2 cannot rotate: that takes three operations.

use core::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_and_si256, _mm256_castsi256_ps, _mm256_cmpeq_epi32,
    _mm256_min_epu32, _mm256_movemask_ps, _mm256_or_si256, _mm256_set1_epi32, _mm256_setr_epi32,
    _mm256_slli_epi32, _mm256_srli_epi32, _mm256_xor_si256,
};

const LANES: u32 = 8;
type V = __m256i;

kernel!("avx2");

#[inline]
#[target_feature(enable = "avx2")]
fn splat(x: u32) -> V {
    _mm256_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx2")]
fn count_up(from: u32) -> V {
    _mm256_add_epi32(splat(from), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

#[inline]
#[target_feature(enable = "avx2")]
fn add(x: V, y: V) -> V {
    _mm256_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx2")]
fn xor3(x: V, y: V, z: V) -> V {
    _mm256_xor_si256(_mm256_xor_si256(x, y), z)
}

#[inline]
#[target_feature(enable = "avx2")]
fn ch(x: V, y: V, z: V) -> V {
    _mm256_xor_si256(z, _mm256_and_si256(x, _mm256_xor_si256(y, z)))
}

/// The next round's `y ^ z` is this round's `x ^ y`, so the compiler computes each only once.
#[inline]
#[target_feature(enable = "avx2")]
fn maj(x: V, y: V, z: V) -> V {
    let (xy, yz) = (_mm256_xor_si256(x, y), _mm256_xor_si256(y, z));
    _mm256_xor_si256(y, _mm256_and_si256(xy, yz))
}

/// Rotates right by `R`, which is left by `L = 32 - R`.
#[inline]
#[target_feature(enable = "avx2")]
fn rotr<const R: i32, const L: i32>(x: V) -> V {
    _mm256_or_si256(_mm256_srli_epi32::<R>(x), _mm256_slli_epi32::<L>(x))
}

#[inline]
#[target_feature(enable = "avx2")]
fn shr<const R: i32>(x: V) -> V {
    _mm256_srli_epi32::<R>(x)
}

/// Bit `i` is set where lane `i` of `x` is not greater than that of `y`.
#[inline]
#[target_feature(enable = "avx2")]
fn le(x: V, y: V) -> u32 {
    let equal = _mm256_cmpeq_epi32(_mm256_min_epu32(x, y), x);
    _mm256_movemask_ps(_mm256_castsi256_ps(equal)).cast_unsigned()
}
