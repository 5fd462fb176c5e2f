//! Blocks and the rules that need nothing but the block.

use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

use crate::codec::{Decode, DecodeError, Encode, Reader, compact_size_len, put_list};
use crate::hash::{BlockId, MerkleRoot, Txid};
use crate::header::BitcoinHeader;
use crate::merkle;
use crate::params::ChainParams;
use crate::reject::Reject;
use crate::target::Target;
use crate::transaction::{MIN_TX, Transaction};

/// A header and the transactions that it commits to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Block {
    /// The 80 bytes.
    pub header: BitcoinHeader,
    /// The coinbase first.
    pub transactions: Vec<Transaction>,
}

impl BitcoinHeader {
    /// Checks the proof of work against the header's own bits, which is all that can be checked
    /// without ancestors. A hash equal to the target is enough.
    ///
    /// # Errors
    /// [`Reject::HighHash`], also if the bits do not encode a valid target within `limit`.
    pub fn check_pow(&self, limit: Target) -> Result<(), Reject> {
        let hash = self.id();
        match self.bits.to_target() {
            Ok(target) if target <= limit && target.is_met_by(hash) => Ok(()),
            _ => Err(Reject::HighHash {
                hash,
                bits: self.bits,
            }),
        }
    }
}

impl Block {
    /// The block's id, which is its header's.
    pub fn id(&self) -> BlockId {
        self.header.id()
    }

    /// The Merkle root over the transaction ids, and whether the list may have been mutated.
    pub fn merkle_root(&self) -> (MerkleRoot, bool) {
        let leaves = self.transactions.iter().map(|tx| *tx.txid().as_bytes());
        let root = merkle::root(leaves);
        (MerkleRoot::from_bytes(root.hash), root.mutated)
    }

    /// The transactions' ids in order.
    pub fn txids(&self) -> Vec<Txid> {
        self.transactions.iter().map(Transaction::txid).collect()
    }

    /// Bytes without witnesses.
    pub fn stripped_size(&self) -> u64 {
        self.size(Transaction::stripped_size)
    }

    /// Bytes with witnesses.
    pub fn total_size(&self) -> u64 {
        self.size(Transaction::total_size)
    }

    /// Weight: three times the stripped size plus the total size (BIP141).
    pub fn weight(&self) -> u64 {
        self.stripped_size() * (Transaction::WITNESS_SCALE - 1) + self.total_size()
    }

    fn size(&self, of: impl Fn(&Transaction) -> u64) -> u64 {
        let transactions: u64 = self.transactions.iter().map(of).sum();
        BitcoinHeader::LEN as u64 + compact_size_len(self.transactions.len() as u64) + transactions
    }

    /// Checks all rules that need nothing but the block. Proof of work comes first, so that no
    /// time is spent on a body unless work was spent on its header.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self, params: &ChainParams) -> Result<(), Reject> {
        self.header.check_pow(params.pow_limit)?;
        self.check_body(params)
    }

    /// Checks the rules on the transactions, for a header that has already been checked.
    ///
    /// The Merkle root comes first: until the body is known to be the header's, no fault in it
    /// may be held against the header ([`Reject::is_permanent`]).
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check_body(&self, params: &ChainParams) -> Result<(), Reject> {
        self.check_commitment()?;
        self.check_sizes(params)?;
        self.check_coinbase()?;
        self.check_witness_commitment(params)?;
        for (index, tx) in self.transactions.iter().enumerate() {
            tx.check(params.max_block_size)?;
            if params.forbid_64_byte_tx && tx.is_merkle_ambiguous() {
                return Err(Reject::TxSixtyFourBytes {
                    index: index as u32,
                });
            }
        }
        // What witnesses ask for depends on what they spend: the ledger adds it.
        params.check_sigop_cost(self.legacy_sigops() * Transaction::WITNESS_SCALE)
    }

    /// Checks that the body is the one that the header commits to.
    fn check_commitment(&self) -> Result<(), Reject> {
        let (computed, mutated) = self.merkle_root();
        let found = self.header.merkle_root;
        if found != computed {
            return Err(Reject::BadTxnMrklRoot { found, computed });
        }
        if mutated {
            return Err(Reject::BadTxnsDuplicate);
        }
        // A list of inner nodes that decodes as transactions cannot start with a coinbase, unless
        // somebody spends 2^224 work on it.
        if self
            .transactions
            .first()
            .is_none_or(Transaction::is_coinbase)
        {
            return Ok(());
        }
        match self
            .transactions
            .iter()
            .position(Transaction::is_merkle_ambiguous)
        {
            Some(index) => Err(Reject::MerkleAmbiguous {
                index: index as u32,
            }),
            None => Ok(()),
        }
    }

    fn check_sizes(&self, params: &ChainParams) -> Result<(), Reject> {
        let limit = params.max_block_size;
        let size = self.stripped_size();
        if self.transactions.is_empty() || size > u64::from(limit) {
            return Err(Reject::BadBlkLength { size, limit });
        }
        let weight = self.weight();
        let limit = u64::from(limit) * Transaction::WITNESS_SCALE;
        if weight > limit {
            return Err(Reject::BadBlkWeight { weight, limit });
        }
        Ok(())
    }

    fn check_coinbase(&self) -> Result<(), Reject> {
        match self.transactions.iter().position(Transaction::is_coinbase) {
            Some(0) => {}
            _ => return Err(Reject::BadCbMissing),
        }
        match self
            .transactions
            .iter()
            .skip(1)
            .position(Transaction::is_coinbase)
        {
            Some(index) => Err(Reject::BadCbMultiple {
                index: index as u32 + 1,
            }),
            None => Ok(()),
        }
    }
}

impl Encode for Block {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.header.encode_into(out);
        put_list(&self.transactions, out);
    }
}

impl Decode for Block {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            header: BitcoinHeader::decode_from(reader)?,
            transactions: reader.list(MIN_TX)?,
        })
    }
}
