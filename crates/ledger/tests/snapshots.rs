//! States survive being written down, and nothing else is read as one.

use std::sync::Arc;

use chain::{
    Amount, BlockTime, CompactTarget, DecodeError, Encode, Height, OutPoint, Script, SecretKey,
    Stream, Time, Txid, tabchain,
};
use ledger::utxo::Coin;
use ledger::{Allocation, LEDGERS, Ledger, LedgerTerms, Position, State, find};
use proptest::collection::vec;
use proptest::prelude::*;

/// The ledger on which some owners have money, if it has any.
fn ledger(id: &str, amounts: &[u32]) -> Arc<dyn Ledger> {
    let chain = tabchain("snapshots", 10, CompactTarget(0x207f_ffff), 8, 150);
    let owner = SecretKey::from_bytes(&[1; 32]).expect("a key").public_key();
    let coin = |amount: &u32| (owner, Amount::new((*amount).into()).expect("little"));
    let terms = LedgerTerms {
        chain: Arc::new(chain.expect("within limits")),
        allocation: Allocation::new(amounts.iter().map(coin).collect()).expect("little"),
    };
    (find(id).expect("listed").build)(&terms)
}

/// The key-value ledger after some transactions.
fn worked(transactions: u32, seed: u64) -> (Arc<dyn Ledger>, State) {
    let (ledger, mut rng) = (ledger("kv", &[]), Stream::new(seed, 0, "snapshots"));
    let sample = find("kv").expect("listed").sample.expect("it has some");
    let mut state = ledger.genesis();
    for height in 1..=transactions {
        let place = Position {
            height: Height(height),
            index: 0,
            time: Time::ZERO,
        };
        state = ledger.execute(&state, place, &sample(&mut rng)).0;
    }
    (ledger, state)
}

fn assert_survives(ledger: &dyn Ledger, state: &State) {
    let bytes = ledger.snapshot(state);
    let restored = ledger.restore(&bytes).expect("as it was written");
    assert_eq!(ledger.root(&restored), ledger.root(state));
    assert_eq!(ledger.supply(&restored), ledger.supply(state));
    assert_eq!(ledger.snapshot(&restored), bytes);
    let longer = [&bytes[..], &[0]].concat();
    assert!(ledger.restore(&longer).is_err(), "a byte too many");
    let shorter = &bytes[..bytes.len() - 1];
    assert!(ledger.restore(shorter).is_err(), "a byte too few");
}

fn coin(satoshi: u64) -> Coin {
    Coin {
        amount: Amount::new(satoshi).expect("within all the money"),
        script: Script(vec![1]),
        height: Height(1),
        median: BlockTime(2),
        coinbase: false,
    }
}

/// A snapshot of coins at outpoints whose transactions begin with these bytes.
fn coins(list: &[(u8, u64)]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(list.len()).expect("few")];
    for (txid, satoshi) in list {
        let (txid, vout) = (Txid::from_bytes([*txid; 32]), 0);
        OutPoint { txid, vout }.encode_into(&mut bytes);
        coin(*satoshi).encode_into(&mut bytes);
    }
    bytes
}

#[test]
fn keys_rise_and_all_coins_are_at_most_all_the_money() {
    let ledger = ledger("utxo", &[]);
    let restored = |list: &[(u8, u64)]| ledger.restore(&coins(list)).map(|at| ledger.supply(&at));
    assert_eq!(
        restored(&[(1, 5), (2, 7)]).map(Amount::to_sat),
        Ok(12),
        "the supply is counted again"
    );
    let index = 1;
    for other in [[(2, 5), (1, 7)], [(1, 5), (1, 7)]] {
        assert_eq!(restored(&other), Err(DecodeError::OutOfOrder { index }));
    }
    let most = Amount::MAX_MONEY.to_sat();
    assert!(restored(&[(1, most)]).is_ok());
    let refused = restored(&[(1, most), (2, 1)]);
    assert!(matches!(refused, Err(DecodeError::UnknownTag { .. })));
}

proptest! {
    #[test]
    fn states_survive(amounts in vec(any::<u32>(), 0..40), transactions in 0..60u32, seed: u64) {
        let utxo = ledger("utxo", &amounts);
        assert_survives(&*utxo, &utxo.genesis());
        let (kv, state) = worked(transactions, seed);
        assert_survives(&*kv, &state);
    }

    #[test]
    fn junk_is_an_error_or_a_state(junk in vec(any::<u8>(), 0..200)) {
        for entry in LEDGERS {
            let ledger = ledger(entry.id, &[]);
            if let Ok(state) = ledger.restore(&junk) {
                prop_assert_eq!(ledger.snapshot(&state), junk.clone(), "one encoding for each");
            }
        }
    }

    /// Whatever is changed on the way, the root tells, or nothing decodes.
    #[test]
    fn a_changed_snapshot_is_refused_or_has_another_root(
        transactions in 1..40u32,
        seed: u64,
        at: prop::sample::Index,
        bit in 0..8u32,
    ) {
        let (ledger, state) = worked(transactions, seed);
        let mut bytes = ledger.snapshot(&state);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(restored) = ledger.restore(&bytes) {
            prop_assert_ne!(ledger.root(&restored), ledger.root(&state));
        }
    }
}
