//! Sixteen nonces at a time in 512-bit vectors, where a rotation takes one operation, and so does
//! any bitwise function of three operands.

use core::arch::x86_64::{
    __m512i, _mm512_add_epi32, _mm512_cmple_epu32_mask, _mm512_ror_epi32, _mm512_set1_epi32,
    _mm512_setr_epi32, _mm512_srli_epi32, _mm512_ternarylogic_epi32,
};

const LANES: u32 = 16;
type V = __m512i;

kernel!("avx512f");

#[inline]
#[target_feature(enable = "avx512f")]
fn splat(x: u32) -> V {
    _mm512_set1_epi32(x.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f")]
fn count_up(from: u32) -> V {
    let lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    _mm512_add_epi32(splat(from), lanes)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add(x: V, y: V) -> V {
    _mm512_add_epi32(x, y)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn xor3(x: V, y: V, z: V) -> V {
    _mm512_ternarylogic_epi32::<0x96>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn ch(x: V, y: V, z: V) -> V {
    _mm512_ternarylogic_epi32::<0xca>(x, y, z)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn maj(x: V, y: V, z: V) -> V {
    _mm512_ternarylogic_epi32::<0xe8>(x, y, z)
}

/// Rotates right by `R`, which is left by `L = 32 - R`.
#[inline]
#[target_feature(enable = "avx512f")]
fn rotr<const R: i32, const L: i32>(x: V) -> V {
    _mm512_ror_epi32::<R>(x)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shr<const R: u32>(x: V) -> V {
    _mm512_srli_epi32::<R>(x)
}

/// Bit `i` is set where lane `i` of `x` is not greater than that of `y`.
#[inline]
#[target_feature(enable = "avx512f")]
fn le(x: V, y: V) -> u32 {
    u32::from(_mm512_cmple_epu32_mask(x, y))
}
