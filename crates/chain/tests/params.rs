//! Chain parameters: rooms, their genesis blocks, and parameters that do not make a chain.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::BTreeSet;

use chain::{Amount, BlockId, BlockTime, CompactTarget, ParamsError, TargetError, tabchain};

const EASY: CompactTarget = CompactTarget(0x207f_ffff);

#[test]
fn rooms_that_differ_in_anything_have_another_genesis() {
    let base = ("room", 10, EASY, 20, 100);
    let id = |(name, spacing, bits, window, halving)| {
        tabchain(name, spacing, bits, window, halving)
            .expect("sane parameters")
            .genesis_id()
    };
    assert_eq!(id(base), id(base));
    let others = [
        ("Room", 10, EASY, 20, 100),
        ("", 10, EASY, 20, 100),
        ("room", 11, EASY, 20, 100),
        ("room", 10, CompactTarget(0x207f_fffe), 20, 100),
        ("room", 10, EASY, 21, 100),
        ("room", 10, EASY, 20, 101),
    ];
    let ids: BTreeSet<BlockId> = others.into_iter().chain([base]).map(id).collect();
    assert_eq!(ids.len(), 7);
}

#[test]
fn a_rooms_genesis_keeps_the_rules_on_bodies() {
    let longest = "\u{94fe}".repeat(26) + "ab";
    assert_eq!(longest.len(), 80);
    for name in ["", "a", "room", &longest] {
        let params = tabchain(name, 10, EASY, 20, 100).expect("sane parameters");
        assert_eq!(params.genesis.check_body(&params), Ok(()), "{name}");
        assert_eq!(params.genesis.header.time, BlockTime(1_767_225_600));
        assert_eq!(
            params.genesis.transactions[0].output_total(),
            Ok(Amount::ZERO)
        );
    }
}

#[test]
fn parameters_that_make_no_chain_are_named() {
    let make = |name: &str, spacing, bits, window, halving| {
        tabchain(name, spacing, CompactTarget(bits), window, halving).map(|_| ())
    };
    let easy = EASY.0;
    let too_long = ParamsError::NameTooLong { len: 81, max: 80 };
    assert_eq!(make(&"a".repeat(81), 10, easy, 20, 100), Err(too_long));
    assert_eq!(make("a", 0, easy, 20, 100), Err(ParamsError::Spacing(0)));
    assert_eq!(
        make("a", u32::MAX, easy, 20, 100),
        Err(ParamsError::Spacing(u32::MAX))
    );
    assert_eq!(make("a", 10, easy, 3, 100), Err(ParamsError::Window(3)));
    assert_eq!(
        make("a", 10, easy, u32::MAX, 100),
        Err(ParamsError::Window(u32::MAX))
    );
    assert_eq!(make("a", 10, easy, 20, 0), Err(ParamsError::Halving(0)));
    let zero = TargetError::Zero(CompactTarget(0));
    assert_eq!(make("a", 10, 0, 20, 100), Err(ParamsError::Bits(zero)));
    let negative = TargetError::Negative(CompactTarget(0x2080_0001));
    assert_eq!(
        make("a", 10, 0x2080_0001, 20, 100),
        Err(ParamsError::Bits(negative))
    );
    let easier = CompactTarget(0x2100_8000);
    assert_eq!(
        make("a", 10, easier.0, 20, 100),
        Err(ParamsError::TooEasy(easier))
    );
}
