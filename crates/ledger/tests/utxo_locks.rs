//! Older locks, scripts behind hashes, and coins that are locked for a while or for ever, in blocks.

mod kit;

use chain::lock::MAX_SCRIPT;
use chain::lock::witness_script::Multisig;
use chain::sighash::{SighashType, Sighasher};
use chain::{
    Block, BlockTime, EcdsaSighashType, Height, Lock, OutPoint, Script, Spender, Transaction, TxIn,
    TxOut, Witness, WitnessScript,
};
use kit::blocks::{Chain, header, place};
use kit::{COIN, amount, key, pay, spend};
use ledger::utxo::body_of;
use ledger::{Ledger, NoneChecked, Place};

/// Each of them is paid, and spent by what its script asks for.
#[test]
fn older_locks_and_scripts_behind_hashes_are_paid_and_spent() {
    let mut chain = Chain::mature();
    let hashed = key(2).ecdsa_key();
    let multisig = Multisig::new(1, vec![key(3).ecdsa_key(), key(4).ecdsa_key()]);
    let script = WitnessScript::Multisig(multisig.expect("one of two"));
    let paid: Vec<TxOut> = [Lock::PublicKeyHash(hashed.hash()), Lock::to_script(&script)]
        .map(|lock| TxOut::new(amount(COIN), lock.script()))
        .into();
    let tx = spend(&[chain.reward(1)], paid.clone(), &key(1), chain.tag());
    let from = |vout| {
        TxIn::new(OutPoint {
            txid: tx.txid(),
            vout,
        })
    };
    chain.extend(1, 0, vec![tx.clone()]).expect("paid");
    let mut tx = Transaction {
        version: 2,
        inputs: vec![from(0), from(1)],
        outputs: vec![pay(2 * COIN, &key(5))],
        lock_time: 0,
    };
    let unsigned = tx.clone();
    let spender = Spender::new(&unsigned, &paid, Some(chain.tag())).expect("two coins");
    let all = EcdsaSighashType::ALL;
    let sign = |by: u8, hash: [u8; 32]| [key(by).sign_ecdsa(&hash), vec![1]].concat();
    let legacy = spender.legacy_hash(0, all).expect("input 0");
    let scripted = spender.script_hash(1, &script, amount(COIN), all);
    let scripted = scripted.expect("input 1");
    tx.inputs[0].script_sig = Script::default()
        .push(&sign(2, legacy))
        .push(hashed.as_bytes());
    let witness = |by| Witness::new([vec![], sign(by, scripted), script.script().0]);
    tx.inputs[1].witness = witness(5);
    assert_eq!(chain.extend(1, 0, vec![tx.clone()]), Err("bad-signature"));
    tx.inputs[1].witness = witness(4);
    chain
        .extend(1, 0, vec![tx])
        .expect("signed by one of the two");
}

/// BIP68: sequence numbers count blocks, or units of 512 seconds, from the coin on.
#[test]
fn a_coin_may_have_to_be_so_many_blocks_or_seconds_old() {
    let mut chain = Chain::mature();
    let coin = pay(COIN, &key(2));
    let tx = spend(&[chain.reward(1)], vec![coin.clone()], &key(1), chain.tag());
    let at = OutPoint {
        txid: tx.txid(),
        vout: 0,
    };
    chain.extend(1, 0, vec![tx]).expect("paid");
    let (born, tip) = (
        place(chain.next() - 1),
        chain.states.last().expect("states"),
    );
    let spend_at = |version, sequence, blocks, secs| {
        let mut tx = Transaction {
            version,
            inputs: vec![TxIn {
                sequence,
                ..TxIn::new(at)
            }],
            outputs: vec![pay(COIN, &key(3))],
            lock_time: 0,
        };
        let unsigned = tx.clone();
        let spent = [coin.clone()];
        let hasher = Sighasher::new(&unsigned, &spent, Some(chain.tag())).expect("one coin");
        let signed = hasher.sign_key_spend(0, SighashType::DEFAULT, &key(2));
        tx.inputs[0].witness = Witness::new([signed.expect("its owner")]);
        let height = Height(born.height.0 + blocks);
        let reward = vec![pay(COIN, &key(1))];
        let mut block = Block {
            header: header(),
            transactions: vec![Transaction::coinbase(height, b"x", reward), tx],
        };
        block.commit();
        let place = Place {
            height,
            median: BlockTime(born.median.0 + secs),
            time: BlockTime(0),
        };
        let applied = chain
            .ledger
            .apply(tip, place, &body_of(&block), &NoneChecked);
        applied.map(|_| ()).map_err(|reject| reject.name())
    };
    const TIME: u32 = 1 << 22;
    const OFF: u32 = 1 << 31;
    let early = Err("bad-txns-nonfinal");
    for (version, sequence, blocks, secs, expected) in [
        (2, 3, 2, 0, early),
        (2, 3, 3, 0, Ok(())),
        (1, 3, 1, 0, Ok(())),
        (-1, 3, 2, 0, early),
        (2, OFF | 3, 1, 0, Ok(())),
        (2, 0x3_0003, 2, 0, early),
        (2, 0x3_0003, 3, 0, Ok(())), // other bits mean nothing yet
        (2, TIME | 2, 9, 1_023, early),
        (2, TIME | 2, 1, 1_024, Ok(())),
        (2, TIME, 1, 0, Ok(())),
    ] {
        let found = spend_at(version, sequence, blocks, secs);
        assert_eq!(found, expected, "{version} {sequence:x} {blocks} {secs}");
    }
}

#[test]
fn what_nobody_can_spend_leaves_the_supply_and_what_nobody_understands_stays() {
    let mut chain = Chain::mature();
    let script = |lock: Lock| TxOut::new(amount(COIN), lock.script());
    let long = TxOut::new(amount(COIN), Script(vec![0x51; MAX_SCRIPT + 1]));
    let outputs = vec![
        script(Lock::Burn),
        script(Lock::Data(b"told".to_vec())),
        long,
        TxOut::new(amount(COIN), Script(vec![0x51; MAX_SCRIPT])),
        pay(46 * COIN, &key(2)),
    ];
    let tx = spend(&[chain.reward(1)], outputs, &key(1), chain.tag());
    let odd = OutPoint {
        txid: tx.txid(),
        vout: 3,
    };
    chain.extend(1, 0, vec![tx]).expect("anything may be paid");
    let tip = chain.states.last().expect("states");
    let blocks = u64::from(chain.next() - 1);
    let supply = chain.ledger.supply(tip).to_sat();
    assert_eq!(supply, blocks * 50 * COIN - 3 * COIN);
    let coin = chain.ledger.coins(tip).get(&odd);
    assert!(coin.is_some_and(|coin| coin.script.as_bytes().len() == MAX_SCRIPT));
    let tx = Transaction {
        version: 2,
        inputs: vec![TxIn::new(odd)],
        outputs: vec![pay(COIN, &key(1))],
        lock_time: 0,
    };
    assert_eq!(
        chain.extend(1, 0, vec![tx]),
        Err("bad-txns-nonstandard-inputs")
    );
}
