//! Chains: what makes one valid, and what came from another node.

use alloc::vec::Vec;

use crate::block::{Block, FormError, take_all};
use crate::json::{MAX_DEPTH, ReadError, Value, read};
use crate::proof::{Proof, to_hex};

/// The longest chain as compact JSON: some 18,000 blocks without payments. A longer one can be neither mined
/// nor taken from others, so nodes that agree on a chain can always pass it on.
pub const MAX_CHAIN_BYTES: usize = 4 << 20;

/// At least one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Never empty.
    blocks: Vec<Block>,
    /// All blocks as `/get_chain` sends them, separated by commas.
    json: Vec<u8>,
}

/// What is wrong with a chain, with the block's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The first block must have proof 1 and previous hash "0".
    #[error("block 1 is no genesis block")]
    Genesis,
    /// Its index is not its number.
    #[error("block {0} has another index")]
    Index(u64),
    /// Its previous hash is not that of the block before.
    #[error("block {0} does not name the hash of the block before")]
    Link(u64),
    /// Its proof does not follow the one before.
    #[error("the proof of block {0} does not follow the one before")]
    Proof(u64),
}

/// The chain would become longer than [`MAX_CHAIN_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chain has at most {MAX_CHAIN_BYTES} bytes as JSON, not {0}")]
pub struct Full(pub usize);

impl Chain {
    /// A chain of one block.
    #[must_use]
    pub fn new(genesis: Block) -> Self {
        let mut chain = Self {
            blocks: Vec::new(),
            json: Vec::new(),
        };
        chain.append(genesis);
        chain
    }

    /// The chain of these blocks, right or wrong.
    ///
    /// # Errors
    /// [`CandidateError::Empty`] without any, [`CandidateError::Full`] with too many.
    pub fn from_blocks(blocks: impl IntoIterator<Item = Block>) -> Result<Self, CandidateError> {
        let mut blocks = blocks.into_iter();
        let mut chain = Self::new(blocks.next().ok_or(CandidateError::Empty)?);
        blocks.try_for_each(|block| chain.push(block))?;
        Ok(chain)
    }

    /// Appends a block, right or wrong.
    ///
    /// # Errors
    /// When there is no room for it; then the chain is as before.
    pub fn push(&mut self, block: Block) -> Result<(), Full> {
        let before = self.json.len();
        self.append(block);
        if self.json.len() > MAX_CHAIN_BYTES {
            let error = Full(self.json.len());
            self.json.truncate(before);
            self.blocks.pop();
            return Err(error);
        }
        Ok(())
    }

    fn append(&mut self, block: Block) {
        if !self.blocks.is_empty() {
            self.json.push(b',');
        }
        self.json.extend(block.json());
        self.blocks.push(block);
    }

    /// All blocks, oldest first.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The newest block.
    #[must_use]
    pub fn tip(&self) -> &Block {
        self.blocks.last().expect("a chain has a block")
    }

    /// How many blocks there are.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The blocks as compact JSON, without the brackets around the list.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// How many blocks from the first one on are those of another chain as well.
    pub(crate) fn common(&self, other: &Self) -> usize {
        let pairs = self.blocks.iter().zip(&other.blocks);
        pairs.take_while(|(ours, theirs)| ours == theirs).count()
    }

    /// The original's check: from the second block on, previous hashes and proofs.
    ///
    /// # Errors
    /// The first fault.
    pub fn check_links(&self) -> Result<(), Fault> {
        for (number, pair) in (2..).zip(self.blocks.windows(2)) {
            let [previous, block] = pair else { break };
            if block.previous_hash != *to_hex(&previous.hash()) {
                return Err(Fault::Link(number));
            }
            if !block.proof.follows(&previous.proof) {
                return Err(Fault::Proof(number));
            }
        }
        Ok(())
    }

    /// All rules for blocks: also that the first one is a genesis block, and that each has its number.
    ///
    /// # Errors
    /// The first fault of each kind in turn.
    pub fn check(&self) -> Result<(), Fault> {
        let first = &self.blocks[0];
        if first.proof != Proof::genesis() || first.previous_hash != *"0" {
            return Err(Fault::Genesis);
        }
        let misnumbered = (1..).zip(&self.blocks).find(|(n, block)| *n != block.index);
        if let Some((number, _)) = misnumbered {
            return Err(Fault::Index(number));
        }
        self.check_links()
    }
}

/// What another node answered to `/get_chain`: blocks in form, nothing more.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its blocks.
    pub chain: Chain,
    /// How many the other node says there are. The original believes it.
    pub claimed: u64,
}

/// Why an answer holds no chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CandidateError {
    /// Not JSON.
    #[error(transparent)]
    Json(#[from] ReadError),
    /// Not an object with `chain`, a list, and `length`, a number.
    #[error("no object with a list `chain` and a whole number `length`")]
    Form,
    /// An element that is no block.
    #[error("no block: {0}")]
    Block(#[from] FormError),
    /// No block at all.
    #[error("an empty chain")]
    Empty,
    /// Too long.
    #[error(transparent)]
    Full(#[from] Full),
    /// Against the rules.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Candidate {
    /// Reads the body of an answer. Callers bound its length ([`MAX_CHAIN_BYTES`] and a little).
    ///
    /// # Errors
    /// Why it is no chain.
    pub fn read(body: &[u8]) -> Result<Self, CandidateError> {
        let Value::Object(mut object) = read(body, MAX_DEPTH)? else {
            return Err(CandidateError::Form);
        };
        let Some([Value::List(blocks), Value::Integer(length)]) =
            take_all(&mut object, &["chain", "length"])
        else {
            return Err(CandidateError::Form);
        };
        let claimed = length.parse().map_err(|_| CandidateError::Form)?;
        let blocks: Result<Vec<Block>, _> = blocks.into_iter().map(Block::try_from).collect();
        let chain = Chain::from_blocks(blocks?)?;
        Ok(Self { chain, claimed })
    }
}
