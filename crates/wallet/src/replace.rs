//! Replacing a pending payment by one that pays a higher fee, or that pays nobody but oneself (BIP125).

use alloc::vec::Vec;

use chain::{Address, Amount, FeeRate, TxIn, TxOut, virtual_size};

use crate::book::{OwnCoin, Sent};
use crate::fee::fee_at;
use crate::payment::{self, Draft, PaymentError};
use crate::select::{Candidate, LeftOut, Method, Need, Selection, more_count_weight};

/// Why a payment cannot be replaced in this way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplaceError {
    /// None of its inputs says that it may be replaced.
    #[error("this payment says that nothing may replace it")]
    Final,
    /// What replaces it must pay more for a virtual byte; carries the rate that it has.
    #[error("the payment already pays {0} satoshi for a byte: pay more")]
    RateNotHigher(FeeRate),
    /// The wallet's coins do not cover the higher fee.
    #[error("a fee of {needed} is needed, and there are {available} coins for it")]
    NotEnough {
        /// The fee that would be needed.
        needed: Amount,
        /// What is left for it when all recipients are paid.
        available: Amount,
    },
    /// See [`PaymentError`].
    #[error(transparent)]
    Payment(#[from] PaymentError),
}

/// The same payments with a higher fee. It comes out of the change; if that is too little, out of some of `more`,
/// which must be confirmed coins. `descendants` is the sum of the fees of pending transactions that spend what the
/// payment pays: they go with it.
///
/// # Errors
/// [`ReplaceError`].
pub fn bump(
    sent: &Sent,
    rate: FeeRate,
    descendants: Amount,
    more: &[OwnCoin],
    change: Address,
) -> Result<Draft, ReplaceError> {
    let outputs = (0..).zip(&sent.tx.outputs);
    let kept = outputs.filter(|(index, _)| sent.change != Some(*index));
    let kept: Vec<TxOut> = kept.map(|(_, output)| output.clone()).collect();
    replace(sent, rate, descendants, kept, more, change)
}

/// A transaction in place of a payment that brings all its coins back, but for the fee.
///
/// # Errors
/// [`ReplaceError`].
pub fn cancel(
    sent: &Sent,
    rate: FeeRate,
    descendants: Amount,
    to: Address,
) -> Result<Draft, ReplaceError> {
    replace(sent, rate, descendants, Vec::new(), &[], to)
}

fn replace(
    sent: &Sent,
    rate: FeeRate,
    descendants: Amount,
    kept: Vec<TxOut>,
    more: &[OwnCoin],
    change: Address,
) -> Result<Draft, ReplaceError> {
    if !sent.tx.inputs.iter().any(TxIn::is_replaceable) {
        return Err(ReplaceError::Final);
    }
    let total = |coins: &[OwnCoin]| {
        Amount::sum(coins.iter().map(|coin| coin.amount)).ok_or(PaymentError::TooMuch)
    };
    let old_fee = total(&sent.spent)?
        .checked_sub(sent.tx.output_total().map_err(|_| PaymentError::TooMuch)?)
        .ok_or(PaymentError::TooMuch)?;
    let old_rate = FeeRate::of(old_fee, virtual_size(sent.tx.weight()));
    if rate <= old_rate {
        return Err(ReplaceError::RateNotHigher(old_rate));
    }
    let paid = Amount::sum(kept.iter().filter_map(|output| output.amount().ok()));
    let script = change.script_pubkey();
    let need = payment::need(&kept, paid.unwrap_or_default(), &script, rate);
    // BIP125, rules 3 and 4: all that is replaced, and the relay of what replaces it.
    let replaced = old_fee.to_sat().saturating_add(descendants.to_sat());
    let fee_of =
        |weight| fee_at(rate, weight).max(replaced.saturating_add(fee_at(FeeRate::ONE, weight)));

    let mut coins = sent.spent.clone();
    let mut more: Vec<&OwnCoin> = more.iter().filter(|coin| !coins.contains(coin)).collect();
    more.sort_by_key(|coin| (core::cmp::Reverse(coin.amount), coin.outpoint));
    let mut more = more.into_iter();
    loop {
        let chosen = payment::candidates(&coins);
        let available = total(&coins)?.checked_sub(need.amount).unwrap_or_default();
        if let Some(selection) = settle(chosen, available, &need, &fee_of, kept.is_empty()) {
            let left = payment::candidates(&more.cloned().collect::<Vec<_>>());
            let left = left.into_iter().map(|coin| (coin, LeftOut::NotNeeded));
            let selection = Selection {
                left: left.collect(),
                ..selection
            };
            return Ok(payment::assemble(&coins, selection, kept, script)?);
        }
        let Some(next) = more.next() else {
            let weight = weight_of(coins.len(), &need);
            let needed = Amount::new(fee_of(weight)).map_err(|_| PaymentError::TooMuch)?;
            return Err(ReplaceError::NotEnough { needed, available });
        };
        coins.push(next.clone());
    }
}

/// The weight of a transaction with so many inputs and without change.
fn weight_of(inputs: usize, need: &Need) -> u64 {
    need.weight + more_count_weight(inputs) + payment::KEY_INPUT_WEIGHT * inputs as u64
}

/// What becomes of so much beyond the payments, if it is enough for the fee.
fn settle(
    chosen: Vec<Candidate>,
    available: Amount,
    need: &Need,
    fee_of: &dyn Fn(u64) -> u64,
    must_have_change: bool,
) -> Option<Selection> {
    let weight = weight_of(chosen.len(), need);
    let with_change = weight + need.change_weight;
    let rest = available.to_sat().checked_sub(fee_of(with_change));
    let change = rest.and_then(|rest| Amount::new(rest).ok());
    let change = change.filter(|change| *change >= need.least_change);
    if change.is_none() && (must_have_change || available.to_sat() < fee_of(weight)) {
        return None;
    }
    Some(Selection {
        chosen,
        left: Vec::new(),
        method: Method::Replaces,
        fee: available.checked_sub(change.unwrap_or_default())?,
        weight: if change.is_some() {
            with_change
        } else {
            weight
        },
        change,
    })
}
