//! Coins that several keys lock: signatures that are brought together as texts, secrets, and refunds.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use chain::lock::witness_script::HashTimeLock;
use chain::{
    Amount, Encode as _, FeeRate, OutPoint, SecretKey, SpendError, Spender, Transaction, TxOut,
    Txid, WitnessScript, sha256,
};
use kit::{account, other, sat};
use proptest::prelude::*;
use wallet::Destination;
use wallet::contract::{ContractCoin, ContractError, shared};
use wallet::fee::fee_at;
use wallet::partial::{MOST_BYTES, Partial, PartialError};

const ROOM: Option<[u8; 32]> = Some([3; 32]);
const SECRET: &[u8] = b"open sesame";
const EXPIRY: u32 = 900;

fn key(person: u8) -> SecretKey {
    account(person).contract_key(0).unwrap()
}

fn coin(contract: WitnessScript) -> ContractCoin {
    ContractCoin {
        outpoint: OutPoint {
            txid: Txid::from_bytes([8; 32]),
            vout: 1,
        },
        amount: sat(50_000),
        contract,
    }
}

fn two_of_three() -> ContractCoin {
    let keys = [1, 2, 3].map(|person| key(person).ecdsa_key());
    coin(shared(2, keys.into()).unwrap())
}

fn timed() -> ContractCoin {
    coin(WitnessScript::HashTimeLock(HashTimeLock {
        hash: sha256(SECRET),
        receiver: key(1).ecdsa_key().hash(),
        payer: key(2).ecdsa_key().hash(),
        expiry: EXPIRY,
    }))
}

fn rate(milli: u64) -> FeeRate {
    FeeRate::from_milli_sat(milli)
}

/// Checks a finished transaction as nodes do: valid in the room, and its fee right to a byte for each signature.
fn judge(tx: &Transaction, coin: &ContractCoin, asked: FeeRate, signatures: u64) {
    let spent = [coin.output()];
    let check = |chain| Spender::new(tx, &spent, chain).unwrap().check(0);
    assert_eq!(check(ROOM), Ok(()));
    assert!(check(None).is_err(), "a room's signature is no other's");
    let fee = coin
        .amount
        .checked_sub(tx.output_total().unwrap())
        .unwrap()
        .to_sat();
    assert!(fee >= fee_at(asked, tx.weight()));
    assert!(fee <= fee_at(asked, tx.weight() + 4 * signatures), "{fee}");
    let theirs: bitcoin::Transaction = bitcoin::consensus::deserialize(&tx.to_vec()).unwrap();
    assert_eq!(theirs.weight().to_wu(), tx.weight());
    assert_eq!(
        Destination::of_script_pubkey(&spent[0].script_pubkey),
        Some(Destination::of_contract(&coin.contract))
    );
}

#[test]
fn any_two_of_three_can_pay_and_no_one_alone() {
    let coin = two_of_three();
    for (one, two) in [(1, 2), (1, 3), (2, 3), (3, 1)] {
        let mut first = coin.share(other(1), rate(2_500)).unwrap();
        first.sign(&key(one), ROOM).unwrap();
        let few = ContractError::TooFew {
            have: 1,
            required: 2,
        };
        assert_eq!(first.finish(ROOM), Err(few));
        // It goes to the other person as a text, and back.
        let mut second: Partial = first.to_string().parse().unwrap();
        assert_eq!(second, first);
        second.sign(&key(two), ROOM).unwrap();
        let finished = second.finish(ROOM).unwrap();
        judge(&finished, &coin, rate(2_500), 2);
        first
            .combine(&second.to_string().parse().unwrap(), ROOM)
            .unwrap();
        assert_eq!(first.finish(ROOM), Ok(finished));
        assert_eq!(first.signed_by().count(), 2);
        assert_eq!(first.payments().len(), 1);
        assert_eq!(
            first.fee().unwrap().to_sat(),
            50_000 - first.payments()[0].value as u64
        );
    }
}

#[test]
fn three_signatures_are_no_harm_and_all_make_the_same_contract() {
    let mut partial = two_of_three().share(other(1), rate(1_000)).unwrap();
    for person in [3, 2, 1] {
        partial.sign(&key(person), ROOM).unwrap();
    }
    judge(
        &partial.finish(ROOM).unwrap(),
        &two_of_three(),
        rate(1_000),
        2,
    );
    let keys = [3, 1, 2, 1].map(|person| key(person).ecdsa_key());
    assert_eq!(shared(2, keys.into()), Some(two_of_three().contract));
    assert_eq!(
        shared(3, vec![key(1).ecdsa_key(); 3]),
        None,
        "one key three times is one"
    );
}

#[test]
fn what_is_not_ones_own_is_refused() {
    let coin = two_of_three();
    let mut partial = coin.share(other(1), rate(1_000)).unwrap();
    assert_eq!(partial.sign(&key(4), ROOM), Err(ContractError::NotAParty));
    partial.sign(&key(1), ROOM).unwrap();
    let mut elsewhere = coin.share(other(2), rate(1_000)).unwrap();
    elsewhere.sign(&key(2), ROOM).unwrap();
    assert_eq!(
        partial.combine(&elsewhere, ROOM),
        Err(ContractError::OtherPayment)
    );
    // Signed for another room: a good text, and no good signature.
    let mut wrong = coin.share(other(1), rate(1_000)).unwrap();
    wrong.sign(&key(2), None).unwrap();
    assert!(matches!(
        partial.combine(&wrong, ROOM),
        Err(ContractError::Spend(SpendError::Key(_)))
    ));
    assert_eq!(partial.signed_by().count(), 1);
    assert_eq!(
        timed().share(other(1), rate(1)).unwrap_err(),
        ContractError::OtherKind
    );
    let little = ContractCoin {
        amount: sat(400),
        ..coin
    };
    assert!(matches!(
        little.share(other(1), rate(1_000)),
        Err(ContractError::TooLittle { .. })
    ));
}

#[test]
fn the_receiver_takes_it_with_the_secret_and_the_payer_gets_it_back_later() {
    let coin = timed();
    let claimed = coin
        .claim(SECRET, &key(1), other(1), rate(1_500), ROOM)
        .unwrap();
    judge(&claimed, &coin, rate(1_500), 1);
    let shown: Vec<_> = claimed.inputs[0].witness.iter().collect();
    assert_eq!(shown[2], SECRET, "so that the payer learns it");
    let refunded = coin.refund(&key(2), other(2), rate(1_500), ROOM).unwrap();
    judge(&refunded, &coin, rate(1_500), 1);
    assert_eq!(refunded.lock_time, EXPIRY);
    assert!(!refunded.is_final(chain::Height(EXPIRY), chain::BlockTime(0)));
    assert!(refunded.is_final(chain::Height(EXPIRY + 1), chain::BlockTime(0)));

    let claim =
        |secret: &[u8], person| coin.claim(secret, &key(person), other(1), rate(1_000), ROOM);
    assert_eq!(claim(b"open barley", 1), Err(ContractError::WrongSecret));
    assert_eq!(claim(SECRET, 2), Err(ContractError::NotAParty));
    let refund = |person| coin.refund(&key(person), other(1), rate(1_000), ROOM);
    assert_eq!(refund(1), Err(ContractError::NotAParty));
    assert_eq!(
        two_of_three().refund(&key(1), other(1), rate(1), ROOM),
        Err(ContractError::OtherKind)
    );
}

#[test]
fn texts_that_are_damaged_or_too_long_are_refused() {
    let mut partial = two_of_three().share(other(1), rate(1_000)).unwrap();
    partial.sign(&key(1), ROOM).unwrap();
    let text = partial.to_string();
    let parse = |text: &str| text.parse::<Partial>();
    let broken: String = text.chars().flat_map(|c| [c, '\n']).collect();
    assert_eq!(parse(&broken), Ok(partial));
    for at in (9..text.len()).step_by(7) {
        let other = if text.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        let mut damaged = text.clone();
        damaged.replace_range(at..=at, other);
        assert_eq!(parse(&damaged), Err(PartialError::Damaged), "{at}");
        assert_eq!(parse(&text[..at]), Err(PartialError::Damaged));
    }
    assert_eq!(parse("tabsign2:AAAA"), Err(PartialError::NoPrefix));
    let padded = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    assert!(parse(&padded(MOST_BYTES)).is_ok());
    let long = PartialError::TooLong(MOST_BYTES as u64 + 1);
    assert_eq!(parse(&padded(MOST_BYTES + 1)), Err(long));
}

proptest! {
    /// Whatever a stranger puts under a checksum that fits, it is read as what it writes, or refused.
    #[test]
    fn forged_texts_are_read_as_they_are_written_or_refused(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 0..4),
        signers in 0_u8..4,
    ) {
        use base64ct::{Base64UrlUnpadded, Encoding as _};
        let mut partial = two_of_three().share(other(1), rate(1_000)).unwrap();
        (1..=signers).for_each(|person| partial.sign(&key(person), ROOM).unwrap());
        let text = partial.to_string();
        let mut bytes = Base64UrlUnpadded::decode_vec(&text["tabsign1:".len()..]).unwrap();
        bytes.truncate(bytes.len() - 4);
        for (at, byte, kind) in &edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = *byte,
                1 => bytes.insert(at, *byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let checksum = chain::sha256d(&bytes);
        bytes.extend_from_slice(&checksum[..4]);
        let forged = format!("tabsign1:{}", Base64UrlUnpadded::encode_string(&bytes));
        if let Ok(read) = forged.parse::<Partial>() {
            prop_assert_eq!(read.to_string(), forged);
            let _ = (read.fee(), read.check(ROOM), read.finish(ROOM));
        }
        if edits.is_empty() {
            prop_assert_eq!(partial.finish(ROOM).is_ok(), signers >= 2);
        }
    }
}

/// The `bitcoin` crate computes the same hash, and libsecp256k1 takes the signatures.
#[test]
fn bitcoin_agrees_with_shared_signatures() {
    use bitcoin::hashes::Hash as _;
    use bitcoin::secp256k1::{Message, Secp256k1, ecdsa::Signature};
    use bitcoin::sighash::{EcdsaSighashType, SighashCache};

    let coin = two_of_three();
    let mut partial = coin.share(other(1), rate(1_000)).unwrap();
    partial.sign(&key(1), None).unwrap();
    partial.sign(&key(3), None).unwrap();
    let tx = partial.finish(None).unwrap();
    let theirs: bitcoin::Transaction = bitcoin::consensus::deserialize(&tx.to_vec()).unwrap();
    let script = bitcoin::ScriptBuf::from(coin.contract.script().0);
    let amount = bitcoin::Amount::from_sat(coin.amount.to_sat());
    let hash = SighashCache::new(&theirs)
        .p2wsh_signature_hash(0, &script, amount, EcdsaSighashType::All)
        .unwrap();
    let message = Message::from_digest(hash.to_byte_array());
    let WitnessScript::Multisig(multisig) = &coin.contract else {
        panic!("two of three");
    };
    let witness = &theirs.input[0].witness;
    for (item, place) in (1..).zip(partial.signed_by()) {
        let signature = &witness[item];
        let signature = Signature::from_der(&signature[..signature.len() - 1]).unwrap();
        let key = multisig.keys()[usize::from(place)].as_bytes();
        let key = bitcoin::secp256k1::PublicKey::from_slice(key).unwrap();
        let verdict = Secp256k1::verification_only().verify_ecdsa(&message, &signature, &key);
        assert_eq!(verdict, Ok(()));
    }
    let spent = [TxOut::new(coin.amount, coin.output().script_pubkey)];
    assert_eq!(Spender::new(&tx, &spent, None).unwrap().check(0), Ok(()));
    assert!(tx.output_total().unwrap() < Amount::MAX_MONEY);
}
