//! What the tests of the utxo ledger share: keys, payments and signatures.
#![allow(dead_code, reason = "no test needs all of them")]

use chain::address::Address;
use chain::sighash::{SighashType, Sighasher};
use chain::{
    Amount, ChainParams, CompactTarget, OutPoint, SecretKey, Transaction, TxIn, TxOut, Witness,
    tabchain,
};

pub mod blocks;

pub const COIN: u64 = Amount::COIN.to_sat();

pub fn params() -> ChainParams {
    tabchain("ledger-tests", 10, CompactTarget(0x207f_ffff), 8, 150).expect("within limits")
}

pub fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).expect("a key")
}

pub fn amount(satoshi: u64) -> Amount {
    Amount::new(satoshi).expect("little money")
}

pub fn pay(satoshi: u64, to: &SecretKey) -> TxOut {
    TxOut::new(
        amount(satoshi),
        Address::from_output_key(&to.public_key()).script_pubkey(),
    )
}

/// Spends coins of `owner` and signs for the chain `tag`.
pub fn spend(
    coins: &[(OutPoint, TxOut)],
    outputs: Vec<TxOut>,
    owner: &SecretKey,
    tag: [u8; 32],
) -> Transaction {
    let inputs = coins.iter().map(|(at, _)| TxIn::new(*at)).collect();
    let spent: Vec<TxOut> = coins.iter().map(|(_, output)| output.clone()).collect();
    let mut tx = Transaction {
        version: 2,
        inputs,
        outputs,
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).expect("one coin per input");
    for (index, input) in (0u32..).zip(&mut tx.inputs) {
        let signature = sighasher.sign_key_spend(index, SighashType::DEFAULT, owner);
        input.witness = Witness::new([signature.expect("the owner's coins")]);
    }
    tx
}
