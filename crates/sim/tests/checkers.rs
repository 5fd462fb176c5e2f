//! Checks the checkers: each must see a violation that is forged in front of it, and stay quiet
//! otherwise.

use std::sync::Arc;

use chain::{
    Amount, Block, BlockId, BlockTime, ChainParams, CompactTarget, Encode, Height, PeerId, Script,
    Time, Transaction, TxOut, U256, Work, block_proof, tabchain,
};
use ledger::{Touch, Touched};
use protocol::{
    AskId, Batch, Body, Claim, Death, Glance, Input, JobId, Key, Kin, Output, Proposal, Receipt,
    Remains, Request, Saved, Seen, Values, Write,
};
use sim::checkers::{
    Agreement, Answers, Checker, LinearizableReads, MostWork, OneHistory, Record, SETTLES, Supply,
};

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

fn glance(tip: BlockId, work: U256, supply: u64) -> Glance {
    Glance {
        tip,
        work: Work(work),
        supply: Amount::new(supply).expect("money"),
        is_ready: true,
        ..Glance::default()
    }
}

/// The truthful glance of a node that stands on the last of these blocks.
fn honest(blocks: &[Block]) -> Glance {
    let tip = blocks.last().expect("genesis at least");
    let proof = block_proof(tip.header.bits).0;
    let supply: i64 = blocks[1..]
        .iter()
        .map(|block| block.transactions[0].outputs[0].value)
        .sum();
    let work = proof * U256::from(blocks.len());
    glance(tip.id(), work, u64::try_from(supply).expect("money"))
}

/// A death in which the disk loses nothing.
fn death(seat: u32) -> Death<'static> {
    Death {
        seat,
        peer: PeerId::from_bytes([0; 32]),
        remains: None,
    }
}

const INPUT: Input = Input::Spent { job: JobId(0) };

/// A step of a node, as claims see it.
fn seen(seat: u32, out: &[Output], glance: Option<Glance>) -> Seen<'_> {
    Seen {
        at: Time(0),
        seat,
        peer: PeerId::from_bytes([0; 32]),
        input: &INPUT,
        out,
        glance,
    }
}

/// A checker and all blocks that it was shown.
struct Watch<C> {
    checker: C,
    record: Record,
}

impl<C: Checker> Watch<C> {
    fn new(checker: C) -> Self {
        let record = Record::new(&params());
        Self { checker, record }
    }

    fn after(&mut self, seat: u32, out: &[Output], glance: Option<Glance>) -> Result<(), String> {
        let saved = self.record.learn(out).expect("blocks");
        let seen = seen(seat, out, glance);
        self.checker.after(&seen, &self.record, saved)
    }

    /// Watches a node honestly accept a branch, block by block.
    fn grow(&mut self, seat: u32, blocks: &[Block]) -> Result<(), String> {
        (1..=blocks.len()).try_for_each(|length| {
            let out = match length {
                1 => vec![],
                _ => vec![save(&blocks[length - 1])],
            };
            self.after(seat, &out, Some(honest(&blocks[..length])))
        })
    }
}

#[test]
fn work_that_goes_back_is_seen() {
    let mut watch = Watch::new(MostWork::default());
    let blocks = branch(&params(), 4, 0);
    watch.grow(0, &blocks).expect("honest");
    let behind = Some(honest(&blocks[..3]));
    watch.after(1, &[], behind).expect("another node");
    let back = watch.after(0, &[], Some(honest(&blocks[..4])));
    assert!(back.expect_err("forged").contains("back"));
}

#[test]
fn a_node_that_stays_on_a_lighter_branch_is_seen() {
    let mut watch = Watch::new(MostWork::default());
    let [light, heavy] = [branch(&params(), 1, 0), branch(&params(), 2, 1)];
    watch.grow(0, &light).expect("honest");
    let out = [save(&heavy[1]), save(&heavy[2])];
    let stays = watch.after(0, &out, Some(honest(&light)));
    assert!(stays.expect_err("forged").contains("back"));
}

#[test]
fn what_the_power_took_is_not_asked_for_and_all_else_is() {
    let mut watch = Watch::new(MostWork::default());
    let blocks = branch(&params(), 3, 0);
    watch.grow(0, &blocks).expect("honest");
    let raw = |block: &Block| (block.id().as_bytes().to_vec(), Arc::from(block.to_vec()));
    let (own, shared) = (Values::new(), blocks[1..3].iter().map(raw).collect());
    let remains = Some(Remains {
        own: &own,
        shared: &shared,
    });
    let death = Death {
        remains,
        ..death(0)
    };
    watch.checker.died(&death, &watch.record);
    assert_eq!(watch.after(0, &[], Some(honest(&blocks[..3]))), Ok(()));
    let loses = watch.after(0, &[], Some(honest(&blocks[..2])));
    assert!(loses.expect_err("forged").contains("back"));
}

#[test]
fn a_disk_that_loses_what_a_dying_step_saved_is_seen() {
    let mut watch = Watch::new(MostWork::default());
    let blocks = branch(&params(), 2, 0);
    watch.grow(0, &blocks[..2]).expect("honest");
    watch.after(0, &[save(&blocks[2])], None).expect("it dies");
    let loses = watch.after(0, &[], Some(honest(&blocks[..2])));
    assert!(loses.expect_err("forged").contains("back"));
    let finds = watch.after(0, &[], Some(honest(&blocks)));
    assert_eq!(finds, Ok(()));
}

#[test]
fn work_that_was_not_done_is_seen() {
    let mut watch = Watch::new(MostWork::default());
    let blocks = branch(&params(), 2, 0);
    watch.grow(0, &blocks).expect("honest");
    let forged = glance(blocks[2].id(), U256::from(1_000), 0);
    assert!(watch.after(0, &[], Some(forged)).is_err());
}

#[test]
fn a_tip_that_was_never_saved_is_seen() {
    let blocks = branch(&params(), 1, 0);
    let mut watch = Watch::new(MostWork::default());
    let stands = watch.after(0, &[], Some(honest(&blocks)));
    assert!(stands.expect_err("forged").contains("nobody saved"));
}

#[test]
fn coins_out_of_nothing_are_seen() {
    let params = params();
    let mut watch = Watch::new(Supply::new(&params));
    let blocks = branch(&params, 3, 0);
    watch.grow(0, &blocks).expect("honest");
    let claims = Glance {
        supply: Amount::new(7).expect("money"),
        ..honest(&blocks)
    };
    let wrong = watch.after(0, &[], Some(claims));
    assert!(wrong.expect_err("a wrong sum").contains("holds 7"));
    // A block that pays more than its height allows, reported truthfully.
    let greedy = block(&blocks[3], 4, 50, 0);
    let longer = [blocks.as_slice(), &[greedy]].concat();
    let pays = watch.after(0, &[save(&longer[4])], Some(honest(&longer)));
    assert!(pays.expect_err("inflation").contains("allowed"));
}

#[test]
fn two_final_blocks_of_a_height_are_seen() {
    let mut watch = Watch::new(Agreement::new(2));
    let [ours, theirs] = [branch(&params(), 4, 1), branch(&params(), 4, 2)];
    watch.grow(0, &ours).expect("honest");
    watch.grow(1, &ours).expect("the same");
    watch.grow(2, &theirs[..3]).expect("not final yet");
    let twice = watch.grow(2, &theirs).expect_err("height 1 twice");
    assert!(twice.contains("final for node 2"), "{twice}");
}

#[test]
fn a_node_that_changes_its_own_final_block_is_seen() {
    let mut watch = Watch::new(Agreement::new(1));
    watch.grow(0, &branch(&params(), 2, 1)).expect("honest");
    assert!(watch.grow(0, &branch(&params(), 3, 2)).is_err());
}

/// A slot is executed, and a block of this name comes of it, or none.
fn executed(slot: u64, block: Option<u8>) -> Output {
    Output::Executed {
        slot,
        proposal: Arc::new(Proposal {
            time: Time(0),
            proposer: chain::Seat(0),
            body: Body::Noop,
        }),
        block: block.map(|name| BlockId::from_bytes([name; 32])),
        receipts: Arc::new([]),
    }
}

fn after(
    claim: &mut OneHistory,
    seat: u32,
    slots: &[(u64, Option<u8>)],
    glance: Option<Glance>,
) -> Result<(), String> {
    let executed = slots.iter().map(|(slot, block)| executed(*slot, *block));
    let out: Vec<Output> = executed.collect();
    claim.after(&seen(seat, &out, glance))
}

#[test]
fn two_histories_of_the_same_slots_are_seen() {
    let alive = Some(Glance::default());
    let claim = &mut OneHistory::default();
    after(claim, 0, &[(1, Some(1)), (2, None)], alive).expect("first");
    after(claim, 1, &[(1, Some(1)), (2, None), (3, Some(3))], alive).expect("the same, and more");
    after(claim, 0, &[(3, Some(3))], alive).expect("the same");
    assert!(
        after(claim, 2, &[(1, Some(2))], alive).is_err(),
        "another block"
    );
    assert!(
        after(claim, 3, &[(1, Some(1)), (2, Some(2))], alive).is_err(),
        "a block of nothing"
    );
    assert!(
        after(claim, 0, &[(5, Some(5))], alive).is_err(),
        "a slot is left out"
    );
    after(claim, 1, &[(4, Some(4))], None).expect("it crashes in this");
    assert_eq!(claim.died(&death(1)), Ok(()));
    after(claim, 1, &[(1, Some(1))], alive).expect("from the first slot again");
    assert!(
        after(claim, 1, &[(1, Some(1))], alive).is_err(),
        "twice in one life"
    );
    let mut other = claim.fork(&mut Kin::default());
    let forged = [executed(4, Some(5))];
    assert!(
        other.after(&seen(1, &forged, alive)).is_err(),
        "another life, another history"
    );
}

#[test]
fn snapshots_of_another_history_are_seen() {
    let restored = |slot, tip: u8| {
        let tip = BlockId::from_bytes([tip; 32]);
        Output::Restored { slot, tip }
    };
    let alive = Some(Glance::default());
    let mut claim = OneHistory::default();
    let executes: Vec<Output> = [(1, None), (2, Some(2)), (3, None)]
        .map(|(slot, block)| executed(slot, block))
        .into();
    claim.after(&seen(0, &executes, alive)).expect("first");
    let judge = |seat, out: &[Output]| {
        claim
            .fork(&mut Kin::default())
            .after(&seen(seat, out, alive))
    };
    assert_eq!(judge(1, &[restored(2, 2), executed(3, None)]), Ok(()));
    assert_eq!(judge(1, &[restored(3, 2), executed(4, None)]), Ok(()));
    assert_eq!(
        judge(1, &[restored(1, 0), executed(2, Some(2))]),
        Ok(()),
        "no block yet"
    );
    assert!(judge(1, &[restored(3, 3)]).is_err(), "another block");
    assert!(
        judge(1, &[restored(4, 2)]).is_err(),
        "nobody has been there"
    );
    assert!(judge(0, &[restored(2, 2)]).is_err(), "back in one life");
    assert!(
        judge(1, &[restored(2, 2), executed(4, None)]).is_err(),
        "a slot is left out"
    );
}

#[test]
fn a_request_with_two_effects_is_seen() {
    let slot = |slot: u64, number: u64, tx: &[u8], receipt: &[u8]| {
        let client = PeerId::from_bytes([7; 32]);
        let request = Request {
            client,
            number,
            tx: tx.into(),
        };
        let receipt = Receipt {
            client,
            number,
            receipt: receipt.into(),
        };
        Output::Executed {
            slot,
            proposal: Arc::new(Proposal {
                time: Time(0),
                proposer: chain::Seat(0),
                body: Body::Requests(vec![request]),
            }),
            block: Some(BlockId::from_bytes([1; 32])),
            receipts: Arc::new([receipt]),
        }
    };
    let judge = |slots: &[Output]| {
        let mut claim = OneHistory::default();
        claim.after(&seen(0, slots, Some(Glance::default())))
    };
    let first = || slot(1, 5, b"a", b"done");
    assert_eq!(judge(&[first(), slot(2, 5, b"a", b"done")]), Ok(()));
    assert_eq!(judge(&[first(), slot(2, 6, b"a", b"more")]), Ok(()));
    let later = [first(), slot(2, 6, b"b", b"more"), slot(3, 5, b"a", b"")];
    assert_eq!(judge(&later), Ok(()), "its client has gone on");
    judge(&[first(), slot(2, 5, b"a", b"again")]).expect_err("another receipt");
    judge(&[first(), slot(2, 5, b"b", b"done")]).expect_err("another transaction");
    judge(&[first(), slot(2, 4, b"b", b"done")]).expect_err("an older one");
}

#[test]
fn what_is_answered_twice_or_never_is_seen() {
    let ask = AskId(1);
    let submit = Input::Submit {
        ask,
        tx: Arc::from(*b"x"),
    };
    let answer = [Output::Answer { ask, receipt: None }];
    let step = |input, out| Seen {
        input,
        out,
        ..seen(3, &[], Some(Glance::default()))
    };
    let mut claim = Answers::default();
    claim.after(&step(&submit, &[])).expect("asked");
    assert_eq!(claim.at_end(Time(SETTLES.0 - 1)), Ok(()), "there is time");
    assert!(claim.at_end(Time(SETTLES.0)).is_err());
    let mut other = claim.clone();
    claim.after(&step(&INPUT, &answer)).expect("answered");
    assert_eq!(claim.at_end(Time(SETTLES.0)), Ok(()));
    assert!(claim.after(&step(&INPUT, &answer)).is_err(), "again");
    assert_eq!(other.died(&death(3)), Ok(()));
    assert_eq!(
        other.at_end(Time(SETTLES.0)),
        Ok(()),
        "and nobody waits any more"
    );
    let boot = Input::Boot {
        saved: Saved::default(),
    };
    assert!(
        other.after(&step(&boot, &answer)).is_err(),
        "of another life"
    );
}

/// Receipts of a toy ledger: `r` or `w`, a key, and its version; 0 for no value.
fn touched(receipt: &[u8]) -> Option<Touched> {
    let (mut reads, mut writes) = (vec![], vec![]);
    let [what, touches @ ..] = receipt else {
        return None;
    };
    for touch in touches.chunks(2) {
        let version = (touch[1] > 0).then_some(touch[1].into());
        let key = touch[..1].to_vec();
        if *what == b'r' {
            &mut reads
        } else {
            &mut writes
        }
        .push(Touch { key, version });
    }
    Some(Touched { reads, writes })
}

/// A run in which clients write and read; the first slot is 1.
struct Reads(LinearizableReads);

impl Reads {
    fn new() -> Self {
        Self(LinearizableReads::new(touched))
    }

    fn asks(&mut self, client: u8) -> &mut Self {
        let (ask, tx) = (AskId(0), Arc::from(*b"x"));
        let input = Input::Submit { ask, tx };
        self.look(client, &input, &[]).expect("asked");
        self
    }

    /// Requests of clients, each with its number and receipt, are executed together.
    fn executes(&mut self, slot: u64, requests: &[(u8, u64, &[u8])]) -> &mut Self {
        let client = |client: u8| PeerId::from_bytes([client; 32]);
        let request = |(name, number, tx): &(u8, u64, &[u8])| Request {
            client: client(*name),
            number: *number,
            tx: Arc::from(*tx),
        };
        let receipt = |(name, number, receipt): &(u8, u64, &[u8])| Receipt {
            client: client(*name),
            number: *number,
            receipt: Arc::from(*receipt),
        };
        let executed = Output::Executed {
            slot,
            proposal: Arc::new(Proposal {
                time: Time(0),
                proposer: chain::Seat(0),
                body: Body::Requests(requests.iter().map(request).collect()),
            }),
            block: None,
            receipts: requests.iter().map(receipt).collect(),
        };
        self.look(100, &INPUT, &[executed]).expect("executed");
        self
    }

    fn answered(&mut self, client: u8, receipt: &[u8]) -> Result<(), String> {
        let (ask, receipt) = (AskId(0), Some(receipt.into()));
        self.look(client, &INPUT, &[Output::Answer { ask, receipt }])
    }

    fn look(&mut self, client: u8, input: &Input, out: &[Output]) -> Result<(), String> {
        self.0.after(&Seen {
            seat: client.into(),
            peer: PeerId::from_bytes([client; 32]),
            input,
            ..seen(0, out, Some(Glance::default()))
        })
    }
}

#[test]
fn a_read_that_misses_an_answered_write_is_seen() {
    let mut run = Reads::new();
    run.asks(1).executes(1, &[(1, 1, b"wa\x01")]);
    run.asks(2);
    assert_eq!(run.answered(2, b"ra\x00"), Ok(()), "not answered yet");
    run.answered(1, b"wa\x01").expect("written");
    run.asks(2);
    run.answered(2, b"ra\x00").expect_err("stale");
    run.asks(2);
    assert_eq!(run.answered(2, b"ra\x01"), Ok(()));
    run.asks(2)
        .answered(2, b"ra\x02")
        .expect_err("nobody wrote that");
    // A value that was taken away is as good as none.
    run.asks(1).executes(2, &[(1, 2, b"wa\x00")]);
    run.answered(1, b"wa\x00").expect("removed");
    run.asks(2).answered(2, b"ra\x01").expect_err("it is gone");
}

#[test]
fn a_read_that_goes_back_behind_another_is_seen() {
    let mut run = Reads::new();
    run.asks(1)
        .asks(2)
        .asks(3)
        .executes(1, &[(1, 1, b"wa\x01")]);
    assert_eq!(run.answered(2, b"ra\x01"), Ok(()));
    assert_eq!(run.answered(3, b"ra\x00"), Ok(()), "both at once");
    run.asks(3)
        .answered(3, b"ra\x00")
        .expect_err("that was read");
}

#[test]
fn reads_between_the_writes_of_a_slot_happen_at_one_moment() {
    let mut run = Reads::new();
    run.asks(1).asks(2).asks(3).asks(4);
    let slot: [(u8, u64, &[u8]); 3] =
        [(1, 1, b"wa\x01"), (3, 1, b"ra\x01b\x00"), (2, 1, b"wb\x02")];
    run.executes(1, &slot);
    assert_eq!(run.answered(3, b"ra\x01b\x00"), Ok(()));
    run.answered(4, b"ra\x00b\x02").expect_err("never together");
}

#[test]
fn what_is_decided_again_or_asked_earlier_raises_no_alarm() {
    let mut run = Reads::new();
    run.asks(1).executes(1, &[(1, 1, b"wa\x01")]);
    run.answered(1, b"wa\x01").expect("written");
    run.asks(1)
        .executes(2, &[(1, 2, b"wa\x02"), (1, 1, b"wa\x01")]);
    run.answered(1, b"wa\x02").expect("written");
    run.asks(2);
    assert_eq!(run.answered(2, b"ra\x02"), Ok(()));
    // What waits behind another ask begins later, and who died asks no longer.
    run.asks(2).asks(2).executes(3, &[(3, 1, b"wa\x03")]);
    assert_eq!(run.answered(2, b"ra\x03"), Ok(()));
    run.answered(2, b"ra\x02")
        .expect_err("it began after the first");
    run.asks(2);
    assert_eq!(run.0.died(&death(2)), Ok(()));
    run.asks(2);
    let mut other = run.0.fork(&mut Kin::default());
    let (ask, receipt) = (AskId(0), Some(Arc::from(*b"ra\x02")));
    let stale = [Output::Answer { ask, receipt }];
    let peer = PeerId::from_bytes([2; 32]);
    let step = Seen {
        peer,
        ..seen(2, &stale, None)
    };
    assert!(other.after(&step).is_err(), "a copy knows as much");
}
