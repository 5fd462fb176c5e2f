//! Words as people write them down and read them back, and the keys they lead to.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use kit::{account, entropy};
use wallet::{
    Addresses, Branch, Destination, DestinationError, GAP_LIMIT, GapError, KeyPath, Language,
    Mnemonic, PassphraseError, RestoreError, Suspect,
};

const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

fn restore(text: &str) -> Result<String, RestoreError> {
    Mnemonic::parse(text).map(|words| words.phrase().to_string())
}

#[test]
fn new_words_can_be_read_back_and_two_wallets_have_different_ones() {
    for language in [Language::English, Language::Chinese] {
        let mut entropy = entropy(1);
        let one = Mnemonic::new(language, &mut entropy);
        let other = Mnemonic::new(language, &mut entropy);
        assert_eq!(one.words().count(), 12);
        assert_ne!(one.phrase(), other.phrase());
        assert_eq!(restore(&one.phrase()), Ok(one.phrase().to_string()));
    }
}

#[test]
fn words_are_read_in_any_dress() {
    let loud = WORDS.to_uppercase();
    let wide: String = WORDS
        .chars()
        .map(|c| match c {
            ' ' => '\u{3000}',
            c => char::from_u32(u32::from(c) - 0x21 + 0xff01).unwrap(),
        })
        .collect();
    for text in [loud, wide, format!("\n {}\t", WORDS.replace(' ', " \r\n "))] {
        assert_eq!(restore(&text), Ok(WORDS.into()), "{text}");
    }
    let chinese = Mnemonic::new(Language::Chinese, &mut entropy(2));
    let joined: String = chinese.words().collect();
    assert_eq!(restore(&joined), Ok(chinese.phrase().to_string()));
}

#[test]
fn a_wrong_word_is_named_with_what_may_be_meant() {
    let unknown = |place, word: &str, meant: &[&'static str]| {
        let (word, meant) = (word.into(), meant.to_vec());
        Err(RestoreError::UnknownWord { place, word, meant })
    };
    let wrong = WORDS.replacen("winner", "winer", 1);
    assert_eq!(
        restore(&wrong),
        unknown(2, "winer", &["wine", "winner", "winter"])
    );
    // Four letters are enough.
    let short = WORDS.replacen("sausage", "saus", 1);
    assert_eq!(
        restore(&short),
        unknown(6, "saus", &["sausage", "bus", "cause"])
    );
    let noise = WORDS.replacen("yellow", "q1#'\u{202e}", 1);
    assert_eq!(restore(&noise), unknown(12, "q1#'\u{202e}", &[]));
    let mixed = WORDS.replacen("yellow", "的", 1);
    assert!(matches!(restore(&mixed), Err(RestoreError::WordCount(_))));
    let error = restore(&wrong).unwrap_err().to_string();
    assert_eq!(
        error,
        "word 2 is not on the list: winer; is it wine, or winner, or winter?"
    );
}

#[test]
fn a_word_of_the_list_in_the_wrong_place_fails_the_checksum_and_near_ones_are_proposed() {
    let wrong = WORDS.replacen("wave", "save", 1);
    let Err(RestoreError::Checksum { suspects }) = restore(&wrong) else {
        panic!("{:?}", restore(&wrong));
    };
    let right = Suspect {
        place: 5,
        meant: "wave",
    };
    assert!(suspects.contains(&right), "{suspects:?}");
    let swapped = WORDS.replacen("winner thank", "thank winner", 1);
    assert!(matches!(
        restore(&swapped),
        Err(RestoreError::Checksum { .. })
    ));
}

#[test]
fn other_counts_and_long_texts_are_refused() {
    for (text, count) in [("", 0), ("zoo", 1), (&WORDS[..WORDS.len() - 7], 11)] {
        assert_eq!(restore(text), Err(RestoreError::WordCount(count)));
    }
    assert_eq!(
        restore(&"zoo ".repeat(249)),
        Err(RestoreError::WordCount(249))
    );
    let at_limit = "z".repeat(1_000);
    assert_eq!(restore(&at_limit), Err(RestoreError::WordCount(1)));
    assert_eq!(
        restore(&"z".repeat(1_001)),
        Err(RestoreError::TooLong(1_001))
    );
}

#[test]
fn passphrases_lead_elsewhere_and_have_one_spelling() {
    let words = Mnemonic::parse(WORDS).unwrap();
    let first = |seed: wallet::Seed| {
        let addresses = Addresses::new(seed.account().unwrap().viewer()).unwrap();
        addresses.next(Branch::Receive).unwrap().1
    };
    let plain = first(words.seed());
    assert_eq!(first(words.seed_with("").unwrap()), plain);
    assert_ne!(first(words.seed_with("p").unwrap()), plain);
    assert_eq!(words.seed_with("pä").unwrap_err(), PassphraseError('ä'));
}

#[test]
fn nothing_secret_is_shown() {
    let words = Mnemonic::parse(WORDS).unwrap();
    assert_eq!(format!("{words:?}"), "Mnemonic(English)");
    let seed = words.seed();
    let account = seed.account().unwrap();
    let shown = format!(
        "{seed:?} {account:?} {:?} {:?}",
        account.viewer(),
        entropy(1)
    );
    assert_eq!(shown, "Seed Account Viewer Entropy");
}

#[test]
fn keys_fit_their_addresses_and_the_branches_differ() {
    let account = account(3);
    let viewer = account.viewer();
    let mut seen = std::collections::BTreeSet::new();
    for branch in Branch::ALL {
        for index in [0, 1, 19, (1 << 31) - 1] {
            let path = KeyPath { branch, index };
            let address = viewer.address(path).unwrap();
            let key = account.key(path).unwrap().public_key();
            assert_eq!(address.output_key().unwrap(), key);
            assert!(seen.insert(address));
        }
    }
    let path = KeyPath {
        branch: Branch::Receive,
        index: 1 << 31,
    };
    let error = wallet::DeriveError::BadIndex(1 << 31);
    assert_eq!(viewer.address(path), Err(error));
    assert_eq!(account.key(path).unwrap_err(), error);
    let contract = account.contract_public_key(0).unwrap();
    assert_ne!(contract, account.contract_public_key(1).unwrap());
    assert_eq!(contract, account.contract_key(0).unwrap().ecdsa_key());
}

#[test]
fn no_more_addresses_are_told_than_a_restored_wallet_would_find() {
    let mut addresses = Addresses::new(account(4).viewer()).unwrap();
    let told: Vec<_> = (0..GAP_LIMIT)
        .map(|_| addresses.tell(Branch::Receive).unwrap())
        .collect();
    assert_eq!(addresses.tell(Branch::Receive), Err(GapError::Full));
    assert!(
        addresses.tell(Branch::Change).is_ok(),
        "a branch of its own"
    );
    for (path, address) in &told {
        assert_eq!(addresses.find(&address.script_pubkey()), Some(*path));
    }
    // Address 4 is paid: five more can be told, and are recognised.
    assert_eq!(addresses.mark_paid(told[4].0), Ok(true));
    assert_eq!(addresses.mark_paid(told[4].0), Ok(false));
    assert_eq!(addresses.mark_paid(told[0].0), Ok(false));
    let more: Vec<_> = (0..5)
        .map(|_| addresses.tell(Branch::Receive).unwrap())
        .collect();
    assert_eq!(addresses.tell(Branch::Receive), Err(GapError::Full));
    for (path, address) in &more {
        assert_eq!(addresses.find(&address.script_pubkey()), Some(*path));
    }
    // A wallet that is restored and sees only the payment finds the same.
    let mut restored = Addresses::new(account(4).viewer()).unwrap();
    let paid = restored.find(&told[4].1.script_pubkey()).unwrap();
    restored.mark_paid(paid).unwrap();
    let all = |addresses: &Addresses| addresses.scripts().count();
    assert_eq!(all(&restored), all(&addresses));
    assert_eq!(restored.next(Branch::Receive).unwrap().0.index, 5);
}

#[test]
fn destinations_are_read_as_they_are_written_and_others_refused() {
    let address = Addresses::new(account(5).viewer())
        .unwrap()
        .next(Branch::Receive)
        .unwrap()
        .1;
    for destination in [Destination::Key(address), Destination::Script([7; 32])] {
        let text = destination.to_string();
        assert!(text.starts_with("tab1"));
        assert_eq!(format!(" {text}\n").parse(), Ok(destination));
        assert_eq!(text.to_uppercase().parse(), Ok(destination));
        let script = destination.script_pubkey();
        assert_eq!(Destination::of_script_pubkey(&script), Some(destination));
    }
    let program = chain::WitnessProgram::new(1, vec![5; 32]).unwrap();
    let nobodys = program.to_address("tab").unwrap();
    let parse = |text: &str| text.parse::<Destination>();
    assert_eq!(parse(&nobodys), Err(DestinationError::NobodysKey));
    for (version, len) in [(0, 20), (2, 32), (1, 20)] {
        let program = chain::WitnessProgram::new(version, vec![1; len]).unwrap();
        let text = program.to_address("tab").unwrap();
        assert!(matches!(parse(&text), Err(DestinationError::Address(_))));
    }
    let bitcoins = "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr";
    assert!(parse(bitcoins).is_err());
    assert_eq!(
        Destination::of_script_pubkey(&chain::Lock::Burn.script()),
        None
    );
}
