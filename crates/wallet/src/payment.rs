//! Payments: a draft to be looked at before anything is signed, and its signatures (BIP340 and BIP341, key path,
//! all outputs covered).

use alloc::vec;
use alloc::vec::Vec;

use chain::{
    Address, Amount, FeeRate, OutPoint, Script, SighashError, SighashType, Sighasher, SpendError,
    Spender, Transaction, TxIn, TxOut, Witness, tagged_hash,
};

use crate::book::OwnCoin;
use crate::destination::Destination;
use crate::fee::{dust_limit, output_weight};
use crate::keys::{Account, DeriveError};
use crate::select::{Candidate, Need, SelectError, Selection, select, select_all};

/// What one output pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Whom.
    pub to: Destination,
    /// How much.
    pub amount: Amount,
}

/// What somebody wants to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The payments.
    pub payments: Vec<Payment>,
    /// What a virtual byte may cost.
    pub rate: FeeRate,
    /// Where change goes: an own address that nobody was told.
    pub change: Address,
}

/// A transaction that is not signed yet, and all that there is to know before it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The transaction, its inputs without witnesses.
    pub tx: Transaction,
    /// What it spends, in the order of its inputs.
    pub spent: Vec<OwnCoin>,
    /// Which of its outputs is change.
    pub change: Option<u32>,
    /// The fee.
    pub fee: Amount,
    /// Its weight once it is signed.
    pub weight: u64,
    /// Why these coins.
    pub selection: Selection,
}

/// Why there can be no such payment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// Nobody is paid.
    #[error("nobody is paid")]
    Nobody,
    /// More payments than [`MOST_PAYMENTS`]; carries how many.
    #[error("{0} payments are more than one transaction makes, which is {MOST_PAYMENTS}")]
    TooMany(u64),
    /// An output that would cost more to spend than it is worth.
    #[error("{amount} is too little to be spent again: pay at least {least}")]
    Dust {
        /// What was to be paid.
        amount: Amount,
        /// The least that can be.
        least: Amount,
    },
    /// The sum is more than 21 million coins.
    #[error("the payments come to more than 21 million coins")]
    TooMuch,
    /// The coins are not enough.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// So many coins are needed that the transaction would not be relayed; carries its weight.
    #[error(
        "it takes so many small coins that the transaction is too large: pay less, or some of it first"
    )]
    TooHeavy(u64),
    /// See [`DeriveError`].
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// A coin that these keys do not spend.
    #[error(transparent)]
    Sighash(#[from] SighashError),
    /// The signed transaction does not do what its coins ask for: a fault of this wallet.
    #[error("input {input} is signed wrongly: {error}")]
    Invalid {
        /// The input.
        input: u32,
        /// What is wrong with it.
        error: SpendError,
    },
}

/// The most payments of one transaction: with the change, their number still has one byte.
pub const MOST_PAYMENTS: usize = 251;
/// The heaviest transaction that nodes relay (Bitcoin Core's `MAX_STANDARD_TX_WEIGHT`).
pub const MOST_WEIGHT: u64 = 400_000;

/// Weight of an input without its witness: outpoint, empty script and sequence number.
pub(crate) const INPUT_WEIGHT: u64 = (36 + 1 + 4) * Transaction::WITNESS_SCALE;

/// Weight of an input that spends a taproot output by its key: in its witness is one signature of 64 bytes, with its
/// length and their count.
pub const KEY_INPUT_WEIGHT: u64 = INPUT_WEIGHT + 1 + 1 + 64;

/// Chooses coins for an order and makes a draft of it.
///
/// # Errors
/// [`PaymentError`].
pub fn draft(coins: &[OwnCoin], order: &Order) -> Result<Draft, PaymentError> {
    check(&order.payments)?;
    let outputs = outputs(&order.payments);
    let amount = Amount::sum(order.payments.iter().map(|payment| payment.amount));
    let change = order.change.script_pubkey();
    let need = need(
        &outputs,
        amount.ok_or(PaymentError::TooMuch)?,
        &change,
        order.rate,
    );
    let selection = select(&candidates(coins), &need)?;
    assemble(coins, selection, outputs, change)
}

/// Makes a draft that pays all these coins, but for the fee and for coins that are not worth it, to one
/// destination.
///
/// # Errors
/// [`PaymentError::Select`], [`PaymentError::TooHeavy`].
pub fn draft_all(coins: &[OwnCoin], to: Destination, rate: FeeRate) -> Result<Draft, PaymentError> {
    let to = to.script_pubkey();
    let need = need(&[], Amount::ZERO, &to, rate);
    let selection = select_all(&candidates(coins), &need)?;
    let draft = assemble(coins, selection, Vec::new(), to)?;
    // What selection calls change is the payment here.
    Ok(Draft {
        change: None,
        ..draft
    })
}

impl Draft {
    /// What each output pays, and whether it is change.
    pub fn payments(&self) -> impl Iterator<Item = (&TxOut, bool)> {
        let change = self.change;
        let outputs = (0..).zip(&self.tx.outputs);
        outputs.map(move |(index, output)| (output, change == Some(index)))
    }

    /// Signs all inputs, for the chain with this genesis block ([`chain::Sighasher::new`]), and checks the
    /// result as every node will.
    ///
    /// # Errors
    /// [`PaymentError::Sighash`] if a coin is another account's.
    pub fn sign(
        &self,
        account: &Account,
        genesis: Option<[u8; 32]>,
    ) -> Result<Transaction, PaymentError> {
        let spent: Vec<TxOut> = self.spent.iter().map(OwnCoin::output).collect();
        let sighasher = Sighasher::new(&self.tx, &spent, genesis)?;
        let mut signed = self.tx.clone();
        for ((index, coin), input) in (0..).zip(&self.spent).zip(&mut signed.inputs) {
            let key = account.key(coin.path)?;
            let item = sighasher.sign_key_spend(index, SighashType::DEFAULT, &key)?;
            input.witness = Witness::new([item]);
        }
        let spender = Spender::new(&signed, &spent, genesis)?;
        for (input, _) in (0..).zip(&spent) {
            let checked = spender.check(input);
            checked.map_err(|error| PaymentError::Invalid { input, error })?;
        }
        Ok(signed)
    }
}

/// Whether outputs can pay this.
fn check(payments: &[Payment]) -> Result<(), PaymentError> {
    if payments.is_empty() {
        return Err(PaymentError::Nobody);
    }
    if payments.len() > MOST_PAYMENTS {
        return Err(PaymentError::TooMany(payments.len() as u64));
    }
    for Payment { to, amount } in payments {
        let least = dust_limit(&to.script_pubkey());
        if *amount < least {
            let amount = *amount;
            return Err(PaymentError::Dust { amount, least });
        }
    }
    Ok(())
}

fn outputs(payments: &[Payment]) -> Vec<TxOut> {
    let output = |payment: &Payment| TxOut::new(payment.amount, payment.to.script_pubkey());
    payments.iter().map(output).collect()
}

pub(crate) fn candidates(coins: &[OwnCoin]) -> Vec<Candidate> {
    let candidate = |coin: &OwnCoin| Candidate {
        outpoint: coin.outpoint,
        amount: coin.amount,
        weight: KEY_INPUT_WEIGHT,
    };
    coins.iter().map(candidate).collect()
}

/// What must be paid for so that these outputs come about.
pub(crate) fn need(outputs: &[TxOut], amount: Amount, change: &Script, rate: FeeRate) -> Need {
    let weights = outputs
        .iter()
        .map(|output| output_weight(&output.script_pubkey));
    Need {
        amount,
        weight: OVERHEAD + weights.sum::<u64>(),
        change_weight: output_weight(change),
        change_input_weight: KEY_INPUT_WEIGHT,
        least_change: dust_limit(change),
        rate,
    }
}

/// Weight of version, lock time and the two counts, each in its shortest form, and of the mark of witnesses.
pub(crate) const OVERHEAD: u64 = (4 + 4 + 1 + 1) * Transaction::WITNESS_SCALE + 2;

/// An input without its witness, of a transaction that can be replaced by one that pays more (BIP125).
pub(crate) fn input(prevout: OutPoint) -> TxIn {
    TxIn {
        sequence: TxIn::REPLACEABLE,
        ..TxIn::new(prevout)
    }
}

/// The transaction that spends what was selected.
pub(crate) fn assemble(
    coins: &[OwnCoin],
    selection: Selection,
    mut outputs: Vec<TxOut>,
    change_script: Script,
) -> Result<Draft, PaymentError> {
    if selection.weight > MOST_WEIGHT {
        return Err(PaymentError::TooHeavy(selection.weight));
    }
    let mut chosen: Vec<OutPoint> = selection.chosen.iter().map(|coin| coin.outpoint).collect();
    // In the order of outpoints, which tells nothing of how they were chosen.
    chosen.sort_unstable();
    let coin_at = |at: &OutPoint| coins.iter().find(|coin| coin.outpoint == *at);
    let spent: Vec<OwnCoin> = chosen.iter().filter_map(coin_at).cloned().collect();
    let change = selection.change.map(|amount| {
        let place = place_of_change(&chosen, outputs.len());
        outputs.insert(place, TxOut::new(amount, change_script));
        u32::try_from(place).expect("few outputs")
    });
    Ok(Draft {
        tx: Transaction {
            version: 2,
            inputs: spent.iter().map(|coin| input(coin.outpoint)).collect(),
            outputs,
            lock_time: 0,
        },
        spent,
        change,
        fee: selection.fee,
        weight: selection.weight,
        selection,
    })
}

/// Where the change stands among so many payments: each place is as likely as any other, so nobody can tell the
/// change by it; and the same coins always give the same place.
fn place_of_change(spent: &[OutPoint], payments: usize) -> usize {
    let mut bytes = vec![];
    for at in spent {
        chain::Encode::encode_into(at, &mut bytes);
    }
    let [a, b, c, d, ..] = tagged_hash("Tabchain/ChangePlace", &[&bytes]);
    u32::from_le_bytes([a, b, c, d]) as usize % (payments + 1)
}
