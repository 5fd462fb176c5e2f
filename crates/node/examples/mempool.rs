//! `cargo xtask bench mempool`: payments through a whole node, few and many, and what each costs.
//!
//! A node that starts with one coin for each payment hears them from peers, mines them in a hundred blocks,
//! and then hears of a branch of a hundred and one empty blocks, so that all of them come back. Block space is such that a
//! hundred blocks are just enough, whatever their number.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_types,
    reason = "measures wall-clock time and prints ratios"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chain::sighash::{SighashType, Sighasher};
use chain::{
    Address, Amount, BitcoinHeader, ChainParams, CompactTarget, Encode, PeerId, SecretKey, Time,
    Transaction, TxIn, TxOut, Witness, decode_exact, sha256d,
};
use ledger::utxo::Utxo;
use ledger::{Allocation, Ledger};
use node::message::Message;
use node::{Config, Memo, Node};
use protocol::{Input, Job, Machine, Output, Payee, Role, Saved, Shape, Terms, encode_packet};

const FEW: u32 = 5_000;
const MANY: u32 = 50_000;
const BLOCKS: u32 = 100;
/// Virtual bytes of a payment with one input and one output.
const SIZE: u32 = 111;
/// Peers that the payments come from: none runs out of tokens.
const PEERS: u32 = 40;

fn main() {
    println!("building payments ...");
    let few = Run::new(FEW).measure();
    let many = Run::new(MANY).measure();
    println!(
        "{:<42}{FEW:>10}{MANY:>10}{:>8}",
        "microseconds a payment", "ratio"
    );
    for (few, many) in few.iter().zip(&many) {
        let each = |time: Duration, count: u32| time.as_secs_f64() * 1e6 / f64::from(count);
        let (one, other) = (each(few.1, FEW), each(many.1, MANY));
        println!("{:<42}{one:>10.2}{other:>10.2}{:>8.2}", few.0, other / one);
    }
}

/// A node with its payments.
struct Run {
    node: Node,
    other: Node,
    payments: Vec<Arc<[u8]>>,
    now: Time,
    job: Option<Job>,
}

impl Run {
    fn new(count: u32) -> Self {
        let key = SecretKey::from_bytes(&[1; 32]).expect("a key");
        let params = params(count);
        let coin = Amount::new(100_000).expect("little money");
        let each = (0..count).map(|_| (key.public_key(), coin));
        let allocation = Allocation::new(each.collect()).expect("less than all the money");
        let ledger = Arc::new(Utxo::with_allocation(params.clone(), &allocation));
        let payments = (0..count).map(|n| pay(&ledger, &params, &key, n, coin));
        let payments = payments.collect();
        let node = |seat: u8| node(seat, params.clone(), ledger.clone(), &key);
        Self {
            payments,
            node: node(1),
            other: node(2),
            now: Time(1_000_000_000),
            job: None,
        }
    }

    fn measure(mut self) -> Vec<(&'static str, Duration)> {
        let saved = || Input::Boot {
            saved: Saved::default(),
        };
        self.step(saved());
        let mut rows = vec![];
        let payments = std::mem::take(&mut self.payments);
        let packets = (0u32..).zip(&payments).map(|(n, tx)| Input::Packet {
            from: peer(n % PEERS),
            packet: encode_packet(Message::Transaction(tx.clone()).encode()),
        });
        let packets: Vec<Input> = packets.collect();
        rows.push((
            "admission, signatures checked",
            timed(|| {
                for packet in packets {
                    self.step(packet);
                }
            }),
        ));
        assert_eq!(self.node.mempool().len(), payments.len());
        rows.extend(self.mine());
        let start = self.now;
        let branch = self.branch();
        self.now = start;
        rows.push((
            "a reorganisation that undoes all 100 blocks",
            self.reorganise(&branch),
        ));
        assert_eq!(self.node.mempool().len(), payments.len(), "all are back");
        rows
    }

    /// Mines everything; the time for drafts, and for blocks.
    fn mine(&mut self) -> Vec<(&'static str, Duration)> {
        let (mut drafts, mut blocks) = (Duration::ZERO, Duration::ZERO);
        while !self.node.mempool().is_empty() {
            self.now = Time(self.now.0 + 10_000_000);
            drafts += timed(|| self.step(Input::Search { on: true }));
            let found = Input::Found {
                job: self.job.expect("it searches").id,
                nonce: nonce(&self.job.expect("it searches")),
            };
            blocks += timed(|| self.step(found));
        }
        assert_eq!(self.node.tip().1.0, BLOCKS, "a hundred blocks were enough");
        vec![
            ("template and draft", drafts),
            ("a block of one's own, with the next draft", blocks),
        ]
    }

    /// A longer branch of empty blocks, found by another node.
    fn branch(&mut self) -> Vec<Arc<[u8]>> {
        let mut now = Time(1_000_000_000);
        let mut job = None;
        let mut step = |now: Time, input: Input| {
            let mut out = vec![];
            self.other.step(now, input, &mut out);
            for output in out {
                if let Output::Work(work) = output {
                    job = Some(work);
                }
            }
            job
        };
        let mut work = step(
            now,
            Input::Boot {
                saved: Saved::default(),
            },
        );
        for _ in 0..BLOCKS + 2 {
            now = Time(now.0 + 10_000_000);
            let job = work.expect("it searches");
            work = step(
                now,
                Input::Found {
                    job: job.id,
                    nonce: nonce(&job),
                },
            );
        }
        let heights = 1..=BLOCKS + 2;
        let blocks = heights.filter_map(|height| self.other.best_at(chain::Height(height)));
        blocks.filter_map(|id| self.other.block(&id)).collect()
    }

    /// Hears of the branch; the time of the step that moves to it.
    fn reorganise(&mut self, branch: &[Arc<[u8]>]) -> Duration {
        let header = |block: &Arc<[u8]>| {
            BitcoinHeader::decode(block.first_chunk().expect("a block begins with its header"))
        };
        let headers = branch.iter().map(header).collect();
        let hear = |message: Message| Input::Packet {
            from: peer(0),
            packet: encode_packet(message.encode()),
        };
        self.step(hear(Message::Headers(headers)));
        let mut longest = Duration::ZERO;
        for block in branch {
            let message = hear(Message::Body(block.clone()));
            longest = longest.max(timed(|| self.step(message)));
        }
        let last = decode_exact::<chain::Block>(branch.last().expect("it is long"));
        assert_eq!(self.node.tip().0, last.expect("a block").id(), "it moved");
        longest
    }

    fn step(&mut self, input: Input) {
        let mut out = vec![];
        self.node.step(self.now, input, &mut out);
        for output in out {
            if let Output::Work(job) = output {
                self.job = Some(job);
            }
        }
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn params(count: u32) -> Arc<ChainParams> {
    let bits = CompactTarget(0x207f_ffff);
    let params = chain::tabchain("bench", 10, bits, 2016, 210_000).expect("within limits");
    Arc::new(ChainParams {
        max_block_size: count / BLOCKS * SIZE + 1_000,
        ..params
    })
}

fn peer(n: u32) -> PeerId {
    let mut bytes = [9; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    PeerId::from_bytes(bytes)
}

fn node(seat: u8, chain: Arc<ChainParams>, ledger: Arc<Utxo>, key: &SecretKey) -> Node {
    let mut entries = consensus::PROTOCOLS.iter();
    let mining = entries.find(|entry| entry.shape == Shape::Forks);
    let protocol = (mining.expect("blocks compete in one protocol").build)(&Terms {
        chain: chain.clone(),
        values: Arc::new([]),
        members: Arc::new([]),
        keys: Arc::new([]),
        key: key.clone(),
        role: Role::Member,
        seat: chain::Seat(0),
    });
    let config = Config {
        me: peer(1_000 + u32::from(seat)),
        payee: Payee(key.public_key()),
        seed: u64::from(seat),
        searches: true,
        params: chain,
    };
    Node::new(
        config,
        protocol,
        ledger as Arc<dyn Ledger>,
        Memo::disabled(),
    )
}

/// Payment `n` of a coin that was there from the start; fees differ.
fn pay(ledger: &Utxo, params: &ChainParams, key: &SecretKey, n: u32, coin: Amount) -> Arc<[u8]> {
    let script = Address::from_output_key(&key.public_key()).script_pubkey();
    let fee = u64::from(SIZE) * (1 + u64::from(n % 97));
    let rest = Amount::new(coin.to_sat() - fee).expect("less than before");
    let spent = [TxOut::new(coin, script.clone())];
    let mut tx = Transaction {
        version: 2,
        inputs: vec![TxIn::new(ledger.allocated(n))],
        outputs: vec![TxOut::new(rest, script)],
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let tag = *params.genesis_id().as_bytes();
    let sighasher = Sighasher::new(&unsigned, &spent, Some(tag)).expect("one coin");
    let signature = sighasher.sign_key_spend(0, SighashType::DEFAULT, key);
    tx.inputs[0].witness = Witness::new([signature.expect("its own coin")]);
    tx.to_vec().into()
}

/// The first nonce that meets a job's target; every other one does.
fn nonce(job: &Job) -> u32 {
    let target = chain::U256::from_le_bytes(job.target);
    (0..=u32::MAX)
        .find(|nonce| {
            let mut header = job.header;
            header[76..].copy_from_slice(&nonce.to_le_bytes());
            chain::U256::from_le_bytes(sha256d(&header)) <= target
        })
        .expect("half of all nonces do")
}
