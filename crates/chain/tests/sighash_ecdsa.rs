//! What ECDSA signatures sign, and the signatures: Bitcoin Core's vectors and the bitcoin crate.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use bitcoin::EcdsaSighashType as TheirType;
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::{Message, PublicKey, Secp256k1, ecdsa};
use bitcoin::sighash::SighashCache;
use chain::sighash::{legacy, witness::WitnessSighasher};
use chain::{
    Amount, EcdsaKey, EcdsaSighashType, Encode, KeyError, Script, SecretKey, SighashError,
    Transaction, decode_exact,
};
use proptest::prelude::*;

#[test]
fn legacy_hashes_of_bitcoin_core() {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("vectors/legacy_sighash.json")).expect("JSON");
    let cases = &file.as_array().expect("a list of cases")[1..];
    assert_eq!(cases.len(), 144);
    for case in cases {
        let bytes = |at: usize| hex::decode(case[at].as_str().expect("text")).expect("hexadecimal");
        let tx: Transaction = decode_exact(&bytes(0)).expect("a transaction");
        let number = |at: usize| case[at].as_i64().expect("a number");
        let input = u32::try_from(number(2)).expect("an input");
        let kind = EcdsaSighashType(number(3) as i32 as u32); // as Bitcoin Core reads it
        let mut hash = legacy::hash(&tx, input, &Script(bytes(1)), kind).expect("the input exists");
        hash.reverse(); // Bitcoin shows hashes so
        assert_eq!(hex::encode(hash), case[4].as_str().expect("text"));
        let none = tx.inputs.len() as u32;
        let error = legacy::hash(&tx, none, &Script::default(), kind);
        assert_eq!(error, Err(SighashError::NoSuchInput(none)));
    }
}

/// Scripts with many OP_CODESEPARATORs, also within pushes and after broken ones.
fn code() -> impl Strategy<Value = Script> {
    let byte = prop_oneof![Just(0xab), Just(1), Just(0x4c), Just(0x4d), any::<u8>()];
    prop::collection::vec(byte, 0..40).prop_map(Script)
}

fn theirs(tx: &Transaction) -> bitcoin::Transaction {
    bitcoin::consensus::deserialize(&tx.to_vec()).expect("theirs, too")
}

proptest! {
    /// The crate leaves it to its callers to remove separators, so it is given what we leave.
    #[test]
    fn legacy_hashes_are_those_of_the_bitcoin_crate(
        tx in support::transaction(), code in code(), kind: u32, at in any::<prop::sample::Index>(),
    ) {
        let input = at.index(tx.inputs.len());
        let ours = legacy::hash(&tx, input as u32, &code, EcdsaSighashType(kind));
        let left = bitcoin::ScriptBuf::from(code.without_code_separators());
        let tx = theirs(&tx);
        let cache = SighashCache::new(&tx);
        let hash = cache.legacy_signature_hash(input, &left, kind).expect("the input exists");
        prop_assert_eq!(ours, Ok(hash.to_byte_array()));
    }

    #[test]
    fn witness_hashes_are_those_of_the_bitcoin_crate(
        tx in support::transaction(), code in code(), amount in 0..=Amount::MAX_MONEY.to_sat(),
        kind in prop::sample::select(vec![1_u8, 2, 3, 0x81, 0x82, 0x83]),
        at in any::<prop::sample::Index>(),
    ) {
        let input = at.index(tx.inputs.len());
        let hasher = WitnessSighasher::new(&tx);
        let sat = Amount::new(amount).expect("not too much");
        let kind_of = EcdsaSighashType(kind.into());
        let ours = hasher.hash(input as u32, &code, sat, kind_of);
        let script = bitcoin::ScriptBuf::from(code.0.clone());
        let their_tx = theirs(&tx);
        let mut cache = SighashCache::new(&their_tx);
        let their_type = TheirType::from_consensus(kind.into());
        let amount = bitcoin::Amount::from_sat(amount);
        let hash = cache.p2wsh_signature_hash(input, &script, amount, their_type);
        prop_assert_eq!(ours, Ok(hash.expect("the input exists").to_byte_array()));
        let none = tx.inputs.len() as u32;
        let error = hasher.hash(none, &code, sat, kind_of);
        prop_assert_eq!(error, Err(SighashError::NoSuchInput(none)));
    }

    #[test]
    fn signatures_are_those_of_libsecp256k1(secret in 1..u64::MAX, hash: [u8; 32], other: [u8; 32]) {
        let mut bytes = [0; 32];
        bytes[24..].copy_from_slice(&secret.to_be_bytes());
        let secret = SecretKey::from_bytes(&bytes).expect("a key");
        let (key, signature) = (secret.ecdsa_key(), secret.sign_ecdsa(&hash));
        prop_assert_eq!(key.verify(&hash, &signature), Ok(()));
        prop_assert_eq!(key.verify(&other, &signature).is_ok(), hash == other);
        let secp = Secp256k1::new();
        let theirs = bitcoin::secp256k1::SecretKey::from_slice(&*secret.to_bytes()).expect("a key");
        let message = Message::from_digest(hash);
        prop_assert_eq!(&signature, &secp.sign_ecdsa(&message, &theirs).serialize_der().to_vec());
        let public = PublicKey::from_slice(key.as_bytes()).expect("a point");
        let long = EcdsaKey::from_bytes(&public.serialize_uncompressed()).expect("a key");
        prop_assert_eq!(long.verify(&hash, &signature), Ok(()));
        prop_assert!(key.is_compressed() && !long.is_compressed() && key.hash() != long.hash());
    }

    /// Junk, and signatures with one byte changed: we agree with libsecp256k1 on what is one.
    #[test]
    fn forgeries_are_refused(hash: [u8; 32], at: prop::sample::Index, byte: u8, junk: Vec<u8>) {
        let secret = SecretKey::from_bytes(&[7; 32]).expect("a key");
        let (key, mut signature) = (secret.ecdsa_key(), secret.sign_ecdsa(&hash));
        let place = at.index(signature.len());
        signature[place] = byte;
        let secp = Secp256k1::new();
        let public = PublicKey::from_slice(key.as_bytes()).expect("a point");
        for bytes in [signature, junk] {
            let theirs = ecdsa::Signature::from_der(&bytes).and_then(|mut signature| {
                signature.normalize_s();
                secp.verify_ecdsa(&Message::from_digest(hash), &signature, &public)
            });
            let ours = key.verify(&hash, &bytes);
            prop_assert_eq!(ours.is_ok(), theirs.is_ok());
            prop_assert!(ours.is_ok() || ours == Err(KeyError::BadEcdsa));
        }
    }
}
