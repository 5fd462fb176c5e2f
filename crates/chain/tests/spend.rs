//! Spends of each kind of lock: Bitcoin's first payment, and our own with one thing changed at a time.
#![cfg(not(target_arch = "wasm32"))]

use chain::lock::witness_script::{HashTimeLock, Multisig};
use chain::{
    Amount, Block, EcdsaSighashType, KeyError, Lock, OutPoint, Reject, Script, SecretKey,
    SighashError, SighashType, SpendError, Spender, Transaction, TxIn, TxOut, Txid, Witness,
    WitnessScript, decode_exact, sha256,
};
use proptest::prelude::*;

#[test]
fn bitcoins_first_payment_is_signed() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("vectors/bitcoin_blocks_0_180.json")).expect("JSON");
    let blocks = file["blocks"].as_array().expect("blocks").iter();
    let raw = blocks.filter_map(|block| block["raw"].as_str());
    let blocks: Vec<Block> = raw
        .map(|raw| decode_exact(&hex::decode(raw).expect("hexadecimal")).expect("a block"))
        .collect();
    let all = || blocks.iter().flat_map(|block| &block.transactions);
    let payment = all().find(|tx| !tx.is_coinbase()).expect("in block 170");
    assert_eq!(
        payment.txid().to_string(),
        "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
    );
    let from = payment.inputs[0].prevout;
    let source = all().find(|tx| tx.txid() == from.txid).expect("block 9");
    let spent = [source.outputs[from.vout as usize].clone()];
    let check = |tx: &Transaction| Spender::new(tx, &spent, None).expect("one each").check(0);
    assert_eq!(check(payment), Ok(()));
    let mut other = payment.clone();
    other.outputs[0].value += 1;
    assert_eq!(check(&other), Err(SpendError::Key(KeyError::BadEcdsa)));
    let on_a_room = Spender::new(payment, &spent, Some([1; 32])).expect("one each");
    assert_eq!(on_a_room.check(0), Err(SpendError::Key(KeyError::BadEcdsa)));
}

fn secret(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("a key")
}

const SECRET: &[u8] = b"what the receiver tells";
const EXPIRY: u32 = 700;

/// The ways to spend that there are.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    PublicKey,
    PublicKeyHash,
    Taproot,
    TwoOfThree,
    WithSecret,
    AfterExpiry,
}

const WAYS: [Way; 6] = [
    Way::PublicKey,
    Way::PublicKeyHash,
    Way::Taproot,
    Way::TwoOfThree,
    Way::WithSecret,
    Way::AfterExpiry,
];

impl Way {
    fn script(self) -> Option<WitnessScript> {
        match self {
            Self::TwoOfThree => {
                let keys = [1, 2, 3].map(|number| secret(number).ecdsa_key());
                Multisig::new(2, keys.into()).map(WitnessScript::Multisig)
            }
            Self::WithSecret | Self::AfterExpiry => {
                Some(WitnessScript::HashTimeLock(HashTimeLock {
                    hash: sha256(SECRET),
                    receiver: secret(4).ecdsa_key().hash(),
                    payer: secret(5).ecdsa_key().hash(),
                    expiry: EXPIRY,
                }))
            }
            _ => None,
        }
    }

    fn lock(self) -> Lock {
        let key = secret(1);
        match self {
            Self::PublicKey => Lock::PublicKey(key.ecdsa_key()),
            Self::PublicKeyHash => Lock::PublicKeyHash(key.ecdsa_key().hash()),
            Self::Taproot => Lock::Taproot(key.public_key().to_bytes()),
            _ => Lock::to_script(&self.script().expect("a script")),
        }
    }
}

/// A transaction that spends each way once, and what it spends.
struct Payment {
    tx: Transaction,
    spent: Vec<TxOut>,
    chain: Option<[u8; 32]>,
}

impl Payment {
    fn new(chain: Option<[u8; 32]>) -> Self {
        let amount = |coins| Amount::new(coins).expect("little");
        let spent = WAYS.map(|way| TxOut::new(amount(1_000), way.lock().script()));
        let input = |vout| TxIn {
            sequence: 0,
            ..TxIn::new(OutPoint {
                txid: Txid::from_bytes([9; 32]),
                vout,
            })
        };
        let outputs = [5, 6].map(|to| TxOut::new(amount(2_900), Lock::Taproot([to; 32]).script()));
        let tx = Transaction {
            version: 2,
            inputs: (0..6).map(input).collect(),
            outputs: outputs.into(),
            lock_time: EXPIRY,
        };
        let mut payment = Self {
            tx,
            spent: spent.into(),
            chain,
        };
        (0..6).for_each(|input| payment.sign(input));
        payment
    }

    fn sign(&mut self, input: u32) {
        let way = WAYS[input as usize];
        let spender = Spender::new(&self.tx, &self.spent, self.chain).expect("one each");
        let all = EcdsaSighashType::ALL;
        let sign = |number, hash: [u8; 32]| [secret(number).sign_ecdsa(&hash), vec![1]].concat();
        let legacy = || sign(1, spender.legacy_hash(input, all).expect("an input"));
        let amount = self.spent[input as usize].amount().expect("little");
        let script = way.script();
        let with = |number| {
            let script = script.as_ref().expect("a script");
            let hash = spender.script_hash(input, script, amount, all);
            sign(number, hash.expect("an input"))
        };
        let key = |number| secret(number).ecdsa_key().as_bytes().to_vec();
        let (script_sig, mut items) = match way {
            Way::PublicKey => (Script::default().push(&legacy()), vec![]),
            Way::PublicKeyHash => (Script::default().push(&legacy()).push(&key(1)), vec![]),
            Way::Taproot => {
                let sighasher =
                    chain::Sighasher::new(&self.tx, &self.spent, self.chain).expect("one each");
                let signed = sighasher.sign_key_spend(input, SighashType::DEFAULT, &secret(1));
                (Script::default(), vec![signed.expect("our key")])
            }
            Way::TwoOfThree => (Script::default(), vec![vec![], with(1), with(3)]),
            Way::WithSecret => {
                let items = vec![with(4), key(4), SECRET.to_vec(), vec![1]];
                (Script::default(), items)
            }
            Way::AfterExpiry => (Script::default(), vec![with(5), key(5), vec![]]),
        };
        items.extend(script.map(|script| script.script().0));
        let input = &mut self.tx.inputs[input as usize];
        input.script_sig = script_sig;
        input.witness = Witness::new(items);
    }

    fn check(&self, way: Way) -> Result<(), SpendError> {
        let input = WAYS
            .iter()
            .position(|other| *other == way)
            .expect("one of them");
        let spender = Spender::new(&self.tx, &self.spent, self.chain).expect("one each");
        spender.check(input as u32)
    }

    fn input(&mut self, way: Way) -> &mut TxIn {
        let input = WAYS
            .iter()
            .position(|other| *other == way)
            .expect("one of them");
        &mut self.tx.inputs[input]
    }

    fn change(&mut self, way: Way, change: impl Fn(&mut Vec<Vec<u8>>)) {
        let witness = &mut self.input(way).witness;
        let mut items: Vec<Vec<u8>> = witness.iter().map(<[u8]>::to_vec).collect();
        change(&mut items);
        *witness = Witness::new(items);
    }
}

#[test]
fn each_way_to_spend_is_one_in_bitcoin_and_in_a_room_but_not_from_one_to_the_other() {
    for chain in [None, Some([1; 32]), Some([2; 32])] {
        let mut payment = Payment::new(chain);
        for way in WAYS {
            assert_eq!(payment.check(way), Ok(()), "{way:?}");
        }
        payment.chain = if chain == Some([1; 32]) {
            None
        } else {
            Some([1; 32])
        };
        for way in WAYS {
            let error = payment.check(way).expect_err("signed for elsewhere");
            let reject = error.to_reject(payment.tx.txid(), 0);
            assert!(
                matches!(reject, Reject::BadSignature { .. }),
                "{way:?}: {error}"
            );
        }
    }
}

#[test]
fn nobody_spends_what_nobody_may() {
    let mut payment = Payment::new(None);
    let reject = |error: SpendError| error.to_reject(Txid::ZERO, 0).name();
    for lock in [
        Lock::Burn,
        Lock::Data(vec![1]),
        Lock::NonStandard(Script(vec![0x51])),
    ] {
        payment.spent[0].script_pubkey = lock.script();
        payment.tx.inputs[0] = TxIn::new(OutPoint::NULL);
        let error = payment.check(Way::PublicKey).expect_err("nobody");
        assert_eq!(error, SpendError::NonStandard);
        assert_eq!(reject(error), "bad-txns-nonstandard-inputs");
    }
    // The hash fits, but the script is none that we know.
    let script = Script(vec![0x51]);
    payment.spent[3].script_pubkey = Lock::WitnessScriptHash(sha256(&script.0)).script();
    payment.input(Way::TwoOfThree).witness = Witness::new([script.0]);
    assert_eq!(payment.check(Way::TwoOfThree), Err(SpendError::NonStandard));
    payment.change(Way::TwoOfThree, Vec::clear);
    assert_eq!(payment.check(Way::TwoOfThree), Err(SpendError::BadForm(0)));
}

#[test]
fn the_order_and_number_of_signatures_matter() {
    let bad = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut payment = Payment::new(None);
        payment.change(Way::TwoOfThree, change);
        payment
            .check(Way::TwoOfThree)
            .expect_err("not what is asked for")
    };
    let unsigned = SpendError::Key(KeyError::BadEcdsa);
    assert_eq!(bad(&|items| items.swap(1, 2)), unsigned);
    assert_eq!(
        bad(&|items| items[2] = items[1].clone()),
        unsigned,
        "one key twice"
    );
    assert_eq!(bad(&|items| items[1].clear()), unsigned);
    assert_eq!(bad(&|items| drop(items.remove(2))), SpendError::BadForm(2));
    assert_eq!(
        bad(&|items| items.insert(2, items[1].clone())),
        SpendError::BadForm(4)
    );
    assert_eq!(
        bad(&|items| items[0].push(0)),
        SpendError::BadForm(3),
        "BIP147"
    );
    assert_eq!(bad(&|items| items[3][0] ^= 1), SpendError::WrongHash);
}

#[test]
fn a_secret_opens_at_once_and_time_gives_back() {
    let mut payment = Payment::new(None);
    payment.change(Way::WithSecret, |items| items[2].push(0));
    assert_eq!(payment.check(Way::WithSecret), Err(SpendError::WrongHash));
    let mut payment = Payment::new(None);
    payment.change(Way::WithSecret, |items| {
        items[1] = secret(5).ecdsa_key().as_bytes().to_vec();
    });
    assert_eq!(
        payment.check(Way::WithSecret),
        Err(SpendError::WrongHash),
        "another's key"
    );
    payment.change(Way::WithSecret, |items| items[3][0] = 2);
    assert_eq!(payment.check(Way::WithSecret), Err(SpendError::BadForm(4)));

    // The payer's way, with the rules of BIP65: late enough, of the same kind, and not switched off.
    let early = |lock_time| SpendError::TooEarly {
        expiry: EXPIRY,
        lock_time,
    };
    for (lock_time, sequence, expected) in [
        (EXPIRY, 0, Ok(())),
        (EXPIRY + 1, TxIn::FINAL - 1, Ok(())),
        (EXPIRY - 1, 0, Err(early(EXPIRY - 1))),
        (499_999_999, 0, Ok(())),
        (500_000_000, 0, Err(early(500_000_000))),
        (EXPIRY, TxIn::FINAL, Err(early(EXPIRY))),
    ] {
        let mut payment = Payment::new(Some([3; 32]));
        payment.tx.lock_time = lock_time;
        payment.input(Way::AfterExpiry).sequence = sequence;
        payment.sign(5);
        assert_eq!(
            payment.check(Way::AfterExpiry),
            expected,
            "{lock_time} {sequence}"
        );
    }
    let reject = early(1).to_reject(Txid::ZERO, 0);
    assert_eq!(reject.name(), "unsatisfied-locktime");
}

#[test]
fn nothing_may_be_added_to_an_input() {
    for way in WAYS {
        let mut payment = Payment::new(None);
        let input = payment.input(way);
        if input.witness.is_empty() {
            input.witness = Witness::new([vec![1]]);
        } else {
            input.script_sig = Script(vec![1, 1]);
        }
        assert!(
            matches!(payment.check(way), Err(SpendError::BadForm(_))),
            "{way:?}"
        );
    }
    for way in [Way::PublicKey, Way::PublicKeyHash] {
        for more in [&[1, 7][..], &[0x61], &[2, 7]] {
            let mut payment = Payment::new(None);
            payment.input(way).script_sig.0.extend_from_slice(more);
            let error = payment.check(way).expect_err("more than asked for");
            assert!(matches!(error, SpendError::BadForm(_)), "{way:?}");
        }
    }
    let payment = Payment::new(None);
    let spender = Spender::new(&payment.tx, &payment.spent, None).expect("one each");
    let error = SpendError::Sighash(SighashError::NoSuchInput(6));
    assert_eq!(spender.check(6), Err(error));
}

proptest! {
    /// Whatever is changed of what a signature covers, or of what an input gives, ends the spend.
    #[test]
    fn any_change_is_noticed(
        way in prop::sample::select(WAYS.to_vec()), place: prop::sample::Index, bit in 0..8_u8,
        what in 0..6_u8,
    ) {
        let mut payment = Payment::new(Some([1; 32]));
        let index = WAYS.iter().position(|other| *other == way).expect("one of them");
        match what {
            0 => payment.tx.outputs[place.index(2)].value ^= 1 << bit,
            1 => payment.tx.inputs[place.index(6)].sequence ^= 1 << bit,
            2 => payment.tx.inputs[index].prevout.vout ^= 1 << bit,
            // The oldest signatures do not cover the amount.
            3 if index > 1 => payment.spent[index].value ^= 1 << bit,
            4 => payment.tx.version ^= 1 << bit,
            _ if payment.tx.inputs[index].witness.is_empty() => {
                let bytes = &mut payment.tx.inputs[index].script_sig.0;
                let at = place.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            _ => payment.change(way, |items| {
                let full = items.iter_mut().filter(|item| !item.is_empty());
                let mut full: Vec<_> = full.collect();
                let item = place.index(full.len());
                let at = place.index(full[item].len());
                full[item][at] ^= 1 << bit;
            }),
        }
        prop_assert!(payment.check(way).is_err());
    }
}
