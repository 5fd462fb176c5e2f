//! The same values through the `bitcoin` crate, which must agree with us.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use bitcoin::consensus::{Params, deserialize, serialize};
use bitcoin::hashes::Hash as _;
use chain::{
    Block, BlockTime, CompactTarget, Encode, Height, Target, Transaction, TxOut, U256, Witness,
    Work, bitcoin_2009, block_proof, decode_exact, merkle, next_target_bits,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Bits of a positive target within 256 bits.
fn good_bits() -> impl Strategy<Value = CompactTarget> {
    (1_u32..0x80_0000, 1_u32..=0x20)
        .prop_map(|(mantissa, size)| CompactTarget(mantissa | size << 24))
        .prop_filter("zero is no target", |bits| bits.to_target().is_ok())
}

fn agree_on_transaction(bytes: &[u8]) -> Result<(), TestCaseError> {
    let ours = decode_exact::<Transaction>(bytes);
    let theirs = deserialize::<bitcoin::Transaction>(bytes);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => same_transaction(&ours, &theirs),
        (Err(_), Err(_)) => Ok(()),
        // We follow Bitcoin Core where the crate does not: a marker and flag of zero are "nothing
        // in, nothing out", and a witness form without inputs has no witness.
        (Ok(ours), Err(error)) => {
            prop_assert!(
                ours.inputs.is_empty() && ours.outputs.is_empty(),
                "{}",
                error
            );
            Ok(())
        }
        (Err(error), Ok(theirs)) => {
            prop_assert!(theirs.input.is_empty(), "{}", error);
            Ok(())
        }
    }
}

fn same_transaction(
    ours: &Transaction,
    theirs: &bitcoin::Transaction,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.to_vec(), serialize(theirs));
    prop_assert_eq!(
        *ours.txid().as_bytes(),
        theirs.compute_txid().to_byte_array()
    );
    prop_assert_eq!(
        *ours.wtxid().as_bytes(),
        theirs.compute_wtxid().to_byte_array()
    );
    prop_assert_eq!(ours.txid().to_string(), theirs.compute_txid().to_string());
    prop_assert_eq!(ours.total_size(), theirs.total_size() as u64);
    prop_assert_eq!(ours.stripped_size(), theirs.base_size() as u64);
    prop_assert_eq!(ours.weight(), theirs.weight().to_wu());
    prop_assert_eq!(ours.is_coinbase(), theirs.is_coinbase());
    Ok(())
}

/// Whether every transaction has inputs: the form without is the one on which we and the crate
/// differ.
fn has_inputs(block: &Block) -> bool {
    block.transactions.iter().all(|tx| !tx.inputs.is_empty())
}

fn agree_on_block(bytes: &[u8]) -> Result<(), TestCaseError> {
    let ours = decode_exact::<Block>(bytes);
    let theirs = deserialize::<bitcoin::Block>(bytes);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => same_block(&ours, &theirs),
        (Err(_), Err(_)) => Ok(()),
        (Ok(ours), Err(error)) => {
            prop_assert!(!has_inputs(&ours), "{}", error);
            Ok(())
        }
        (Err(error), Ok(theirs)) => {
            let empty = theirs.txdata.iter().any(|tx| tx.input.is_empty());
            prop_assert!(empty, "{}", error);
            Ok(())
        }
    }
}

fn same_block(ours: &Block, theirs: &bitcoin::Block) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.to_vec(), serialize(theirs));
    prop_assert_eq!(*ours.id().as_bytes(), theirs.block_hash().to_byte_array());
    prop_assert_eq!(ours.weight(), theirs.weight().to_wu());
    prop_assert_eq!(ours.total_size(), theirs.total_size() as u64);
    if let Some(root) = theirs.compute_merkle_root() {
        prop_assert_eq!(*ours.merkle_root().0.as_bytes(), root.to_byte_array());
        let root = theirs.witness_root().expect("where there are transactions");
        prop_assert_eq!(ours.witness_root(), root.to_byte_array());
    }
    Ok(())
}

fn segwit_room() -> chain::ChainParams {
    chain::tabchain("oracle", 10, CompactTarget(0x207f_ffff), 20, 100).expect("sane parameters")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn headers(header in support::header()) {
        let theirs: bitcoin::block::Header = deserialize(&header.encode()).expect("80 bytes");
        prop_assert_eq!(&header.encode()[..], serialize(&theirs));
        prop_assert_eq!(header.id().to_string(), theirs.block_hash().to_string());
        prop_assert_eq!(header.prev.to_string(), theirs.prev_blockhash.to_string());
        prop_assert_eq!(header.time.0, theirs.time);
        prop_assert_eq!(header.bits.0, theirs.bits.to_consensus());
    }

    #[test]
    fn transactions(tx in support::transaction()) {
        let theirs: bitcoin::Transaction = deserialize(&tx.to_vec()).expect("our encoding is theirs");
        same_transaction(&tx, &theirs)?;
        prop_assert_eq!(decode_exact::<Transaction>(&serialize(&theirs)), Ok(tx));
    }

    #[test]
    fn blocks(block in support::block()) {
        let theirs: bitcoin::Block = deserialize(&block.to_vec()).expect("our encoding is theirs");
        same_block(&block, &theirs)?;
        prop_assert_eq!(decode_exact::<Block>(&serialize(&theirs)), Ok(block));
    }

    #[test]
    fn damaged_transactions(
        bytes in support::damaged(support::transaction().prop_map(|tx| tx.to_vec()))
    ) {
        agree_on_transaction(&bytes)?;
    }

    #[test]
    fn damaged_blocks(bytes in support::damaged(support::block().prop_map(|b| b.to_vec()))) {
        agree_on_block(&bytes)?;
    }

    #[test]
    fn noise(bytes in vec(any::<u8>(), 0..200)) {
        agree_on_transaction(&bytes)?;
        agree_on_block(&bytes)?;
    }

    #[test]
    fn short_noise_of_small_numbers(bytes in vec(0_u8..3, 0..120)) {
        agree_on_transaction(&bytes)?;
    }

    #[test]
    fn witness_commitments_bip141(
        first in support::transaction(),
        rest in vec(support::transaction(), 1..5),
    ) {
        let mut block = Block { header: segwit_room().genesis.header, transactions: vec![first] };
        let outputs = block.transactions[0].outputs.drain(..).collect();
        block.transactions[0] = Transaction::coinbase(Height(1), b"x", outputs);
        block.transactions.extend(rest);
        block.commit();
        let theirs: bitcoin::Block = deserialize(&block.to_vec()).expect("our encoding is theirs");
        prop_assert!(theirs.check_merkle_root());
        prop_assert!(theirs.check_witness_commitment());
        for tx in block.transactions.iter_mut().skip(1) {
            for input in &mut tx.inputs {
                let mut items: Vec<Vec<u8>> = input.witness.iter().map(<[u8]>::to_vec).collect();
                if let Some(byte) = items.iter_mut().flatten().next() {
                    *byte ^= 1;
                    input.witness = Witness::new(items);
                    let theirs: bitcoin::Block = deserialize(&block.to_vec()).expect("as before");
                    prop_assert!(!theirs.check_witness_commitment());
                    let reject = block.check_body(&segwit_room()).map_err(|reject| reject.name());
                    prop_assert_eq!(reject, Err("bad-witness-merkle-match"));
                    return Ok(());
                }
            }
        }
    }

    #[test]
    fn heights_in_coinbases_bip34(height in 17_u32..=i32::MAX as u32) {
        // The crate reads pushes of up to four bytes, but not the opcodes that push 0 to 16.
        let coinbase = Transaction::coinbase(Height(height), b"x", vec![]);
        let header = chain::BitcoinHeader { version: 2, ..bitcoin_2009().genesis.header };
        let block = Block { header, transactions: vec![coinbase] };
        let theirs: bitcoin::Block = deserialize(&block.to_vec()).expect("our encoding is theirs");
        prop_assert_eq!(theirs.bip34_block_height(), Ok(u64::from(height)));
    }

    #[test]
    fn merkle_roots(leaves in vec(any::<[u8; 32]>(), 1..70)) {
        let theirs = leaves.iter().map(|leaf| bitcoin::Txid::from_byte_array(*leaf));
        let theirs = bitcoin::merkle_tree::calculate_root(theirs).expect("there are leaves");
        prop_assert_eq!(merkle::root(leaves).hash, theirs.to_byte_array());
    }

    #[test]
    fn targets_and_work(bits in good_bits()) {
        let ours = bits.to_target().expect("good bits");
        let theirs = bitcoin::Target::from_compact(bitcoin::CompactTarget::from_consensus(bits.0));
        prop_assert_eq!(ours.to_be_bytes(), theirs.to_be_bytes());
        prop_assert_eq!(ours.to_compact().0, theirs.to_compact_lossy().to_consensus());
        // The crate gives target 1 the work of target 0; Bitcoin Core's GetBlockProof says 2^255.
        if ours == Target(U256::ONE) {
            prop_assert_eq!(block_proof(bits), Work(U256::ONE << 255));
        } else {
            prop_assert_eq!(block_proof(bits).to_be_bytes(), theirs.to_work().to_be_bytes());
        }
    }

    #[test]
    fn any_target_as_bits(bytes: [u8; 32], zeros in 0_usize..32) {
        let mut bytes = bytes;
        bytes[..zeros].fill(0);
        let theirs = bitcoin::Target::from_be_bytes(bytes).to_compact_lossy();
        prop_assert_eq!(Target::from_be_bytes(bytes).to_compact().0, theirs.to_consensus());
    }

    #[test]
    fn sums_of_work(a: [u8; 32], b: [u8; 32]) {
        let (half_a, half_b) = (U256::from_be_bytes(a) >> 1, U256::from_be_bytes(b) >> 1);
        let theirs = |value: U256| bitcoin::Work::from_be_bytes(value.to_be_bytes());
        let sum = Work(half_a).checked_add(Work(half_b)).expect("halves fit");
        let expected = theirs(half_a) + theirs(half_b);
        prop_assert_eq!(sum.to_be_bytes(), expected.to_be_bytes());
        prop_assert_eq!(Work(half_a).cmp(&Work(half_b)), theirs(half_a).cmp(&theirs(half_b)));
    }

    #[test]
    fn hashes_meet_targets(header in support::header(), bits in good_bits()) {
        let header = chain::BitcoinHeader { bits, ..header };
        let ours = bits.to_target().expect("good bits");
        let theirs: bitcoin::block::Header = deserialize(&header.encode()).expect("80 bytes");
        let met = theirs.target().is_met_by(theirs.block_hash());
        prop_assert_eq!(ours.is_met_by(header.id()), met);
        prop_assert_eq!(header.check_pow(Target::MAX).is_ok(), met);
    }

    #[test]
    fn retargets(
        mantissa in 0x8000_u32..0x80_0000, size in 3_u32..=0x1c, first: u32, span in 0_u32..20_000_000
    ) {
        let bits = CompactTarget(mantissa | size << 24);
        let last = first.saturating_add(span);
        let ours = next_target_bits(BlockTime(first), BlockTime(last), bits, &bitcoin_2009());
        let theirs = bitcoin::CompactTarget::from_next_work_required(
            bitcoin::CompactTarget::from_consensus(bits.0),
            u64::from(last - first),
            Params::BITCOIN,
        );
        prop_assert_eq!(ours.0, theirs.to_consensus());
    }
}

#[test]
fn genesis_of_bitcoin() {
    let theirs = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin);
    assert_eq!(bitcoin_2009().genesis.to_vec(), serialize(&theirs));
}

#[test]
fn parameters_of_bitcoin() {
    let (ours, theirs) = (bitcoin_2009(), Params::BITCOIN);
    assert_eq!(
        ours.pow_limit.to_be_bytes(),
        theirs.max_attainable_target.to_be_bytes()
    );
    assert_eq!(u64::from(ours.spacing_secs), theirs.pow_target_spacing);
    assert_eq!(ours.window_secs(), theirs.pow_target_timespan);
    assert_eq!(
        u64::from(ours.window),
        theirs.difficulty_adjustment_interval()
    );
    assert_eq!(ours.halving, bitcoin::constants::SUBSIDY_HALVING_INTERVAL);
    assert_eq!(
        ours.coinbase_maturity,
        bitcoin::constants::COINBASE_MATURITY
    );
    assert_eq!(
        chain::Amount::MAX_MONEY.to_sat(),
        bitcoin::Amount::MAX_MONEY.to_sat()
    );
}

#[test]
fn outputs_of_any_value() {
    for value in [i64::MIN, -1, 0, 1, i64::MAX] {
        let ours = TxOut {
            value,
            script_pubkey: chain::Script(vec![]),
        };
        let theirs: bitcoin::TxOut = deserialize(&ours.to_vec()).expect("our encoding is theirs");
        assert_eq!(theirs.value.to_sat(), value as u64);
    }
}
