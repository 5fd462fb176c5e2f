//! Arbitrary values of the chain, for property tests.
#![allow(dead_code, reason = "no test needs all of them")]

use chain::{
    BitcoinHeader, Block, BlockId, BlockTime, CompactTarget, MerkleRoot, OutPoint, Script,
    Transaction, TxIn, TxOut, Txid, Witness,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    // Lengths around the first boundary of a CompactSize are drawn often.
    prop_oneof![8 => vec(any::<u8>(), 0..most), 1 => vec(any::<u8>(), 250..258)]
}

pub fn header() -> impl Strategy<Value = BitcoinHeader> {
    let hashes = (any::<[u8; 32]>(), any::<[u8; 32]>());
    (
        any::<i32>(),
        hashes,
        any::<u32>(),
        any::<u32>(),
        any::<u32>(),
    )
        .prop_map(|(version, (prev, root), time, bits, nonce)| BitcoinHeader {
            version,
            prev: BlockId::from_bytes(prev),
            merkle_root: MerkleRoot::from_bytes(root),
            time: BlockTime(time),
            bits: CompactTarget(bits),
            nonce,
        })
}

pub fn input() -> impl Strategy<Value = TxIn> {
    let witness = prop_oneof![2 => Just(vec![]), 1 => vec(bytes(40), 0..4)];
    (
        any::<[u8; 32]>(),
        any::<u32>(),
        bytes(60),
        any::<u32>(),
        witness,
    )
        .prop_map(|(txid, vout, script_sig, sequence, witness)| TxIn {
            prevout: OutPoint {
                txid: Txid::from_bytes(txid),
                vout,
            },
            script_sig: Script(script_sig),
            sequence,
            witness: Witness::new(witness),
        })
}

pub fn output() -> impl Strategy<Value = TxOut> {
    (any::<i64>(), bytes(60)).prop_map(|(value, script)| TxOut {
        value,
        script_pubkey: Script(script),
    })
}

/// A transaction with at least one input: without any, its wire form would be read differently.
pub fn transaction() -> impl Strategy<Value = Transaction> {
    (
        any::<i32>(),
        vec(input(), 1..5),
        vec(output(), 0..5),
        any::<u32>(),
    )
        .prop_map(|(version, inputs, outputs, lock_time)| Transaction {
            version,
            inputs,
            outputs,
            lock_time,
        })
}

pub fn block() -> impl Strategy<Value = Block> {
    (header(), vec(transaction(), 0..8)).prop_map(|(header, transactions)| Block {
        header,
        transactions,
    })
}

/// Encodings with a few bytes changed, cut off or inserted: far likelier to parse than noise.
pub fn damaged(good: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), 0_u8..5, 0xfc_u8..=0xff];
    let edits = vec((any::<prop::sample::Index>(), 0_u8..4, byte), 0..4);
    (good, edits).prop_map(|(mut bytes, edits)| {
        for (at, kind, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.remove(at)),
                _ => bytes.truncate(at),
            }
        }
        bytes
    })
}
