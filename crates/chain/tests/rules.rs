//! Rules on headers that need ancestors: bits, median time, future, timewarp.
#![cfg(not(target_arch = "wasm32"))]

use chain::{
    Anchor, BitcoinHeader, BlockId, BlockTime, ChainParams, CompactTarget, Height, MerkleRoot,
    Past, Reject, Target, U256, bitcoin_2009, check_header, lookback, median_time_past,
    min_block_time, next_target_bits, past_median, required_bits, tabchain,
};
use proptest::prelude::*;

const EASY: CompactTarget = CompactTarget(0x207f_ffff);
const START: u32 = 1_800_000_000;

fn room(window: u32) -> ChainParams {
    tabchain("rules", 10, EASY, window, 100).expect("sane parameters")
}

/// Solves a header: with [`EASY`] bits in two tries on average.
fn mined(mut header: BitcoinHeader, params: &ChainParams) -> BitcoinHeader {
    while header.check_pow(params.pow_limit).is_err() {
        header.nonce += 1;
    }
    header
}

/// A header on top of `past`, not mined, and valid except for what a test changes.
fn draft(past: &[BitcoinHeader], time: u32, params: &ChainParams) -> BitcoinHeader {
    BitcoinHeader {
        version: 1,
        prev: past.last().expect("a past has a genesis").id(),
        merkle_root: MerkleRoot::ZERO,
        time: BlockTime(time),
        bits: required_bits(past, params).expect("all ancestors are there"),
        nonce: 0,
    }
}

/// Genesis and `count` mined blocks, ten seconds apart.
fn chain(count: u32, params: &ChainParams) -> Vec<BitcoinHeader> {
    let mut past = vec![params.genesis.header];
    for block in 0..count {
        let header = draft(&past, START + 10 * block, params);
        past.push(mined(header, params));
    }
    past
}

fn judge(
    header: BitcoinHeader,
    past: &[BitcoinHeader],
    now: u32,
    params: &ChainParams,
) -> Result<(), Reject> {
    check_header(&header, past, BlockTime(now), params).map(|_| ())
}

#[test]
fn a_good_header_weighs_its_proof() {
    let params = room(50);
    let past = chain(3, &params);
    let header = mined(draft(&past, START + 100, &params), &params);
    let work = check_header(&header, past.as_slice(), header.time, &params);
    assert_eq!(work, Ok(chain::block_proof(EASY)));
}

#[test]
fn a_header_without_its_work_is_refused_before_all_else() {
    let params = room(50);
    let past = chain(3, &params);
    let mut header = draft(&past, 0, &params);
    header.prev = BlockId::ZERO;
    while header.check_pow(params.pow_limit).is_ok() {
        header.nonce += 1;
    }
    let reject = judge(header, &past, START, &params);
    assert_eq!(
        reject,
        Err(Reject::HighHash {
            hash: header.id(),
            bits: EASY
        })
    );
}

#[test]
fn bits_beyond_the_limit_prove_nothing() {
    let mut params = room(50);
    params.pow_limit = CompactTarget(0x2000_ffff).to_target().expect("a target");
    let mut header = params.genesis.header;
    for bits in [
        0x2001_0000,
        0x207f_ffff,
        0x2100_ffff,
        0,
        0x04ff_ffff,
        0xff00_0001,
    ] {
        header.bits = CompactTarget(bits);
        for nonce in 0..20 {
            header.nonce = nonce;
            let reject = header
                .check_pow(params.pow_limit)
                .expect_err("no target in the limit");
            assert_eq!(reject.name(), "high-hash");
        }
    }
}

#[test]
fn other_bits_than_required_are_refused_be_they_harder_or_easier() {
    let params = room(50);
    let past = chain(3, &params);
    let required = required_bits(past.as_slice(), &params).expect("all ancestors are there");
    let mut harder = draft(&past, START + 100, &params);
    harder.bits = CompactTarget(required.0 - 1);
    let found = harder.bits;
    let reject = judge(mined(harder, &params), &past, START + 100, &params);
    assert_eq!(reject, Err(Reject::BadDiffBits { found, required }));

    let mut params = params;
    params.genesis.header.bits = CompactTarget(0x2000_ffff);
    let past = chain(3, &params);
    let required = required_bits(past.as_slice(), &params).expect("all ancestors are there");
    assert_eq!(required, CompactTarget(0x2000_ffff));
    for found in [0x2000_fffe, 0x2001_0000, 0x207f_ffff] {
        let mut header = draft(&past, START + 100, &params);
        header.bits = CompactTarget(found);
        let found = header.bits;
        let reject = judge(mined(header, &params), &past, START + 100, &params);
        assert_eq!(reject, Err(Reject::BadDiffBits { found, required }));
    }
}

#[test]
fn median_is_of_eleven_and_of_fewer_at_the_start() {
    let times = |list: &[u32]| list.iter().map(|t| BlockTime(*t)).collect::<Vec<_>>();
    assert_eq!(median_time_past(&[]), None);
    assert_eq!(median_time_past(&times(&[7])), Some(BlockTime(7)));
    assert_eq!(median_time_past(&times(&[7, 3])), Some(BlockTime(7)));
    assert_eq!(median_time_past(&times(&[9, 1, 5])), Some(BlockTime(5)));
    let shuffled = [11, 1, 10, 2, 9, 3, 8, 4, 7, 5, 6];
    assert_eq!(median_time_past(&times(&shuffled)), Some(BlockTime(6)));

    let params = room(50);
    let past = chain(20, &params);
    // Blocks 10 to 20; the median is block 15's, made at the 14th step.
    assert_eq!(past_median(past.as_slice()), Ok(BlockTime(START + 140)));
    assert_eq!(past_median(&past[..1]), Ok(params.genesis.header.time));
}

#[test]
fn time_must_pass_the_median() {
    let params = room(50);
    let past = chain(20, &params);
    let median = past_median(past.as_slice()).expect("all ancestors are there");
    let mut equal = draft(&past, median.0, &params);
    let reject = judge(mined(equal, &params), &past, START, &params);
    assert_eq!(
        reject,
        Err(Reject::TimeTooOld {
            time: median,
            median
        })
    );
    equal.time = BlockTime(median.0 + 1);
    assert_eq!(
        judge(mined(equal, &params), &past, START + 140, &params),
        Ok(())
    );
    assert_eq!(
        min_block_time(past.as_slice(), &params),
        Ok(BlockTime(median.0 + 1))
    );
}

#[test]
fn a_block_from_the_future_is_valid_later() {
    let params = ChainParams {
        future_limit: 7200,
        ..room(50)
    };
    let past = chain(20, &params);
    let now = START + 200;
    let header = mined(draft(&past, now + 7201, &params), &params);
    let reject = judge(header, &past, now, &params).expect_err("a second too far ahead");
    let limit = BlockTime(now + 7200);
    assert_eq!(
        reject,
        Reject::TimeTooNew {
            time: header.time,
            limit
        }
    );
    assert!(!reject.is_permanent());
    assert_eq!(judge(header, &past, now + 1, &params), Ok(()));
    // Nothing wraps at the last second that a header can express.
    let header = mined(draft(&past, u32::MAX, &params), &params);
    assert_eq!(judge(header, &past, u32::MAX - 1, &params), Ok(()));
}

#[test]
fn a_miner_whose_clock_went_back_takes_the_least_time_allowed() {
    let params = room(50);
    let mut past = chain(20, &params);
    let clock = BlockTime(START - 3600);
    for _ in 0..60 {
        let least = min_block_time(past.as_slice(), &params).expect("all ancestors are there");
        let header = draft(&past, clock.max(least).0, &params);
        let header = mined(header, &params);
        assert_eq!(judge(header, &past, START + 200, &params), Ok(()));
        past.push(header);
    }
}

#[test]
fn an_unknown_parent_is_not_the_headers_fault() {
    let params = room(50);
    let past = chain(3, &params);
    let header = mined(draft(&past, START + 100, &params), &params);
    let reject =
        judge(header, &past[..3], START + 100, &params).expect_err("its parent is cut off");
    assert_eq!(reject, Reject::PrevBlkNotFound { prev: header.prev });
    assert!(!reject.is_permanent());
}

#[test]
fn a_pruned_past_is_named_and_not_held_against_the_header() {
    struct Pruned(Vec<BitcoinHeader>, u32);
    impl Past for Pruned {
        fn header(&self, height: Height) -> Option<BitcoinHeader> {
            (height.0 >= self.1).then(|| self.0.as_slice().header(height))?
        }
        fn tip_height(&self) -> Height {
            self.0.as_slice().tip_height()
        }
    }
    let params = room(20);
    let past = chain(39, &params);
    let header = mined(draft(&past, START + 1000, &params), &params);
    let lowest = 40 - lookback(&params);
    let judge = |kept| check_header(&header, &Pruned(past.clone(), kept), header.time, &params);
    assert!(judge(lowest).is_ok());
    let reject = judge(lowest + 1).expect_err("the window's first block is gone");
    assert_eq!(
        reject,
        Reject::AncestorNotFound {
            height: Height(lowest)
        }
    );
    assert!(!reject.is_permanent());
}

/// 2016 blocks have 2015 intervals: a chain on time gets harder by 1/2016. Bitcoin's bug is its
/// rule, so these bits must never change.
#[test]
fn retarget_measures_2015_intervals_of_2016() {
    let params = bitcoin_2009();
    let on_time = BlockTime(1_300_000_000 + 2015 * 600);
    let old = CompactTarget(0x1b04_04cb);
    let next = next_target_bits(BlockTime(1_300_000_000), on_time, old, &params);
    assert_eq!(next, CompactTarget(0x1b04_0448));
    let expected = old.expand().target.0 * U256::from(2015) / U256::from(2016);
    assert_eq!(next, Target(expected).to_compact());
    // Only a block 600 s late keeps them.
    let late = BlockTime(on_time.0 + 600);
    assert_eq!(
        next_target_bits(BlockTime(1_300_000_000), late, old, &params),
        old
    );
}

#[test]
fn retarget_clamps_to_a_quarter_and_to_four_times() {
    let params = bitcoin_2009();
    let old = CompactTarget(0x1b04_04cb);
    let after = |span: u32| {
        next_target_bits(
            BlockTime(1_300_000_000),
            BlockTime(1_300_000_000 + span),
            old,
            &params,
        )
    };
    assert_eq!(after(0), after(302_400));
    assert_ne!(after(302_400), after(302_600));
    assert_eq!(after(4_838_400), after(900_000_000));
    assert_ne!(after(4_838_000), after(4_838_400));
    // A window that ends before it began counts as the shortest.
    let back = next_target_bits(
        BlockTime(1_300_000_000),
        BlockTime(1_200_000_000),
        old,
        &params,
    );
    assert_eq!(back, after(0));
}

/// A room's limit is 2^255: times a span, it does not fit 256 bits.
#[test]
fn retarget_does_not_wrap_near_the_limit() {
    let params = room(20);
    let (first, last) = (BlockTime(START), BlockTime(START + 100));
    assert_eq!(
        next_target_bits(first, last, EASY, &params),
        CompactTarget(0x203f_ffff)
    );
    let slow = BlockTime(START + 800);
    assert_eq!(
        next_target_bits(first, slow, CompactTarget(0x203f_ffff), &params),
        EASY
    );
}

#[test]
fn retarget_never_reaches_a_target_of_zero() {
    let params = room(20);
    let hardest = CompactTarget(0x0101_0000);
    let next = next_target_bits(BlockTime(START), BlockTime(START), hardest, &params);
    assert_eq!(next, hardest);
    assert!(next.to_target().is_ok());
}

/// The genesis time of a room is nominal: years may lie between it and block 1.
#[test]
fn a_rooms_first_window_starts_at_block_1() {
    let params = room(8);
    assert_eq!(params.retarget_anchor, Anchor::FirstBlock);
    let mut past = chain(7, &params);
    // 6 intervals of 10 s in a window of 80 s.
    let expected = next_target_bits(BlockTime(START), BlockTime(START + 60), EASY, &params);
    assert_eq!(required_bits(past.as_slice(), &params), Ok(expected));
    assert_eq!(expected, CompactTarget(0x205f_ffff));
    let from_genesis = ChainParams {
        retarget_anchor: Anchor::Genesis,
        ..params.clone()
    };
    assert_eq!(required_bits(past.as_slice(), &from_genesis), Ok(EASY));
    // From the second window on both measure the same.
    for block in 7..15 {
        past.push(mined(draft(&past, START + 10 * block, &params), &params));
    }
    assert_eq!(past.len(), 16);
    assert_eq!(
        required_bits(past.as_slice(), &params),
        required_bits(past.as_slice(), &from_genesis)
    );
}

#[test]
fn a_retarget_allows_no_bits_but_its_own() {
    let params = room(8);
    let past = chain(7, &params);
    let required = required_bits(past.as_slice(), &params).expect("all ancestors are there");
    assert_ne!(required, EASY);
    for bits in [required.0 - 1, required.0 + 1, EASY.0] {
        let mut header = draft(&past, START + 100, &params);
        header.bits = CompactTarget(bits);
        let found = header.bits;
        let reject = judge(mined(header, &params), &past, START + 100, &params);
        assert_eq!(reject, Err(Reject::BadDiffBits { found, required }));
    }
    let header = mined(draft(&past, START + 100, &params), &params);
    assert_eq!(judge(header, &past, START + 100, &params), Ok(()));
}

#[test]
fn a_window_may_start_no_earlier_than_the_grace_before_its_parent() {
    let params = ChainParams {
        timewarp_grace: Some(5),
        future_limit: 7200,
        ..room(20)
    };
    let past = chain(19, &params);
    let tip = past[19].time.0;
    let least = BlockTime(tip - 5);
    assert_eq!(min_block_time(past.as_slice(), &params), Ok(least));
    let early = mined(draft(&past, tip - 6, &params), &params);
    let reject = judge(early, &past, tip, &params);
    assert_eq!(
        reject,
        Err(Reject::TimewarpAttack {
            time: early.time,
            least
        })
    );
    assert_eq!(
        judge(
            mined(draft(&past, tip - 5, &params), &params),
            &past,
            tip,
            &params
        ),
        Ok(())
    );
    // The rule does not apply within a window, nor on a chain without it.
    let past = chain(18, &params);
    let tip = past[18].time.0;
    let inside = mined(draft(&past, tip - 6, &params), &params);
    assert_eq!(judge(inside, &past, tip, &params), Ok(()));
    let without = ChainParams {
        timewarp_grace: None,
        ..params
    };
    let past = chain(19, &without);
    let early = mined(draft(&past, past[19].time.0 - 6, &without), &without);
    assert_eq!(judge(early, &past, past[19].time.0, &without), Ok(()));
}

/// Bits after `windows` windows of the attack: each block as early as allowed, the last of each
/// window two hours ahead of a clock on which the blocks really take ten minutes.
fn timewarp(params: &ChainParams, windows: u32) -> CompactTarget {
    let mut past = vec![params.genesis.header];
    let start = params.genesis.header.time.0;
    for height in 1..windows * params.window {
        let now = start + 600 * height;
        let least = min_block_time(past.as_slice(), params)
            .expect("all ancestors are there")
            .0;
        let last = (height + 1) % params.window == 0;
        past.push(draft(&past, if last { now + 7200 } else { least }, params));
    }
    required_bits(past.as_slice(), params).expect("all ancestors are there")
}

#[test]
fn timewarp_lowers_difficulty_without_the_rule_and_not_with_it() {
    let mut unfixed = bitcoin_2009();
    unfixed.genesis.header.bits = CompactTarget(0x1705_ae3a);
    let target = |params: &ChainParams| timewarp(params, 12).to_target().expect("a target").0;
    let honest = unfixed.genesis.header.bits.to_target().expect("a target").0;
    assert!(target(&unfixed) > honest * U256::from(1_000_000));
    // BIP54's two hours of grace still let the attack gain 0.6 % per window.
    let bip54 = ChainParams {
        timewarp_grace: Some(7200),
        ..unfixed.clone()
    };
    assert!(target(&bip54) < honest / U256::from(100) * U256::from(108));
    // A grace of one block, as in a room, leaves 0.05 %, on top of the first window's two hours.
    let room = ChainParams {
        timewarp_grace: Some(600),
        ..unfixed
    };
    assert!(target(&room) < honest / U256::from(1000) * U256::from(1012));
}

/// Bits after 60 windows of which a fast majority finds a block a second: of each two windows, the last block
/// is as far ahead as allowed, and all others are as early as allowed.
fn backdated(params: &ChainParams) -> CompactTarget {
    let mut past = vec![params.genesis.header];
    let start = params.genesis.header.time.0;
    for height in 1..60 * params.window {
        let least = min_block_time(past.as_slice(), params).expect("all are there");
        let ahead = (start + height + params.future_limit).max(least.0);
        let is_ahead = (height + 1).is_multiple_of(2 * params.window);
        past.push(draft(&past, if is_ahead { ahead } else { least.0 }, params));
    }
    required_bits(past.as_slice(), params).expect("all are there")
}

/// BIP54's second rule on time. Every other window would seem to end before it begins and raise the
/// difficulty no more than any short one, and the next would seem so long as to lower it again.
#[test]
fn backdated_windows_do_not_keep_the_difficulty_of_a_fast_majority_down() {
    for spacing in [5, 10, 60, 600] {
        let params = tabchain("backdated", spacing, EASY, 8, 100).expect("sane parameters");
        let target = |bits: CompactTarget| bits.to_target().expect("a target").0;
        let after = target(backdated(&params));
        assert!(after < target(EASY) >> 60, "{spacing} s: {after:x}");
    }
}

#[test]
fn a_window_may_end_no_earlier_than_it_begins() {
    let params = ChainParams {
        timewarp_grace: Some(7200),
        future_limit: 7200,
        ..room(20)
    };
    let mut past = chain(20, &params);
    // The window's first block is far ahead, and those after it are not.
    let first = past[20].time.0 + 3_000;
    past[20].time = BlockTime(first);
    for height in 21..39 {
        let time = past[19].time.0 + height;
        past.push(draft(&past, time, &params));
    }
    let least = BlockTime(first);
    assert_eq!(min_block_time(past.as_slice(), &params), Ok(least));
    let early = mined(draft(&past, first - 1, &params), &params);
    let time = early.time;
    let reject = judge(early, &past, first, &params);
    assert_eq!(reject, Err(Reject::TimewarpAttack { time, least }));
    let in_time = mined(draft(&past, first, &params), &params);
    assert_eq!(judge(in_time, &past, first, &params), Ok(()));
    let without = ChainParams {
        timewarp_grace: None,
        ..params
    };
    assert_eq!(judge(early, &past, first, &without), Ok(()));
}

#[test]
fn a_room_keeps_clocks_in_proportion_to_its_spacing() {
    for (spacing, future) in [(1, 120), (10, 120), (60, 720), (600, 7200), (86_400, 7200)] {
        let params = tabchain("clock", spacing, EASY, 20, 100).expect("sane parameters");
        assert_eq!(
            (params.future_limit, params.timewarp_grace),
            (future, Some(spacing))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_min_block_time_says_is_exactly_the_bound(
        steps in prop::collection::vec(-300_i64..300, 1..40),
        window in 4_u32..12,
        grace in prop::option::of(0_u32..100),
    ) {
        let params = ChainParams { timewarp_grace: grace, future_limit: 7200, ..room(window) };
        let mut past = vec![params.genesis.header];
        for step in steps {
            let least = min_block_time(past.as_slice(), &params).expect("all are there").0;
            let mut wanted = draft(&past, least - 1, &params);
            let early = judge(mined(wanted, &params), &past, least, &params);
            let name = early.expect_err("a second too early").name();
            prop_assert!(["time-too-old", "time-timewarp-attack"].contains(&name));
            wanted.time = BlockTime(u32::try_from(i64::from(least) + step.max(0)).expect("small"));
            let header = mined(wanted, &params);
            prop_assert_eq!(judge(header, &past, least, &params), Ok(()));
            past.push(header);
            // Keep it cheap to mine: only times matter here.
            past.last_mut().expect("just pushed").bits = EASY;
        }
    }

    #[test]
    fn next_bits_stay_within_four_times_and_the_limit(
        first: u32, last: u32, mantissa in 0x8000_u32..0x80_0000, size in 4_u32..0x1e,
    ) {
        let params = bitcoin_2009();
        let bits = CompactTarget(mantissa | size << 24);
        let Target(old) = bits.to_target().expect("within range");
        prop_assume!(old <= params.pow_limit.0);
        let next = next_target_bits(BlockTime(first), BlockTime(last), bits, &params);
        let Target(new) = next.to_target().expect("a target follows a target");
        prop_assert!(new <= params.pow_limit.0 && new <= old * U256::from(4));
        // Rounding to a mantissa of 16 to 23 bits may take off another 2^-15 of it.
        prop_assert!(new >= old / U256::from(4) - (old >> 15));
    }
}
