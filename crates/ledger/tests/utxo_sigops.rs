//! What signatures in witnesses cost: known only with the coins that are spent.

mod kit;

use chain::lock::witness_script::Multisig;
use chain::{
    EcdsaSighashType, Encode as _, Lock, OutPoint, Script, Spender, Transaction, TxIn, TxOut, Txid,
    Witness, WitnessScript,
};
use kit::blocks::{Chain, place};
use kit::{COIN, amount, key, spend};
use ledger::{Ledger as _, NoneChecked, Waiting};

const CHECKSIG: u8 = 0xac;

/// A payment out of one coin that any of so many keys can spend, whose output has so many signatures to check in
/// its own script.
fn payment(chain: &mut Chain, keys: u8, own: usize) -> Transaction {
    let listed = (1..=keys).map(|number| key(number).ecdsa_key()).collect();
    let script = WitnessScript::Multisig(Multisig::new(1, listed).expect("one of them"));
    let locked = TxOut::new(amount(COIN), Lock::to_script(&script).script());
    let tx = spend(
        &[chain.reward(1)],
        vec![locked.clone()],
        &key(1),
        chain.tag(),
    );
    let txid = tx.txid();
    chain.extend(1, 0, vec![tx]).expect("paid");
    let mut tx = Transaction {
        version: 2,
        inputs: vec![TxIn::new(OutPoint { txid, vout: 0 })],
        outputs: vec![TxOut::new(amount(COIN), Script(vec![CHECKSIG; own]))],
        lock_time: 0,
    };
    let spent = [locked];
    let unsigned = tx.clone();
    let spender = Spender::new(&unsigned, &spent, Some(chain.tag())).expect("one coin");
    let hash = spender.script_hash(0, &script, amount(COIN), EcdsaSighashType::ALL);
    let signature = [key(1).sign_ecdsa(&hash.expect("input 0")), vec![1]].concat();
    tx.inputs[0].witness = Witness::new([vec![], signature, script.script().0]);
    tx
}

/// 2,499 in scripts cost four each, and those in the witness one each: 10,000 is the limit.
#[test]
fn witnesses_count_towards_the_limit_exactly() {
    let mut chain = Chain::mature();
    assert_eq!(chain.params.max_sigop_cost(), 10_000);
    let above = payment(&mut chain, 5, 2_499);
    assert_eq!(chain.extend(1, 0, vec![above]), Err("bad-blk-sigops"));
    let mut chain = Chain::mature();
    let at = payment(&mut chain, 4, 2_499);
    assert_eq!(chain.extend(1, 0, vec![at]), Ok(()));
}

struct NoneWaits;

impl Waiting for NoneWaits {
    fn transaction(&self, _txid: &Txid) -> Option<&[u8]> {
        None
    }
}

/// A payment that asks for more signatures than its bytes stand for is as large as these: no block of payments
/// that fit asks for too many.
#[test]
fn a_payment_that_waits_counts_with_its_signatures_or_its_bytes_whichever_is_more() {
    for (own, by_signatures) in [(0, false), (1, false), (2, true), (2_499, true)] {
        let mut chain = Chain::mature();
        let tx = payment(&mut chain, 4, own);
        let state = chain.states.last().expect("a state");
        let place = place(chain.next());
        let admitted = chain
            .ledger
            .admit(state, place, &tx.to_vec(), &NoneWaits, &NoneChecked);
        let size = u64::from(admitted.expect("a good payment").size);
        let cost = 4 + 4 * own as u64;
        let expected = if by_signatures {
            cost * 50
        } else {
            tx.weight()
        };
        assert_eq!(size, expected.div_ceil(4), "{own}");
        assert!(size <= chain.params.max_block_size.into());
    }
}
