//! The set of unspent outputs as a persistent map: every block's set can be kept at once.

use chain::{Amount, AmountError, BlockTime, Height, OutPoint, Reject, Script, Transaction, TxOut};

use crate::Place;
use crate::merkle_map::{MerkleMap, Proof};

/// An unspent output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coin {
    /// What it is worth.
    pub amount: Amount,
    /// Who may spend it.
    pub script: Script,
    /// Height of the block that created it.
    pub height: Height,
    /// Median time past of that block's parent, which relative lock times count from (BIP68).
    pub median: BlockTime,
    /// Whether a coinbase created it, so that it has to mature.
    pub coinbase: bool,
}

impl Coin {
    /// What a transaction's output becomes in a block.
    pub(super) fn made(output: &TxOut, place: Place, coinbase: bool) -> Result<Self, Reject> {
        Ok(Self {
            amount: output.amount()?,
            script: output.script_pubkey.clone(),
            height: place.height,
            median: place.median,
            coinbase,
        })
    }
}

/// All unspent outputs after some block; O(1) to clone.
#[derive(Clone, Default)]
pub struct Coins {
    map: MerkleMap<OutPoint, Coin>,
    supply: Amount,
}

impl Coins {
    /// The coin at an outpoint.
    #[must_use]
    pub fn get(&self, at: &OutPoint) -> Option<&Coin> {
        self.map.get(at)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// All of them, in the order of their outpoints.
    pub fn iter(&self) -> impl Iterator<Item = (&OutPoint, &Coin)> {
        self.map.iter()
    }

    /// The sum of all coins.
    #[must_use]
    pub fn supply(&self) -> Amount {
        self.supply
    }

    /// The coins of a map, whose sum is what the supply is.
    pub(super) fn of(map: MerkleMap<OutPoint, Coin>) -> Result<Self, AmountError> {
        let add = |sum: Amount, coin: &Coin| Amount::new(sum.to_sat() + coin.amount.to_sat());
        let supply = map
            .iter()
            .try_fold(Amount::ZERO, |sum, (_, coin)| add(sum, coin))?;
        Ok(Self { map, supply })
    }

    /// The coins by their outpoints.
    pub(super) fn map(&self) -> &MerkleMap<OutPoint, Coin> {
        &self.map
    }

    /// Removes a coin and returns it.
    pub(super) fn spend(&mut self, at: &OutPoint) -> Result<Coin, Reject> {
        let coin = self
            .map
            .remove(at)
            .ok_or(Reject::InputsMissingOrSpent { outpoint: *at })?;
        self.supply = self
            .supply
            .checked_sub(coin.amount)
            .expect("the supply counts every coin");
        Ok(coin)
    }

    /// Adds a transaction's outputs, none of which is in the set yet.
    pub(super) fn create(&mut self, tx: &Transaction, place: Place) -> Result<(), Reject> {
        let txid = tx.txid();
        for (vout, output) in (0u32..).zip(&tx.outputs) {
            if output.script_pubkey.is_unspendable() {
                continue;
            }
            let coin = Coin::made(output, place, tx.is_coinbase())?;
            self.put(OutPoint { txid, vout }, coin)?;
        }
        Ok(())
    }

    /// Adds a coin at an outpoint that holds none yet.
    pub(super) fn put(&mut self, at: OutPoint, coin: Coin) -> Result<(), Reject> {
        let total = self.supply.to_sat().saturating_add(coin.amount.to_sat());
        self.supply = Amount::new(total).map_err(|_| Reject::TxOutTotalTooLarge { total })?;
        self.map.insert(at, coin);
        Ok(())
    }

    /// Whether a transaction with the same id still has an unspent output (BIP30).
    pub(super) fn holds(&self, tx: &Transaction) -> bool {
        let txid = tx.txid();
        let last = u32::try_from(tx.outputs.len()).unwrap_or(u32::MAX);
        (0..last).any(|vout| self.map.contains_key(&OutPoint { txid, vout }))
    }

    /// The root of the set as a [`MerkleMap`].
    #[must_use]
    pub fn root(&self) -> [u8; 32] {
        self.map.root()
    }

    /// Proves to whoever knows the root which coin is at an outpoint, or that there is none.
    #[must_use]
    pub fn prove(&self, at: &OutPoint) -> Proof<Coin> {
        self.map.prove(at)
    }
}
