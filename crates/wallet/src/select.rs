//! Coin selection: which coins pay for something.
//!
//! First a search for coins that come to exactly what is needed, so that there is no change to pay for now and
//! to spend later (branch and bound: Erhardt, "An Evaluation of Coin Selection Strategies", 2016). If there are
//! none, the largest coins are taken until they are enough, and the rest comes back as change.
//!
//! A coin counts with what it is worth beyond the fee for spending it. Those that cost more than they bring stay
//! where they are.

use alloc::vec::Vec;
use core::cmp::Reverse;

use chain::{Amount, FeeRate, OutPoint, Transaction};

use crate::fee::fee_at;

/// A coin that could be spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it is.
    pub outpoint: OutPoint,
    /// What it is worth.
    pub amount: Amount,
    /// The weight of the input that spends it, its witness included.
    pub weight: u64,
}

/// What has to be paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The sum of the payments.
    pub amount: Amount,
    /// The weight of the transaction without inputs and change.
    pub weight: u64,
    /// The weight of an output for change.
    pub change_weight: u64,
    /// The weight of the input that will spend the change one day.
    pub change_input_weight: u64,
    /// The least change that is worth an output.
    pub least_change: Amount,
    /// The fee rate.
    pub rate: FeeRate,
}

/// How the coins were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// These come to what is needed, so nothing comes back; found after so many steps of the search.
    Exact {
        /// Steps of the search.
        steps: u32,
    },
    /// The largest ones, until it was enough.
    LargestFirst,
    /// All that are worth spending.
    All,
    /// Those of a payment that is replaced, and the largest others if these are not enough.
    Replaces,
}

/// Why a coin was not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// The others are enough.
    NotNeeded,
    /// To spend it costs as much as it is worth, or more.
    NotWorthIt,
}

/// The chosen coins, and why they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The chosen ones.
    pub chosen: Vec<Candidate>,
    /// The others.
    pub left: Vec<(Candidate, LeftOut)>,
    /// How they were chosen.
    pub method: Method,
    /// What comes back, if that is worth an output.
    pub change: Option<Amount>,
    /// The fee, with whatever was too little to come back.
    pub fee: Amount,
    /// The weight of the signed transaction.
    pub weight: u64,
}

/// Why no coins can pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// All that may be spent is less than what is to be paid.
    #[error("there are {available} coins to spend, less than the {needed} to be paid")]
    NotEnough {
        /// What may be spent.
        available: Amount,
        /// What is to be paid.
        needed: Amount,
    },
    /// It would be enough if there were no fee.
    #[error(
        "{available} coins are enough for the payment, but not for the fee: {needed} are needed"
    )]
    NotEnoughForFee {
        /// What may be spent.
        available: Amount,
        /// What is to be paid and the fee for it.
        needed: Amount,
    },
    /// More than the 21 million coins that there can be.
    #[error("the sum is more than 21 million coins")]
    TooMuch,
}

/// The search for an exact sum gives up after so many steps, as Bitcoin Core's does.
const MOST_STEPS: u32 = 100_000;

/// Chooses coins that pay what is needed.
///
/// # Errors
/// [`SelectError`].
pub fn select(candidates: &[Candidate], need: &Need) -> Result<Selection, SelectError> {
    let (mut worth, small) = split(candidates, need.rate);
    worth.sort_by_key(|coin| (Reverse(coin.value), coin.candidate.outpoint));
    let (taken, method) = match exact(&worth, need) {
        Some((taken, steps)) => (taken, Method::Exact { steps }),
        None => (largest(&worth, need), Method::LargestFirst),
    };
    let (chosen, left): (Vec<_>, Vec<_>) = (0..)
        .zip(&worth)
        .partition(|(index, _)| taken.contains(index));
    let chosen = chosen.into_iter().map(|(_, coin)| coin.candidate).collect();
    let not_needed = left
        .into_iter()
        .map(|(_, coin)| (coin.candidate, LeftOut::NotNeeded));
    let left = not_needed.chain(small).collect();
    settle(chosen, left, method, need)
}

/// Spends all coins that are worth it, and says in [`Selection::change`] what they bring beyond the fee; `need`
/// has no other amount, and the output that they pay to is the one for change.
///
/// # Errors
/// [`SelectError::NotEnoughForFee`] if that is less than what is worth an output.
pub fn select_all(candidates: &[Candidate], need: &Need) -> Result<Selection, SelectError> {
    let (worth, small) = split(candidates, need.rate);
    let chosen = worth.into_iter().map(|coin| coin.candidate).collect();
    let selection = settle(chosen, small, Method::All, need)?;
    if selection.change.is_some() {
        return Ok(selection);
    }
    let available = sum(&selection.chosen)?;
    let fee = fee_at(need.rate, selection.weight + need.change_weight);
    let needed = Amount::new(fee.saturating_add(need.least_change.to_sat()));
    Err(SelectError::NotEnoughForFee {
        available,
        needed: needed.map_err(|_| SelectError::TooMuch)?,
    })
}

/// A coin, and what it is worth beyond the fee for spending it.
#[derive(Clone, Copy)]
struct Valued {
    candidate: Candidate,
    value: u128,
}

/// Sums are exact in this fraction of a satoshi, in which a unit of weight has a whole price.
const SCALE: u128 = 4_000;

fn scaled(amount: Amount) -> u128 {
    u128::from(amount.to_sat()) * SCALE
}

fn scaled_fee(rate: FeeRate, weight: u64) -> u128 {
    u128::from(rate.to_milli_sat()) * u128::from(weight)
}

/// What the number of inputs weighs beyond the one byte that [`Need::weight`] has for it.
pub(crate) fn more_count_weight(inputs: usize) -> u64 {
    (chain::codec::compact_size_len(inputs as u64) - 1) * Transaction::WITNESS_SCALE
}

/// The coins that are worth more than spending them costs, and the others.
fn split(candidates: &[Candidate], rate: FeeRate) -> (Vec<Valued>, Vec<(Candidate, LeftOut)>) {
    let mut worth = Vec::new();
    let mut small = Vec::new();
    for &candidate in candidates {
        let value = scaled(candidate.amount).checked_sub(scaled_fee(rate, candidate.weight));
        match value {
            Some(value) if value > 0 => worth.push(Valued { candidate, value }),
            _ => small.push((candidate, LeftOut::NotWorthIt)),
        }
    }
    (worth, small)
}

/// Which of the coins, the largest first, come to what is needed, with as little more as can be found, and less
/// than change would cost; and after how many steps.
fn exact(coins: &[Valued], need: &Need) -> Option<(Vec<usize>, u32)> {
    let least = scaled(need.amount) + scaled_fee(need.rate, need.weight);
    let change_cost = scaled_fee(need.rate, need.change_weight + need.change_input_weight);
    // What the coins that were not looked at yet are worth, from `at` on.
    let mut behind: u128 = coins.iter().map(|coin| coin.value).sum();
    let mut at = 0;
    let mut taken: Vec<usize> = Vec::new();
    let mut sum = 0;
    let mut bound = least + change_cost + 1;
    let mut best = None;
    for step in 1..=MOST_STEPS {
        let fits = (least..bound).contains(&sum) && pays(coins, &taken, need);
        if fits {
            best = Some((taken.clone(), step));
            bound = sum;
        }
        if fits || sum >= bound || sum + behind < least || at == coins.len() {
            // Back to the last coin that was taken, and on without it.
            let Some(last) = taken.pop() else { break };
            behind += coins[last + 1..at]
                .iter()
                .map(|coin| coin.value)
                .sum::<u128>();
            sum -= coins[last].value;
            at = last + 1;
            continue;
        }
        behind -= coins[at].value;
        // After a coin was passed over, another of the same value would only repeat what was tried.
        let is_passed_over = at > 0 && taken.last() != Some(&(at - 1));
        if !is_passed_over || coins[at - 1].value != coins[at].value {
            taken.push(at);
            sum += coins[at].value;
        }
        at += 1;
    }
    best
}

/// Whether these coins pay for the fee, too, with all that is rounded up.
fn pays(coins: &[Valued], taken: &[usize], need: &Need) -> bool {
    let taken = || taken.iter().map(|index| coins[*index].candidate);
    let inputs: u64 = taken().map(|coin| coin.weight).sum();
    let weight = need.weight + more_count_weight(taken().count()) + inputs;
    let available: u64 = taken().map(|coin| coin.amount.to_sat()).sum();
    available
        >= need
            .amount
            .to_sat()
            .saturating_add(fee_at(need.rate, weight))
}

/// So many of the largest that they pay with change; or all, if they only just pay.
fn largest(coins: &[Valued], need: &Need) -> Vec<usize> {
    let rounded_up = more_count_weight(coins.len()) + Transaction::WITNESS_SCALE;
    let weight = need.weight + need.change_weight + rounded_up;
    let enough = scaled(need.amount) + scaled(need.least_change) + scaled_fee(need.rate, weight);
    let mut sum = 0;
    let last = coins.iter().position(|coin| {
        sum += coin.value;
        sum >= enough
    });
    (0..last.map_or(coins.len(), |last| last + 1)).collect()
}

/// What becomes of the chosen coins: the fee, and what comes back.
fn settle(
    chosen: Vec<Candidate>,
    left: Vec<(Candidate, LeftOut)>,
    method: Method,
    need: &Need,
) -> Result<Selection, SelectError> {
    let available = sum(&chosen)?;
    let inputs: u64 = chosen.iter().map(|coin| coin.weight).sum();
    let weight = need.weight + more_count_weight(chosen.len()) + inputs;
    let rest = available.checked_sub(need.amount);
    let rest = rest.ok_or(SelectError::NotEnough {
        available,
        needed: need.amount,
    })?;
    let fee_with = fee_at(need.rate, weight + need.change_weight);
    let change = rest.to_sat().checked_sub(fee_with).map(Amount::new);
    let change = change.and_then(Result::ok);
    let is_exact = matches!(method, Method::Exact { .. });
    let change = change.filter(|change| !is_exact && *change >= need.least_change);
    let fee = match change {
        Some(change) => rest.checked_sub(change).ok_or(SelectError::TooMuch)?,
        None => rest,
    };
    if change.is_none() && fee.to_sat() < fee_at(need.rate, weight) {
        let needed = need
            .amount
            .to_sat()
            .saturating_add(fee_at(need.rate, weight));
        return Err(SelectError::NotEnoughForFee {
            available,
            needed: Amount::new(needed).map_err(|_| SelectError::TooMuch)?,
        });
    }
    Ok(Selection {
        chosen,
        left,
        method,
        change,
        fee,
        weight: weight + change.map_or(0, |_| need.change_weight),
    })
}

fn sum(coins: &[Candidate]) -> Result<Amount, SelectError> {
    Amount::sum(coins.iter().map(|coin| coin.amount)).ok_or(SelectError::TooMuch)
}
