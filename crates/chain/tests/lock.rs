//! Locks and scripts stand for each other, and the bitcoin crate sees the same forms.
#![cfg(not(target_arch = "wasm32"))]

use chain::lock::witness_script::{HashTimeLock, Multisig};
use chain::lock::{MAX_DATA, MAX_SCRIPT};
use chain::{Block, EcdsaKey, Lock, Script, WitnessScript, decode_exact, sha256};
use proptest::collection::vec;
use proptest::prelude::*;

fn key() -> impl Strategy<Value = EcdsaKey> {
    let bytes = prop_oneof![
        (2..4_u8, vec(any::<u8>(), 32..33)),
        (4..5_u8, vec(any::<u8>(), 64..65)),
    ];
    bytes.prop_map(|(form, rest)| {
        EcdsaKey::from_bytes(&[&[form], &rest[..]].concat()).expect("one of the forms")
    })
}

fn short_key() -> impl Strategy<Value = EcdsaKey> {
    key().prop_filter("compressed", EcdsaKey::is_compressed)
}

fn lock() -> impl Strategy<Value = Lock> {
    prop_oneof![
        key().prop_map(Lock::PublicKey),
        any::<[u8; 20]>().prop_map(Lock::PublicKeyHash),
        any::<[u8; 32]>().prop_map(Lock::Taproot),
        any::<[u8; 32]>().prop_map(Lock::WitnessScriptHash),
        vec(any::<u8>(), 1..=MAX_DATA).prop_map(Lock::Data),
        Just(Lock::Burn),
    ]
}

fn witness_script() -> impl Strategy<Value = WitnessScript> {
    let multisig = (vec(short_key(), 1..=16), any::<prop::sample::Index>());
    let multisig = multisig.prop_map(|(keys, required)| {
        let required = required.index(keys.len()) as u8 + 1;
        WitnessScript::Multisig(Multisig::new(required, keys).expect("within the limits"))
    });
    let expiry = prop_oneof![0..20_u32, any::<u32>()];
    let parts = (
        any::<[u8; 32]>(),
        any::<[u8; 20]>(),
        any::<[u8; 20]>(),
        expiry,
    );
    let timed = parts.prop_map(|(hash, receiver, payer, expiry)| {
        WitnessScript::HashTimeLock(HashTimeLock {
            hash,
            receiver,
            payer,
            expiry,
        })
    });
    prop_oneof![multisig, timed]
}

/// What the bitcoin crate calls a script, as far as it has names.
fn theirs(script: &Script) -> &'static str {
    let script = bitcoin::Script::from_bytes(script.as_bytes());
    match () {
        () if script.is_p2pk() => "public key",
        () if script.is_p2pkh() => "public key hash",
        () if script.is_p2tr() => "taproot",
        () if script.is_p2wsh() => "witness script hash",
        () if script.is_op_return() => "return",
        () => "other",
    }
}

fn ours(lock: &Lock) -> &'static str {
    match lock {
        Lock::PublicKey(_) => "public key",
        Lock::PublicKeyHash(_) => "public key hash",
        Lock::Taproot(_) => "taproot",
        Lock::WitnessScriptHash(_) => "witness script hash",
        Lock::Data(_) | Lock::Burn => "return",
        Lock::NonStandard(script) if script.is_unspendable() => "return",
        Lock::NonStandard(_) => "other",
    }
}

proptest! {
    #[test]
    fn locks_come_back_from_their_scripts(lock in lock()) {
        let script = lock.script();
        prop_assert_eq!(Lock::of(&script), lock.clone());
        prop_assert_eq!(theirs(&script), ours(&lock));
        prop_assert_eq!(script.is_unspendable(), matches!(lock, Lock::Data(_) | Lock::Burn));
    }

    #[test]
    fn any_script_comes_back_from_its_lock(
        lock in lock(), cut in any::<prop::sample::Index>(), junk in vec(any::<u8>(), 0..4),
    ) {
        let mut bytes = lock.script().0;
        bytes.truncate(cut.index(bytes.len() + 1));
        bytes.extend(junk);
        let script = Script(bytes);
        let lock = Lock::of(&script);
        prop_assert_eq!(lock.script(), script.clone());
        prop_assert_eq!(theirs(&script), ours(&lock));
    }

    #[test]
    fn witness_scripts_come_back(script in witness_script(), at: prop::sample::Index, byte: u8) {
        let bytes = script.script();
        prop_assert_eq!(WitnessScript::of(&bytes), Some(script.clone()));
        let hash = Lock::to_script(&script);
        prop_assert_eq!(hash, Lock::WitnessScriptHash(sha256(bytes.as_bytes())));
        let is_multisig = matches!(script, WitnessScript::Multisig(_));
        prop_assert_eq!(bitcoin::Script::from_bytes(bytes.as_bytes()).is_multisig(), is_multisig);
        let mut other = bytes.clone();
        let place = at.index(other.0.len());
        other.0[place] = byte;
        if let Some(read) = WitnessScript::of(&other) {
            prop_assert_eq!(read.script(), other, "whatever is read is written alike");
        }
        let mut longer = bytes;
        longer.0.push(byte);
        prop_assert_eq!(WitnessScript::of(&longer), None);
    }
}

#[test]
fn the_limits_of_the_forms() {
    let data = |len| Lock::of(&Lock::Data(vec![7; len]).script());
    assert_eq!(data(MAX_DATA), Lock::Data(vec![7; MAX_DATA]));
    assert!(matches!(data(MAX_DATA + 1), Lock::NonStandard(_)));
    assert!(matches!(data(0), Lock::NonStandard(_)));
    // The same push in a longer form is another script.
    let long = Script(vec![0x6a, 0x4c, 1, 7]);
    assert!(matches!(Lock::of(&long), Lock::NonStandard(_)));
    assert!(!Script(vec![0; MAX_SCRIPT]).is_unspendable());
    assert!(Script(vec![0; MAX_SCRIPT + 1]).is_unspendable());

    let mut bytes = [2; 33];
    let keys = |count: usize| vec![EcdsaKey::from_bytes(&[2; 33]).expect("a key"); count];
    assert!(Multisig::new(16, keys(16)).is_some());
    for (required, count) in [(1, 0), (0, 1), (2, 1), (1, 17)] {
        assert_eq!(Multisig::new(required, keys(count)), None);
    }
    for (form, is_key) in [(1, false), (2, true), (3, true), (4, false), (5, false)] {
        bytes[0] = form;
        assert_eq!(EcdsaKey::from_bytes(&bytes).is_some(), is_key);
    }
    let long = EcdsaKey::from_bytes(&[4; 65]).expect("a long key");
    assert_eq!(
        Multisig::new(1, vec![long]),
        None,
        "witnesses hold short ones"
    );
}

/// The first payment, in block 170, among them.
#[test]
fn bitcoins_first_blocks_pay_to_public_keys() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("vectors/bitcoin_blocks_0_180.json")).expect("JSON");
    let mut outputs = 0;
    let blocks = file["blocks"].as_array().expect("blocks");
    for raw in blocks.iter().filter_map(|block| block["raw"].as_str()) {
        let raw = hex::decode(raw).expect("hexadecimal");
        let block: Block = decode_exact(&raw).expect("a block");
        for output in block.transactions.iter().flat_map(|tx| &tx.outputs) {
            let lock = Lock::of(&output.script_pubkey);
            assert!(
                matches!(&lock, Lock::PublicKey(key) if !key.is_compressed()),
                "{lock:?}"
            );
            outputs += 1;
        }
    }
    assert_eq!(
        outputs, 182,
        "180 coinbases, and one payment of two outputs"
    );
}
