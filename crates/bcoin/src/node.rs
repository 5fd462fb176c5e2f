//! A node: the state of one of the original's programs, and what requests do to it.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::block::{Block, Transaction, genesis, take_all};
use crate::chain::{Candidate, CandidateError, Chain};
use crate::json::{MAX_DEPTH, Style, Text, Value, read, to_bytes};
use crate::proof::{Found, Search, to_hex};
use crate::request::{OPENAPI, Operation, Request, Response};
use crate::{LocalTime, Words, location};

/// How much waits for the next block at most, as compact JSON.
pub const MAX_PENDING_BYTES: usize = 256 << 10;

/// How many other nodes a node knows at most.
pub const MAX_NODES: usize = 64;

/// What a node checks before it takes another's chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// The chain that it is about to take, by all rules, counting its blocks.
    Checked,
    /// As the original's code does, which is not what it means to do: its own chain, once more. And it
    /// believes the other node how long its chain is.
    Original,
}

/// What a node is given when it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it says.
    pub words: &'static Words,
    /// How it checks.
    pub rules: Rules,
    /// The sender of its rewards: 32 digits of hex, drawn by chance.
    pub name: String,
}

/// What is to be done after a request.
#[derive(Debug)]
pub enum Step {
    /// Answer it.
    Answer(Response),
    /// Search for a proof, then say so ([`Node::found`]).
    Mine(Search),
    /// Ask other nodes for their chains, then compare ([`Node::settle`]).
    Ask(Comparison),
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    settings: Settings,
    chain: Chain,
    pending: Pending,
    nodes: BTreeSet<String>,
    unsaved: Record,
}

#[derive(Clone, Debug, Default)]
struct Pending {
    transactions: Vec<Transaction>,
    /// Their length as compact JSON.
    bytes: usize,
}

/// Which parts of a node have changed since they were last saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Blocks from this one on, counted from 0; those after the last one are gone.
    pub blocks_from: Option<usize>,
    /// What waits for the next block.
    pub pending: bool,
    /// The nodes that it knows.
    pub nodes: bool,
}

/// What was saved of a node, as JSON.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// Each block.
    pub blocks: Vec<Vec<u8>>,
    /// [`Node::pending_json`].
    pub pending: Vec<u8>,
    /// [`Node::nodes_json`].
    pub nodes: Vec<u8>,
}

impl Record {
    /// Blocks from this one on have changed as well.
    fn add_blocks(&mut self, from: usize) {
        self.blocks_from = Some(self.blocks_from.map_or(from, |before| before.min(from)));
    }
}

impl Node {
    /// A node with a chain of one block, dated now.
    #[must_use]
    pub fn new(settings: Settings, now: LocalTime) -> Self {
        Self::with_chain(settings, Chain::new(genesis(now)))
    }

    /// A node with this chain, right or wrong.
    #[must_use]
    pub fn with_chain(settings: Settings, chain: Chain) -> Self {
        Self {
            settings,
            chain,
            pending: Pending::default(),
            nodes: BTreeSet::new(),
            unsaved: Record {
                blocks_from: Some(0),
                pending: true,
                nodes: true,
            },
        }
    }

    /// The node that was saved.
    ///
    /// # Errors
    /// When that is not what a node saves.
    pub fn restore(settings: Settings, stored: &Stored) -> Result<Self, CandidateError> {
        let block = |bytes: &Vec<u8>| {
            let block = Block::try_from(read(bytes, MAX_DEPTH)?)?;
            Ok::<_, CandidateError>(block)
        };
        let blocks: Result<Vec<_>, _> = stored.blocks.iter().map(block).collect();
        let mut pending = Pending::default();
        for value in list(&stored.pending)? {
            pending.push(Transaction::try_from(value)?);
        }
        let node = |value| match value {
            Value::Text(text) => text.as_str().map(String::from).ok_or(CandidateError::Form),
            _ => Err(CandidateError::Form),
        };
        Ok(Self {
            settings,
            chain: Chain::from_blocks(blocks?)?,
            pending,
            nodes: list(&stored.nodes)?
                .into_iter()
                .map(node)
                .collect::<Result<_, _>>()?,
            unsaved: Record::default(),
        })
    }

    /// Its chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What waits for the next block.
    #[must_use]
    pub fn pending(&self) -> &[Transaction] {
        &self.pending.transactions
    }

    /// The nodes that it knows: host and port.
    #[must_use]
    pub fn nodes(&self) -> &BTreeSet<String> {
        &self.nodes
    }

    /// What it says, and how it checks.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes how it checks from now on.
    pub fn set_rules(&mut self, rules: Rules) {
        self.settings.rules = rules;
    }

    /// What is to be saved before the next answer leaves, if anything is.
    #[must_use]
    pub fn unsaved(&self) -> Record {
        self.unsaved
    }

    /// Says that all of it has been saved.
    pub fn saved(&mut self) {
        self.unsaved = Record::default();
    }

    /// What waits for the next block, to be saved.
    #[must_use]
    pub fn pending_json(&self) -> Vec<u8> {
        let values = self.pending.transactions.iter().map(Value::from);
        to_bytes(&Value::List(values.collect()), Style::Compact)
    }

    /// The nodes that it knows, to be saved.
    #[must_use]
    pub fn nodes_json(&self) -> Vec<u8> {
        to_bytes(&self.node_list(), Style::Compact)
    }

    fn node_list(&self) -> Value {
        Value::List(self.nodes.iter().map(|node| node.as_str().into()).collect())
    }

    /// Takes a request.
    pub fn handle(&mut self, request: &Request<'_>) -> Step {
        let operation = match request.operation() {
            Ok(operation) => operation,
            Err(refusal) => return Step::Answer(refusal),
        };
        match operation {
            Operation::MineBlock => self.mine(),
            Operation::ReplaceChain => Step::Ask(self.compare()),
            Operation::GetChain => Step::Answer(self.get_chain()),
            Operation::IsValid => Step::Answer(self.is_valid()),
            Operation::AddTransaction => {
                Step::Answer(self.add_transaction(request).unwrap_or_else(|no| no))
            }
            Operation::ConnectNode => Step::Answer(self.connect(request).unwrap_or_else(|no| no)),
            Operation::Describe => Step::Answer(Response::json(200, OPENAPI.trim_end().into())),
        }
    }

    pub(crate) fn get_chain(&self) -> Response {
        let length = self.chain.length().to_string();
        let parts: [&[u8]; 5] = [
            b"{\"chain\":[",
            self.chain.json(),
            b"],\"length\":",
            length.as_bytes(),
            b"}",
        ];
        Response::json(200, parts.concat())
    }

    fn is_valid(&self) -> Response {
        let words = self.settings.words;
        let message = match self.chain.check_links() {
            Ok(()) => words.valid,
            Err(_) => words.invalid,
        };
        Response::value(200, &[("message", message.into())].into())
    }

    fn add_transaction(&mut self, request: &Request<'_>) -> Result<Response, Response> {
        let incomplete = || Response::text(400, self.settings.words.incomplete);
        let Value::Object(mut object) = request.value()? else {
            return Err(incomplete());
        };
        let fields = take_all(&mut object, &Transaction::FIELDS).ok_or_else(incomplete)?;
        let [sender, receiver, amount] = fields;
        let transaction = Transaction {
            sender,
            receiver,
            amount,
        };
        if !self.pending.push(transaction) {
            let text = "Too much waits for the next block: mine it first.";
            return Err(Response::text(507, text));
        }
        self.unsaved.pending = true;
        let index = self.chain.tip().index.saturating_add(1);
        let message = format!("This transaction will be added to the Block {index}");
        let value = [("message", message.as_str().into())].into();
        Ok(Response::value(201, &value))
    }

    fn connect(&mut self, request: &Request<'_>) -> Result<Response, Response> {
        let words = self.settings.words;
        let no_node = || Response::text(400, words.no_node);
        let Value::Object(mut object) = request.value()? else {
            return Err(no_node());
        };
        let nodes = match object.take("nodes") {
            Some(Value::List(nodes)) => nodes,
            None | Some(Value::Null) => return Err(no_node()),
            Some(_) => return Err(Response::text(400, "`nodes` must be a list.")),
        };
        let locations = nodes.iter().map(|node| match node {
            Value::Text(address) => location(address).map_err(|error| error.to_string()),
            _ => Err("an address must be a text".into()),
        });
        let locations: Result<Vec<String>, String> = locations.collect();
        let locations = locations.map_err(|error| Response::text(400, error))?;
        let all: BTreeSet<String> = self.nodes.iter().cloned().chain(locations).collect();
        if all.len() > MAX_NODES {
            let text = format!("A node knows at most {MAX_NODES} others.");
            return Err(Response::text(507, text));
        }
        self.nodes = all;
        self.unsaved.nodes = true;
        let value = [
            ("message", words.connected.into()),
            ("total_nodes", self.node_list()),
        ];
        Ok(Response::value(201, &value.into()))
    }

    /// Begins the search for the next block, as `/mine_block` does.
    #[must_use]
    pub fn mine(&self) -> Step {
        let tip = self.chain.tip();
        match Search::new(tip.hash(), &tip.proof) {
            Some(search) => Step::Mine(search),
            // Only a chain that nobody checked comes to this; the original fails as well.
            None => Step::Answer(Response::text(500, "The last proof is too large.")),
        }
    }

    /// Takes a proof that was searched for. If the chain has another last block by now, the search begins
    /// again.
    pub fn found(&mut self, found: &Found, now: LocalTime) -> Step {
        let tip = self.chain.tip();
        if found.after != tip.hash() || !found.proof.follows(&tip.proof) {
            return self.mine();
        }
        let words = self.settings.words;
        let reward = Transaction {
            sender: self.settings.name.as_str().into(),
            receiver: words.receiver.into(),
            amount: 1.into(),
        };
        let mut transactions = self.pending.transactions.clone();
        transactions.push(reward);
        let block = Block {
            index: self.chain.length() + 1,
            timestamp: Text::from(now.to_string().as_str()),
            proof: found.proof.clone(),
            previous_hash: Text::from(to_hex(&found.after).as_str()),
            transactions,
        };
        let Value::Object(mut answer) = Value::from(&block) else {
            unreachable!("blocks are objects")
        };
        if let Err(full) = self.chain.push(block) {
            return Step::Answer(Response::text(507, format!("No room: {full}.")));
        }
        self.unsaved.add_blocks(self.chain.blocks().len() - 1);
        self.unsaved.pending = true;
        self.pending = Pending::default();
        answer.set("message".into(), words.mined.into());
        Step::Answer(Response::value(200, &Value::Object(answer)))
    }

    fn compare(&self) -> Comparison {
        let rules = self.settings.rules;
        Comparison {
            nodes: self.nodes.iter().cloned().collect(),
            rules,
            hears: rules == Rules::Checked || self.chain.check_links().is_ok(),
            length: self.chain.length(),
            longest: None,
        }
    }

    /// Takes the longest chain that was heard of, if it is longer than its own is by now.
    pub fn settle(&mut self, comparison: Comparison) -> Response {
        let words = self.settings.words;
        let rules = comparison.rules;
        let longer = |candidate: &Candidate| rules.length(candidate) > self.chain.length();
        let message = match comparison.longest.filter(longer) {
            Some(longest) => {
                self.unsaved.add_blocks(self.chain.common(&longest.chain));
                self.chain = longest.chain;
                words.replaced
            }
            None => words.longest,
        };
        let message = to_bytes(&message.into(), Style::Compact);
        let parts: [&[u8]; 5] = [
            b"{\"message\":",
            &message,
            b",\"new_chain\":[",
            self.chain.json(),
            b"]}",
        ];
        Response::json(200, parts.concat())
    }
}

/// The values of a saved list.
fn list(bytes: &[u8]) -> Result<Vec<Value>, CandidateError> {
    match read(bytes, MAX_DEPTH)? {
        Value::List(values) => Ok(values),
        _ => Err(CandidateError::Form),
    }
}

impl Pending {
    /// Whether there was room.
    fn push(&mut self, transaction: Transaction) -> bool {
        let bytes = to_bytes(&Value::from(&transaction), Style::Compact).len();
        let room = self.bytes + bytes <= MAX_PENDING_BYTES;
        if room {
            self.bytes += bytes;
            self.transactions.push(transaction);
        }
        room
    }
}

impl Rules {
    /// How long a chain counts as.
    fn length(self, candidate: &Candidate) -> u64 {
        match self {
            Self::Checked => candidate.chain.length(),
            Self::Original => candidate.claimed,
        }
    }
}

/// A round of questions to other nodes: whom to ask, and the longest chain so far. It needs no node, so that
/// nobody waits while chains are checked.
#[derive(Clone, Debug)]
pub struct Comparison {
    nodes: Vec<String>,
    rules: Rules,
    hears: bool,
    length: u64,
    longest: Option<Candidate>,
}

impl Comparison {
    /// Whom to ask for `/get_chain`: host and port.
    #[must_use]
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Takes the body of an answer with status 200. The longest chain wins, the first of equals.
    ///
    /// # Errors
    /// Why it counts for nothing.
    pub fn hear(&mut self, body: &[u8]) -> Result<(), CandidateError> {
        let candidate = Candidate::read(body)?;
        let length = self.rules.length(&candidate);
        if !self.hears || length <= self.length {
            return Ok(());
        }
        if self.rules == Rules::Checked {
            candidate.chain.check()?;
        }
        self.length = length;
        self.longest = Some(candidate);
        Ok(())
    }
}
