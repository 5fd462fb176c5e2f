//! Payments, their coins and signatures: judged by the rules of `chain`, and by the `bitcoin` crate with
//! libsecp256k1.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use chain::{Amount, FeeRate, Spender, Transaction, TxOut};
use kit::{account, bitcoin_agrees, change, coins, other, sat};
use proptest::collection::vec;
use proptest::prelude::*;
use wallet::fee::{dust_limit, fee_at};
use wallet::payment::{KEY_INPUT_WEIGHT, MOST_PAYMENTS, draft, draft_all};
use wallet::{
    Destination, Draft, LeftOut, Method, Order, OwnCoin, Payment, PaymentError, SelectError,
};

/// The fee that one virtual byte costs, rounded up.
fn one_byte(rate: FeeRate) -> u64 {
    fee_at(rate, 1)
}

fn rate(milli: u64) -> FeeRate {
    FeeRate::from_milli_sat(milli)
}

fn order(satoshi: &[u64], milli: u64) -> Order {
    let payments = (0..).zip(satoshi).map(|(number, satoshi)| Payment {
        to: match number % 2 {
            0 => other(number),
            _ => Destination::Script([number as u8; 32]),
        },
        amount: sat(*satoshi),
    });
    Order {
        payments: payments.collect(),
        rate: rate(milli),
        change: change(&account(1)),
    }
}

fn spent(draft: &Draft) -> Vec<TxOut> {
    draft.spent.iter().map(OwnCoin::output).collect()
}

/// Signs a draft and checks what holds for each: sums, weight, signatures on Bitcoin's chain and on a room's.
fn judge(draft: &Draft, asked: FeeRate) -> Transaction {
    let account = account(1);
    let spent = spent(draft);
    let signed = draft.sign(&account, None).unwrap();
    let total = Amount::sum(draft.spent.iter().map(|coin| coin.amount)).unwrap();
    let paid = signed.output_total().unwrap();
    assert_eq!(total.checked_sub(paid), Some(draft.fee), "nothing is lost");
    assert_eq!(signed.weight(), draft.weight);
    assert!(draft.fee.to_sat() >= fee_at(asked, signed.weight()));
    if draft.selection.change.is_some() && draft.selection.method != Method::Replaces {
        assert!(draft.fee.to_sat() <= fee_at(asked, signed.weight()) + one_byte(asked));
    }
    signed.check(125_000).unwrap();
    for output in &signed.outputs {
        assert!(output.amount().unwrap() >= dust_limit(&output.script_pubkey));
    }
    bitcoin_agrees(&signed, &spent);
    let room = Some([7; 32]);
    let in_room = draft.sign(&account, room).unwrap();
    let check = |tx, chain| Spender::new(tx, &spent, chain).unwrap().check(0);
    assert_eq!(check(&in_room, room), Ok(()));
    assert!(
        check(&in_room, None).is_err(),
        "a room's signature is no other's"
    );
    signed
}

#[test]
fn an_exact_sum_has_no_change_and_says_so() {
    let coins = coins(&account(1), &[100_000, 60_000, 41_000, 7]);
    // 60,000 and 41,000, less what a transaction of two inputs and one payment costs.
    let fee = fee_at(rate(1_000), 42 + 43 * 4 + 2 * KEY_INPUT_WEIGHT);
    let draft = draft(&coins, &order(&[101_000 - fee], 1_000)).unwrap();
    assert!(matches!(draft.selection.method, Method::Exact { .. }));
    assert_eq!((draft.change, draft.fee), (None, sat(fee)));
    let left: Vec<_> = draft
        .selection
        .left
        .iter()
        .map(|(coin, why)| (coin.amount.to_sat(), *why))
        .collect();
    assert_eq!(
        left,
        [(100_000, LeftOut::NotNeeded), (7, LeftOut::NotWorthIt)]
    );
    judge(&draft, rate(1_000));
}

#[test]
fn change_comes_back_to_an_own_address_at_a_place_that_tells_nothing() {
    let mut places = std::collections::BTreeSet::new();
    for number in 0..20 {
        let mut coins = coins(&account(1), &[100_000]);
        coins[0].outpoint.vout = number;
        let draft = draft(&coins, &order(&[30_000, 20_000], 2_000)).unwrap();
        assert_eq!(draft.selection.method, Method::LargestFirst);
        let (output, _) = draft.payments().find(|(_, is_change)| *is_change).unwrap();
        assert_eq!(output.script_pubkey, change(&account(1)).script_pubkey());
        assert_eq!(Some(output.amount().unwrap()), draft.selection.change);
        places.insert(draft.change);
        judge(&draft, rate(2_000));
    }
    assert_eq!(places.len(), 3, "{places:?}");
}

#[test]
fn what_cannot_be_paid_says_why() {
    let few = coins(&account(1), &[10_000, 5_000]);
    let pay = |satoshi: &[u64], milli| draft(&few, &order(satoshi, milli)).unwrap_err();
    assert_eq!(pay(&[], 1_000), PaymentError::Nobody);
    let (amount, least) = (sat(329), sat(330));
    assert_eq!(pay(&[329], 1_000), PaymentError::Dust { amount, least });
    assert!(draft(&few, &order(&[330], 1_000)).is_ok());
    let (available, needed) = (sat(15_000), sat(15_001));
    assert_eq!(
        pay(&[15_001], 1_000),
        SelectError::NotEnough { available, needed }.into()
    );
    let needed = sat(15_000 + fee_at(rate(1_000), 42 + 43 * 4 + 2 * KEY_INPUT_WEIGHT));
    assert_eq!(
        pay(&[15_000], 1_000),
        SelectError::NotEnoughForFee { available, needed }.into()
    );
    let max = Amount::MAX_MONEY.to_sat();
    assert_eq!(pay(&[max, max], 1_000), PaymentError::TooMuch);
    let many = vec![330; MOST_PAYMENTS + 1];
    assert_eq!(pay(&many, 1_000), PaymentError::TooMany(252));
    let rich = coins(&account(1), &[1_000_000]);
    let draft = draft(&rich, &order(&many[1..], 1_000)).unwrap();
    judge(&draft, rate(1_000));
}

#[test]
fn only_the_accounts_own_coins_are_signed() {
    let mut coins = coins(&account(2), &[100_000]);
    let draft = draft(&coins, &order(&[50_000], 1_000)).unwrap();
    let error = draft.sign(&account(1), None).unwrap_err();
    assert!(matches!(error, PaymentError::Sighash(_)), "{error}");
    coins[0].amount = sat(100_001); // a lie about the coin gives a signature that no node takes
    let lied = wallet::payment::draft(&coins, &order(&[50_000], 1_000)).unwrap();
    let signed = lied.sign(&account(2), None).unwrap();
    let spent = [TxOut::new(sat(100_000), coins[0].script.clone())];
    assert!(
        Spender::new(&signed, &spent, None)
            .unwrap()
            .check(0)
            .is_err()
    );
}

#[test]
fn all_can_be_sent_but_for_the_fee_and_what_is_not_worth_it() {
    let coins = coins(&account(1), &[100_000, 50, 20_000]);
    let all = draft_all(&coins, other(1), rate(3_000)).unwrap();
    assert_eq!(
        (all.tx.outputs.len(), all.change, all.spent.len()),
        (1, None, 2)
    );
    assert_eq!(all.selection.method, Method::All);
    judge(&all, rate(3_000));
    let error = draft_all(&coins[1..2], other(1), rate(3_000)).unwrap_err();
    assert!(matches!(
        error,
        PaymentError::Select(SelectError::NotEnoughForFee { .. })
    ));
}

#[test]
fn a_transaction_that_nobody_would_relay_is_refused() {
    let many = coins(&account(1), &[1_000; 1_800]);
    let error = draft_all(&many, other(1), rate(1_000)).unwrap_err();
    assert!(
        matches!(error, PaymentError::TooHeavy(414_000..)),
        "{error:?}"
    );
    let fewer = draft_all(&many[..300], other(1), rate(1_000)).unwrap();
    judge(&fewer, rate(1_000));
}

/// Whether some of these coins pay, with less to spare than change would cost.
fn some_sum_fits(coins: &[OwnCoin], order: &Order) -> bool {
    let price = |weight: u64| u128::from(order.rate.to_milli_sat()) * u128::from(weight);
    let weight = 42 + 43 * 4 * order.payments.len() as u64;
    let paid: u64 = order
        .payments
        .iter()
        .map(|payment| payment.amount.to_sat())
        .sum();
    let change = price(43 * 4 + KEY_INPUT_WEIGHT);
    (1..1_u32 << coins.len()).any(|set| {
        let chosen = || coins.iter().enumerate().filter(|(n, _)| set >> n & 1 == 1);
        let sum: u64 = chosen().map(|(_, coin)| coin.amount.to_sat()).sum();
        let weight = weight + KEY_INPUT_WEIGHT * chosen().count() as u64;
        let worth = |(_, coin): (usize, &OwnCoin)| {
            u128::from(coin.amount.to_sat()) * 4_000 > price(KEY_INPUT_WEIGHT)
        };
        let most = u128::from(paid) * 4_000 + price(weight) + change;
        sum >= paid + fee_at(order.rate, weight)
            && u128::from(sum) * 4_000 <= most
            && chosen().all(worth)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_payment_is_valid_or_cannot_be_made(
        have in vec(1_u64..300_000, 1..9),
        pay in vec(330_u64..200_000, 1..4),
        milli in prop_oneof![Just(0), Just(1_000), 0_u64..60_000],
    ) {
        let coins = coins(&account(1), &have);
        let order = order(&pay, milli);
        match draft(&coins, &order) {
            Ok(draft) => {
                judge(&draft, order.rate);
                for payment in &order.payments {
                    let paid = TxOut::new(payment.amount, payment.to.script_pubkey());
                    prop_assert!(draft.tx.outputs.contains(&paid));
                }
                let is_exact = matches!(draft.selection.method, Method::Exact { .. });
                prop_assert_eq!(is_exact, some_sum_fits(&coins, &order));
                if draft.change.is_none() {
                    // No more is given away than change would have cost, or been too little for.
                    let cost = fee_at(order.rate, 43 * 4 + KEY_INPUT_WEIGHT) + 330 + one_byte(order.rate);
                    prop_assert!(draft.fee.to_sat() <= fee_at(order.rate, draft.weight) + cost);
                }
                let seen = draft.selection.chosen.len() + draft.selection.left.len();
                prop_assert_eq!(seen, coins.len());
            }
            Err(PaymentError::Select(_)) => {
                // Even all coins that are worth it do not pay.
                let worth: Vec<_> = coins.iter().filter(|coin| {
                    coin.amount.to_sat() * 4_000 > milli * KEY_INPUT_WEIGHT
                }).collect();
                let sum: u64 = worth.iter().map(|coin| coin.amount.to_sat()).sum();
                let weight = 42 + 43 * 4 * pay.len() as u64 + KEY_INPUT_WEIGHT * worth.len() as u64;
                prop_assert!(sum < pay.iter().sum::<u64>() + fee_at(order.rate, weight));
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}
