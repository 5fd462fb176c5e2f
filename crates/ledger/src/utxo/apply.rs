//! The rules that need the coins: what a block may spend and create (Bitcoin Core's
//! `ConnectBlock`, with the spends that `chain::lock` has).

use alloc::vec::Vec;

use chain::{
    Amount, Block, BlockTime, ChainParams, OutPoint, Reject, RelativeLock, Spender, Transaction,
    TxIn, TxOut, check_body_at, decode_exact, subsidy,
};

use super::{Coin, Coins};
use crate::{Checked, Place, Position};

/// The rules of a chain, and transactions whose signatures need not be checked once more.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub params: &'a ChainParams,
    pub checked: &'a dyn Checked,
}

/// The coins after a block.
pub(super) fn apply(
    rules: Rules<'_>,
    parent: &Coins,
    place: Place,
    block: &Block,
) -> Result<Coins, Reject> {
    let params = rules.params;
    check_body_at(block, place.height, cutoff(params, place), params)?;
    let mut coins = parent.clone();
    let mut fees = Amount::ZERO;
    let mut sigop_cost = 0;
    for tx in &block.transactions {
        let fee = move_coins(rules, &mut coins, place, tx, &mut sigop_cost)?;
        fees = fees
            .checked_add(fee)
            .ok_or(Reject::AccumulatedFeeOutOfRange)?;
    }
    let coinbase = block.transactions.first().ok_or(Reject::BadCbMissing)?;
    check_reward(params, place, coinbase, fees)?;
    Ok(coins)
}

/// What a block's lock times are compared with.
fn cutoff(params: &ChainParams, place: Place) -> BlockTime {
    if params.median_lock_times {
        place.median
    } else {
        place.time
    }
}

/// Checks that a transaction's lock time has passed where it is to stand.
pub(super) fn check_final(
    params: &ChainParams,
    place: Place,
    tx: &Transaction,
) -> Result<(), Reject> {
    if tx.is_final(place.height, cutoff(params, place)) {
        return Ok(());
    }
    let (txid, lock_time) = (tx.txid(), tx.lock_time);
    Err(Reject::NonFinal { txid, lock_time })
}

/// The coins after one transaction of a decided slot, and the fee that is burnt.
pub(super) fn execute(
    rules: Rules<'_>,
    coins: &Coins,
    place: Position,
    tx: &[u8],
) -> Result<(Coins, Amount), Reject> {
    let tx: Transaction = decode_exact(tx).map_err(|_| Reject::BodyUndecodable)?;
    let (params, index) = (rules.params, place.index);
    check_alone(params, index, &tx)?;
    // The proposal's time stands in for a median: its proposer alone chose it, but it is the same
    // for all who execute.
    let time = place.time.to_block_time(params.genesis.header.time);
    let place = Place {
        height: place.height,
        median: time,
        time,
    };
    check_final(params, place, &tx)?;
    let mut coins = coins.clone();
    let fee = move_coins(rules, &mut coins, place, &tx, &mut 0)?;
    Ok((coins, fee))
}

/// The rules that a block's transactions obey and that need no coins, for a transaction that stands
/// alone. The limits are those of a whole block.
pub(super) fn check_alone(
    params: &ChainParams,
    index: u32,
    tx: &Transaction,
) -> Result<(), Reject> {
    if tx.is_coinbase() {
        return Err(Reject::BadCbMultiple { index });
    }
    tx.check(params.max_block_size)?;
    let weight = tx.weight();
    let limit = u64::from(params.max_block_size) * Transaction::WITNESS_SCALE;
    if weight > limit {
        return Err(Reject::BadBlkWeight { weight, limit });
    }
    if params.forbid_64_byte_tx && tx.is_merkle_ambiguous() {
        return Err(Reject::TxSixtyFourBytes { index });
    }
    if !params.segwit && tx.has_witness() {
        return Err(Reject::UnexpectedWitness { index });
    }
    Ok(())
}

/// Spends a transaction's inputs, creates its outputs and returns its fee; a coinbase has none. What the
/// signatures of transactions that stand in one block cost is added up.
fn move_coins(
    rules: Rules<'_>,
    coins: &mut Coins,
    place: Place,
    tx: &Transaction,
    sigop_cost: &mut u64,
) -> Result<Amount, Reject> {
    if coins.holds(tx) {
        return Err(Reject::Bip30 { txid: tx.txid() });
    }
    let fee = if tx.is_coinbase() {
        *sigop_cost += tx.sigop_cost(&[]);
        rules.params.check_sigop_cost(*sigop_cost)?;
        Amount::ZERO
    } else {
        spend(rules, coins, place, tx, sigop_cost)?
    };
    coins.create(tx, place)?;
    Ok(fee)
}

/// Checks that the coinbase creates at most the subsidy and the other transactions' fees.
fn check_reward(
    params: &ChainParams,
    place: Place,
    coinbase: &Transaction,
    fees: Amount,
) -> Result<(), Reject> {
    let claimed = coinbase.output_total()?;
    let allowed = subsidy(place.height, params)
        .checked_add(fees)
        .ok_or(Reject::AccumulatedFeeOutOfRange)?;
    if claimed > allowed {
        Err(Reject::BadCbAmount { claimed, allowed })
    } else {
        Ok(())
    }
}

/// Spends a transaction's inputs and returns its fee.
fn spend(
    rules: Rules<'_>,
    coins: &mut Coins,
    place: Place,
    tx: &Transaction,
    sigop_cost: &mut u64,
) -> Result<Amount, Reject> {
    let spent = tx.inputs.iter().map(|input| coins.spend(&input.prevout));
    let spent: Vec<Coin> = spent.collect::<Result<_, _>>()?;
    check_spends(rules, place, tx, spent, sigop_cost)
}

/// Checks that a transaction may spend these coins, one for each input, and returns its fee. What its signatures
/// cost is added to that of others in the same block.
pub(super) fn check_spends(
    rules: Rules<'_>,
    place: Place,
    tx: &Transaction,
    coins: Vec<Coin>,
    sigop_cost: &mut u64,
) -> Result<Amount, Reject> {
    let params = rules.params;
    let mut spent = Vec::with_capacity(tx.inputs.len());
    let mut inputs = Amount::ZERO;
    for (input, coin) in tx.inputs.iter().zip(coins) {
        check_mature(params, place, &input.prevout, &coin)?;
        check_relative_lock(params, place, (tx, input), &coin)?;
        inputs = inputs
            .checked_add(coin.amount)
            .ok_or(Reject::InputValuesOutOfRange {
                outpoint: input.prevout,
            })?;
        spent.push(TxOut::new(coin.amount, coin.script));
    }
    let outputs = tx.output_total()?;
    let fee = inputs
        .checked_sub(outputs)
        .ok_or(Reject::InBelowOut { inputs, outputs })?;
    *sigop_cost += tx.sigop_cost(&spent);
    params.check_sigop_cost(*sigop_cost)?;
    if !rules.checked.is_checked(&tx.wtxid()) {
        check_inputs(params, tx, &spent)?;
    }
    Ok(fee)
}

/// Checks that every input does what its coin's script asks for.
fn check_inputs(params: &ChainParams, tx: &Transaction, spent: &[TxOut]) -> Result<(), Reject> {
    let txid = tx.txid();
    let chain = params.signatures_name_chain;
    let chain = chain.then(|| *params.genesis_id().as_bytes());
    let spender = Spender::new(tx, spent, chain);
    let spender = spender.map_err(|error| error.to_reject(txid, 0))?;
    for (input, _) in (0u32..).zip(&tx.inputs) {
        let checked = spender.check(input);
        checked.map_err(|error| error.to_reject(txid, input))?;
    }
    Ok(())
}

fn check_mature(
    params: &ChainParams,
    place: Place,
    outpoint: &OutPoint,
    coin: &Coin,
) -> Result<(), Reject> {
    let mature_at = chain::Height(coin.height.0.saturating_add(params.coinbase_maturity));
    if coin.coinbase && place.height < mature_at {
        return Err(Reject::PrematureSpendOfCoinbase {
            outpoint: *outpoint,
            mature_at,
        });
    }
    Ok(())
}

/// Checks that a coin is as old as the input that spends it asks for (BIP68).
fn check_relative_lock(
    params: &ChainParams,
    place: Place,
    (tx, input): (&Transaction, &TxIn),
    coin: &Coin,
) -> Result<(), Reject> {
    // As Bitcoin Core compares versions: negative ones are large.
    let is_asked = params.relative_locks && tx.version.cast_unsigned() >= 2;
    let is_old = match input.relative_lock().filter(|_| is_asked) {
        None => true,
        Some(RelativeLock::Blocks(count)) => {
            place.height.0 >= coin.height.0.saturating_add(count.into())
        }
        Some(RelativeLock::Time(secs)) => place.median >= coin.median.saturating_add(secs),
    };
    if is_old {
        return Ok(());
    }
    Err(Reject::NonFinal {
        txid: tx.txid(),
        lock_time: input.sequence,
    })
}
