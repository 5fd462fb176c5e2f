//! Checks the checkers: each must see a violation that is forged in front of it, and stay quiet
//! otherwise.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use chain::{
    Amount, Block, BlockId, BlockTime, ChainParams, CompactTarget, Encode, Height, Script,
    Transaction, TxOut, U256, block_proof, tabchain,
};
use protocol::{Batch, Key, Output, Sheet, Value, Write};
use sim::checkers::{Agreement, Checker, MostWork, Record, Supply};

fn params() -> ChainParams {
    tabchain("forged", 10, CompactTarget(0x207f_ffff), 8, 2).expect("within limits")
}

/// A block on `parent` that pays `coins` coins; `branch` tells siblings apart.
fn block(parent: &Block, height: u32, coins: u64, branch: u8) -> Block {
    let amount = Amount::new(coins * Amount::COIN.to_sat()).expect("little money");
    let reward = TxOut::new(amount, Script(vec![0x51]));
    let coinbase = Transaction::coinbase(Height(height), &[branch], vec![reward]);
    let mut block = Block {
        header: parent.header,
        transactions: vec![coinbase],
    };
    block.header.prev = parent.id();
    block.header.time = BlockTime(parent.header.time.0 + 10);
    block.commit();
    block
}

fn save(block: &Block) -> Output {
    let key = Key::shared(block.id().as_bytes().as_slice());
    Output::Save(Batch(vec![Write::Put {
        key,
        value: Arc::from(block.to_vec()),
    }]))
}

fn branch(params: &ChainParams, length: u32, tag: u8) -> Vec<Block> {
    let mut blocks = vec![params.genesis.clone()];
    for height in 1..=length {
        let coins = 50 >> (height / 2);
        blocks.push(block(&blocks[blocks.len() - 1], height, coins, tag));
    }
    blocks
}

fn sheet(tip: BlockId, work: U256, supply: u64) -> Sheet {
    Sheet::new("node")
        .row("tip", Value::Block(tip))
        .row("work", Value::Hex(format!("{work:x}")))
        .row("supply", Value::Number(supply))
        .row("progress", Value::Word("ready"))
}

/// The truthful sheet of a node that stands on the last of these blocks.
fn honest(blocks: &[Block]) -> Sheet {
    let tip = blocks.last().expect("genesis at least");
    let proof = block_proof(tip.header.bits).0;
    let supply: i64 = blocks[1..]
        .iter()
        .map(|block| block.transactions[0].outputs[0].value)
        .sum();
    let work = proof * U256::from(blocks.len());
    sheet(tip.id(), work, u64::try_from(supply).expect("money"))
}

fn record(params: &ChainParams) -> Rc<RefCell<Record>> {
    Rc::new(RefCell::new(Record::new(params)))
}

/// Lets a checker watch a node honestly accept a branch, block by block.
fn grow(checker: &mut dyn Checker, seat: u32, blocks: &[Block]) -> Result<(), String> {
    (1..=blocks.len()).try_for_each(|length| {
        let out = if length > 1 {
            vec![save(&blocks[length - 1])]
        } else {
            vec![]
        };
        checker.after_step(seat, &out, &honest(&blocks[..length]))
    })
}

#[test]
fn work_that_goes_back_is_seen() {
    let params = params();
    let mut checker = MostWork::new(record(&params));
    let blocks = branch(&params, 4, 0);
    grow(&mut checker, 0, &blocks).expect("honest");
    checker
        .after_step(1, &[], &honest(&blocks[..3]))
        .expect("another node may be behind");
    checker.booted(0);
    let seen = checker
        .after_step(0, &[], &honest(&blocks[..4]))
        .expect_err("forged");
    assert!(seen.contains("back"), "{seen}");
}

#[test]
fn a_node_that_stays_on_a_lighter_branch_is_seen() {
    let params = params();
    let mut checker = MostWork::new(record(&params));
    let [light, heavy] = [branch(&params, 1, 0), branch(&params, 2, 1)];
    grow(&mut checker, 0, &light).expect("honest");
    let out = [save(&heavy[1]), save(&heavy[2])];
    let seen = checker
        .after_step(0, &out, &honest(&light))
        .expect_err("forged");
    assert!(seen.contains("back"), "{seen}");
}

#[test]
fn a_disk_that_loses_what_a_dying_step_saved_is_seen() {
    let params = params();
    let mut checker = MostWork::new(record(&params));
    let blocks = branch(&params, 2, 0);
    grow(&mut checker, 0, &blocks[..2]).expect("honest");
    checker.died(0, &[save(&blocks[2])]).expect("honest");
    checker.booted(0);
    let seen = checker
        .after_step(0, &[], &honest(&blocks[..2]))
        .expect_err("forged");
    assert!(seen.contains("back"), "{seen}");
    checker
        .after_step(0, &[], &honest(&blocks))
        .expect("an honest disk");
}

#[test]
fn work_that_was_not_done_is_seen() {
    let params = params();
    let mut checker = MostWork::new(record(&params));
    let blocks = branch(&params, 2, 0);
    grow(&mut checker, 0, &blocks).expect("honest");
    let tip = blocks[2].id();
    let forged = sheet(tip, U256::from(1_000), 0);
    assert!(checker.after_step(0, &[], &forged).is_err());
}

#[test]
fn a_tip_that_was_never_saved_is_seen() {
    let params = params();
    let blocks = branch(&params, 1, 0);
    let mut checker = MostWork::new(record(&params));
    let seen = checker
        .after_step(0, &[], &honest(&blocks))
        .expect_err("saved nothing");
    assert!(seen.contains("nobody saved"), "{seen}");
}

#[test]
fn coins_out_of_nothing_are_seen() {
    let params = params();
    let mut checker = Supply::new(record(&params), &params);
    let blocks = branch(&params, 3, 0);
    grow(&mut checker, 0, &blocks).expect("honest");
    let mut claims = honest(&blocks);
    claims.rows[2].value = Value::Number(7);
    let seen = checker
        .after_step(0, &[], &claims)
        .expect_err("a wrong sum");
    assert!(seen.contains("holds 7"), "{seen}");
    // A block that pays more than its height allows, reported truthfully.
    let greedy = block(&blocks[3], 4, 50, 0);
    let longer = [blocks.as_slice(), &[greedy]].concat();
    let out = [save(&longer[4])];
    let seen = checker
        .after_step(0, &out, &honest(&longer))
        .expect_err("inflation");
    assert!(seen.contains("allowed"), "{seen}");
}

#[test]
fn two_final_blocks_of_a_height_are_seen() {
    let params = params();
    let mut checker = Agreement::new(record(&params), 2);
    let ours = branch(&params, 4, 1);
    let theirs = branch(&params, 4, 2);
    grow(&mut checker, 0, &ours).expect("honest");
    grow(&mut checker, 1, &ours).expect("the same");
    grow(&mut checker, 2, &theirs[..3]).expect("two blocks deep is not final yet");
    let seen = grow(&mut checker, 2, &theirs).expect_err("height 1 twice");
    assert!(seen.contains("final for node 2"), "{seen}");
}

#[test]
fn a_node_that_changes_its_own_final_block_is_seen() {
    let params = params();
    let mut checker = Agreement::new(record(&params), 1);
    grow(&mut checker, 0, &branch(&params, 2, 1)).expect("honest");
    assert!(grow(&mut checker, 0, &branch(&params, 3, 2)).is_err());
}
