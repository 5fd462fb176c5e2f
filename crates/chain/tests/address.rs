//! Addresses: BIP350's lists, BIP341's wallet, our own prefix, and typing errors.
#![cfg(not(target_arch = "wasm32"))]

use chain::{Address, AddressError, PublicKey, Script, SecretKey, WitnessProgram, address::PREFIX};
use proptest::prelude::*;
use serde_json::Value;

const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

fn bip350() -> Value {
    serde_json::from_str(include_str!("vectors/bip350.json")).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

fn pair(value: &Value) -> (&str, &str) {
    (value[0].as_str().unwrap(), value[1].as_str().unwrap())
}

/// The part before the last 1, in lower case.
fn prefix_of(text: &str) -> String {
    text.rsplit_once('1')
        .map_or("", |(prefix, _)| prefix)
        .to_lowercase()
}

fn ours() -> Address {
    let key = SecretKey::from_bytes(&[7; 32]).unwrap().public_key();
    Address::from_internal_key(&key).unwrap()
}

#[test]
fn bip350_valid_addresses() {
    let vectors = bip350();
    assert_eq!(list(&vectors, "valid_addresses").len(), 8);
    for case in list(&vectors, "valid_addresses") {
        let (text, script) = pair(case);
        let prefix = prefix_of(text);
        let program = WitnessProgram::from_address(&prefix, text).unwrap();
        let script = Script(hex::decode(script).unwrap());
        assert_eq!(program.script_pubkey(), script, "{text}");
        assert_eq!(
            WitnessProgram::from_script_pubkey(&script),
            Some(program.clone()),
            "{text}"
        );
        assert_eq!(program.to_address(&prefix).unwrap(), text.to_lowercase());
    }
}

#[test]
fn bip350_invalid_addresses_with_reasons() {
    use AddressError as E;
    let vectors = bip350();
    let expected = [
        E::WrongPrefix {
            expected: "bc".into(),
            found: "tc".into(),
        },
        E::WrongChecksumKind(1),
        E::WrongChecksumKind(2),
        E::WrongChecksumKind(16),
        E::WrongChecksumKind(0),
        E::WrongChecksumKind(0),
        E::BadCharacter('o'),
        E::BadVersion(17),
        E::BadProgramLength {
            version: 1,
            length: 1,
        },
        E::BadProgramLength {
            version: 1,
            length: 41,
        },
        E::BadProgramLength {
            version: 0,
            length: 16,
        },
        E::MixedCase,
        E::TooMuchPadding,
        E::NonZeroPadding,
        E::TooShort,
    ];
    assert_eq!(list(&vectors, "invalid_addresses").len(), expected.len());
    for (case, expected) in list(&vectors, "invalid_addresses").iter().zip(expected) {
        let (text, reason) = pair(case);
        let network = if text.starts_with("tb") { "tb" } else { "bc" };
        let found = WitnessProgram::from_address(network, text);
        assert_eq!(found, Err(expected), "{text}: {reason}");
    }
}

#[test]
fn bip350_invalid_strings_with_reasons() {
    use AddressError as E;
    let vectors = bip350();
    let prefix = |text: &str| E::BadPrefix(text.into());
    let expected = [
        prefix(" "),
        prefix("\u{7f}"),
        prefix("\u{80}"),
        E::TooLong(91),
        E::NoSeparator,
        prefix(""),
        E::BadCharacter('b'),
        E::BadCharacter('i'),
        E::TooShort,
        E::BadCharacter('i'),
        E::BadCharacter('o'),
        E::TooShort, // a checksum over the upper-case prefix, and nothing else
        prefix(""),
        prefix(""),
    ];
    assert_eq!(list(&vectors, "invalid_bech32m").len(), expected.len());
    for (case, expected) in list(&vectors, "invalid_bech32m").iter().zip(expected) {
        let (text, reason) = pair(case);
        let found = WitnessProgram::from_address(&prefix_of(text), text);
        assert_eq!(found, Err(expected), "{text}: {reason}");
    }
}

/// Their checksums are correct, so they must be refused for another reason.
#[test]
fn bip350_valid_strings_that_are_no_addresses() {
    for text in list(&bip350(), "valid_bech32m") {
        let text = text.as_str().unwrap();
        let error = WitnessProgram::from_address(&prefix_of(text), text).unwrap_err();
        let fine = matches!(error, AddressError::TooShort | AddressError::BadVersion(_));
        assert!(fine, "{text}: {error}");
    }
}

#[test]
fn bip341_wallet_addresses() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/bip341_wallet.json")).unwrap();
    let cases = list(&vectors, "scriptPubKey");
    assert_eq!(cases.len(), 7);
    for case in cases {
        let script = hex::decode(case["expected"]["scriptPubKey"].as_str().unwrap()).unwrap();
        let text = case["expected"]["bip350Address"].as_str().unwrap();
        let program = WitnessProgram::from_script_pubkey(&Script(script)).unwrap();
        assert_eq!(program.to_address("bc").unwrap(), text);
        assert_eq!(WitnessProgram::from_address("bc", text), Ok(program));
        let wrong = text.parse::<Address>();
        let expected = AddressError::WrongPrefix {
            expected: "tab".into(),
            found: "bc".into(),
        };
        assert_eq!(wrong, Err(expected), "Bitcoin's addresses are not ours");
    }
}

#[test]
fn our_addresses_go_to_text_and_script_and_back() {
    let address = ours();
    let text = address.to_string();
    assert!(text.starts_with("tab1p") && text.len() == 63, "{text}");
    assert_eq!(text.parse(), Ok(address));
    assert_eq!(
        text.to_uppercase().parse(),
        Ok(address),
        "capitals are for QR codes"
    );
    let script = address.script_pubkey();
    assert_eq!(script.as_bytes()[..2], [0x51, 0x20]);
    assert_eq!(Address::from_script_pubkey(&script), Some(address));
    assert_eq!(
        Address::from_output_key(&address.output_key().unwrap()),
        address
    );
    assert_eq!(
        serde_json::to_string(&address).unwrap(),
        format!("\"{text}\"")
    );
    assert_eq!(
        serde_json::from_str::<Address>(&format!("\"{text}\"")).unwrap(),
        address
    );
    let wire = postcard::to_allocvec(&address).unwrap();
    assert_eq!(wire.len(), 32);
    assert_eq!(postcard::from_bytes::<Address>(&wire).unwrap(), address);
}

#[test]
fn only_taproot_outputs_have_addresses_here() {
    for (version, length) in [(0, 20), (0, 32), (1, 31), (2, 32), (16, 2)] {
        let program = WitnessProgram::new(version, vec![1; length]).unwrap();
        let text = program.to_address(PREFIX).unwrap();
        let expected = AddressError::NotTaproot {
            version,
            length: length as u64,
        };
        assert_eq!(text.parse::<Address>(), Err(expected));
        assert_eq!(Address::from_script_pubkey(&program.script_pubkey()), None);
    }
}

#[test]
fn scripts_that_are_no_witness_programs() {
    let taproot = ours().script_pubkey().0;
    let longer = [taproot.as_slice(), &[0]].concat();
    let version_17 = [&[0x61][..], &taproot[1..]].concat();
    let scripts = [
        &[][..],
        &[0x51],
        &[0x51, 0],
        &[0x51, 1, 9],
        &taproot[..33],
        &longer,
        &version_17,
    ];
    for script in scripts {
        assert_eq!(
            WitnessProgram::from_script_pubkey(&Script(script.to_vec())),
            None,
            "{script:x?}"
        );
    }
}

#[test]
fn programs_of_wrong_shape_cannot_be_made() {
    assert_eq!(
        WitnessProgram::new(17, vec![0; 32]),
        Err(AddressError::BadVersion(17))
    );
    for (version, length) in [(0, 21), (0, 2), (1, 1), (1, 41), (16, 0)] {
        let expected = AddressError::BadProgramLength {
            version,
            length: length as u64,
        };
        assert_eq!(WitnessProgram::new(version, vec![0; length]), Err(expected));
    }
    let program = WitnessProgram::new(1, vec![0; 32]).unwrap();
    for bad in ["", "mIxed", "space bar", &"x".repeat(84)] {
        assert_eq!(
            program.to_address(bad),
            Err(AddressError::BadPrefix(bad.into()))
        );
    }
    assert_eq!(
        program.to_address(&"x".repeat(31)),
        Err(AddressError::TooLong(91))
    );
    assert_eq!(program.to_address(&"x".repeat(30)).unwrap().len(), 90);
}

/// An address may be well formed and still belong to nobody.
#[test]
fn an_address_without_a_point_has_no_key() {
    let address: Address = WitnessProgram::new(1, vec![0; 32])
        .unwrap()
        .try_into()
        .unwrap();
    assert!(address.output_key().is_err());
}

proptest! {
    /// BIP173: the code detects any error of up to four characters.
    #[test]
    fn up_to_four_wrong_characters_are_always_noticed(
        key in any::<[u8; 32]>(),
        errors in prop::collection::btree_map(4..63usize, 1..32usize, 1..=4),
    ) {
        let program = WitnessProgram::new(1, key.to_vec()).unwrap();
        let mut text = program.to_address(PREFIX).unwrap().into_bytes();
        for (place, shift) in errors {
            let digit = CHARSET.iter().position(|c| *c == text[place]).unwrap();
            text[place] = CHARSET[(digit + shift) % 32];
        }
        let text = String::from_utf8(text).unwrap();
        prop_assert!(text.parse::<Address>().is_err(), "{}", text);
    }

    #[test]
    fn programs_go_to_text_and_script_and_back(
        version in 1..=16u8,
        bytes in prop::collection::vec(any::<u8>(), 2..=40),
    ) {
        let program = WitnessProgram::new(version, bytes).unwrap();
        let text = program.to_address(PREFIX).unwrap();
        prop_assert_eq!(WitnessProgram::from_address(PREFIX, &text), Ok(program.clone()));
        let script = program.script_pubkey();
        prop_assert_eq!(WitnessProgram::from_script_pubkey(&script), Some(program));
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,100}", tail in "[ -~]{0,70}") {
        for text in [text.clone(), format!("tab1{text}"), format!("tab1p{tail}")] {
            let _ = text.parse::<Address>();
        }
    }

    /// The oracle reads Bitcoin's addresses and agrees on their scripts.
    #[test]
    fn agrees_with_the_bitcoin_crate(seed in 1..=200u8) {
        let key: PublicKey = SecretKey::from_bytes(&[seed; 32]).unwrap().public_key();
        let script = Address::from_internal_key(&key).unwrap().script_pubkey();
        let text = WitnessProgram::from_script_pubkey(&script).unwrap().to_address("bc").unwrap();
        let theirs: bitcoin::Address<_> = text.parse().unwrap();
        let theirs = theirs.require_network(bitcoin::Network::Bitcoin).unwrap();
        let internal = bitcoin::XOnlyPublicKey::from_slice(&key.to_bytes()).unwrap();
        let secp = bitcoin::secp256k1::Secp256k1::new();
        let expected = bitcoin::Address::p2tr(&secp, internal, None, bitcoin::Network::Bitcoin);
        prop_assert_eq!(&theirs, &expected);
        prop_assert_eq!(theirs.script_pubkey().to_bytes(), script.0);
    }
}
