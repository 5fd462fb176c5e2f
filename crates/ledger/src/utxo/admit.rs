//! Payments that wait for a block: the rules of a block, with coins that others which wait create.

use alloc::vec::Vec;

use chain::mempool::Admission;
use chain::sigops::sigop_weight;
use chain::{OutPoint, Reject, Transaction, TxIn, TxOut, Txid, decode_exact, virtual_size};

use super::apply::{Rules, check_alone, check_final, check_spends};
use super::{Coin, Coins};
use crate::{Carried, Inadmissible, Place, Waiting};

/// Judges a payment for the next block.
pub(super) fn admit(
    rules: Rules<'_>,
    coins: &Coins,
    place: Place,
    tx: &[u8],
    waiting: &dyn Waiting,
) -> Result<Admission, Inadmissible> {
    let params = rules.params;
    let tx: Transaction = decode_exact(tx).map_err(|_| Reject::BodyUndecodable)?;
    check_alone(params, 1, &tx)?;
    let txid = tx.txid();
    check_final(params, place, &tx)?;
    if coins.holds(&tx) {
        return Err(Inadmissible::Confirmed { txid });
    }
    let mut parents = Parents {
        waiting,
        place,
        known: Vec::new(),
    };
    let spent = tx.inputs.iter().map(|input| {
        let coin = coins.get(&input.prevout).cloned();
        coin.map_or_else(|| parents.coin(&input.prevout), Ok)
    });
    let spent: Vec<Coin> = spent.collect::<Result<_, _>>()?;
    let is_frail = tx.lock_time != 0
        || spent.iter().any(|coin| coin.coinbase)
        || tx
            .inputs
            .iter()
            .any(|input| input.relative_lock().is_some());
    let mut sigop_cost = 0;
    let fee = check_spends(rules, place, &tx, spent, &mut sigop_cost)?;
    // Who asks for many signatures takes up more of a block than its bytes: so no block of transactions that
    // fit asks for too many (Bitcoin Core's `GetVirtualTransactionSize`).
    let weight = tx.weight().max(sigop_weight(sigop_cost));
    Ok(Admission {
        txid,
        // A transaction is smaller than a block.
        size: u32::try_from(virtual_size(weight)).unwrap_or(u32::MAX),
        fee,
        spends: tx.inputs.iter().map(|input| input.prevout).collect(),
        replaceable: tx.inputs.iter().any(TxIn::is_replaceable),
        is_frail,
    })
}

/// What other payments that wait create.
struct Parents<'a> {
    waiting: &'a dyn Waiting,
    place: Place,
    /// The outputs of those that were asked for.
    known: Vec<(Txid, Vec<TxOut>)>,
}

impl Parents<'_> {
    /// The coin that one of them creates, as it will be if both come into the next block.
    fn coin(&mut self, at: &OutPoint) -> Result<Coin, Reject> {
        let missing = Reject::InputsMissingOrSpent { outpoint: *at };
        let known = self.known.iter().position(|(txid, _)| *txid == at.txid);
        let place = match known {
            Some(place) => place,
            None => {
                let bytes = self.waiting.transaction(&at.txid).ok_or(missing)?;
                let tx: Transaction = decode_exact(bytes).map_err(|_| missing)?;
                self.known.push((at.txid, tx.outputs));
                self.known.len() - 1
            }
        };
        let (_, outputs) = &self.known[place];
        let vout = usize::try_from(at.vout).map_err(|_| missing)?;
        let output = outputs.get(vout);
        let output = output.filter(|output| !output.script_pubkey.is_unspendable());
        let output = output.ok_or(missing)?;
        Coin::made(output, self.place, false)
    }
}

/// What a mempool asks of the transactions of a body that is theirs.
pub(super) fn carried(transactions: &[Transaction], body: &[u8]) -> Vec<Carried> {
    let size = |tx: &Transaction| usize::try_from(tx.total_size()).unwrap_or(usize::MAX);
    let sizes = transactions.iter().map(size);
    // A count stands before them.
    let mut at = body.len().saturating_sub(sizes.sum());
    let carry = |tx: &Transaction| {
        let bytes = at..at + size(tx);
        at = bytes.end;
        Carried {
            txid: tx.txid(),
            spends: tx.inputs.iter().map(|input| input.prevout).collect(),
            bytes: (!tx.is_coinbase()).then_some(bytes),
        }
    };
    transactions.iter().map(carry).collect()
}
