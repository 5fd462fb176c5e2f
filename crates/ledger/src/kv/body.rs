//! The bodies of blocks.

use alloc::vec::Vec;

use chain::{Decode, DecodeError, Encode, MerkleRoot, Reader, merkle, put_list, tagged_hash};

use super::Transaction;
use super::transaction::MIN_TRANSACTION;

/// A block without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Who made it.
    pub coinbase: Coinbase,
    /// What is done, in this order.
    pub transactions: Vec<Transaction>,
}

/// Says who made a block. There is no money, so that is all it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coinbase {
    /// The x coordinate of the maker's key. Bytes that are no key's make the block nobody's.
    pub payee: [u8; 32],
    /// Any number: what a miner varies when the nonces of a header are used up.
    pub extra: u64,
}

impl Body {
    /// What a header commits to: Bitcoin's Merkle tree over tagged hashes, the coinbase's first.
    ///
    /// A transaction's leaf covers its place. So no two lists have the same root, though honest
    /// transactions may be equal (CVE-2012-2459), and no leaf is an inner node (CVE-2017-12842).
    #[must_use]
    pub fn root(&self) -> MerkleRoot {
        let coinbase = tagged_hash("tabchain/kv/coinbase", &[&self.coinbase.to_vec()]);
        let transactions = (0u32..).zip(&self.transactions).map(|(index, tx)| {
            tagged_hash(
                "tabchain/kv/transaction",
                &[&index.to_le_bytes(), &tx.to_vec()],
            )
        });
        let leaves = core::iter::once(coinbase).chain(transactions);
        MerkleRoot::from_bytes(merkle::root(leaves).hash)
    }
}

impl Encode for Coinbase {
    fn encode_into(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.payee);
        out.extend_from_slice(&self.extra.to_le_bytes());
    }
}

impl Decode for Coinbase {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            payee: reader.array()?,
            extra: reader.u64()?,
        })
    }
}

impl Encode for Body {
    fn encode_into(&self, out: &mut Vec<u8>) {
        self.coinbase.encode_into(out);
        put_list(&self.transactions, out);
    }
}

impl Decode for Body {
    fn decode_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            coinbase: Coinbase::decode_from(reader)?,
            transactions: reader.list(MIN_TRANSACTION)?,
        })
    }
}
