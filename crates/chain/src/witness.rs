//! The coinbase's commitment to the witnesses of its block (BIP141).
//!
//! Without it, anyone who relays a block could change a signature in it, and the block's id would
//! take the blame.

use crate::block::Block;
use crate::hash::Wtxid;
use crate::merkle;
use crate::params::ChainParams;
use crate::reject::Reject;
use crate::script::Script;
use crate::transaction::{Transaction, TxOut, Witness};

/// OP_RETURN, a push of 36 bytes, and BIP141's four-byte header.
const PREFIX: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];

/// The script that commits to a root over witness ids and the coinbase's reserved value.
pub fn commitment_script(witness_root: &[u8; 32], reserved: &[u8; 32]) -> Script {
    let commitment = merkle::node(witness_root, reserved);
    Script([PREFIX.as_slice(), &commitment].concat())
}

impl Block {
    /// Root over the transactions' witness ids, the coinbase's taken as zero.
    pub fn witness_root(&self) -> [u8; 32] {
        let rest = self
            .transactions
            .iter()
            .skip(1)
            .map(|tx| *tx.wtxid().as_bytes());
        merkle::root(core::iter::once(*Wtxid::ZERO.as_bytes()).chain(rest)).hash
    }

    /// Makes the header commit to the transactions: adds the witness commitment to the coinbase
    /// if a transaction has a witness, then sets the Merkle root. The nonce comes later.
    pub fn commit(&mut self) {
        if self
            .transactions
            .iter()
            .skip(1)
            .any(Transaction::has_witness)
        {
            let root = self.witness_root();
            let reserved = [0; 32];
            let coinbase = &mut self.transactions[0];
            coinbase.outputs.retain(|output| !is_commitment(output));
            let script_pubkey = commitment_script(&root, &reserved);
            coinbase.outputs.push(TxOut {
                value: 0,
                script_pubkey,
            });
            if let Some(input) = coinbase.inputs.first_mut() {
                input.witness = Witness::new([reserved.to_vec()]);
            }
        }
        self.header.merkle_root = self.merkle_root().0;
    }

    /// Checks the witnesses against the commitment (Bitcoin Core's `CheckWitnessMalleation`).
    pub(crate) fn check_witness_commitment(&self, params: &ChainParams) -> Result<(), Reject> {
        if params.segwit
            && let Some(coinbase) = self.transactions.first()
            && let Some(found) = coinbase
                .outputs
                .iter()
                .rev()
                .find(|output| is_commitment(output))
        {
            return self.check_commitment_in(coinbase, found);
        }
        match self.transactions.iter().position(Transaction::has_witness) {
            Some(index) => Err(Reject::UnexpectedWitness {
                index: index as u32,
            }),
            None => Ok(()),
        }
    }

    fn check_commitment_in(&self, coinbase: &Transaction, found: &TxOut) -> Result<(), Reject> {
        let witness = coinbase.inputs.first().map(|input| &input.witness);
        let reserved = match witness {
            Some(stack) if stack.len() == 1 => stack.get(0).and_then(|item| item.try_into().ok()),
            _ => None,
        };
        let reserved: &[u8; 32] = reserved.ok_or(Reject::BadWitnessNonceSize)?;
        let expected = commitment_script(&self.witness_root(), reserved);
        if found.script_pubkey.0.starts_with(&expected.0) {
            Ok(())
        } else {
            Err(Reject::BadWitnessMerkleMatch)
        }
    }
}

fn is_commitment(output: &TxOut) -> bool {
    output.script_pubkey.0.len() >= PREFIX.len() + 32 && output.script_pubkey.0.starts_with(&PREFIX)
}
