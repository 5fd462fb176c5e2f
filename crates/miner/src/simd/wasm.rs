//! Four nonces at a time in WebAssembly's 128-bit vectors. They cannot rotate: that takes three
//! operations.

use core::arch::wasm32::{
    u32x4, u32x4_add, u32x4_bitmask, u32x4_le, u32x4_shl, u32x4_shr, u32x4_splat, v128, v128_and,
    v128_or, v128_xor,
};

const LANES: u32 = 4;
type V = v128;

kernel!("simd128");

#[inline]
#[target_feature(enable = "simd128")]
fn splat(x: u32) -> V {
    u32x4_splat(x)
}

#[inline]
#[target_feature(enable = "simd128")]
fn count_up(from: u32) -> V {
    u32x4_add(u32x4_splat(from), u32x4(0, 1, 2, 3))
}

#[inline]
#[target_feature(enable = "simd128")]
fn add(x: V, y: V) -> V {
    u32x4_add(x, y)
}

#[inline]
#[target_feature(enable = "simd128")]
fn xor3(x: V, y: V, z: V) -> V {
    v128_xor(v128_xor(x, y), z)
}

#[inline]
#[target_feature(enable = "simd128")]
fn ch(x: V, y: V, z: V) -> V {
    v128_xor(z, v128_and(x, v128_xor(y, z)))
}

/// The next round's `y ^ z` is this round's `x ^ y`, so the compiler computes each only once.
#[inline]
#[target_feature(enable = "simd128")]
fn maj(x: V, y: V, z: V) -> V {
    v128_xor(y, v128_and(v128_xor(x, y), v128_xor(y, z)))
}

/// Rotates right by `R`, which is left by `L = 32 - R`.
#[inline]
#[target_feature(enable = "simd128")]
fn rotr<const R: u32, const L: u32>(x: V) -> V {
    v128_or(u32x4_shr(x, R), u32x4_shl(x, L))
}

#[inline]
#[target_feature(enable = "simd128")]
fn shr<const R: u32>(x: V) -> V {
    u32x4_shr(x, R)
}

/// Bit `i` is set where lane `i` of `x` is not greater than that of `y`.
#[inline]
#[target_feature(enable = "simd128")]
fn le(x: V, y: V) -> u32 {
    u32::from(u32x4_bitmask(u32x4_le(x, y)))
}
