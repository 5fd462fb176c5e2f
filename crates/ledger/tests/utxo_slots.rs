//! The utxo ledger in slots: allocations, receipts, and states that only valid transactions change.

mod kit;

use std::collections::BTreeMap;
use std::sync::Arc;

use chain::{
    Amount, ChainParams, CompactTarget, Encode, Height, OutPoint, PublicKey, Script, SecretKey,
    StateRoot, Time, Transaction, TxIn, TxOut, Witness, decode_exact, tabchain,
};
use kit::{COIN, amount, key, params, pay, spend};
use ledger::merkle_map::{EMPTY_ROOT, Proof};
use ledger::utxo::{Coin, Receipt, Utxo};
use ledger::{Allocation, AllocationError, Ledger, Miner, NoneChecked, Place, Position, State};
use proptest::collection::vec;
use proptest::prelude::*;

/// Owners 1, 2 and 3 have 10, 20 and 30 coins.
fn start() -> Allocation {
    let entries = (1u8..=3).map(|owner| {
        let coins = amount(u64::from(owner) * 10 * COIN);
        (key(owner).public_key(), coins)
    });
    Allocation::new(entries.collect()).expect("60 coins")
}

struct Slots {
    ledger: Utxo,
    tag: [u8; 32],
    state: State,
    height: u32,
}

impl Slots {
    fn with(params: ChainParams) -> Self {
        let tag = *params.genesis_id().as_bytes();
        let ledger = Utxo::with_allocation(Arc::new(params), &start());
        let state = ledger.genesis();
        let height = 1;
        Self {
            ledger,
            tag,
            state,
            height,
        }
    }

    fn new() -> Self {
        Self::with(params())
    }

    /// The coin of an owner in the allocation.
    fn coin(&self, owner: u8) -> (OutPoint, TxOut) {
        let worth = u64::from(owner) * 10 * COIN;
        let index = u32::from(owner) - 1;
        (self.ledger.allocated(index), pay(worth, &key(owner)))
    }

    /// Spends the coin of an owner.
    fn payment(&self, owner: u8, outputs: Vec<TxOut>) -> Transaction {
        spend(&[self.coin(owner)], outputs, &key(owner), self.tag)
    }

    /// Carries out a transaction in a slot of its own and checks that its failure changes nothing.
    fn execute(&mut self, tx: &[u8]) -> Result<u64, &'static str> {
        let place = Position {
            height: Height(self.height),
            index: 0,
            time: Time(u64::from(self.height) * 1_000_000),
        };
        let before = (self.ledger.root(&self.state), self.supply());
        let (state, receipt) = self.ledger.execute(&self.state, place, tx);
        let earlier = (self.ledger.root(&self.state), self.supply());
        assert_eq!(earlier, before, "a state is a value");
        self.state = state;
        self.height += 1;
        let receipt: Receipt = decode_exact(&receipt).expect("a receipt");
        if receipt.result.is_err() {
            assert_eq!((self.ledger.root(&self.state), self.supply()), before);
        }
        receipt.result.map(Amount::to_sat)
    }

    fn supply(&self) -> u64 {
        self.ledger.supply(&self.state).to_sat()
    }
}

#[test]
fn an_allocation_is_one_coin_for_each_entry_and_can_be_spent_at_once() {
    let mut slots = Slots::new();
    assert_eq!(slots.supply(), 60 * COIN);
    assert_eq!(slots.ledger.coins(&slots.state).len(), 3);
    for owner in 1..=3 {
        let (at, output) = slots.coin(owner);
        let coin = slots
            .ledger
            .coins(&slots.state)
            .get(&at)
            .expect("allocated");
        assert_eq!(coin.amount.to_sat(), u64::from(owner) * 10 * COIN);
        assert_eq!(coin.script, output.script_pubkey);
    }
    let tx = slots.payment(2, vec![pay(20 * COIN, &key(9))]);
    assert_eq!(slots.execute(&tx.to_vec()), Ok(0));
}

/// A root that changes breaks the agreement of nodes: it may only do so on purpose.
#[test]
fn a_known_state_has_a_known_root() {
    let slots = Slots::new();
    let root = StateRoot::from_bytes(slots.ledger.root(&slots.state)).to_string();
    assert_eq!(
        root,
        "eb5f6278d9a75c1e2aaabbc02e7a65739e301b06359ca5729d81337f8e477189"
    );
}

#[test]
fn without_an_allocation_there_is_nothing() {
    let ledger = Utxo::new(Arc::new(params()));
    assert_eq!(ledger.supply(&ledger.genesis()), Amount::ZERO);
    assert_eq!(ledger.root(&ledger.genesis()), EMPTY_ROOT);
}

#[test]
fn an_allocation_is_at_most_all_the_money() {
    let owner = key(1).public_key();
    let all = Amount::MAX_MONEY;
    Allocation::new(vec![(owner, all), (owner, Amount::ZERO)]).expect("exactly all");
    let refused = Allocation::new(vec![(owner, amount(1)), (owner, all), (owner, all)]);
    let total = all.to_sat() + 1;
    assert_eq!(refused, Err(AllocationError::TooMuch { index: 1, total }));
}

/// A signature for one start of a chain must not move coins after another.
#[test]
fn other_chains_and_other_allocations_have_other_outpoints() {
    let other_chain = tabchain("other", 10, CompactTarget(0x207f_ffff), 8, 150).expect("a room");
    let reversed: Vec<(PublicKey, Amount)> = start().entries().iter().rev().copied().collect();
    let reversed = Allocation::new(reversed).expect("60 coins");
    let here = Utxo::with_allocation(Arc::new(params()), &start());
    let there = Utxo::with_allocation(Arc::new(other_chain), &start());
    let otherwise = Utxo::with_allocation(Arc::new(params()), &reversed);
    assert_ne!(here.allocated(0), there.allocated(0));
    assert_ne!(here.allocated(0), otherwise.allocated(0));
    assert_ne!(here.allocated(0), here.allocated(1));
}

#[test]
fn a_payment_moves_coins_and_burns_its_fee() {
    let mut slots = Slots::new();
    let outputs = vec![pay(4 * COIN, &key(2)), pay(5 * COIN, &key(1))];
    let tx = slots.payment(1, outputs);
    assert_eq!(slots.execute(&tx.to_vec()), Ok(COIN));
    assert_eq!(slots.supply(), 59 * COIN);
    let coins = slots.ledger.coins(&slots.state);
    assert_eq!(coins.len(), 4);
    assert_eq!(coins.get(&slots.coin(1).0), None, "spent");
    let paid = OutPoint {
        txid: tx.txid(),
        vout: 0,
    };
    let coin = coins.get(&paid).expect("created");
    assert_eq!((coin.amount, coin.height), (amount(4 * COIN), Height(1)));
    assert!(!coin.coinbase);
    let again = slots.execute(&tx.to_vec());
    assert_eq!(again, Err("bad-txns-BIP30"), "once only");
}

#[test]
fn the_order_of_independent_payments_does_not_matter() {
    let roots = [[1, 2], [2, 1]].map(|order| {
        let mut slots = Slots::new();
        for owner in order {
            let tx = slots.payment(owner, vec![pay(COIN, &key(7))]);
            slots.height = 1;
            slots.execute(&tx.to_vec()).expect("a payment");
        }
        slots.ledger.root(&slots.state)
    });
    assert_eq!(roots[0], roots[1]);
}

/// Each rule's standard name; `execute` checks that nothing has changed.
#[test]
fn what_breaks_a_rule_changes_nothing() {
    let mut slots = Slots::new();
    let good = slots.payment(1, vec![pay(COIN, &key(2))]);
    let with = |change: &dyn Fn(&mut Transaction)| {
        let mut tx = good.clone();
        change(&mut tx);
        tx
    };
    let missing = OutPoint {
        vout: 9,
        ..slots.coin(1).0
    };
    let thief = spend(&[slots.coin(1)], vec![pay(COIN, &key(2))], &key(1), [7; 32]);
    let reward = vec![pay(COIN, &key(1))];
    let cases = [
        (
            Transaction::coinbase(Height(1), &[1], reward),
            "bad-cb-multiple",
        ),
        // With outputs, a list of no inputs would be BIP144's marker.
        (
            with(&|tx| (tx.inputs, tx.outputs) = (vec![], vec![])),
            "bad-txns-vin-empty",
        ),
        (with(&|tx| tx.outputs.clear()), "bad-txns-vout-empty"),
        (
            with(&|tx| tx.outputs[0].value = -1),
            "bad-txns-vout-negative",
        ),
        (
            with(&|tx| tx.outputs[0].value = i64::MAX),
            "bad-txns-vout-toolarge",
        ),
        (
            with(&|tx| tx.inputs.push(tx.inputs[0].clone())),
            "bad-txns-inputs-duplicate",
        ),
        (
            with(&|tx| tx.inputs.push(TxIn::new(OutPoint::NULL))),
            "bad-txns-prevout-null",
        ),
        (
            with(&|tx| tx.inputs[0].prevout = missing),
            "bad-txns-inputs-missingorspent",
        ),
        (with(&|tx| tx.outputs[0].value += 1), "bad-signature"),
        (
            with(&|tx| tx.inputs[0].witness = Witness::default()),
            "bad-witness",
        ),
        (
            with(&|tx| tx.outputs[0].script_pubkey = Script(vec![0; 125_000])),
            "bad-txns-oversize",
        ),
        (
            with(&|tx| tx.inputs[0].witness = Witness::new([vec![0; 500_000]])),
            "bad-blk-weight",
        ),
        (
            with(&|tx| tx.outputs[0].script_pubkey = Script(vec![0; 4])),
            "bad-txns-64-byte",
        ),
        (
            slots.payment(1, vec![pay(10 * COIN + 1, &key(2))]),
            "bad-txns-in-belowout",
        ),
        (thief, "bad-signature"),
    ];
    for (tx, name) in cases {
        assert_eq!(slots.execute(&tx.to_vec()), Err(name));
    }
    assert_eq!(
        slots.execute(&good.to_vec()),
        Ok(9 * COIN),
        "the honest one"
    );
}

#[test]
fn bytes_that_are_no_transaction_have_a_receipt_too() {
    let mut slots = Slots::new();
    let good = slots.payment(1, vec![pay(COIN, &key(2))]).to_vec();
    let cut = &good[..good.len() - 1];
    let longer = [good.as_slice(), &[0]].concat();
    for bytes in [&[], cut, &longer] {
        assert_eq!(slots.execute(bytes), Err("bad-blk-decode"));
    }
}

/// Pays from the first owner's coin, at a height or time that is locked until then.
fn locked(slots: &Slots, lock_time: u32) -> Vec<u8> {
    let (at, output) = slots.coin(1);
    let mut unsigned = Transaction {
        version: 2,
        inputs: vec![TxIn::new(at)],
        outputs: vec![pay(COIN, &key(2))],
        lock_time,
    };
    unsigned.inputs[0].sequence = 0;
    let spent = [output];
    let sighasher = chain::Sighasher::new(&unsigned, &spent, Some(slots.tag)).expect("one coin");
    let signature = sighasher.sign_key_spend(0, chain::SighashType::DEFAULT, &key(1));
    let mut tx = unsigned.clone();
    tx.inputs[0].witness = Witness::new([signature.expect("the owner's")]);
    tx.to_vec()
}

#[test]
fn lock_times_are_heights_or_the_times_of_proposals() {
    let mut slots = Slots::new();
    let by_height = locked(&slots, 2);
    for refused in [true, true, false] {
        let outcome = slots.execute(&by_height);
        assert_eq!(outcome == Err("bad-txns-nonfinal"), refused);
    }
    // Slot n is proposed n seconds after the time of the genesis block.
    let mut slots = Slots::new();
    let by_time = locked(&slots, params().genesis.header.time.0 + 2);
    for refused in [true, true, false] {
        let outcome = slots.execute(&by_time);
        assert_eq!(outcome == Err("bad-txns-nonfinal"), refused);
    }
}

/// A chain may mine for a while before it is run by slots.
#[test]
fn mined_coins_mature_in_slots_too() {
    let mut slots = Slots::new();
    let miner = Miner::paid(key(5).public_key());
    let place = Place {
        height: Height(1),
        median: chain::BlockTime(0),
        time: chain::BlockTime(0),
    };
    let draft = slots.ledger.draft(&slots.state, place, &miner, 0, &[]);
    let mined = slots
        .ledger
        .apply(&slots.state, place, &draft.body, &NoneChecked);
    slots.state = mined.expect("a draft is valid");
    let coins = slots.ledger.coins(&slots.state);
    let (at, coin) = coins.iter().find(|(_, coin)| coin.coinbase).expect("mined");
    let coin = (*at, TxOut::new(coin.amount, coin.script.clone()));
    let tx = spend(&[coin], vec![pay(COIN, &key(2))], &key(5), slots.tag).to_vec();
    slots.height = params().coinbase_maturity;
    let young = Err("bad-txns-premature-spend-of-coinbase");
    assert_eq!(slots.execute(&tx), young);
    assert_eq!(slots.execute(&tx), Ok(49 * COIN));
}

#[test]
fn witnesses_are_refused_where_the_chain_has_none() {
    let mut old = params();
    old.segwit = false;
    let mut slots = Slots::with(old);
    let tx = slots.payment(1, vec![pay(COIN, &key(2))]);
    assert_eq!(slots.execute(&tx.to_vec()), Err("unexpected-witness"));
}

/// What a random payment does: which of the unspent coins, to whom, how much of it in 256ths, and
/// whether its owner signs.
type Step = (usize, u8, u64, bool);

/// Spends one coin in two and gives what should come of it.
fn step(slots: &Slots, model: &BTreeMap<OutPoint, (u64, u8)>, step: Step) -> (Transaction, u64) {
    let (pick, to, share, _) = step;
    let (at, (worth, owner)) = model.iter().nth(pick % model.len()).expect("some coin");
    let part = worth * share / 256;
    let fee = (worth - part) / 3;
    let outputs = vec![pay(part, &key(to)), pay(worth - part - fee, &key(*owner))];
    let signer: SecretKey = if step.3 { key(*owner) } else { key(owner + 1) };
    // Whoever signs pretends to own the coin.
    let coin = (*at, pay(*worth, &signer));
    (spend(&[coin], outputs, &signer, slots.tag), fee)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))] // each verifies a dozen signatures

    /// A map from outpoints to owners says the same as the ledger.
    #[test]
    fn random_payments_do_what_a_simple_model_says(
        steps in vec((any::<usize>(), 1u8..4, 0u64..=256, prop::bool::weighted(0.8)), 1..12),
    ) {
        let mut slots = Slots::new();
        let mut model: BTreeMap<OutPoint, (u64, u8)> = (1..=3)
            .map(|owner| (slots.coin(owner).0, (u64::from(owner) * 10 * COIN, owner)))
            .collect();
        let mut burnt = 0;
        for wish in steps {
            let (tx, fee) = step(&slots, &model, wish);
            let outcome = slots.execute(&tx.to_vec());
            if wish.3 {
                prop_assert_eq!(outcome, Ok(fee));
                burnt += fee;
                let (_, owner) = model.remove(&tx.inputs[0].prevout).expect("it was there");
                for (vout, to) in [(0, wish.1), (1, owner)] {
                    let worth = tx.outputs[vout as usize].amount().expect("little").to_sat();
                    model.insert(OutPoint { txid: tx.txid(), vout }, (worth, to));
                }
            } else {
                prop_assert_eq!(outcome, Err("bad-signature"));
            }
            prop_assert_eq!(slots.supply() + burnt, 60 * COIN);
        }
        let coins = slots.ledger.coins(&slots.state);
        let held = coins.iter().map(|(at, coin)| (*at, coin.amount.to_sat(), coin.script.clone()));
        let modelled = model.iter().map(|(at, (worth, owner))| {
            (*at, *worth, pay(*worth, &key(*owner)).script_pubkey)
        });
        prop_assert!(held.eq(modelled));
        for at in model.keys() {
            let proof: Proof<Coin> = decode_exact(&coins.prove(at).to_vec()).expect("a proof");
            prop_assert_eq!(proof.check(&coins.root(), at), Ok(coins.get(at).cloned()));
        }
    }

    #[test]
    fn junk_in_a_slot_changes_nothing(junk in vec(any::<u8>(), 0..300)) {
        prop_assert!(Slots::new().execute(&junk).is_err());
    }

    /// One byte of a valid transaction, changed: every byte is signed, or is the signature.
    #[test]
    fn no_changed_byte_passes(place in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut slots = Slots::new();
        let mut bytes = slots.payment(1, vec![pay(COIN, &key(2))]).to_vec();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        prop_assert!(slots.execute(&bytes).is_err(), "byte {}", place);
    }
}
