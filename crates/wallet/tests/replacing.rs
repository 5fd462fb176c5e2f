//! Payments that are replaced, and the book that knows of them.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use chain::{Amount, FeeRate, OutPoint, Transaction, TxIn, TxOut, virtual_size};
use kit::{account, bitcoin_agrees, change, coins, other, sat};
use proptest::prelude::*;
use wallet::fee::fee_at;
use wallet::payment::draft;
use wallet::{Draft, Method, Order, OwnCoin, Payment, ReplaceError, Sent, bump, cancel};

fn rate(milli: u64) -> FeeRate {
    FeeRate::from_milli_sat(milli)
}

/// A payment of so much out of these coins, at one satoshi for a byte.
fn sent(coins: &[OwnCoin], satoshi: u64) -> Sent {
    let payment = Payment {
        to: other(1),
        amount: sat(satoshi),
    };
    let order = Order {
        payments: vec![payment],
        rate: rate(1_000),
        change: change(&account(1)),
    };
    let draft = draft(coins, &order).unwrap();
    Sent {
        tx: draft.sign(&account(1), None).unwrap(),
        spent: draft.spent,
        change: draft.change,
    }
}

fn fee(tx: &Transaction, spent: &[OwnCoin]) -> u64 {
    let total = Amount::sum(spent.iter().map(|coin| coin.amount)).unwrap();
    total
        .checked_sub(tx.output_total().unwrap())
        .unwrap()
        .to_sat()
}

/// Checks BIP125's rules, and that the replacement is valid.
fn judge(old: &Sent, new: &Draft, asked: FeeRate, descendants: u64) -> Transaction {
    let signed = new.sign(&account(1), None).unwrap();
    let spent: Vec<TxOut> = new.spent.iter().map(OwnCoin::output).collect();
    bitcoin_agrees(&signed, &spent);
    assert_eq!(signed.weight(), new.weight);
    assert_eq!(fee(&signed, &new.spent), new.fee.to_sat());
    let (old_fee, new_fee) = (fee(&old.tx, &old.spent), new.fee.to_sat());
    assert!(new_fee >= old_fee + descendants + fee_at(FeeRate::ONE, signed.weight()));
    assert!(new_fee >= fee_at(asked, signed.weight()));
    let spends = |at: &OutPoint| signed.inputs.iter().any(|input| input.prevout == *at);
    assert!(old.tx.inputs.iter().all(|input| spends(&input.prevout)));
    signed
}

#[test]
fn a_higher_fee_comes_out_of_the_change() {
    let coins = coins(&account(1), &[100_000, 50_000]);
    let old = sent(&coins[..1], 40_000);
    let new = bump(&old, rate(5_000), Amount::ZERO, &coins, change(&account(1))).unwrap();
    assert_eq!((new.spent.len(), new.tx.outputs.len()), (1, 2));
    assert_eq!(new.selection.method, Method::Replaces);
    let signed = judge(&old, &new, rate(5_000), 0);
    assert_eq!(new.fee.to_sat(), fee_at(rate(5_000), signed.weight()));
    let paid = TxOut::new(sat(40_000), other(1).script_pubkey());
    assert!(signed.outputs.contains(&paid));
}

#[test]
fn change_that_is_too_little_goes_and_more_coins_come() {
    let coins = coins(&account(1), &[100_000, 50_000, 60_000]);
    let old = sent(&coins[..1], 99_400);
    let new = bump(&old, rate(6_000), Amount::ZERO, &coins, change(&account(1))).unwrap();
    assert_eq!(
        (new.spent.len(), new.tx.outputs.len(), new.spent[1].amount),
        (2, 2, sat(60_000))
    );
    judge(&old, &new, rate(6_000), 0);
    // Without change, the first coin alone pays a little more.
    let new = bump(&old, rate(4_000), Amount::ZERO, &coins, change(&account(1))).unwrap();
    assert_eq!((new.spent.len(), new.change, new.fee), (1, None, sat(600)));
    judge(&old, &new, rate(4_000), 0);
    let error = bump(&old, rate(40_000), Amount::ZERO, &[], change(&account(1))).unwrap_err();
    let (needed, available) = (sat(fee_at(rate(40_000), 42 + 172 + 230)), sat(600));
    assert_eq!(error, ReplaceError::NotEnough { needed, available });
}

#[test]
fn what_pays_no_more_or_is_final_is_not_replaced() {
    let coins = coins(&account(1), &[100_000]);
    let mut old = sent(&coins, 40_000);
    let have = FeeRate::of(sat(fee(&old.tx, &old.spent)), virtual_size(old.tx.weight()));
    let change = change(&account(1));
    let again = |old: &Sent, rate| bump(old, rate, Amount::ZERO, &[], change).map(|_| ());
    assert_eq!(again(&old, have), Err(ReplaceError::RateNotHigher(have)));
    assert_eq!(again(&old, rate(have.to_milli_sat() + 1)), Ok(()));
    old.tx.inputs[0].sequence = TxIn::FINAL - 1;
    assert_eq!(again(&old, rate(9_000)), Err(ReplaceError::Final));
}

#[test]
fn a_payment_is_cancelled_by_one_to_oneself() {
    let coins = coins(&account(1), &[100_000, 50_000]);
    let old = sent(&coins, 120_000);
    let new = cancel(&old, rate(3_000), sat(700), change(&account(1))).unwrap();
    let signed = judge(&old, &new, rate(3_000), 700);
    assert_eq!(signed.outputs.len(), 1);
    assert_eq!(
        signed.outputs[0].script_pubkey,
        change(&account(1)).script_pubkey()
    );
    let error = cancel(&old, rate(9_000_000), Amount::ZERO, change(&account(1))).unwrap_err();
    assert!(matches!(error, ReplaceError::NotEnough { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn replacements_keep_the_rules(
        pay in 330_u64..99_000,
        milli in 1_001_u64..30_000,
        descendants in 0_u64..3_000,
    ) {
        let coins = coins(&account(1), &[100_000, 3_000, 8_000]);
        let old = sent(&coins, pay);
        let change = change(&account(1));
        if let Ok(new) = bump(&old, rate(milli), sat(descendants), &coins, change) {
            let signed = judge(&old, &new, rate(milli), descendants);
            let paid = TxOut::new(sat(pay), other(1).script_pubkey());
            prop_assert!(signed.outputs.contains(&paid));
        }
        if let Ok(new) = cancel(&old, rate(milli), sat(descendants), change) {
            judge(&old, &new, rate(milli), descendants);
        }
    }
}
