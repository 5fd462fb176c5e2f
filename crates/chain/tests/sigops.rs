//! How many signatures scripts and blocks ask for: counted by hand, beside the `bitcoin` crate, and at the limit.
#![cfg(not(target_arch = "wasm32"))]

use chain::{
    BitcoinHeader, Block, BlockId, BlockTime, ChainParams, CompactTarget, Encode as _, Height,
    Lock, MerkleRoot, OutPoint, Reject, Script, Transaction, TxIn, TxOut, Txid, Witness,
    bitcoin_2009, sha256, tabchain,
};
use proptest::prelude::*;

const CHECKSIG: u8 = 0xac;
const CHECKMULTISIG: u8 = 0xae;

#[test]
fn operations_are_counted_where_they_stand() {
    for (script, legacy, accurate) in [
        (vec![], 0, 0),
        (vec![CHECKSIG, 0xad], 2, 2),
        (vec![CHECKMULTISIG], 20, 20),
        (vec![0x53, CHECKMULTISIG], 20, 3),
        (vec![0x60, 0xaf], 20, 16),
        // Only a number right before it says how many keys there are.
        (vec![0x53, CHECKSIG, CHECKMULTISIG], 21, 21),
        // A zero, or a number that is pushed as bytes, says nothing of the keys.
        (vec![0x00, CHECKMULTISIG], 20, 20),
        (vec![0x01, 0x02, CHECKMULTISIG], 20, 20),
        // What is pushed is no operation.
        (vec![0x02, CHECKSIG, CHECKSIG, CHECKSIG], 1, 1),
        // A push that promises more than there is ends the count; what stands before it counts.
        (vec![CHECKSIG, 0x4e, CHECKSIG, CHECKSIG], 1, 1),
        (vec![CHECKSIG, 0x05, CHECKSIG, CHECKSIG], 1, 1),
        // Also what is never reached.
        (vec![0x6a, CHECKSIG], 1, 1),
    ] {
        let script = Script(script);
        assert_eq!(script.sigops(false), legacy, "{script:?}");
        assert_eq!(script.sigops(true), accurate, "{script:?}");
    }
}

/// A block that asks for so many signatures in one output.
fn block(sigops: usize) -> Block {
    let script = Script(vec![CHECKSIG; sigops]);
    let output = TxOut {
        value: 0,
        script_pubkey: script,
    };
    let mut block = Block {
        header: BitcoinHeader {
            version: 1,
            prev: BlockId::ZERO,
            merkle_root: MerkleRoot::ZERO,
            time: BlockTime(1_800_000_000),
            bits: CompactTarget(0x207f_ffff),
            nonce: 0,
        },
        transactions: vec![Transaction::coinbase(Height(1), b"test", vec![output])],
    };
    block.commit();
    block
}

#[test]
fn a_block_may_ask_for_as_many_as_its_size_allows_and_no_more() {
    let room = tabchain("sigops", 10, CompactTarget(0x207f_ffff), 20, 100).expect("a room");
    for (params, most) in [(bitcoin_2009(), 20_000), (room, 2_500)] {
        let limit = 4 * most as u64;
        assert_eq!(params.max_sigop_cost(), limit);
        assert_eq!(block(most).check_body(&params), Ok(()));
        let reject = Reject::BadBlkSigops {
            cost: limit + 4,
            limit,
        };
        assert_eq!(block(most + 1).check_body(&params), Err(reject));
        assert_eq!(reject.name(), "bad-blk-sigops");
        assert!(reject.is_permanent());
    }
    let none = ChainParams {
        max_block_size: 0,
        ..bitcoin_2009()
    };
    assert_eq!(none.max_sigop_cost(), 0);
}

/// Scripts of operations that count, numbers, and pushes of which some promise too much. Something that counts for
/// nothing follows each that counts: the `bitcoin` crate remembers a number across them, and Bitcoin Core does not.
fn script() -> impl Strategy<Value = Script> {
    let op = prop_oneof![
        3 => 0xac_u8..=0xaf,
        2 => 0x50_u8..=0x61,
        1 => 0x00_u8..=0x03,
        1 => 0x4c_u8..=0x4e,
        1 => any::<u8>(),
    ];
    let apart = |op: u8| match op {
        0xac..=0xaf => vec![op, 0x61],
        op => vec![op],
    };
    prop::collection::vec(op, 0..40)
        .prop_map(move |ops| Script(ops.into_iter().flat_map(apart).collect()))
}

/// An input with some scripts, and the script of the output that it spends.
fn spend() -> impl Strategy<Value = (TxIn, Script)> {
    (script(), script(), 0_u8..4).prop_map(|(script_sig, inner, kind)| {
        let hash = sha256(&inner.0);
        let (lock, witness) = match kind {
            0 => (Lock::WitnessScriptHash(hash), vec![vec![], inner.0]),
            1 => (Lock::Taproot([2; 32]), vec![vec![], inner.0]),
            2 => (Lock::PublicKeyHash([2; 20]), vec![]),
            _ => (Lock::WitnessScriptHash([7; 32]), vec![]),
        };
        let input = TxIn {
            script_sig,
            witness: Witness::new(witness),
            ..TxIn::new(OutPoint::NULL)
        };
        (input, lock.script())
    })
}

proptest! {
    #[test]
    fn scripts_count_as_in_bitcoin(script in script()) {
        let theirs = bitcoin::Script::from_bytes(script.as_bytes());
        prop_assert_eq!(script.sigops(false), theirs.count_sigops_legacy() as u64);
        prop_assert_eq!(script.sigops(true), theirs.count_sigops() as u64);
    }

    #[test]
    fn transactions_cost_as_in_bitcoin(
        spends in prop::collection::vec(spend(), 1..4),
        outputs in prop::collection::vec(script(), 1..4),
    ) {
        let output = |script: &Script| TxOut { value: 1, script_pubkey: script.clone() };
        let (mut inputs, locks): (Vec<TxIn>, Vec<Script>) = spends.into_iter().unzip();
        for (vout, input) in (0..).zip(&mut inputs) {
            input.prevout = OutPoint { txid: Txid::from_bytes([1; 32]), vout };
        }
        let spent: Vec<TxOut> = locks.iter().map(output).collect();
        let tx = Transaction {
            version: 2,
            inputs,
            outputs: outputs.iter().map(output).collect(),
            lock_time: 0,
        };
        let theirs: bitcoin::Transaction =
            bitcoin::consensus::deserialize(&tx.to_vec()).expect("a transaction");
        let cost = theirs.total_sigop_cost(|at| {
            let spent = spent.get(at.vout as usize)?;
            Some(bitcoin::TxOut {
                value: bitcoin::Amount::ZERO,
                script_pubkey: spent.script_pubkey.0.clone().into(),
            })
        });
        prop_assert_eq!(tx.sigop_cost(&spent), cost as u64);
        let alone = theirs.total_sigop_cost(|_| None);
        prop_assert_eq!(tx.legacy_sigops() * 4, alone as u64);
    }
}
