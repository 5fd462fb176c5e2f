//! Rules on blocks and transactions by themselves, each broken on purpose.
#![cfg(not(target_arch = "wasm32"))]

use chain::merkle;
use chain::{
    Amount, BitcoinHeader, Block, BlockTime, ChainParams, CompactTarget, DecodeError, Encode,
    Height, MerkleRoot, OutPoint, Reject, Script, Transaction, TxIn, TxOut, Txid, Witness,
    bitcoin_2009, check_body_at, decode_exact, sha256d, tabchain,
};

const EASY: CompactTarget = CompactTarget(0x207f_ffff);

fn room() -> ChainParams {
    tabchain("bodies", 10, EASY, 20, 100).expect("sane parameters")
}

fn pay(sat: i64) -> TxOut {
    TxOut {
        value: sat,
        script_pubkey: Script(vec![0x51]),
    }
}

fn outpoint(seed: u8, vout: u32) -> OutPoint {
    OutPoint {
        txid: Txid::from_bytes(sha256d(&[seed])),
        vout,
    }
}

fn spend(seed: u8) -> Transaction {
    let inputs = vec![TxIn::new(outpoint(seed, 0))];
    Transaction {
        version: 2,
        inputs,
        outputs: vec![pay(1000)],
        lock_time: 0,
    }
}

fn coinbase() -> Transaction {
    Transaction::coinbase(Height(1), b"test", vec![pay(5_000_000_000)])
}

/// A block of these transactions with the right root and a solved header.
fn block(transactions: Vec<Transaction>) -> Block {
    let header = BitcoinHeader {
        version: 1,
        prev: room().genesis_id(),
        merkle_root: MerkleRoot::ZERO,
        time: BlockTime(1_800_000_000),
        bits: EASY,
        nonce: 0,
    };
    let mut block = Block {
        header,
        transactions,
    };
    block.header.merkle_root = block.merkle_root().0;
    solve(&mut block);
    block
}

fn solve(block: &mut Block) {
    while block.header.check_pow(room().pow_limit).is_err() {
        block.header.nonce += 1;
    }
}

fn reject(block: &Block) -> Reject {
    block.check(&room()).expect_err("the block breaks a rule")
}

fn reject_tx(tx: Transaction) -> Reject {
    let reject = tx
        .check(1_000_000)
        .expect_err("the transaction breaks a rule");
    // The same in a block: no path skips the check (CVE-2018-17144).
    assert_eq!(self::reject(&block(vec![coinbase(), tx])), reject);
    reject
}

#[test]
fn a_good_block_passes() {
    assert_eq!(
        block(vec![coinbase(), spend(1), spend(2)]).check(&room()),
        Ok(())
    );
}

#[test]
fn a_body_with_another_root_is_not_the_headers_fault() {
    let honest = block(vec![coinbase(), spend(1)]);
    let mut forged = honest.clone();
    forged.transactions.push(spend(2));
    let found = honest.header.merkle_root;
    let computed = forged.merkle_root().0;
    assert_eq!(reject(&forged), Reject::BadTxnMrklRoot { found, computed });
    assert!(!reject(&forged).is_permanent());
    assert_eq!(honest.check(&room()), Ok(()));

    let mut wrong = honest;
    let mut root = *found.as_bytes();
    root[0] = root[0].wrapping_add(1);
    wrong.header.merkle_root = MerkleRoot::from_bytes(root);
    solve(&mut wrong);
    assert_eq!(reject(&wrong).name(), "bad-txnmrklroot");
}

#[test]
fn work_comes_before_the_body() {
    let mut unsolved = block(vec![spend(1)]);
    while unsolved.header.check_pow(room().pow_limit).is_ok() {
        unsolved.header.nonce += 1;
    }
    assert_eq!(reject(&unsolved).name(), "high-hash");
    assert_eq!(unsolved.check_body(&room()), Err(Reject::BadCbMissing));
}

#[test]
fn repeated_tail_cve_2012_2459_does_not_poison_the_honest_block() {
    for count in [2_usize, 4, 5, 9] {
        let mut transactions = vec![coinbase()];
        transactions.extend((0..count as u8).map(spend));
        let honest = block(transactions.clone());
        let tail = 1 << transactions.len().trailing_zeros();
        transactions.extend_from_within(transactions.len() - tail..);
        let mutated = Block {
            header: honest.header,
            transactions,
        };
        if tail == 1 << (count + 1).ilog2() {
            // Repeating a full tree makes it one level higher, with another root.
            assert_eq!(reject(&mutated).name(), "bad-txnmrklroot");
        } else {
            assert_eq!(mutated.id(), honest.id());
            assert_eq!(reject(&mutated), Reject::BadTxnsDuplicate);
        }
        assert!(!reject(&mutated).is_permanent());
        assert_eq!(honest.check(&room()), Ok(()));
    }
}

#[test]
fn bloated_encoding_is_no_block_and_the_canonical_one_still_is() {
    let honest = block(vec![coinbase(), spend(1)]);
    let bytes = honest.to_vec();
    let (header, body) = bytes.split_at(80);
    assert_eq!(body[0], 2);
    let long: [&[u8]; 3] = [
        &[0xfd, 2, 0],
        &[0xfe, 2, 0, 0, 0],
        &[0xff, 2, 0, 0, 0, 0, 0, 0, 0],
    ];
    for count in long {
        let bloated = [header, count, &body[1..]].concat();
        let error = decode_exact::<Block>(&bloated).expect_err("not the shortest form");
        assert_eq!(error, DecodeError::NonCanonicalSize(2));
    }
    assert_eq!(decode_exact::<Block>(&bytes), Ok(honest));
}

#[test]
fn the_coinbase_is_there_first_and_alone() {
    let mut empty = block(vec![]);
    assert_eq!(empty.header.merkle_root, MerkleRoot::ZERO);
    assert_eq!(
        reject(&empty),
        Reject::BadBlkLength {
            size: 81,
            limit: 125_000
        }
    );
    empty.transactions.push(coinbase());
    assert_eq!(reject(&empty).name(), "bad-txnmrklroot");
    assert_eq!(reject(&block(vec![spend(1)])), Reject::BadCbMissing);
    assert_eq!(
        reject(&block(vec![spend(1), coinbase()])),
        Reject::BadCbMissing
    );
    let mut second = coinbase();
    second.lock_time = 1;
    let two = block(vec![coinbase(), spend(1), second]);
    assert_eq!(reject(&two), Reject::BadCbMultiple { index: 2 });
}

#[test]
fn coinbase_script_has_2_to_100_bytes() {
    for (len, good) in [(0, false), (1, false), (2, true), (100, true), (101, false)] {
        let mut tx = coinbase();
        tx.inputs[0].script_sig = Script(vec![0x51; len]);
        let verdict = block(vec![tx]).check(&room());
        let expected = Reject::BadCbLength { len: len as u64 };
        assert_eq!(verdict, if good { Ok(()) } else { Err(expected) }, "{len}");
    }
}

#[test]
fn three_reasons_for_three_ways_to_pay_too_much_or_too_little() {
    let max = Amount::MAX_MONEY.to_sat() as i64;
    let paying = |values: &[i64]| Transaction {
        outputs: values.iter().map(|value| pay(*value)).collect(),
        ..spend(1)
    };
    assert_eq!(reject_tx(paying(&[-1])), Reject::VoutNegative { value: -1 });
    assert_eq!(
        reject_tx(paying(&[i64::MIN])),
        Reject::VoutNegative { value: i64::MIN }
    );
    assert_eq!(
        reject_tx(paying(&[max + 1])),
        Reject::VoutTooLarge { value: max + 1 }
    );
    let total = 2 * max as u64;
    assert_eq!(
        reject_tx(paying(&[max, max])),
        Reject::TxOutTotalTooLarge { total }
    );
    let total = max as u64 + 1;
    assert_eq!(
        reject_tx(paying(&[max, 0, 1])),
        Reject::TxOutTotalTooLarge { total }
    );
    assert_eq!(paying(&[max, 0]).check(1_000_000), Ok(()));
    assert_eq!(paying(&[0]).check(1_000_000), Ok(()));
}

/// Block 74638: two outputs whose sum wraps to -0.01 coin.
#[test]
fn output_sum_overflow_cve_2010_5139() {
    let value = 0x7fff_ffff_fff8_5ee0;
    assert_eq!((value as u64).wrapping_mul(2) as i64, -1_000_000);
    let tx = Transaction {
        outputs: vec![pay(value), pay(value)],
        ..spend(1)
    };
    assert_eq!(reject_tx(tx), Reject::VoutTooLarge { value });
    let most = Amount::MAX_MONEY;
    assert_eq!(most.checked_add(Amount::new(1).expect("a satoshi")), None);
    assert_eq!(Amount::sum([most, most]), None);
    assert_eq!(Amount::sum([Amount::ZERO, most]), Some(most));
    assert!(Amount::new(u64::MAX).is_err() && Amount::new(most.to_sat() + 1).is_err());
}

#[test]
fn inputs_duplicate_cve_2018_17144() {
    let twice = || vec![TxIn::new(outpoint(1, 0)), TxIn::new(outpoint(1, 0))];
    let tx = Transaction {
        inputs: twice(),
        ..spend(1)
    };
    assert_eq!(
        reject_tx(tx),
        Reject::InputsDuplicate {
            outpoint: outpoint(1, 0)
        }
    );
    let mut apart = twice();
    apart[1].prevout.vout = 1;
    assert_eq!(
        Transaction {
            inputs: apart,
            ..spend(1)
        }
        .check(1_000_000),
        Ok(())
    );
    // A different script or sequence does not make it a different output.
    let mut dressed = twice();
    dressed[1].sequence = 0;
    dressed.insert(1, TxIn::new(outpoint(2, 0)));
    let tx = Transaction {
        inputs: dressed,
        ..spend(1)
    };
    assert_eq!(reject_tx(tx).name(), "bad-txns-inputs-duplicate");
}

#[test]
fn transactions_need_inputs_outputs_and_real_outpoints() {
    assert_eq!(
        reject_tx(Transaction {
            inputs: vec![],
            ..spend(1)
        }),
        Reject::VinEmpty
    );
    assert_eq!(
        reject_tx(Transaction {
            outputs: vec![],
            ..spend(1)
        }),
        Reject::VoutEmpty
    );
    let inputs = vec![TxIn::new(outpoint(1, 0)), TxIn::new(OutPoint::NULL)];
    let tx = Transaction { inputs, ..spend(1) };
    assert!(!tx.is_coinbase());
    assert_eq!(reject_tx(tx), Reject::PrevoutNull { input: 1 });
    let script_pubkey = Script(vec![0; 1_000_001]);
    let tx = Transaction {
        outputs: vec![TxOut {
            value: 0,
            script_pubkey,
        }],
        ..spend(1)
    };
    assert_eq!(
        tx.check(1_000_000).map_err(|reject| reject.name()),
        Err("bad-txns-oversize")
    );
}

#[test]
fn block_size_is_exact_to_the_byte() {
    let params = ChainParams {
        max_block_size: 2000,
        ..room()
    };
    let sized = |size: u64| {
        let mut padded = spend(1);
        padded.outputs[0].script_pubkey = Script(vec![0x51; 1000]);
        let rest = block(vec![coinbase(), padded.clone()]).total_size();
        padded.outputs[0]
            .script_pubkey
            .0
            .resize((1000 + size - rest) as usize, 0x51);
        let block = block(vec![coinbase(), padded]);
        assert_eq!(block.total_size(), size);
        block.check(&params)
    };
    assert_eq!(sized(2000), Ok(()));
    assert_eq!(
        sized(2001),
        Err(Reject::BadBlkLength {
            size: 2001,
            limit: 2000
        })
    );
}

#[test]
fn witnesses_count_once_and_are_not_the_headers_fault() {
    let params = ChainParams {
        max_block_size: 1000,
        ..room()
    };
    let heavy = |len: usize| {
        let mut tx = spend(1);
        tx.inputs[0].witness = Witness::new([vec![7; len]]);
        let mut block = block(vec![coinbase(), tx]);
        block.commit();
        solve(&mut block);
        block
    };
    let light = heavy(1000);
    assert!(light.total_size() > 1000 && light.stripped_size() < 1000);
    assert_eq!(light.check(&params), Ok(()));
    let room_left = (4000 - light.weight()) as usize;
    assert_eq!(heavy(1000 + room_left).weight(), 4000);
    assert_eq!(heavy(1000 + room_left).check(&params), Ok(()));
    let over = heavy(1001 + room_left).check(&params);
    assert_eq!(
        over,
        Err(Reject::BadBlkWeight {
            weight: 4001,
            limit: 4000
        })
    );
    assert!(!over.expect_err("too heavy").is_permanent());
}

#[test]
fn tampered_witnesses_bip141_do_not_poison_the_honest_block() {
    let mut tx = spend(1);
    tx.inputs[0].witness = Witness::new([b"signature".to_vec()]);
    let mut honest = block(vec![coinbase(), tx]);
    assert_eq!(reject(&honest), Reject::UnexpectedWitness { index: 1 });
    honest.commit();
    solve(&mut honest);
    assert_eq!(honest.check(&room()), Ok(()));
    let refuse = |change: &dyn Fn(&mut Block)| {
        let mut forged = honest.clone();
        change(&mut forged);
        assert_eq!(forged.id(), honest.id());
        let reject = reject(&forged);
        assert!(!reject.is_permanent());
        reject
    };
    let none = || Witness::default();
    let changed = |block: &mut Block| {
        block.transactions[1].inputs[0].witness = Witness::new([b"Signature"]);
    };
    assert_eq!(refuse(&changed), Reject::BadWitnessMerkleMatch);
    let dropped = |block: &mut Block| block.transactions[1].inputs[0].witness = none();
    assert_eq!(refuse(&dropped), Reject::BadWitnessMerkleMatch);
    let unreserved = |block: &mut Block| block.transactions[0].inputs[0].witness = none();
    assert_eq!(refuse(&unreserved), Reject::BadWitnessNonceSize);
    let two = |block: &mut Block| {
        block.transactions[0].inputs[0].witness = Witness::new([vec![0; 32], vec![]]);
    };
    assert_eq!(refuse(&two), Reject::BadWitnessNonceSize);
    // Without a commitment to witnesses, none is allowed.
    let old = ChainParams {
        segwit: false,
        ..room()
    };
    assert_eq!(
        honest.check(&old),
        Err(Reject::UnexpectedWitness { index: 0 })
    );
    // Committing twice changes nothing.
    let again = || {
        let mut block = honest.clone();
        block.commit();
        block
    };
    assert_eq!(again(), honest);
}

/// 64 bytes can be read as a transaction and as two Merkle nodes.
#[test]
fn merkle_leaf_node_ambiguity_cve_2017_12842() {
    let hex_tx = "0200000001827da3d85a6547d6b03662d2cb86982d655a6f390547285a3bf9ec9f28e0c883\
                  1500000000ffffffff010000000000000000040051525400000000";
    let tx: Transaction = decode_exact(&hex::decode(hex_tx).expect("hexadecimal")).expect("parses");
    assert_eq!(tx.stripped_size(), 64);
    let bytes = tx.to_vec();
    let (left, right) = bytes.split_at(32);
    let left: &[u8; 32] = left.try_into().expect("half of 64 bytes");
    let right: &[u8; 32] = right.try_into().expect("half of 64 bytes");
    assert_eq!(*tx.txid().as_bytes(), merkle::node(left, right));

    let with = block(vec![coinbase(), tx.clone()]);
    assert_eq!(reject(&with), Reject::TxSixtyFourBytes { index: 1 });
    assert!(reject(&with).is_permanent());
    assert_eq!(
        with.check(&ChainParams {
            forbid_64_byte_tx: false,
            ..room()
        }),
        Ok(())
    );
    // Without a coinbase, the list may be a level of an honest block's tree.
    let nodes = block(vec![tx]);
    assert_eq!(reject(&nodes), Reject::MerkleAmbiguous { index: 0 });
    assert!(!reject(&nodes).is_permanent());
}

#[test]
fn final_transactions_and_heights_bip34_bip113() {
    let params = room();
    let (height, median) = (Height(20), BlockTime(1_800_000_000));
    let verdict = |tx: Transaction, coinbase_height| {
        let coinbase = Transaction::coinbase(Height(coinbase_height), b"x", vec![pay(1)]);
        check_body_at(&block(vec![coinbase, tx]), height, median, &params)
    };
    let locked = |lock_time, sequence| {
        let mut tx = spend(1);
        tx.lock_time = lock_time;
        tx.inputs[0].sequence = sequence;
        tx
    };
    assert_eq!(verdict(locked(0, 0), 20), Ok(()));
    assert_eq!(verdict(locked(19, 0), 20), Ok(()));
    assert_eq!(verdict(locked(u32::MAX, TxIn::FINAL), 20), Ok(()));
    assert_eq!(verdict(locked(1_799_999_999, 0), 20), Ok(()));
    for lock_time in [20, 499_999_999, 1_800_000_000, u32::MAX] {
        let txid = locked(lock_time, 0).txid();
        assert_eq!(
            verdict(locked(lock_time, 0), 20),
            Err(Reject::NonFinal { txid, lock_time })
        );
    }
    for wrong in [0, 1, 16, 19, 21, 276] {
        assert_eq!(
            verdict(spend(1), wrong),
            Err(Reject::BadCbHeight { required: height })
        );
    }
    let mut early = coinbase();
    early.lock_time = u32::MAX;
    early.inputs[0].sequence = 0;
    let early = check_body_at(&block(vec![early]), Height(1), median, &params);
    assert_eq!(
        early.map_err(|reject| reject.name()),
        Err("bad-txns-nonfinal")
    );
    assert_eq!(
        check_body_at(&bitcoin_2009().genesis, Height(0), median, &bitcoin_2009()),
        Ok(())
    );
}

#[test]
fn every_reason_has_its_own_name_and_says_its_values() {
    let mut names = Reject::NAMES.to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Reject::NAMES.len());
    let value = -5;
    assert_eq!(
        Reject::VoutNegative { value }.to_string(),
        "bad-txns-vout-negative value=-5"
    );
    assert_eq!(Reject::BadTxnsDuplicate.to_string(), "bad-txns-duplicate");
}
