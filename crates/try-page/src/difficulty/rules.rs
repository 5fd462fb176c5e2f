//! Rules for the next block's target, each a function of the blocks before it.

use chain::params::ChainParams;
use chain::rules::next_target_bits;
use chain::target::{CompactTarget, Target};
use chain::units::BlockTime;
use ruint::Uint;

type U512 = Uint<512, 8>;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Bitcoin's: each so many blocks, by the time that they took, at most by a factor of 4.
    Windows,
    /// zawy12's LWMA-1: each block, by the last 60 times, the newest weighing the most
    /// (github.com/zawy12/difficulty-algorithms, issue 3).
    Weighted,
    /// Bitcoin Cash's aserti3-2d: each block, by how far the chain is from its plan
    /// (its specification 2020-11-15-asert).
    Planned,
    /// [`Rule::Weighted`] over 15 blocks, but each counts as at most one spacing, so that nobody can
    /// lower the difficulty with a false time. More than a third of all honest blocks take longer, too.
    Clamped,
}

/// A block, as far as rules read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it was found.
    pub time: BlockTime,
    /// The target that it had.
    pub bits: CompactTarget,
}

/// How many blocks [`Rule::Weighted`] looks back.
const WEIGHED: usize = 60;
/// How many blocks [`Rule::Clamped`] looks back.
const CLAMPED: usize = 15;
/// How many seconds behind its plan a chain must be for [`Rule::Planned`] to double the target.
const HALF_LIFE: i64 = 172_800;

impl Rule {
    /// All rules, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Windows, Self::Weighted, Self::Planned, Self::Clamped];

    /// Its name in marks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Weighted => "weighted",
            Self::Planned => "planned",
            Self::Clamped => "clamped",
        }
    }

    /// The bits of the block after `past`, which starts at the genesis block and is not empty.
    pub fn next(self, past: &[Past], params: &ChainParams) -> CompactTarget {
        match self {
            Self::Windows => windows(past, params),
            Self::Weighted => weighted(past, params, WEIGHED, 6 * params.spacing_secs),
            Self::Planned => planned(past, params),
            Self::Clamped => weighted(past, params, CLAMPED, params.spacing_secs),
        }
    }
}

fn windows(past: &[Past], params: &ChainParams) -> CompactTarget {
    let (height, window) = (past.len(), params.window as usize);
    let last = past[height - 1];
    if !height.is_multiple_of(window) {
        return last.bits;
    }
    next_target_bits(past[height - window].time, last.time, last.bits, params)
}

/// The mean of the last `blocks` targets, times the weighted mean of the blocks' times over the
/// spacing. No block counts as more than `most` seconds.
fn weighted(past: &[Past], params: &ChainParams, blocks: usize, most: u32) -> CompactTarget {
    let blocks = blocks.min(past.len() - 1);
    let last = past[past.len() - 1];
    if blocks == 0 {
        return last.bits;
    }
    let recent = &past[past.len() - blocks - 1..];
    let (mut times, mut targets) = (0u64, U512::ZERO);
    for (weight, pair) in (1u64..).zip(recent.windows(2)) {
        let took = pair[1].time.0.saturating_sub(pair[0].time.0).clamp(1, most);
        times += weight * u64::from(took);
        targets += U512::from(pair[1].bits.expand().target.0);
    }
    let blocks = blocks as u64;
    let planned = blocks * (blocks + 1) / 2 * u64::from(params.spacing_secs);
    limited(
        targets * U512::from(times) / U512::from(planned) / U512::from(blocks),
        params,
    )
}

fn planned(past: &[Past], params: &ChainParams) -> CompactTarget {
    let (anchor, last) = (past[0], past[past.len() - 1]);
    let spacing = i64::from(params.spacing_secs);
    // The plan begins where the anchor's parent would be.
    let since = i64::from(last.time.0) - (i64::from(anchor.time.0) - spacing);
    aserti3_2d(anchor.bits, since, past.len() as i64 - 1, params)
}

/// The target of the block after one that is `height` blocks above the anchor and `since` seconds
/// after the anchor's parent. A third-degree polynomial stands for the power of two.
fn aserti3_2d(
    anchor: CompactTarget,
    since: i64,
    height: i64,
    params: &ChainParams,
) -> CompactTarget {
    let late = since - i64::from(params.spacing_secs) * (height + 1);
    let exponent = late * 65_536 / HALF_LIFE;
    let shifts = exponent >> 16;
    let rest = (exponent & 0xffff) as u64;
    let factor = 65_536
        + ((195_766_423_245_049 * rest
            + 971_821_376 * rest * rest
            + 5_127 * rest * rest * rest
            + (1 << 47))
            >> 48);
    let target = U512::from(anchor.expand().target.0) * U512::from(factor);
    let shifts = shifts - 16;
    let by = shifts.unsigned_abs().min(511) as usize;
    let target = if shifts < 0 {
        target >> by
    } else if target.leading_zeros() > by {
        target << by
    } else {
        U512::MAX
    };
    limited(target, params)
}

/// A target within what the chain allows: at least 1, or no hash meets it.
fn limited(target: U512, params: &ChainParams) -> CompactTarget {
    let limit = U512::from(params.pow_limit.0);
    let target = target.min(limit).max(U512::ONE);
    Target(target.to()).to_compact()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chain::params::bitcoin_2009;

    const BITS: CompactTarget = CompactTarget(0x1b04_04cb);

    /// Lines of the test vectors that the specification of aserti3-2d names (runs 1 and 5): height,
    /// time, bits of the next block; the anchor has height 1, its parent time 0, its bits are 1d00ffff.
    const VECTORS: [(i64, i64, u32); 12] = [
        (2, 1200, 0x1d00_ffff),
        (11, 6600, 0x1d00_ffff),
        (2, 0, 0x1d00_fec5),
        (290, 0, 0x1c7f_62c0),
        (578, 0, 0x1c3f_b160),
        (1154, 0, 0x1c0f_ec58),
        (2306, 0, 0x1c00_fec5),
        (4610, 0, 0x1b00_fec5),
        (59_906, 0, 0x0300_fec5),
        (60_194, 0, 0x027f_6200),
        (62_210, 0, 0x0200_fe00),
        (64_514, 0, 0x0101_0000),
    ];

    #[test]
    fn the_plan_agrees_with_published_vectors() {
        let params = bitcoin_2009();
        for (height, time, bits) in VECTORS {
            let next = aserti3_2d(CompactTarget(0x1d00_ffff), time, height - 1, &params);
            assert_eq!(next, CompactTarget(bits), "height {height}, time {time}");
        }
    }

    #[test]
    fn a_plan_that_is_far_behind_or_ahead_is_limited() {
        let params = bitcoin_2009();
        let limit = params.pow_limit.to_compact();
        assert_eq!(aserti3_2d(BITS, i64::from(u32::MAX), 0, &params), limit);
        let ahead = aserti3_2d(BITS, 0, i64::from(u32::MAX), &params);
        assert_eq!(ahead, CompactTarget(0x0101_0000));
    }

    fn steady(blocks: usize, seconds: u32) -> Vec<Past> {
        let past = |block: usize| Past {
            time: BlockTime(1_300_000_000 + block as u32 * seconds),
            bits: BITS,
        };
        (0..blocks).map(past).collect()
    }

    fn ratio(bits: CompactTarget) -> f64 {
        let difficulty = |bits| chain::block_proof(bits).0.to_string().parse::<f64>();
        difficulty(bits).expect("a number") / difficulty(BITS).expect("a number")
    }

    #[test]
    fn blocks_on_time_change_nothing() {
        let mut params = bitcoin_2009();
        params.window = 100;
        let past = steady(200, 600);
        for rule in Rule::ALL {
            let ratio = ratio(rule.next(&past, &params));
            assert!((0.98..1.02).contains(&ratio), "{}: {ratio}", rule.name());
        }
    }

    #[test]
    fn blocks_twice_as_fast_or_slow_move_the_target() {
        let mut params = bitcoin_2009();
        params.window = 100;
        let (fast, slow) = (steady(200, 300), steady(200, 1200));
        let next = |rule: Rule, past: &[Past]| ratio(rule.next(past, &params));
        for rule in [Rule::Windows, Rule::Weighted] {
            assert!((1.95..2.05).contains(&next(rule, &fast)), "{}", rule.name());
            assert!((0.49..0.51).contains(&next(rule, &slow)), "{}", rule.name());
        }
        // 100 spacings ahead of the plan, and 200 behind it, of the 288 that double or halve.
        assert!((1.25..1.29).contains(&next(Rule::Planned, &fast)));
        assert!((0.6..0.64).contains(&next(Rule::Planned, &slow)));
        assert!((1.95..2.05).contains(&next(Rule::Clamped, &fast)));
        assert!(
            (0.99..1.01).contains(&next(Rule::Clamped, &slow)),
            "it does not see them"
        );
    }

    #[test]
    fn windows_keep_their_bits_between() {
        let mut params = bitcoin_2009();
        params.window = 100;
        assert_eq!(Rule::Windows.next(&steady(150, 1), &params), BITS);
        // A quarter at most, whatever the times say.
        let ratio = ratio(Rule::Windows.next(&steady(200, 1), &params));
        assert!((3.99..4.01).contains(&ratio), "{ratio}");
    }
}
