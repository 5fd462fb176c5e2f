//! The key-value ledger: in slots, in blocks, against a plain map, and its encodings.

mod blocks;
mod codec;
mod model;
mod slots;

use std::sync::Arc;

use chain::{
    BitcoinHeader, BlockId, BlockTime, CompactTarget, Header, Height, MerkleRoot, SecretKey, Time,
    decode_exact, tabchain,
};
use ledger::kv::{Body, Coinbase, Key, Kv, Receipt, Transaction, Value, Version};
use ledger::{Ledger, Miner, Place, Position, State};

fn ledger() -> Kv {
    let params = tabchain("kv-tests", 10, CompactTarget(0x207f_ffff), 8, 150);
    Kv::new(Arc::new(params.expect("within limits")))
}

fn key(name: &str) -> Key {
    Key::new(name.as_bytes()).expect("a short name")
}

fn value(text: &str) -> Value {
    Value::new(text.as_bytes()).expect("a short text")
}

fn at(height: u32, index: u32) -> Version {
    Version {
        height: Height(height),
        index,
    }
}

fn place(height: u32) -> Place {
    Place {
        height: Height(height),
        median: BlockTime(0),
        time: BlockTime(0),
    }
}

fn execute(ledger: &Kv, state: &mut State, at: Version, tx: &[u8]) -> Receipt {
    let place = Position {
        height: at.height,
        index: at.index,
        time: Time::ZERO,
    };
    let before = ledger.root(state);
    let (after, receipt) = ledger.execute(state, place, tx);
    assert_eq!(ledger.root(state), before, "a state is a value");
    *state = after;
    decode_exact(&receipt).expect("a receipt")
}

fn miner() -> Miner {
    let key = SecretKey::from_bytes(&[9; 32]).expect("a key");
    Miner::paid(key.public_key())
}

fn body(transactions: Vec<Transaction>) -> Body {
    Body {
        coinbase: Coinbase {
            payee: miner().key.to_bytes(),
            extra: 0,
        },
        transactions,
    }
}

fn header(merkle_root: MerkleRoot) -> Header {
    Header::Bitcoin(BitcoinHeader {
        version: 1,
        prev: BlockId::ZERO,
        merkle_root,
        time: BlockTime(0),
        bits: CompactTarget(0),
        nonce: 0,
    })
}

fn get(name: &str) -> Transaction {
    Transaction::Get { key: key(name) }
}

fn put(name: &str, text: &str) -> Transaction {
    let (key, value) = (key(name), value(text));
    Transaction::Put { key, value }
}

fn delete(name: &str) -> Transaction {
    Transaction::Delete { key: key(name) }
}

fn compare_and_set(name: &str, expected: Option<Version>, text: &str) -> Transaction {
    Transaction::CompareAndSet {
        key: key(name),
        expected,
        value: value(text),
    }
}
