//! The weak points of B-Coin, run as attacks on copies of three nodes. Whether one worked is read from what the
//! nodes hold and say afterwards.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Exchange, Lesson, local};
use crate::block::{Block, Transaction, genesis};
use crate::json::{Text, Value};
use crate::proof::{Proof, to_hex};
use crate::{Chain, LocalTime, Node, Rules};

/// Where the attacker's own node would be.
const ATTACKER: u16 = 6666;
/// The node that is attacked, and the one whose chain an attacker rewrites, by place.
const VICTIM: usize = 0;
const REWRITTEN: usize = 2;
/// How many blocks a chain has at least when it is rewritten.
const BLOCKS: u64 = 4;
/// The length of a chain without any work.
const FREE_BLOCKS: u64 = 7;

/// A weak point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Pay in the name of somebody else. Bitcoin: only the owner of a key can sign.
    NoSignatures,
    /// Pay a million that nobody has. Bitcoin: no more goes out than comes in.
    AnyAmount,
    /// Change a payment of the past without a search. Bitcoin: the hash that must be low covers the payments.
    UnboundProof,
    /// Offer a chain without any work to a node that runs the original's code. Bitcoin: each node checks each block.
    NoChainCheck,
    /// Take all proofs of the honest chain, change what it says, and search for one more. Bitcoin: most work wins,
    /// and work cannot be taken over.
    Length,
}

/// What an attack has come to.
#[derive(Clone, Debug)]
pub struct Attacked {
    /// Whether the nodes took what they should not have taken.
    pub worked: bool,
    /// What shows it.
    pub evidence: Evidence,
    /// What was asked, in order.
    pub exchanges: Vec<Exchange>,
    /// The copies of the nodes as they are now.
    pub nodes: Lesson,
}

/// What shows that an attack worked, or that it did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The payment is in the block with this number.
    Payment {
        /// The payment.
        paid: Transaction,
        /// The block's number.
        block: u64,
    },
    /// A block was rewritten.
    Rewritten {
        /// Its number.
        block: u64,
        /// Its proof, before and after.
        proof: Proof,
        /// Its hash before.
        before: [u8; 32],
        /// Its hash now.
        after: [u8; 32],
        /// How many numbers had to be tried.
        tries: u64,
    },
    /// A chain without work was offered.
    Unchecked {
        /// How many blocks the node has now that runs the original's code ...
        original: u64,
        /// ... and one that checks what it takes.
        checked: u64,
    },
    /// Two chains competed.
    Cost {
        /// What the honest chain cost, in tries.
        honest: u64,
        /// What the other one cost.
        attacker: u64,
    },
}

impl Attack {
    /// All of them, in the order in which they are taught.
    pub const ALL: [Self; 5] = [
        Self::NoSignatures,
        Self::AnyAmount,
        Self::UnboundProof,
        Self::NoChainCheck,
        Self::Length,
    ];
}

impl Lesson {
    /// Runs an attack on a copy of the nodes; `None` if their chains are so long that it has no room.
    #[must_use]
    pub fn attack(&self, attack: Attack, now: LocalTime) -> Option<Attacked> {
        let mut run = Run {
            nodes: self.clone(),
            exchanges: Vec::new(),
            now,
        };
        let (worked, evidence) = match attack {
            Attack::NoSignatures => run.pay(payment("张三", "李四", 100)),
            Attack::AnyAmount => run.pay(payment("nobody", "me", 1_000_000)),
            Attack::UnboundProof => run.rewrite()?,
            Attack::NoChainCheck => run.offer_for_free()?,
            Attack::Length => run.outgrow()?,
        };
        Some(Attacked {
            worked,
            evidence,
            exchanges: run.exchanges,
            nodes: run.nodes,
        })
    }
}

/// An attack under way.
struct Run {
    nodes: Lesson,
    exchanges: Vec<Exchange>,
    now: LocalTime,
}

impl Run {
    fn ask(&mut self, place: usize, method: &'static str, path: &'static str, body: &str) -> u64 {
        let exchange = self.nodes.ask(place, method, path, body, self.now);
        let tries = exchange.tries;
        self.exchanges.push(exchange);
        tries
    }

    fn chain(&self, place: usize) -> &Chain {
        self.nodes.nodes[place].chain()
    }

    /// Whether the node says that its chain is valid.
    fn says_valid(&mut self, place: usize) -> bool {
        self.ask(place, "GET", "/is_valid", "");
        let said = self.exchanges.last().map(|last| &last.response.body);
        let valid = self.nodes.nodes[place].settings().words.valid;
        said.is_some_and(|said| *said == format!("{{\"message\":\"{valid}\"}}\n").into_bytes())
    }

    fn pay(&mut self, paid: Transaction) -> (bool, Evidence) {
        let body = crate::json::to_bytes(&Value::from(&paid), crate::json::Style::Compact);
        let body = String::from_utf8(body).expect("only ASCII is printed");
        self.ask(VICTIM, "POST", "/add_transaction", &body);
        self.ask(VICTIM, "GET", "/mine_block", "");
        let tip = self.chain(VICTIM).tip();
        let (is_there, block) = (tip.transactions.contains(&paid), tip.index);
        let worked = is_there && self.says_valid(VICTIM);
        (worked, Evidence::Payment { paid, block })
    }

    /// Makes sure that there is a past to be rewritten, and returns its blocks.
    fn past(&mut self, place: usize) -> Option<Vec<Block>> {
        for _ in self.chain(place).length()..BLOCKS {
            self.ask(place, "GET", "/mine_block", "");
        }
        let blocks = self.chain(place).blocks();
        (blocks.len() as u64 >= BLOCKS).then(|| blocks.to_vec())
    }

    fn rewrite(&mut self) -> Option<(bool, Evidence)> {
        let before = self.past(REWRITTEN)?;
        let mut after = before.clone();
        after[1].transactions = [payment("you", "me", 1000)].into();
        relink(&mut after);
        let chain = Chain::from_blocks(after).ok()?;
        let settings = self.nodes.nodes[REWRITTEN].settings().clone();
        self.nodes.nodes[REWRITTEN] = Node::with_chain(settings, chain);
        let worked = self.says_valid(REWRITTEN);
        let now = &self.chain(REWRITTEN).blocks()[1];
        let evidence = Evidence::Rewritten {
            block: now.index,
            proof: now.proof.clone(),
            before: before[1].hash(),
            after: now.hash(),
            tries: 0,
        };
        let same_proof = now.proof == before[1].proof && now.hash() != before[1].hash();
        Some((worked && same_proof, evidence))
    }

    /// Lets the victim compare its chain with the attacker's.
    fn offer(&mut self, blocks: Vec<Block>) -> Option<Chain> {
        let chain = Chain::from_blocks(blocks).ok()?;
        let body = format!(r#"{{"nodes":["http://{}"]}}"#, local(ATTACKER));
        self.ask(VICTIM, "POST", "/connect_node", &body);
        let answer = Node::with_chain(self.nodes.nodes[VICTIM].settings().clone(), chain.clone());
        self.nodes
            .strangers
            .insert(local(ATTACKER), answer.get_chain().body);
        self.ask(VICTIM, "GET", "/replace_chain", "");
        Some(chain)
    }

    fn offer_for_free(&mut self) -> Option<(bool, Evidence)> {
        let mut blocks: Vec<Block> = (1..=self.chain(VICTIM).length().max(FREE_BLOCKS - 1) + 1)
            .map(|index| Block {
                index,
                transactions: [payment("everybody", "me", 1000)].into(),
                ..genesis(self.now)
            })
            .collect();
        relink(&mut blocks);
        self.offer(blocks.clone())?;
        let checked = self.chain(VICTIM).clone();
        self.nodes.nodes[VICTIM].set_rules(Rules::Original);
        let free = self.offer(blocks)?;
        let worked = *self.chain(VICTIM) == free && free.check_links().is_err();
        let evidence = Evidence::Unchecked {
            original: self.chain(VICTIM).length(),
            checked: checked.length(),
        };
        Some((worked && checked != free, evidence))
    }

    fn outgrow(&mut self) -> Option<(bool, Evidence)> {
        let honest = self.past(VICTIM)?;
        // Who searches from 1 on has tried as many numbers as the proof says.
        let tries = |block: &Block| u64::try_from(&block.proof).unwrap_or(u64::MAX);
        let honest_tries = honest[1..].iter().map(tries).fold(0, u64::saturating_add);
        let mut blocks = honest;
        blocks[1].transactions = [payment("you", "me", 1000)].into();
        relink(&mut blocks);
        let settings = self.nodes.nodes[VICTIM].settings().clone();
        let chain = Chain::from_blocks(blocks).ok()?;
        let mut attacker = self.nodes.clone();
        attacker.nodes[VICTIM] = Node::with_chain(settings, chain);
        let mined = attacker.ask(VICTIM, "GET", "/mine_block", "", self.now);
        let longer = self.offer(attacker.nodes[VICTIM].chain().blocks().to_vec())?;
        let evidence = Evidence::Cost {
            honest: honest_tries,
            attacker: mined.tries,
        };
        let taken = *self.chain(VICTIM) == longer;
        Some((taken && self.says_valid(VICTIM), evidence))
    }
}

fn payment(sender: &str, receiver: &str, amount: u64) -> Transaction {
    Transaction {
        sender: sender.into(),
        receiver: receiver.into(),
        amount: amount.into(),
    }
}

/// Names hashes anew, from the first block on: all that a rewritten past costs.
fn relink(blocks: &mut [Block]) {
    for at in 1..blocks.len() {
        let hash = to_hex(&blocks[at - 1].hash());
        blocks[at].previous_hash = Text::from(hash.as_str());
    }
}
