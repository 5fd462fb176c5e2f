//! Rules that depend on the place in the chain: required bits, times, subsidy. Pure functions with
//! Bitcoin's arithmetic.

use alloc::vec::Vec;
use ruint::Uint;
use ruint::aliases::U256;

use crate::block::Block;
use crate::header::BitcoinHeader;
use crate::params::{Anchor, ChainParams};
use crate::reject::Reject;
use crate::target::{CompactTarget, Target, Work, block_proof};
use crate::units::{Amount, BlockTime, Height};

/// How many blocks the median time is taken over.
pub const MEDIAN_SPAN: u32 = 11;

/// One branch of headers, from the genesis block to a tip: what a new block builds on.
pub trait Past {
    /// The header at `height` on this branch; `None` above the tip, or if it is not kept.
    fn header(&self, height: Height) -> Option<BitcoinHeader>;

    /// Height of the branch's last block.
    fn tip_height(&self) -> Height;
}

/// A branch as a slice that starts at the genesis block.
impl Past for [BitcoinHeader] {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        self.get(usize::try_from(height.0).ok()?).copied()
    }

    fn tip_height(&self) -> Height {
        Height(u32::try_from(self.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }
}

/// The bits after a window whose first and last blocks have these times and whose blocks have
/// `bits` (Bitcoin Core's `CalculateNextWorkRequired`).
///
/// Between the first and last of `window` blocks lie `window - 1` intervals, but they are compared
/// with `window` spacings: Bitcoin's off-by-one, kept because it is the rule. The span is clamped
/// to between a quarter of the nominal one and four times that.
pub fn next_target_bits(
    first: BlockTime,
    last: BlockTime,
    bits: CompactTarget,
    params: &ChainParams,
) -> CompactTarget {
    let nominal = params.window_secs();
    let span =
        u64::from(last.0.saturating_sub(first.0)).clamp(nominal / 4, nominal.saturating_mul(4));
    let Target(old) = bits.expand().target;
    // Bitcoin's limit is 2^224, so its product fits into 256 bits; a room's limit needs 512.
    let wide = Uint::<512, 8>::from(old) * Uint::<512, 8>::from(span);
    let scaled = wide / Uint::<512, 8>::from(nominal.max(1));
    let limit = Uint::<512, 8>::from(params.pow_limit.0);
    // At least 1: no hash meets 0, and the chain would end.
    let next = U256::from(scaled.min(limit)).max(U256::ONE);
    Target(next).to_compact()
}

/// The median of these times; of an even number, the upper of the two in the middle. `None` if
/// there are none.
pub fn median_time_past(times: &[BlockTime]) -> Option<BlockTime> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// What a coinbase at `height` may create, besides fees: halved every [`ChainParams::halving`]
/// blocks, nothing from 64 halvings on.
pub fn subsidy(height: Height, params: &ChainParams) -> Amount {
    params
        .subsidy
        .halved(height.0.checked_div(params.halving).unwrap_or(0))
}

/// How many ancestors of a new block the rules read at most, the tip included.
pub fn lookback(params: &ChainParams) -> u32 {
    params.window.max(MEDIAN_SPAN)
}

/// The bits that the block after `past` must have.
///
/// # Errors
/// [`Reject::AncestorNotFound`] when `past` lacks a header that the rule reads.
pub fn required_bits<P: Past + ?Sized>(
    past: &P,
    params: &ChainParams,
) -> Result<CompactTarget, Reject> {
    let tip = past.tip_height();
    let last = ancestor(past, tip)?;
    let height = tip.next();
    if !starts_window(height, params) {
        return Ok(last.bits);
    }
    let first = ancestor(past, first_before(height, params))?;
    Ok(next_target_bits(first.time, last.time, last.bits, params))
}

/// The first block that the retarget at `height` measures from.
fn first_before(height: Height, params: &ChainParams) -> Height {
    let start = height.saturating_sub(params.window);
    match params.retarget_anchor {
        Anchor::Genesis => start,
        Anchor::FirstBlock => start.max(Height(1)),
    }
}

/// The median time of the last [`MEDIAN_SPAN`] blocks of `past`, up to its tip.
///
/// # Errors
/// [`Reject::AncestorNotFound`] when `past` lacks one of them.
pub fn past_median<P: Past + ?Sized>(past: &P) -> Result<BlockTime, Reject> {
    let tip = past.tip_height();
    let lowest = tip.saturating_sub(MEDIAN_SPAN - 1);
    let times: Result<Vec<_>, _> = (lowest.0..=tip.0)
        .map(|height| ancestor(past, Height(height)).map(|header| header.time))
        .collect();
    median_time_past(&times?).ok_or(Reject::AncestorNotFound { height: tip })
}

/// The earliest time that the block after `past` may have: what a miner uses when its clock is
/// behind it.
///
/// # Errors
/// [`Reject::AncestorNotFound`] when `past` lacks a header that the rule reads.
pub fn min_block_time<P: Past + ?Sized>(
    past: &P,
    params: &ChainParams,
) -> Result<BlockTime, Reject> {
    let after_median = past_median(past)?.saturating_add(1);
    Ok(match timewarp_bound(past, params)? {
        Some(bound) => after_median.max(bound),
        None => after_median,
    })
}

/// The earliest time that BIP54 allows, if one of its rules applies to the block after `past`: a
/// window's first block may not be much earlier than the block before it, nor its last one earlier
/// than the first one that is measured from.
fn timewarp_bound<P: Past + ?Sized>(
    past: &P,
    params: &ChainParams,
) -> Result<Option<BlockTime>, Reject> {
    let Some(grace) = params.timewarp_grace else {
        return Ok(None);
    };
    let tip = past.tip_height();
    let height = tip.next();
    if starts_window(height, params) {
        return Ok(Some(ancestor(past, tip)?.time.saturating_sub(grace)));
    }
    if starts_window(height.next(), params) {
        let first = first_before(height.next(), params);
        return Ok(Some(ancestor(past, first)?.time));
    }
    Ok(None)
}

/// Checks a header that claims to follow `past`'s tip, at `now` by the node's clock, and returns
/// the work that it proves.
///
/// # Errors
/// The first rule broken, in Bitcoin Core's order: work, parent, bits, median, window, clock.
pub fn check_header<P: Past + ?Sized>(
    header: &BitcoinHeader,
    past: &P,
    now: BlockTime,
    params: &ChainParams,
) -> Result<Work, Reject> {
    header.check_pow(params.pow_limit)?;
    if ancestor(past, past.tip_height())?.id() != header.prev {
        return Err(Reject::PrevBlkNotFound { prev: header.prev });
    }
    let required = required_bits(past, params)?;
    if header.bits != required {
        return Err(Reject::BadDiffBits {
            found: header.bits,
            required,
        });
    }
    check_time(header.time, past, now, params)?;
    Ok(block_proof(header.bits))
}

fn check_time<P: Past + ?Sized>(
    time: BlockTime,
    past: &P,
    now: BlockTime,
    params: &ChainParams,
) -> Result<(), Reject> {
    let median = past_median(past)?;
    if time <= median {
        return Err(Reject::TimeTooOld { time, median });
    }
    if let Some(least) = timewarp_bound(past, params)?
        && time < least
    {
        return Err(Reject::TimewarpAttack { time, least });
    }
    let limit = now.saturating_add(params.future_limit);
    if time > limit {
        return Err(Reject::TimeTooNew { time, limit });
    }
    Ok(())
}

/// Checks the rules on a body that need its place in the chain but no ledger: final transactions
/// and the height in the coinbase. Lock times are compared with `cutoff`: the median time past of the
/// block's parent where [`ChainParams::median_lock_times`] says so, else the block's own time.
///
/// # Errors
/// [`Reject::NonFinal`], [`Reject::BadCbHeight`].
pub fn check_body_at(
    block: &Block,
    height: Height,
    cutoff: BlockTime,
    params: &ChainParams,
) -> Result<(), Reject> {
    for tx in &block.transactions {
        if !tx.is_final(height, cutoff) {
            return Err(Reject::NonFinal {
                txid: tx.txid(),
                lock_time: tx.lock_time,
            });
        }
    }
    let found = block
        .transactions
        .first()
        .and_then(|coinbase| coinbase.inputs.first())
        .and_then(|input| input.script_sig.height());
    if params.height_in_coinbase && found != Some(height) {
        return Err(Reject::BadCbHeight { required: height });
    }
    Ok(())
}

fn starts_window(height: Height, params: &ChainParams) -> bool {
    params.window != 0 && height.0.is_multiple_of(params.window)
}

fn ancestor<P: Past + ?Sized>(past: &P, height: Height) -> Result<BitcoinHeader, Reject> {
    past.header(height)
        .ok_or(Reject::AncestorNotFound { height })
}
