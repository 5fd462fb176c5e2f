//! What tests of several files need.
#![allow(dead_code, reason = "no test needs all of it")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use chain::{Address, Amount, Encode as _, Entropy, Height, OutPoint, Transaction, TxOut, Txid};
use wallet::{Account, Branch, Destination, KeyPath, Language, Mnemonic, OwnCoin};

/// What a host would draw.
#[allow(clippy::disallowed_methods, reason = "tests play the host")]
pub fn entropy(byte: u8) -> Entropy {
    Entropy::from_host([byte; 32])
}

/// Somebody's account. It takes thousands of hashes, so each is made once.
pub fn account(byte: u8) -> Account {
    static MADE: Mutex<BTreeMap<u8, Account>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().expect("nobody fails here");
    let make = || {
        let mnemonic = Mnemonic::new(Language::English, &mut entropy(byte));
        mnemonic.seed().account().expect("keys")
    };
    made.entry(byte).or_insert_with(make).clone()
}

/// Coins of an account worth these many satoshi, at its first addresses in turn, confirmed long ago.
pub fn coins(account: &Account, satoshi: &[u64]) -> Vec<OwnCoin> {
    let viewer = account.viewer();
    let coin = |(number, satoshi): (u32, &u64)| {
        let path = KeyPath {
            branch: Branch::ALL[number as usize % 2],
            index: number / 2 % 3,
        };
        let address = viewer.address(path).expect("an address");
        OwnCoin {
            outpoint: OutPoint {
                txid: Txid::from_bytes([number as u8; 32]),
                vout: number,
            },
            amount: sat(*satoshi),
            script: address.script_pubkey(),
            path,
            height: Some(Height(1)),
            coinbase: false,
        }
    };
    (0..).zip(satoshi).map(coin).collect()
}

/// An amount.
pub fn sat(satoshi: u64) -> Amount {
    Amount::new(satoshi).expect("at most all the money")
}

/// Somebody else's address.
pub fn other(number: u32) -> Destination {
    let path = KeyPath {
        branch: Branch::Receive,
        index: number,
    };
    let address = account(200).viewer().address(path);
    Destination::Key(address.expect("an address"))
}

/// Where an account's change goes.
pub fn change(account: &Account) -> Address {
    let path = KeyPath {
        branch: Branch::Change,
        index: 9,
    };
    account.viewer().address(path).expect("an address")
}

/// What the `bitcoin` crate and libsecp256k1 say of each input of a transaction that spends taproot outputs by
/// their keys on Bitcoin's own chain.
pub fn bitcoin_agrees(tx: &Transaction, spent: &[TxOut]) {
    use bitcoin::hashes::Hash as _;
    use bitcoin::secp256k1::{Message, Secp256k1, XOnlyPublicKey, schnorr::Signature};
    use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};

    let theirs: bitcoin::Transaction =
        bitcoin::consensus::deserialize(&tx.to_vec()).expect("a transaction");
    assert_eq!(theirs.compute_txid().to_string(), tx.txid().to_string());
    assert_eq!(theirs.weight().to_wu(), tx.weight());
    let output = |output: &TxOut| bitcoin::TxOut {
        value: bitcoin::Amount::from_sat(output.value as u64),
        script_pubkey: output.script_pubkey.0.clone().into(),
    };
    let spent: Vec<_> = spent.iter().map(output).collect();
    let mut cache = SighashCache::new(&theirs);
    for (index, spent_here) in spent.iter().enumerate() {
        let all = Prevouts::All(&spent);
        let hash = cache.taproot_key_spend_signature_hash(index, &all, TapSighashType::Default);
        let message = Message::from_digest(hash.expect("an input").to_byte_array());
        let key = XOnlyPublicKey::from_slice(&spent_here.script_pubkey.as_bytes()[2..]);
        let witness = &theirs.input[index].witness;
        assert_eq!(witness.len(), 1);
        let signature = Signature::from_slice(&witness[0]).expect("64 bytes");
        let verdict = Secp256k1::verification_only().verify_schnorr(
            &signature,
            &message,
            &key.expect("a key"),
        );
        assert_eq!(verdict, Ok(()));
    }
}
