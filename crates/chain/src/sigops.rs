//! How many signatures a block may ask nodes to check (Bitcoin Core's `GetSigOpCount` and what counts with it).
//!
//! Scripts are counted, not executed: also what is never reached and what is never spent. A multisig operation
//! counts as twenty, unless it is known to be the script that is executed, where the number of keys before it says
//! how many.

use crate::block::Block;
use crate::lock::Lock;
use crate::opcode::{
    OP_CHECKMULTISIG, OP_CHECKMULTISIGVERIFY, OP_CHECKSIG, OP_CHECKSIGVERIFY, small_number,
};
use crate::params::ChainParams;
use crate::reject::Reject;
use crate::script::Script;
use crate::transaction::{Transaction, TxIn, TxOut};

/// What a multisig operation counts as, if the number of its keys is not known.
const MOST_KEYS: u64 = 20;
/// A block of so many bytes without witnesses may ask for one signature (Bitcoin Core's `MAX_BLOCK_SIGOPS` is
/// 20,000 for a million).
const BYTES_A_SIGOP: u32 = 50;

impl Script {
    /// How many signatures it asks for; `accurate` if the script is executed as it stands. A push that promises
    /// more bytes than there are ends the count.
    #[must_use]
    pub fn sigops(&self, accurate: bool) -> u64 {
        let mut count = 0;
        let mut before = None;
        for op in self.ops() {
            count += match op.code {
                OP_CHECKSIG | OP_CHECKSIGVERIFY => 1,
                OP_CHECKMULTISIG | OP_CHECKMULTISIGVERIFY => before
                    .and_then(small_number)
                    .filter(|_| accurate)
                    .map_or(MOST_KEYS, u64::from),
                _ => 0,
            };
            before = Some(op.code);
        }
        count
    }
}

impl Transaction {
    /// What its own scripts ask for: those of its inputs, and those of its outputs, though these are not executed
    /// yet.
    #[must_use]
    pub fn legacy_sigops(&self) -> u64 {
        let inputs = self.inputs.iter().map(|input| &input.script_sig);
        let outputs = self.outputs.iter().map(|output| &output.script_pubkey);
        inputs
            .chain(outputs)
            .map(|script| script.sigops(false))
            .sum()
    }

    /// The cost of all signatures that it asks for, if its inputs spend these outputs (BIP141): four for each of
    /// its own scripts, one for each in a witness. What pays to the hash of a script outside of witnesses (BIP16)
    /// cannot be spent here.
    #[must_use]
    pub fn sigop_cost(&self, spent: &[TxOut]) -> u64 {
        let own = self.legacy_sigops() * Self::WITNESS_SCALE;
        let witnesses = self.inputs.iter().zip(spent);
        own + witnesses
            .map(|(input, spent)| witness_sigops(input, spent))
            .sum::<u64>()
    }
}

/// What an input's witness asks for: nothing, if it is for the key of a taproot output, which has its own bound.
fn witness_sigops(input: &TxIn, spent: &TxOut) -> u64 {
    let is_behind_hash = matches!(Lock::of(&spent.script_pubkey), Lock::WitnessScriptHash(_));
    let last = input.witness.len().checked_sub(1);
    let script = last
        .filter(|_| is_behind_hash)
        .and_then(|last| input.witness.get(last));
    script.map_or(0, |script| Script(script.to_vec()).sigops(true))
}

impl Block {
    /// What the scripts of its transactions ask for, whatever they spend.
    #[must_use]
    pub fn legacy_sigops(&self) -> u64 {
        self.transactions
            .iter()
            .map(Transaction::legacy_sigops)
            .sum()
    }
}

/// The weight that as much of a block stands for as signatures of this cost: a block whose weight is within its
/// limit is within that of its signatures, if each transaction counts with the larger of both.
#[must_use]
pub fn sigop_weight(cost: u64) -> u64 {
    cost.saturating_mul(BYTES_A_SIGOP.into())
}

impl ChainParams {
    /// The highest cost of all signatures in a block, of which each that is not in a witness costs four.
    #[must_use]
    pub fn max_sigop_cost(&self) -> u64 {
        u64::from(self.max_block_size / BYTES_A_SIGOP) * Transaction::WITNESS_SCALE
    }

    /// Checks what the signatures of a block cost, or those of some of its transactions.
    ///
    /// # Errors
    /// [`Reject::BadBlkSigops`].
    pub fn check_sigop_cost(&self, cost: u64) -> Result<(), Reject> {
        let limit = self.max_sigop_cost();
        if cost > limit {
            return Err(Reject::BadBlkSigops { cost, limit });
        }
        Ok(())
    }
}
