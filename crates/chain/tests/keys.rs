//! Schnorr keys and signatures: BIP340's vectors, libsecp256k1 as an oracle, and what must fail.
#![cfg(not(target_arch = "wasm32"))]

use bitcoin::secp256k1::{self, Keypair, Message, Secp256k1, XOnlyPublicKey};
use chain::{KeyError, PeerId, PublicKey, SecretKey, Signature, Stream, Tag, sha256, tagged_hash};
use proptest::prelude::*;

fn secret(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32]).unwrap()
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode(hex).unwrap().try_into().unwrap()
}

#[test]
fn bip340_vectors() {
    let rows: Vec<Vec<&str>> = include_str!("vectors/bip340.csv")
        .lines()
        .skip(1)
        .map(|line| line.splitn(8, ',').collect())
        .collect();
    assert_eq!(rows.len(), 19);
    let mut signed = 0;
    for row in rows {
        let [index, key, public, aux, message, signature, result, ..] = row[..] else {
            panic!("{row:?}");
        };
        let message = hex::decode(message).unwrap();
        let signature: Signature = signature.parse().unwrap();
        let verified =
            PublicKey::from_bytes(&bytes(public)).and_then(|key| key.verify(&message, &signature));
        assert_eq!(
            verified.is_ok(),
            result == "TRUE",
            "row {index}: {verified:?}"
        );
        if !key.is_empty() {
            let key = SecretKey::from_bytes(&bytes(key)).unwrap();
            assert_eq!(key.public_key().to_bytes(), bytes(public), "row {index}");
            assert_eq!(
                key.sign_with_aux(&message, &bytes(aux)),
                signature,
                "row {index}"
            );
            signed += 1;
        }
    }
    assert_eq!(signed, 8);
}

#[test]
fn wycheproof_shared_secrets() {
    let rows = include_str!("vectors/wycheproof_ecdh.csv").lines().skip(1);
    let mut count = 0;
    for row in rows {
        let [index, key, public, shared] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let key = SecretKey::from_bytes(&bytes(key)).unwrap();
        let public = PublicKey::from_bytes(&bytes(public)).unwrap();
        let found = key.shared_with(&public);
        assert_eq!(found.as_bytes(), &bytes(shared), "row {index}");
        count += 1;
    }
    assert_eq!(count, 49);
}

#[test]
fn a_tag_key_is_of_its_purpose_and_its_pair() {
    let shared = secret(1).shared_with(&secret(2).public_key());
    let tag = |key: &chain::TagKey| key.tag(b"message");
    let one = shared.tag_key("purpose", &[b"a", b"b"]);
    let again = secret(2).shared_with(&secret(1).public_key());
    assert_eq!(tag(&one), tag(&again.tag_key("purpose", &[b"a", b"b"])));
    assert_eq!(tag(&one), Tag::from_bytes(*tag(&one).as_bytes()));
    let third = secret(1).shared_with(&secret(3).public_key());
    for other in [
        shared.tag_key("another", &[b"a", b"b"]),
        shared.tag_key("purpose", &[b"b", b"a"]),
        third.tag_key("purpose", &[b"a", b"b"]),
    ] {
        assert_ne!(tag(&one), tag(&other));
    }
    assert_ne!(one.tag(b"message"), one.tag(b"massage"));
}

/// HMAC-SHA-256 as RFC 2104 writes it, over SHA-256 alone.
#[test]
fn tags_are_the_first_half_of_hmac_sha_256() {
    let shared = secret(4).shared_with(&secret(5).public_key());
    let key = tagged_hash("purpose", &[shared.as_bytes(), b"part"]);
    let pad = |byte: u8| -> [u8; 64] {
        core::array::from_fn(|n| byte ^ key.get(n).copied().unwrap_or(0))
    };
    let tag_key = shared.tag_key("purpose", &[b"part"]);
    for message in [&b""[..], b"message", &[7; 200]] {
        let inner = sha256(&[&pad(0x36)[..], message].concat());
        let outer = sha256(&[&pad(0x5c)[..], &inner].concat());
        assert_eq!(tag_key.tag(message).as_bytes()[..], outer[..Tag::LEN]);
    }
}

#[test]
fn secret_keys_lie_between_zero_and_the_order() {
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for bad in [[0; 32], [0xff; 32], bytes(order)] {
        assert_eq!(
            SecretKey::from_bytes(&bad).err(),
            Some(KeyError::BadSecretKey)
        );
    }
    let mut last: [u8; 32] = bytes(order);
    last[31] -= 1;
    let one = SecretKey::from_bytes(&core::array::from_fn(|n| u8::from(n == 31))).unwrap();
    let last = SecretKey::from_bytes(&last).unwrap();
    assert_eq!(
        one.public_key(),
        last.public_key(),
        "negatives share an x coordinate"
    );
    assert_eq!(one.to_bytes(), last.to_bytes());
    assert_eq!(
        SecretKey::from_bytes(&one.to_bytes()).unwrap().public_key(),
        one.public_key()
    );
}

#[test]
fn secrets_are_not_shown() {
    let secret = SecretKey::from_bytes(&[0x5e; 32]).unwrap();
    let shown = format!("{secret:?}");
    assert!(
        !shown.contains("5e5e5e") && !shown.contains("94, 94"),
        "{shown}"
    );
    assert!(shown.contains(&secret.public_key().to_string()));
    assert!(!KeyError::BadSecretKey.to_string().contains("00"));
}

/// RUSTSEC-2019-0004: any signature of the right length was accepted.
#[test]
fn random_bytes_are_no_signature() {
    let mut stream = Stream::new(1, 0, "signatures");
    let key = secret(7).public_key();
    for _ in 0..64 {
        let random = Signature::from_bytes(core::array::from_fn(|_| stream.next_u32() as u8));
        assert_eq!(
            key.verify(b"message", &random),
            Err(KeyError::BadSignature(random))
        );
    }
    for edge in [[0; 64], [0xff; 64]] {
        assert!(
            key.verify(b"message", &Signature::from_bytes(edge))
                .is_err()
        );
    }
}

#[test]
fn the_wrong_key_and_the_wrong_message_fail() {
    let signature = secret(7).sign(b"message");
    assert_eq!(
        secret(7).public_key().verify(b"message", &signature),
        Ok(())
    );
    assert!(
        secret(8)
            .public_key()
            .verify(b"message", &signature)
            .is_err()
    );
    for wrong in [&b"Message"[..], b"messag", b"message\0", b""] {
        assert!(
            secret(7).public_key().verify(wrong, &signature).is_err(),
            "{wrong:?}"
        );
    }
}

#[test]
fn each_flipped_bit_of_a_signature_fails() {
    let key = secret(9).public_key();
    let signature = secret(9).sign(b"bits");
    for bit in 0..512 {
        let mut flipped = *signature.as_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(
            key.verify(b"bits", &Signature::from_bytes(flipped))
                .is_err(),
            "bit {bit}"
        );
    }
}

#[test]
fn signatures_have_64_bytes() {
    for length in [0, 63, 65, 128] {
        let error = Signature::try_from(&vec![1; length][..]);
        assert_eq!(error, Err(KeyError::BadSignatureLength(length as u64)));
    }
}

#[test]
fn peer_ids_are_pinned_and_short_to_read() {
    let key = secret(1).public_key();
    let id = key.peer_id();
    let expected = tagged_hash("Tabchain/PeerId", &[&key.to_bytes()]);
    assert_eq!(id.as_bytes(), &expected);
    assert_eq!(format!("{id:x}"), hex::encode(expected));
    assert_eq!(id.to_string(), format!("{id:x}")[..8]);
    assert_eq!(format!("{id:x}").parse(), Ok(id));
    assert_ne!(id, secret(2).public_key().peer_id());
    assert_eq!(
        format!("{id:x}"),
        "ed4cfdce3c120c9fb0806077c2ac3d5821a4c2077ad6c69d2efb9812d1dcdeb8"
    );
}

#[test]
fn invalid_texts_are_refused() {
    for text in [
        "",
        "00",
        "zz",
        &"0".repeat(63),
        &"0".repeat(130),
        &"g".repeat(64),
    ] {
        let error = Some(KeyError::BadText(text.to_string()));
        assert_eq!(text.parse::<PeerId>().err(), error);
        assert_eq!(text.parse::<PublicKey>().err(), error);
        assert_eq!(text.parse::<Signature>().err(), error);
    }
    let no_point = [0; 32];
    assert_eq!(
        PublicKey::from_bytes(&no_point),
        Err(KeyError::BadPublicKey(no_point))
    );
}

#[test]
fn serde_uses_text_for_people_and_raw_bytes_otherwise() {
    let key = secret(3).public_key();
    let signature = secret(3).sign(b"serde");
    let all = (key, signature, key.peer_id());
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(
        json,
        format!("[\"{key}\",\"{signature}\",\"{:x}\"]", key.peer_id())
    );
    assert_eq!(
        serde_json::from_str::<(PublicKey, Signature, PeerId)>(&json).unwrap(),
        all
    );
    let wire = postcard::to_allocvec(&all).unwrap();
    assert_eq!(wire.len(), 32 + 64 + 32);
    assert_eq!(
        postcard::from_bytes::<(PublicKey, Signature, PeerId)>(&wire).unwrap(),
        all
    );
    assert!(
        postcard::from_bytes::<PublicKey>(&[0; 32]).is_err(),
        "no point"
    );
    assert!(serde_json::from_str::<PublicKey>(&format!("\"{}\"", "00".repeat(32))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn agrees_with_libsecp256k1(
        key in any::<[u8; 32]>(),
        message in any::<[u8; 32]>(),
        aux in any::<[u8; 32]>(),
        root in any::<[u8; 32]>(),
        bit in 0..512usize,
    ) {
        let secp = Secp256k1::new();
        let keypair = Keypair::from_seckey_slice(&secp, &key);
        prop_assume!(keypair.is_ok());
        let (keypair, ours) = (keypair.unwrap(), SecretKey::from_bytes(&key).unwrap());
        let (theirs, _) = keypair.x_only_public_key();
        prop_assert_eq!(ours.public_key().to_bytes(), theirs.serialize());

        let digest = Message::from_digest(message);
        let signature = ours.sign_with_aux(&message, &aux);
        let expected = secp.sign_schnorr_with_aux_rand(&digest, &keypair, &aux);
        prop_assert_eq!(signature.as_bytes(), expected.as_ref());

        let mut flipped = *signature.as_bytes();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let parsed = secp256k1::schnorr::Signature::from_slice(&flipped).unwrap();
        prop_assert!(secp.verify_schnorr(&parsed, &digest, &theirs).is_err());
        prop_assert!(ours.public_key().verify(&message, &Signature::from_bytes(flipped)).is_err());

        let tweak = tagged_hash("TapTweak", &[&theirs.serialize(), &root]);
        let tweak = secp256k1::Scalar::from_be_bytes(tweak).unwrap();
        let (output, parity) = theirs.add_tweak(&secp, &tweak).unwrap();
        let (tweaked, odd) = ours.public_key().tap_tweak(Some(&root)).unwrap();
        prop_assert_eq!(tweaked.to_bytes(), output.serialize());
        prop_assert_eq!(odd, parity == secp256k1::Parity::Odd);
        prop_assert_eq!(ours.tap_tweak(Some(&root)).unwrap().public_key(), tweaked);
    }

    #[test]
    fn shares_secrets_as_libsecp256k1_does(one in any::<[u8; 32]>(), two in any::<[u8; 32]>()) {
        let theirs = [one, two].map(|key| secp256k1::SecretKey::from_slice(&key));
        let ours = [one, two].map(|key| SecretKey::from_bytes(&key));
        let ([Ok(a), Ok(b)], [Ok(one), Ok(two)]) = (theirs, ours) else {
            return Err(TestCaseError::reject("no key"));
        };
        let public = secp256k1::PublicKey::from_secret_key(&Secp256k1::new(), &b);
        let point = secp256k1::ecdh::shared_secret_point(&public, &a);
        let found = one.shared_with(&two.public_key());
        prop_assert_eq!(&found.as_bytes()[..], &point[..32]);
        let again = two.shared_with(&one.public_key());
        prop_assert_eq!(found.as_bytes(), again.as_bytes());
    }

    /// Both accept the same x coordinates, about half of all.
    #[test]
    fn public_keys_are_points_on_the_curve(x in any::<[u8; 32]>()) {
        let theirs = XOnlyPublicKey::from_slice(&x).is_ok();
        prop_assert_eq!(PublicKey::from_bytes(&x).is_ok(), theirs);
    }

    #[test]
    fn messages_of_any_length_can_be_signed(
        message in prop::collection::vec(any::<u8>(), 0..200),
        byte in 1..200u8,
    ) {
        let signature = secret(byte).sign(&message);
        prop_assert_eq!(secret(byte).public_key().verify(&message, &signature), Ok(()));
    }
}
