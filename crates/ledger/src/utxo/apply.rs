//! The rules that need the coins: what a block may spend and create (Bitcoin Core's
//! `ConnectBlock`, with one kind of spend).

use alloc::vec::Vec;

use chain::sighash::{Sighasher, verify_key_spend};
use chain::{
    Amount, Block, ChainParams, OutPoint, Reject, Transaction, TxOut, check_body_at, subsidy,
};

use super::{Coin, Coins, EMPTY_HEADER};
use crate::Place;

/// The coins after a block's transactions.
pub(super) fn apply(
    params: &ChainParams,
    parent: &Coins,
    place: Place,
    transactions: &[Transaction],
) -> Result<Coins, Reject> {
    let block = Block { header: EMPTY_HEADER, transactions: transactions.to_vec() };
    check_body_at(&block, place.height, place.median, params)?;
    let mut coins = parent.clone();
    let mut fees = Amount::ZERO;
    for tx in transactions {
        if coins.holds(tx) {
            return Err(Reject::Bip30 { txid: tx.txid() });
        }
        if !tx.is_coinbase() {
            let fee = spend(params, &mut coins, place, tx)?;
            fees = fees.checked_add(fee).ok_or(Reject::AccumulatedFeeOutOfRange)?;
        }
        coins.create(tx, place.height)?;
    }
    let coinbase = transactions.first().ok_or(Reject::BadCbMissing)?;
    check_reward(params, place, coinbase, fees)?;
    Ok(coins)
}

/// The coinbase creates at most the subsidy and what the others left as fees.
fn check_reward(
    params: &ChainParams,
    place: Place,
    coinbase: &Transaction,
    fees: Amount,
) -> Result<(), Reject> {
    let claimed = coinbase.output_total()?;
    let allowed =
        subsidy(place.height, params).checked_add(fees).ok_or(Reject::AccumulatedFeeOutOfRange)?;
    if claimed > allowed { Err(Reject::BadCbAmount { claimed, allowed }) } else { Ok(()) }
}

/// Spends a transaction's inputs and returns its fee.
fn spend(
    params: &ChainParams,
    coins: &mut Coins,
    place: Place,
    tx: &Transaction,
) -> Result<Amount, Reject> {
    let mut spent = Vec::with_capacity(tx.inputs.len());
    let mut inputs = Amount::ZERO;
    for input in &tx.inputs {
        let coin = coins.spend(&input.prevout)?;
        check_mature(params, place, &input.prevout, &coin)?;
        inputs = inputs
            .checked_add(coin.amount)
            .ok_or(Reject::InputValuesOutOfRange { outpoint: input.prevout })?;
        spent.push(TxOut::new(coin.amount, coin.script));
    }
    let outputs = tx.output_total()?;
    let fee = inputs.checked_sub(outputs).ok_or(Reject::InBelowOut { inputs, outputs })?;
    let chain_tag = *params.genesis_id().as_bytes();
    let sighasher = Sighasher::new(tx, &spent, Some(chain_tag));
    for input in 0..tx.inputs.len() {
        verify_key_spend(&sighasher, input)?;
    }
    Ok(fee)
}

fn check_mature(
    params: &ChainParams,
    place: Place,
    outpoint: &OutPoint,
    coin: &Coin,
) -> Result<(), Reject> {
    let mature_at = chain::Height(coin.height.0.saturating_add(params.coinbase_maturity));
    if coin.coinbase && place.height < mature_at {
        return Err(Reject::PrematureSpendOfCoinbase { outpoint: *outpoint, mature_at });
    }
    Ok(())
}
