//! Blocks: five fields, and transactions of three.

use alloc::string::ToString;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::LocalTime;
use crate::json::{Object, Style, Text, Value, to_bytes};
use crate::proof::{Proof, ProofError};

/// What somebody claims to have paid. All three are whatever the client sent: nobody signs, and nobody counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Who pays.
    pub sender: Value,
    /// Who is paid.
    pub receiver: Value,
    /// How much.
    pub amount: Value,
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number; the first block has 1.
    pub index: u64,
    /// The miner's local time, as Python writes it. No rule reads it.
    pub timestamp: Text,
    /// Proof of work for the proof of the block before.
    pub proof: Proof,
    /// [`Block::hash`] of the block before, in hex.
    pub previous_hash: Text,
    /// In the order in which they came; the miner's reward is the last.
    pub transactions: Vec<Transaction>,
}

/// Why a value is no block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Not an object of exactly these fields.
    #[error("not an object with the fields {}", .0.join(", "))]
    Fields(&'static [&'static str]),
    /// A field that holds something else than it should.
    #[error("`{0}` is not {1}")]
    Field(&'static str, &'static str),
    /// A proof that is no whole number.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// The first block: proof 1, previous hash "0". It names nobody and is dated, so no two nodes begin with the
/// same one; they agree once one has taken the other's chain.
#[must_use]
pub fn genesis(now: LocalTime) -> Block {
    Block {
        index: 1,
        timestamp: Text::from(now.to_string().as_str()),
        proof: Proof::genesis(),
        previous_hash: Text::from("0"),
        transactions: Vec::new(),
    }
}

impl Block {
    const FIELDS: [&'static str; 5] = [
        "index",
        "timestamp",
        "proof",
        "previous_hash",
        "transactions",
    ];

    /// SHA-256 of what `json.dumps(block, sort_keys=True)` prints.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(to_bytes(&Value::from(self), Style::Spaced)).into()
    }

    /// Compact JSON, as it is sent and stored.
    #[must_use]
    pub fn json(&self) -> Vec<u8> {
        to_bytes(&Value::from(self), Style::Compact)
    }
}

impl Transaction {
    pub(crate) const FIELDS: [&'static str; 3] = ["sender", "receiver", "amount"];
}

impl From<&Transaction> for Value {
    fn from(transaction: &Transaction) -> Self {
        Self::from([
            ("sender", transaction.sender.clone()),
            ("receiver", transaction.receiver.clone()),
            ("amount", transaction.amount.clone()),
        ])
    }
}

impl From<&Block> for Value {
    fn from(block: &Block) -> Self {
        Self::from([
            ("index", block.index.into()),
            ("timestamp", block.timestamp.clone().into()),
            ("proof", Self::from(&block.proof)),
            ("previous_hash", block.previous_hash.clone().into()),
            (
                "transactions",
                Self::List(block.transactions.iter().map(Self::from).collect()),
            ),
        ])
    }
}

impl TryFrom<Value> for Transaction {
    type Error = FormError;

    fn try_from(value: Value) -> Result<Self, FormError> {
        let [sender, receiver, amount] = fields(value, &Self::FIELDS)?;
        Ok(Self {
            sender,
            receiver,
            amount,
        })
    }
}

impl TryFrom<Value> for Block {
    type Error = FormError;

    fn try_from(value: Value) -> Result<Self, FormError> {
        let [index, timestamp, proof, previous_hash, transactions] = fields(value, &Self::FIELDS)?;
        let text = |name, value| match value {
            Value::Text(text) => Ok(text),
            _ => Err(FormError::Field(name, "a text")),
        };
        let index = match index {
            Value::Integer(decimal) => decimal.parse().ok(),
            _ => None,
        };
        let Value::List(transactions) = transactions else {
            return Err(FormError::Field("transactions", "a list"));
        };
        let transactions = transactions.into_iter().map(Transaction::try_from);
        Ok(Self {
            index: index.ok_or(FormError::Field("index", "a whole number from 0 on"))?,
            timestamp: text("timestamp", timestamp)?,
            proof: Proof::try_from(proof)?,
            previous_hash: text("previous_hash", previous_hash)?,
            transactions: transactions.collect::<Result<_, _>>()?,
        })
    }
}

/// The values of exactly these fields, in their order.
fn fields<const N: usize>(
    value: Value,
    names: &'static [&'static str; N],
) -> Result<[Value; N], FormError> {
    let wrong = FormError::Fields(names);
    let mut object = match value {
        Value::Object(object) if object.len() == N => object,
        _ => return Err(wrong),
    };
    take_all(&mut object, names).ok_or(wrong)
}

/// Takes these fields out of an object; `None` if one is missing.
pub(crate) fn take_all<const N: usize>(
    object: &mut Object,
    names: &[&str; N],
) -> Option<[Value; N]> {
    let values: Option<Vec<Value>> = names.iter().map(|name| object.take(name)).collect();
    values?.try_into().ok()
}
