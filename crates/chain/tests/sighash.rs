//! Signatures on taproot inputs: BIP341's wallet vectors, the bitcoin crate, replays and forgeries.
#![cfg(not(target_arch = "wasm32"))]

use bitcoin::hashes::Hash as _;
use bitcoin::sighash::{Annex, Prevouts, SighashCache, TapSighashType};
use chain::{
    Address, Amount, Encode, KeyError, OutPoint, PublicKey, Reject, Script, SecretKey,
    SighashError, SighashType, Sighasher, Signature, Stream, Transaction, TxIn, TxOut, Txid,
    Witness, decode_exact, verify_key_spend,
};
use proptest::prelude::*;
use serde_json::Value;

const KINDS: [u8; 7] = [0, 1, 2, 3, 0x81, 0x82, 0x83];

// ---- BIP341's wallet ----

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/bip341_wallet.json")).unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn raw(value: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(value, name)).unwrap()
}

fn raw32(value: &Value, name: &str) -> [u8; 32] {
    raw(value, name).try_into().unwrap()
}

fn merkle_root(value: &Value) -> Option<[u8; 32]> {
    value
        .get("merkleRoot")
        .filter(|root| root.is_string())
        .map(|_| raw32(value, "merkleRoot"))
}

#[test]
fn bip341_output_keys() {
    let vectors = vectors();
    for case in vectors["scriptPubKey"].as_array().unwrap() {
        let internal = PublicKey::from_bytes(&raw32(&case["given"], "internalPubkey")).unwrap();
        let root = merkle_root(&case["intermediary"]);
        let (output, odd) = internal.tap_tweak(root.as_ref()).unwrap();
        assert_eq!(
            output.to_bytes(),
            raw32(&case["intermediary"], "tweakedPubkey")
        );
        let script = Address::from_output_key(&output).script_pubkey();
        assert_eq!(script.as_bytes(), raw(&case["expected"], "scriptPubKey"));
        if root.is_none() {
            let address = Address::from_internal_key(&internal).unwrap();
            assert_eq!(address.script_pubkey(), script);
        }
        // The lowest bit of a control block is the parity of the output key.
        for block in case["expected"]["scriptPathControlBlocks"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let first = hex::decode(block.as_str().unwrap()).unwrap()[0];
            assert_eq!(odd, first & 1 == 1);
        }
    }
}

struct Wallet {
    case: Value,
    unsigned: Transaction,
    signed: Transaction,
    prevouts: Vec<TxOut>,
}

fn wallet() -> Wallet {
    let case = vectors()["keyPathSpending"][0].clone();
    let unsigned = decode_exact(&raw(&case["given"], "rawUnsignedTx")).unwrap();
    let signed = decode_exact(&raw(&case["auxiliary"], "fullySignedTx")).unwrap();
    let spent = case["given"]["utxosSpent"].as_array().unwrap();
    let prevouts = spent.iter().map(|output| {
        let amount = Amount::new(output["amountSats"].as_u64().unwrap()).unwrap();
        TxOut::new(amount, Script(raw(output, "scriptPubKey")))
    });
    let prevouts = prevouts.collect();
    Wallet {
        case,
        unsigned,
        signed,
        prevouts,
    }
}

#[test]
fn bip341_key_path_messages_hashes_and_signatures() {
    let Wallet {
        case,
        unsigned,
        prevouts,
        ..
    } = wallet();
    let sighasher = Sighasher::new(&unsigned, &prevouts, None).unwrap();
    let inputs = case["inputSpending"].as_array().unwrap();
    assert_eq!(inputs.len(), 7);
    for spend in inputs {
        let (given, between) = (&spend["given"], &spend["intermediary"]);
        let input = given["txinIndex"].as_u64().unwrap() as u32;
        let kind = SighashType::from_byte(given["hashType"].as_u64().unwrap() as u8).unwrap();
        assert_eq!(
            sighasher.message(input, kind).unwrap(),
            raw(between, "sigMsg")
        );
        assert_eq!(
            sighasher.hash(input, kind).unwrap(),
            raw32(between, "sigHash")
        );

        let internal = SecretKey::from_bytes(&raw32(given, "internalPrivkey")).unwrap();
        assert_eq!(
            internal.public_key().to_bytes(),
            raw32(between, "internalPubkey")
        );
        let tweaked = internal.tap_tweak(merkle_root(given).as_ref()).unwrap();
        let expected = SecretKey::from_bytes(&raw32(between, "tweakedPrivkey")).unwrap();
        assert_eq!(tweaked.to_bytes(), expected.to_bytes());

        let witness = sighasher.sign_key_spend(input, kind, &tweaked).unwrap();
        assert_eq!(
            hex::encode(witness),
            spend["expected"]["witness"][0].as_str().unwrap()
        );
    }
}

#[test]
fn bip341_precomputed_hashes() {
    let Wallet {
        case,
        unsigned,
        prevouts,
        ..
    } = wallet();
    let sighasher = Sighasher::new(&unsigned, &prevouts, None).unwrap();
    let message = sighasher.message(0, SighashType::DEFAULT).unwrap();
    // After the epoch, type, version and lock time.
    let names = [
        "hashPrevouts",
        "hashAmounts",
        "hashScriptPubkeys",
        "hashSequences",
        "hashOutputs",
    ];
    for (name, found) in names.into_iter().zip(message[10..].chunks(32)) {
        assert_eq!(found, raw32(&case["intermediary"], name), "{name}");
    }
}

#[test]
fn bip341_fully_signed_transaction_verifies() {
    let Wallet {
        signed, prevouts, ..
    } = wallet();
    let found: Vec<_> = (0..9)
        .map(|input| verify_key_spend(&signed, input, &prevouts, None))
        .collect();
    for (input, result) in found.into_iter().enumerate() {
        let input = input as u32;
        // Inputs 2 and 5 are a pay-to-public-key-hash and its segwit form.
        let expected = if matches!(input, 2 | 5) {
            Err(SighashError::NotTaproot(input))
        } else {
            Ok(())
        };
        assert_eq!(result, expected, "input {input}");
    }
}

// ---- a payment of our own ----

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

/// Two inputs, of keys 1 and 2, and one output.
fn payment() -> (Transaction, Vec<TxOut>) {
    let pay = |byte: u8, satoshi| {
        let script = Address::from_output_key(&secret(byte).public_key()).script_pubkey();
        TxOut::new(Amount::new(satoshi).unwrap(), script)
    };
    let prevouts = vec![pay(1, 5_000), pay(2, 700)];
    let inputs = (0..2).map(|vout| {
        TxIn::new(OutPoint {
            txid: Txid::from_bytes([9; 32]),
            vout,
        })
    });
    let inputs = inputs.collect();
    let tx = Transaction {
        version: 2,
        inputs,
        outputs: vec![pay(3, 5_600)],
        lock_time: 0,
    };
    (tx, prevouts)
}

fn signed(chain: Option<[u8; 32]>) -> (Transaction, Vec<TxOut>) {
    let (mut tx, prevouts) = payment();
    let items: Vec<Vec<u8>> = (0..2u8)
        .map(|input| {
            let sighasher = Sighasher::new(&tx, &prevouts, chain).unwrap();
            let key = secret(input + 1);
            sighasher
                .sign_key_spend(input.into(), SighashType::DEFAULT, &key)
                .unwrap()
        })
        .collect();
    for (input, item) in tx.inputs.iter_mut().zip(items) {
        input.witness = Witness::new([item]);
    }
    (tx, prevouts)
}

fn with_witness(items: &[&[u8]]) -> (Transaction, Vec<TxOut>) {
    let (mut tx, prevouts) = signed(None);
    tx.inputs[0].witness = Witness::new(items.iter().map(|item| item.to_vec()));
    (tx, prevouts)
}

fn item_of(tx: &Transaction) -> Vec<u8> {
    tx.inputs[0].witness.get(0).unwrap().to_vec()
}

fn is_bad_signature(result: &Result<(), SighashError>) -> bool {
    matches!(result, Err(SighashError::Key(KeyError::BadSignature(_))))
}

/// A payment that is valid on one chain must not be on any other.
#[test]
fn cross_chain_replay_is_refused() {
    let chains = [None, Some([0; 32]), Some([1; 32]), Some([2; 32])];
    for signed_for in chains {
        let (tx, prevouts) = signed(signed_for);
        for replayed_on in chains {
            for input in 0..2 {
                let result = verify_key_spend(&tx, input, &prevouts, replayed_on);
                if signed_for == replayed_on {
                    assert_eq!(result, Ok(()));
                } else {
                    assert!(
                        is_bad_signature(&result),
                        "{signed_for:?} on {replayed_on:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn random_signatures_are_refused() {
    let mut stream = Stream::new(2, 0, "spends");
    for length in [64, 65] {
        for _ in 0..32 {
            let mut random: Vec<u8> = (0..length).map(|_| stream.next_u32() as u8).collect();
            if let Some(kind) = random.get_mut(64) {
                *kind = 1;
            }
            let (tx, prevouts) = with_witness(&[&random]);
            assert!(is_bad_signature(&verify_key_spend(&tx, 0, &prevouts, None)));
        }
    }
}

#[test]
fn the_wrong_key_is_refused_on_both_sides() {
    let (tx, prevouts) = signed(None);
    let sighasher = Sighasher::new(&tx, &prevouts, None).unwrap();
    let wrong = sighasher.sign_key_spend(0, SighashType::DEFAULT, &secret(2));
    assert_eq!(wrong, Err(SighashError::WrongKey(0)));
    let forged = secret(2).sign(&sighasher.hash(0, SighashType::DEFAULT).unwrap());
    let (tx, prevouts) = with_witness(&[forged.as_bytes()]);
    assert!(is_bad_signature(&verify_key_spend(&tx, 0, &prevouts, None)));
}

#[test]
fn each_flipped_bit_of_a_signature_is_refused() {
    let item = item_of(&signed(None).0);
    for bit in (0..512).step_by(7) {
        let mut flipped = item.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let (tx, prevouts) = with_witness(&[&flipped]);
        assert!(
            is_bad_signature(&verify_key_spend(&tx, 0, &prevouts, None)),
            "bit {bit}"
        );
    }
}

/// The signature covers every part of the transaction and of what it spends.
#[test]
fn any_change_to_the_message_is_refused() {
    type Change = fn(&mut Transaction, &mut Vec<TxOut>);
    let changes: [Change; 12] = [
        |tx, _| tx.version += 1,
        |tx, _| tx.lock_time += 1,
        |tx, _| tx.inputs[0].prevout.vout += 5,
        |tx, _| tx.inputs[1].prevout.vout += 5,
        |tx, _| tx.inputs[0].sequence -= 1,
        |tx, _| tx.inputs[1].sequence -= 1,
        |tx, _| tx.outputs[0].value += 1,
        |tx, _| tx.outputs[0].script_pubkey.0[2] ^= 1,
        |tx, _| tx.outputs.push(tx.outputs[0].clone()),
        |_, prevouts| prevouts[0].value += 1,
        |_, prevouts| prevouts[1].value += 1,
        |_, prevouts| prevouts[1].script_pubkey.0[0] ^= 1,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (mut tx, mut prevouts) = signed(None);
        assert_eq!(verify_key_spend(&tx, 0, &prevouts, None), Ok(()));
        change(&mut tx, &mut prevouts);
        let result = verify_key_spend(&tx, 0, &prevouts, None);
        assert!(is_bad_signature(&result), "change {index}: {result:?}");
    }
}

/// A signature moved to another input of the same key and amount.
#[test]
fn a_signature_holds_for_its_own_input() {
    let (mut tx, mut prevouts) = payment();
    prevouts[1] = prevouts[0].clone();
    let sighasher = Sighasher::new(&tx, &prevouts, None).unwrap();
    let item = sighasher
        .sign_key_spend(0, SighashType::DEFAULT, &secret(1))
        .unwrap();
    tx.inputs
        .iter_mut()
        .for_each(|input| input.witness = Witness::new([item.clone()]));
    assert_eq!(verify_key_spend(&tx, 0, &prevouts, None), Ok(()));
    assert!(is_bad_signature(&verify_key_spend(&tx, 1, &prevouts, None)));
}

#[test]
fn witnesses_of_wrong_shape_are_refused() {
    use SighashError as E;
    let item = item_of(&signed(None).0);
    let with_byte = |byte: u8| [item.as_slice(), &[byte]].concat();
    let cases: [(Vec<&[u8]>, SighashError); 7] = [
        (vec![], E::BadWitness { input: 0, items: 0 }),
        (vec![&item, &item], E::BadWitness { input: 0, items: 2 }),
        (
            vec![&item, &item, &[0x50]],
            E::BadWitness { input: 0, items: 2 },
        ),
        (vec![&[]], E::Key(KeyError::BadSignatureLength(0))),
        (vec![&item[..63]], E::Key(KeyError::BadSignatureLength(63))),
        (vec![&[0x50]], E::Key(KeyError::BadSignatureLength(1))),
        (vec![&[7; 66]], E::Key(KeyError::BadSignatureLength(66))),
    ];
    for (items, expected) in cases {
        let (tx, prevouts) = with_witness(&items);
        assert_eq!(verify_key_spend(&tx, 0, &prevouts, None), Err(expected));
    }
    for byte in (0..=u8::MAX).filter(|byte| *byte == 0 || !KINDS.contains(byte)) {
        let (tx, prevouts) = with_witness(&[&with_byte(byte)]);
        assert_eq!(
            verify_key_spend(&tx, 0, &prevouts, None),
            Err(E::BadType(byte))
        );
    }
    // A defined type, but not the one that was signed.
    let (tx, prevouts) = with_witness(&[&with_byte(1)]);
    assert!(is_bad_signature(&verify_key_spend(&tx, 0, &prevouts, None)));
}

#[test]
fn inputs_and_outputs_that_are_not_there() {
    let (tx, prevouts) = signed(None);
    let count = SighashError::PrevoutCount {
        inputs: 2,
        prevouts: 1,
    };
    assert_eq!(verify_key_spend(&tx, 0, &prevouts[..1], None), Err(count));
    assert_eq!(
        verify_key_spend(&tx, 2, &prevouts, None),
        Err(SighashError::NoSuchInput(2))
    );
    let sighasher = Sighasher::new(&tx, &prevouts, None).unwrap();
    for byte in [3, 0x83] {
        let single = SighashType::from_byte(byte).unwrap();
        assert!(sighasher.message(0, single).is_ok());
        assert_eq!(
            sighasher.message(1, single),
            Err(SighashError::NoSingleOutput(1))
        );
    }
}

#[test]
fn an_output_key_off_the_curve_cannot_be_spent() {
    let (tx, mut prevouts) = signed(None);
    prevouts[0].script_pubkey.0[2..].fill(0);
    let error = verify_key_spend(&tx, 0, &prevouts, None).unwrap_err();
    assert_eq!(error, SighashError::Key(KeyError::BadPublicKey([0; 32])));
    let txid = tx.txid();
    assert_eq!(
        error.to_reject(txid, 0),
        Reject::BadPublicKey { txid, input: 0 }
    );
    let bad = SighashError::Key(KeyError::BadSignature(Signature::from_bytes([0; 64])));
    assert_eq!(
        bad.to_reject(txid, 1),
        Reject::BadSignature { txid, input: 1 }
    );
    let shape = SighashError::NotTaproot(0).to_reject(txid, 0);
    assert_eq!(shape, Reject::BadWitness { txid, input: 0 });
}

/// What the other types leave open may change, and nothing else.
#[test]
fn open_parts_may_change() {
    let sign = |byte: u8| {
        let (mut tx, prevouts) = payment();
        let kind = SighashType::from_byte(byte).unwrap();
        let sighasher = Sighasher::new(&tx, &prevouts, None).unwrap();
        let item = sighasher.sign_key_spend(0, kind, &secret(1)).unwrap();
        tx.inputs[0].witness = Witness::new([item]);
        (tx, prevouts)
    };
    let verify = |tx: &Transaction, prevouts: &[TxOut]| verify_key_spend(tx, 0, prevouts, None);
    for byte in KINDS {
        let (mut tx, prevouts) = sign(byte);
        tx.outputs[0].value -= 1;
        assert_eq!(
            verify(&tx, &prevouts).is_ok(),
            byte & 3 == 2,
            "{byte:#x}: outputs"
        );
        let (mut tx, prevouts) = sign(byte);
        tx.outputs.push(tx.outputs[0].clone());
        assert_eq!(
            verify(&tx, &prevouts).is_ok(),
            byte & 3 >= 2,
            "{byte:#x}: another output"
        );
        let (mut tx, mut prevouts) = sign(byte);
        tx.inputs.pop();
        prevouts.pop();
        assert_eq!(
            verify(&tx, &prevouts).is_ok(),
            byte & 0x80 != 0,
            "{byte:#x}: inputs"
        );
    }
}

// ---- against the bitcoin crate ----

fn any_transaction() -> impl Strategy<Value = (Transaction, Vec<TxOut>)> {
    let script = || prop::collection::vec(any::<u8>(), 0..60).prop_map(Script);
    let output = move || {
        (0..=Amount::MAX_MONEY.to_sat(), script())
            .prop_map(|(value, script)| TxOut::new(Amount::new(value).unwrap(), script))
    };
    let input = (any::<[u8; 32]>(), any::<u32>(), any::<u32>());
    let inputs = prop::collection::vec((input, output()), 1..5);
    let outputs = prop::collection::vec(output(), 1..5);
    (any::<i32>(), any::<u32>(), inputs, outputs).prop_map(
        |(version, lock_time, pairs, outputs)| {
            let (inputs, prevouts) = pairs
                .into_iter()
                .map(|((txid, vout, sequence), spent)| {
                    let txid = Txid::from_bytes(txid);
                    (
                        TxIn {
                            sequence,
                            ..TxIn::new(OutPoint { txid, vout })
                        },
                        spent,
                    )
                })
                .unzip();
            (
                Transaction {
                    version,
                    inputs,
                    outputs,
                    lock_time,
                },
                prevouts,
            )
        },
    )
}

proptest! {
    #[test]
    fn agrees_with_the_bitcoin_crate(
        (mut tx, prevouts) in any_transaction(),
        pick in any::<prop::sample::Index>(),
        kind in prop::sample::select(&KINDS),
        annex in prop::option::of(prop::collection::vec(any::<u8>(), 0..300)),
    ) {
        let input = pick.index(tx.inputs.len());
        let annex = annex.map(|rest| [&[0x50], rest.as_slice()].concat());
        if let Some(annex) = &annex {
            tx.inputs[input].witness = Witness::new([vec![1], annex.clone()]);
        }
        let sighasher = Sighasher::new(&tx, &prevouts, None).unwrap();
        let ours = sighasher.hash(input as u32, SighashType::from_byte(kind).unwrap());

        let theirs: bitcoin::Transaction = bitcoin::consensus::deserialize(&tx.to_vec()).unwrap();
        let spent: Vec<bitcoin::TxOut> = prevouts.iter().map(|output| bitcoin::TxOut {
            value: bitcoin::Amount::from_sat(output.value as u64),
            script_pubkey: output.script_pubkey.0.clone().into(),
        }).collect();
        let expected = SighashCache::new(&theirs).taproot_signature_hash(
            input,
            &Prevouts::All(&spent),
            annex.as_deref().map(|annex| Annex::new(annex).unwrap()),
            None,
            TapSighashType::from_consensus_u8(kind).unwrap(),
        );
        prop_assert_eq!(ours.ok(), expected.ok().map(|hash| hash.to_byte_array()));
    }

    #[test]
    fn types_are_one_byte(byte in any::<u8>()) {
        let kind = SighashType::from_byte(byte);
        prop_assert_eq!(kind.is_ok(), KINDS.contains(&byte));
        prop_assert_eq!(kind.map_or(byte, SighashType::to_byte), byte);
    }
}
