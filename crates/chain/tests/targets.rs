//! Compact targets, proofs of work and the numbers derived from them.
#![cfg(not(target_arch = "wasm32"))]

use chain::{
    Amount, BlockId, CompactTarget, Height, Target, TargetError, U256, Work, bitcoin_2009,
    block_proof, subsidy,
};
use proptest::prelude::*;

/// `arith_uint256_tests.cpp`: bits, value, canonical bits, negative, overflow.
#[test]
fn compact_targets_of_bitcoin_core() {
    let zero = [
        0,
        0x0012_3456,
        0x0100_3456,
        0x0200_0056,
        0x0300_0000,
        0x0400_0000,
    ];
    let signed_zero = [
        0x0092_3456,
        0x0180_3456,
        0x0280_0056,
        0x0380_0000,
        0x0480_0000,
    ];
    for bits in zero.into_iter().chain(signed_zero) {
        expands(bits, U256::ZERO, 0, false);
        assert_eq!(
            CompactTarget(bits).to_target(),
            Err(TargetError::Zero(CompactTarget(bits)))
        );
    }
    expands(0x0112_3456, U256::from(0x12), 0x0112_0000, false);
    expands(0x01fe_dcba, U256::from(0x7e), 0x01fe_0000, true);
    expands(0x0212_3456, U256::from(0x1234), 0x0212_3400, false);
    expands(0x0312_3456, U256::from(0x12_3456), 0x0312_3456, false);
    expands(0x0412_3456, U256::from(0x1234_5600), 0x0412_3456, false);
    expands(0x0492_3456, U256::from(0x1234_5600), 0x0492_3456, true);
    expands(0x0500_9234, U256::from(0x9234_0000_u32), 0x0500_9234, false);
    expands(
        0x2012_3456,
        U256::from(0x12_3456) << 232,
        0x2012_3456,
        false,
    );
    assert_eq!(
        Target(U256::from(0x80)).to_compact(),
        CompactTarget(0x0200_8000)
    );
}

fn expands(bits: u32, value: U256, canonical: u32, negative: bool) {
    let compact = CompactTarget(bits).expand();
    assert_eq!(compact.target, Target(value), "{bits:08x}");
    assert_eq!(compact.canonical(), CompactTarget(canonical), "{bits:08x}");
    assert_eq!(
        (compact.negative, compact.overflow),
        (negative, false),
        "{bits:08x}"
    );
    if negative {
        let error = TargetError::Negative(CompactTarget(bits));
        assert_eq!(CompactTarget(bits).to_target(), Err(error));
    }
}

#[test]
fn compact_targets_overflow_by_exponent_and_mantissa() {
    for bits in [
        0xff12_3456,
        0x2300_0001,
        0x2200_0100,
        0x2101_0000,
        0x217f_ffff,
    ] {
        let compact = CompactTarget(bits);
        assert!(compact.expand().overflow, "{bits:08x}");
        assert!(!compact.expand().negative, "{bits:08x}");
        assert_eq!(compact.to_target(), Err(TargetError::Overflow(compact)));
        assert_eq!(block_proof(compact), Work::ZERO);
    }
    // One step below each of them fits, and so does a mantissa of zero whatever the exponent.
    for bits in [0x2200_00ff, 0x2100_ffff, 0x207f_ffff] {
        assert!(CompactTarget(bits).to_target().is_ok(), "{bits:08x}");
    }
    assert!(!CompactTarget(0xff00_0000).expand().overflow);
}

#[test]
fn block_proofs() {
    let proof = |bits| block_proof(CompactTarget(bits));
    assert_eq!(proof(0x207f_ffff), Work::from(2));
    assert_eq!(proof(0x2000_ffff), Work::from(256));
    assert_eq!(proof(0x1d00_ffff), Work::from(0x1_0001_0001));
    assert_eq!(proof(0x2200_00ff), Work::from(1));
    assert_eq!(proof(0x0101_0000), Work(U256::ONE << 255));
    for none in [0, 0x0180_0000, 0x01fe_dcba, 0x0492_3456, 0xff12_3456] {
        assert_eq!(proof(none), Work::ZERO, "{none:08x}");
    }
}

#[test]
fn a_hundred_easy_blocks_weigh_less_than_a_hard_one() {
    let easy = block_proof(CompactTarget(0x207f_ffff));
    let longer = (0..100).fold(Work::ZERO, |sum, _| sum.checked_add(easy).expect("fits"));
    assert_eq!(longer, Work::from(200));
    assert!(block_proof(CompactTarget(0x2000_ffff)) > longer);
}

#[test]
fn work_never_wraps() {
    let most = Work(U256::MAX);
    assert_eq!(most.checked_add(Work::from(1)), None);
    assert_eq!(most.saturating_add(Work::from(1)), most);
    assert_eq!(most.checked_add(Work::ZERO), Some(most));
}

#[test]
fn a_hash_equal_to_the_target_is_enough() {
    let target = CompactTarget(0x1d00_ffff).to_target().expect("a target");
    let id = |value: U256| BlockId::from_bytes(value.to_le_bytes());
    assert!(target.is_met_by(id(target.0 - U256::ONE)));
    assert!(target.is_met_by(id(target.0)));
    assert!(!target.is_met_by(id(target.0 + U256::ONE)));
    assert!(!target.is_met_by(id(U256::MAX)));
    assert!(target.is_met_by(BlockId::ZERO));
}

#[test]
fn subsidy_halves_until_nothing_is_left() {
    let params = bitcoin_2009();
    let at = |height| subsidy(Height(height), &params).to_sat();
    assert_eq!(at(0), 5_000_000_000);
    assert_eq!(at(209_999), 5_000_000_000);
    assert_eq!(at(210_000), 2_500_000_000);
    assert_eq!(at(420_000), 1_250_000_000);
    assert_eq!(at(6_929_999), 1);
    assert_eq!(at(6_930_000), 0);
    // 63, 64 and 65 halvings: a shift by 64 bits is no shift on most machines.
    for height in [13_230_000, 13_440_000, 13_650_000, u32::MAX] {
        assert_eq!(at(height), 0, "{height}");
    }
    let mut often = params;
    often.halving = 1;
    for (height, sat) in [
        (0, 5_000_000_000),
        (1, 2_500_000_000),
        (32, 1),
        (33, 0),
        (64, 0),
    ] {
        assert_eq!(subsidy(Height(height), &often).to_sat(), sat, "{height}");
    }
    assert_eq!(subsidy(Height(u32::MAX), &often), Amount::ZERO);
}

#[test]
fn all_subsidies_are_2_099_999_997_690_000_satoshi() {
    let params = bitcoin_2009();
    let total: u64 = (0..64)
        .map(|era| 210_000 * subsidy(Height(era * 210_000), &params).to_sat())
        .sum();
    assert_eq!(total, 2_099_999_997_690_000);
    assert!(Amount::new(total).is_ok());
}

proptest! {
    #[test]
    fn canonical_bits_survive(size in 0_u32..=34, word in 0_u32..0x100_0000) {
        let compact = CompactTarget(size << 24 | word).expand();
        prop_assume!(!compact.overflow);
        let canonical = compact.canonical();
        prop_assert_eq!(canonical.expand(), compact);
        prop_assert_eq!(canonical.expand().canonical(), canonical);
    }

    #[test]
    fn rounding_keeps_23_bits_and_never_eases(limbs: [u64; 4], shift in 0_usize..256) {
        let target = Target(U256::from_limbs(limbs) >> shift);
        let rounded = target.to_compact().expand();
        prop_assert!(!rounded.negative && !rounded.overflow);
        prop_assert!(rounded.target <= target);
        // A mantissa has at least 16 significant bits.
        prop_assert!(target.0 - rounded.target.0 <= target.0 >> 15);
    }

    #[test]
    fn proof_is_the_expected_number_of_hashes(limbs: [u64; 4], shift in 0_usize..256) {
        let bits = Target(U256::from_limbs(limbs) >> shift).to_compact();
        prop_assume!(bits.to_target().is_ok());
        let above = bits.to_target().expect("assumed").0.saturating_add(U256::ONE);
        let Work(proof) = block_proof(bits);
        // proof = floor(2^256 / above): as a product it fits, one more does not.
        let wide = |a: U256, b: U256| a.widening_mul::<256, 4, 512, 8>(b);
        let whole = chain::U256::ONE.widening_mul::<256, 4, 512, 8>(U256::ONE) << 256;
        prop_assert!(wide(proof, above) <= whole);
        if above != U256::MAX {
            prop_assert!(wide(proof + U256::ONE, above) > whole);
        }
    }
}
