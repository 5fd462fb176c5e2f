//! A tab in an ideal browser: it is alone there, every write succeeds, everything is answered at
//! once. What goes wrong in real ones is `swarm`'s business.
#![cfg(not(target_arch = "wasm32"))]

mod disk;

use std::collections::{BTreeMap, VecDeque};

use chain::sighash::{SighashType, Sighasher};
use chain::{Address, Amount, Encode, OutPoint, SecretKey, Transaction, TxIn, TxOut, Witness};
use pool::message::{FromMiner, MINER_PROTOCOL, ToMiner};
use tab::door::{Channel, LockAnswer, LockId};
use tab::{Due, Effect, Entropy, Input, Reading, Stage, Tab};
use wire::ask::{
    AddNode, GetCoins, GetMempool, GetStatus, PayTo, Reset, SendTransaction, StartMining,
    StopMining, UndoReset,
};
use wire::coins::CoinView;
use wire::{Answer, Ask, Failure, Frame, FromEngine, Part, Power, Question, Start, ToEngine};

use self::disk::Disk;

/// What a browser would draw.
#[allow(clippy::disallowed_methods, reason = "tests play the host")]
fn entropy(byte: u8) -> Entropy {
    Entropy::from_host([byte; 32])
}

const BUILD: &str = "test";

/// The page's first message, for an easy room.
fn start() -> Input {
    let link = "/live?room=easy&spacing=10&bits=207fffff&window=8&halving=210000";
    Input::Page(ToEngine::Start(Start {
        version: wire::VERSION,
        deployment: "/".into(),
        miner_url: String::new(),
        room: Some(scenario::Room::parse(link).unwrap()),
        identities: Vec::new(),
        nodes: 1,
        replaces: false,
        cores: 4,
        power: None,
    }))
}

/// A browser with one tab.
struct Browser {
    tab: Tab,
    /// Milliseconds since the start.
    now: u64,
    todo: VecDeque<Input>,
    disk: Disk,
    held: BTreeMap<LockId, String>,
    frames: Vec<Frame>,
    answers: BTreeMap<u32, Result<Answer, Failure>>,
    said: usize,
    /// Whether workers search.
    is_mining: bool,
    asked: u32,
}

impl Browser {
    fn new() -> Self {
        let mut out = Vec::new();
        let tab = Tab::new(BUILD.into(), entropy(7), &mut out);
        let mut browser = Self {
            tab,
            now: 0,
            todo: VecDeque::new(),
            disk: Disk::default(),
            held: BTreeMap::new(),
            frames: Vec::new(),
            answers: BTreeMap::new(),
            said: 0,
            is_mining: true,
            asked: 0,
        };
        browser.carry_out(out);
        browser
    }

    /// Opens a page in an easy room.
    fn open() -> Self {
        let mut browser = Self::new();
        browser.start();
        browser.run(200);
        assert_eq!(browser.tab.glance().stage, Stage::In);
        browser
    }

    fn start(&mut self) {
        self.give(start());
    }

    /// The same browser, with the tab reloaded.
    fn reload(mut self) -> Self {
        let mut out = Vec::new();
        self.tab = Tab::new(BUILD.into(), entropy(9), &mut out);
        self.frames.clear();
        self.held.clear();
        self.carry_out(out);
        self.start();
        self.run(200);
        self
    }

    fn give(&mut self, input: Input) {
        self.todo.push_back(input);
        while let Some(input) = self.todo.pop_front() {
            let mut out = Vec::new();
            let wall = 1_790_000_000_000_000 + self.now * 1_000;
            let steady = self.now * 1_000;
            self.tab.step(Reading { wall, steady }, input, &mut out);
            self.carry_out(out);
        }
    }

    /// Lets this many milliseconds pass.
    fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        let mut turns = 0;
        while self.now < end {
            match self.tab.due() {
                Due::Now => {}
                Due::At(at) if at <= self.now * 1_000 => {}
                Due::At(at) => {
                    self.now = end.min(at.div_ceil(1_000));
                    continue;
                }
            }
            turns += 1;
            assert!(turns < 100_000, "it never rests");
            self.give(Input::Turn);
        }
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Post(FromEngine::Frame(frame)) => {
                    self.todo
                        .push_back(Input::Page(ToEngine::Ack(frame.number)));
                    self.frames.push(*frame);
                }
                Effect::Post(FromEngine::Answer { id, result }) => {
                    assert!(self.answers.insert(id, result).is_none(), "answered twice");
                }
                Effect::Say(Channel::Room, _) => self.said += 1,
                Effect::Lock { id, name, .. } => {
                    let free = self.held.values().all(|held| *held != name);
                    let answer = if free {
                        LockAnswer::Granted
                    } else {
                        LockAnswer::Taken
                    };
                    self.todo.push_back(Input::Lock(id, answer));
                    self.held.extend(free.then_some((id, name)));
                }
                Effect::Unlock(id) => drop(self.held.remove(&id)),
                Effect::QueryLocks(id) => self.todo.push_back(Input::Locks(id, Some(vec![]))),
                Effect::Open { db, .. } => self.todo.push_back(Input::Opened(db, Ok(()))),
                Effect::Read { id, db, query } => {
                    let rows = self.disk.read(db, query);
                    self.todo.push_back(Input::Read(id, Ok(rows)));
                }
                Effect::Write {
                    id, db, changes, ..
                } => {
                    self.disk.write(db, changes);
                    self.todo.push_back(Input::Written(id, Ok(())));
                }
                Effect::Spawn(id) => {
                    let (protocol, build) = (MINER_PROTOCOL, BUILD.into());
                    let ready = FromMiner::Ready { protocol, build };
                    self.todo.push_back(Input::Worker(id, ready));
                }
                Effect::Order(id, ToMiner::Search(search)) if self.is_mining => {
                    let mut found = miner::Found::new();
                    let start = u32::from(search.part) << 24;
                    miner::search(&search.header, &search.target, start, 256, &mut found);
                    if let Some(nonce) = found.as_slice().first() {
                        let (job, nonce) = (search.job, *nonce);
                        let found = FromMiner::Found { job, nonce };
                        self.todo.push_back(Input::Worker(id, found));
                    }
                }
                Effect::Calibrate { .. } => self.todo.push_back(Input::Calibrated(1_000_000)),
                _ => {}
            }
        }
    }

    fn ask<Q: Question>(&mut self, question: Q) -> Result<Q::Answer, Failure> {
        self.asked += 1;
        let id = self.asked;
        let ask: Ask = question.ask();
        self.give(Input::Page(ToEngine::Ask { id, ask }));
        self.run(100);
        let answer = self.answers[&id].clone()?;
        Ok(Q::read(answer).expect("the answer is of the question's type"))
    }

    fn height(&self) -> u32 {
        self.tab.glance().nodes[0].height
    }
}

#[test]
fn a_tab_opens_mines_and_has_its_chain_back_after_a_reload() {
    let mut browser = Browser::open();
    let parts = &browser.frames[0].parts;
    assert!(matches!(&parts[0], Part::Room(room) if room.name == "easy"));
    assert_eq!(parts.len(), 10, "the first frame has every part");
    let power = Some(Power::GENTLE);
    browser.ask(StartMining { power }).unwrap();
    browser.run(1_500);
    let (height, id) = (browser.height(), browser.tab.glance().nodes[0].id);
    assert!(height > 3, "{height}");
    let status = browser.ask(GetStatus).unwrap();
    assert_eq!((status.tip.height, status.mining), (browser.height(), true));

    let again = browser.reload();
    let node = again.tab.glance().nodes[0];
    assert_eq!((node.id, node.incarnation), (id, 2));
    assert!(node.height >= height);
}

#[test]
fn a_reset_puts_the_chain_away_and_undoing_it_brings_it_back() {
    let mut browser = Browser::open();
    browser.ask(StartMining { power: None }).unwrap();
    browser.run(1_000);
    let height = browser.height();
    assert!(height > 3);
    browser.is_mining = false;
    browser.run(100);
    let height = browser.height().max(height);
    browser.ask(Reset).unwrap();
    browser.run(100);
    assert_eq!(browser.height(), 0);
    browser.ask(UndoReset).unwrap();
    browser.run(100);
    assert_eq!(browser.height(), height);
    let failure = browser.ask(UndoReset).unwrap_err();
    assert_eq!(failure.code, "nothing-to-undo");
}

/// Coins of a key, in a room of this browser, paid to another one with a fee of 1,000 satoshi.
fn payment(from: &SecretKey, coin: &CoinView, to: &Address) -> Transaction {
    let link = "/live?room=easy&spacing=10&bits=207fffff&window=8&halving=210000";
    let chain = scenario::Room::parse(link).unwrap().chain();
    let script = Address::from_output_key(&from.public_key()).script_pubkey();
    let spent = [TxOut::new(coin.amount, script)];
    let (txid, vout) = (coin.txid, coin.vout);
    let rest = Amount::new(coin.amount.to_sat() - 1_000).unwrap();
    let mut tx = Transaction {
        version: 2,
        inputs: vec![TxIn::new(OutPoint { txid, vout })],
        outputs: vec![TxOut::new(rest, to.script_pubkey())],
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let tag = *chain.genesis_id().as_bytes();
    let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).unwrap();
    let signature = sighasher.sign_key_spend(0, SighashType::DEFAULT, from);
    tx.inputs[0].witness = Witness::new([signature.unwrap()]);
    tx
}

#[test]
fn what_is_mined_for_an_address_is_sent_to_another_and_waits_for_a_block() {
    let [me, you] = [3, 4].map(|byte| SecretKey::from_bytes(&[byte; 32]).unwrap());
    let [mine, yours] = [&me, &you].map(|key| Address::from_output_key(&key.public_key()));
    let addresses = || GetCoins(vec![mine.to_string(), yours.to_string()]);
    let mut browser = Browser::open();
    browser.ask(PayTo(Some(mine.to_string()))).unwrap();
    browser.ask(StartMining { power: None }).unwrap();
    browser.run(1_000);
    browser.is_mining = false;
    browser.run(100);
    let coins = browser.ask(addresses()).unwrap();
    assert_eq!(coins.height.0, browser.height());
    assert_eq!(coins.coins.len() as u32, coins.height.0, "each block pays");
    let is_mature = |coin: &&CoinView| coin.height.0 + coins.maturity <= coins.height.0 + 1;
    let coin = coins
        .coins
        .iter()
        .find(is_mature)
        .expect("five blocks at least");
    let tx = payment(&me, coin, &yours);
    let txid = browser.ask(SendTransaction(tx.to_vec())).unwrap();
    assert_eq!(txid, tx.txid());
    let again = browser.ask(SendTransaction(tx.to_vec())).unwrap();
    assert_eq!(again, txid, "it waits already");
    let pool = browser.ask(GetMempool).unwrap();
    assert_eq!((pool.count, pool.best[0].txid), (1, txid));
    assert_eq!(browser.ask(addresses()).unwrap().waiting, [tx.to_vec()]);

    browser.is_mining = true;
    browser.ask(StopMining).unwrap();
    browser.ask(StartMining { power: None }).unwrap();
    browser.run(1_000);
    assert_eq!(browser.ask(GetMempool).unwrap().count, 0);
    let coins = browser.ask(addresses()).unwrap();
    let theirs: Vec<_> = coins
        .coins
        .iter()
        .filter(|coin| coin.address == 1)
        .collect();
    assert_eq!(theirs.len(), 1);
    assert_eq!(theirs[0].amount.to_sat(), coin.amount.to_sat() - 1_000);
    let spent = browser.ask(SendTransaction(tx.to_vec())).unwrap_err();
    assert_eq!(
        (&*spent.code, &*spent.message),
        ("refused", "txn-already-known")
    );
    let found = browser.ask(GetStatus).unwrap();
    assert!(found.tip.height > coins.maturity);
}

#[test]
fn bad_payments_and_addresses_are_refused_with_a_reason() {
    let mut browser = Browser::open();
    let junk = browser.ask(SendTransaction(vec![1, 2, 3])).unwrap_err();
    assert_eq!((&*junk.code, &*junk.message), ("refused", "bad-blk-decode"));
    for address in ["", "tab1", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"] {
        let address = address.to_owned();
        let refused = browser.ask(PayTo(Some(address.clone()))).unwrap_err();
        assert_eq!(refused.code, "bad-argument");
        let refused = browser.ask(GetCoins(vec![address])).unwrap_err();
        assert_eq!(refused.code, "bad-argument");
    }
    let many = vec![String::new(); 101];
    assert_eq!(
        browser.ask(GetCoins(many)).unwrap_err().code,
        "bad-argument"
    );
}

#[test]
fn a_frozen_tab_comes_back_with_all_its_nodes() {
    let mut browser = Browser::open();
    let added = browser.ask(AddNode).unwrap();
    browser.give(Input::Page(ToEngine::Freeze));
    browser.run(100);
    assert_eq!(browser.tab.glance().stage, Stage::Frozen);
    let failure = browser.ask(GetStatus).unwrap_err();
    assert_eq!(failure.code, "not-ready");
    browser.give(Input::Page(ToEngine::Resume));
    browser.run(300);
    let glance = browser.tab.glance();
    assert_eq!((glance.stage, glance.nodes.len()), (Stage::In, 2));
    assert_eq!(glance.nodes[1].id, added);
}

#[test]
fn an_idle_tab_sends_a_heartbeat_once_a_second() {
    let mut browser = Browser::open();
    browser.run(5_000);
    let before = browser.said;
    browser.run(10_000);
    assert_eq!(browser.said - before, 10);
}

#[test]
fn a_tab_whose_identity_is_stolen_goes_on_as_somebody_else_with_the_same_chain() {
    let mut browser = Browser::open();
    browser.ask(StartMining { power: None }).unwrap();
    browser.run(1_000);
    browser.is_mining = false;
    browser.run(100);
    let before = browser.tab.glance().nodes[0];
    assert!(before.height > 3);
    let held = browser
        .held
        .iter()
        .find(|(_, name)| name.contains(":seat:"));
    let (lock, name) = held.map(|(lock, name)| (*lock, name.clone())).unwrap();
    browser.held.insert(LockId(u64::MAX), name); // the thief's
    browser.held.remove(&lock);
    browser.give(Input::Lock(lock, LockAnswer::Stolen));
    browser.run(1_000);
    let after = browser.tab.glance();
    assert_eq!(after.stage, Stage::In);
    assert_ne!(after.nodes[0].id, before.id);
    assert_eq!(after.nodes[0].tip, before.tip);
}

#[test]
fn a_machine_that_sleeps_ends_nobodys_patience() {
    let mut out = Vec::new();
    let mut tab = Tab::new(BUILD.into(), entropy(7), &mut out);
    let at = |steady| Reading {
        wall: steady,
        steady,
    };
    tab.step(at(0), start(), &mut out);
    let Due::At(due) = tab.due() else {
        panic!("it waits for its database");
    };
    out.clear();
    let hour = 3_600_000_000;
    tab.step(at(hour), Input::Turn, &mut out);
    assert_eq!(out, [], "the answer had no time to come");
    let Due::At(later) = tab.due() else {
        panic!("it still waits");
    };
    assert!(hour < later && later < hour + due, "{later}");
    tab.step(at(later), Input::Turn, &mut out);
    assert_ne!(out, [], "it goes on without");
}
