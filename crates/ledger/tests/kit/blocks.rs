//! A chain of states for tests: blocks are judged by the ledger alone, and need no work.

use std::sync::Arc;

use chain::{
    BitcoinHeader, Block, BlockId, BlockTime, ChainParams, CompactTarget, Header, Height,
    MerkleRoot, OutPoint, Transaction, TxOut, subsidy,
};
use ledger::utxo::{Utxo, body_of};
use ledger::{Ledger, NoneChecked, Place, State};

use super::{key, params, pay};

pub fn place(height: u32) -> Place {
    Place {
        height: Height(height),
        median: BlockTime(1_800_000_000),
        time: BlockTime(1_800_000_100),
    }
}

/// A chain of states, with the transactions that made them.
pub struct Chain {
    pub params: ChainParams,
    pub ledger: Utxo,
    pub states: Vec<State>,
    pub coinbases: Vec<Transaction>,
}

impl Chain {
    pub fn new() -> Self {
        let params = params();
        let ledger = Utxo::new(Arc::new(params.clone()));
        let states = vec![ledger.genesis()];
        Self {
            params,
            ledger,
            states,
            coinbases: vec![],
        }
    }

    /// A chain whose first coinbase, paid to key 1, has just matured.
    pub fn mature() -> Self {
        let mut chain = Self::new();
        for _ in 0..chain.params.coinbase_maturity {
            chain.extend(1, 0, vec![]).expect("a plain block");
        }
        chain
    }

    pub fn next(&self) -> u32 {
        u32::try_from(self.states.len()).expect("short")
    }

    pub fn block(&self, miner: u8, claim: u64, transactions: Vec<Transaction>) -> Block {
        let height = Height(self.next());
        let reward = subsidy(height, &self.params).to_sat() + claim;
        let coinbase = Transaction::coinbase(height, &[miner], vec![pay(reward, &key(miner))]);
        let mut block = Block {
            header: header(),
            transactions: vec![coinbase],
        };
        block.transactions.extend(transactions);
        block.commit();
        block
    }

    pub fn extend(
        &mut self,
        miner: u8,
        claim: u64,
        transactions: Vec<Transaction>,
    ) -> Result<(), &'static str> {
        let block = self.block(miner, claim, transactions);
        self.apply(&block)
    }

    pub fn apply(&mut self, block: &Block) -> Result<(), &'static str> {
        let body = body_of(block);
        let checked = self.ledger.check(&Header::Bitcoin(block.header), &body);
        checked.map_err(|reject| reject.name())?;
        let parent = self.states.last().expect("genesis at least");
        let state = self
            .ledger
            .apply(parent, place(self.next()), &body, &NoneChecked);
        self.states.push(state.map_err(|reject| reject.name())?);
        self.coinbases.push(block.transactions[0].clone());
        Ok(())
    }

    /// The output of the coinbase at a height.
    pub fn reward(&self, height: usize) -> (OutPoint, TxOut) {
        let coinbase = &self.coinbases[height - 1];
        (
            OutPoint {
                txid: coinbase.txid(),
                vout: 0,
            },
            coinbase.outputs[0].clone(),
        )
    }

    pub fn tag(&self) -> [u8; 32] {
        *self.params.genesis_id().as_bytes()
    }
}

pub fn header() -> BitcoinHeader {
    BitcoinHeader {
        version: 1,
        prev: BlockId::ZERO,
        merkle_root: MerkleRoot::ZERO,
        time: BlockTime(0),
        bits: CompactTarget(0),
        nonce: 0,
    }
}
