//! Backup files: read as they are written, refused where they are damaged.
#![cfg(not(target_arch = "wasm32"))]

mod kit;

use kit::{entropy, other};
use proptest::prelude::*;
use wallet::backup::{Backup, BackupError as E, Contents, MOST_BYTES, MOST_LABEL, MOST_LABELS};
use wallet::{Destination, Language, Mnemonic};

fn backup() -> Backup {
    Backup {
        words: Mnemonic::new(Language::Chinese, &mut entropy(1)),
        labels: vec![
            (other(1), "Tea money #1".into()),
            (Destination::Script([4; 32]), "茶\n\u{202e}%".into()),
        ],
    }
}

fn open(text: &str) -> Result<Backup, E> {
    match Contents::parse(text)? {
        Contents::Open(backup) => Ok(backup),
        Contents::Sealed(_) => panic!("sealed"),
    }
}

fn refusal(text: &str) -> E {
    Contents::parse(text).unwrap_err()
}

#[test]
fn a_file_is_read_as_it_is_written() {
    let text = backup().to_text().unwrap();
    for text in [
        text.to_string(),
        text.replace('\n', "\r\n"),
        format!("{}\n\n", *text),
    ] {
        let read = open(&text).unwrap();
        assert_eq!(read.words.phrase(), backup().words.phrase());
        assert_eq!(read.labels, backup().labels);
    }
    assert!(text.starts_with("tabchain-backup 1 #"));
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn a_damaged_file_is_refused_with_the_line() {
    let text = backup().to_text().unwrap();
    let mut line = 1;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'\n' {
            line += 1;
        } else if byte.is_ascii_alphanumeric() && at > 20 {
            let mut damaged = text.to_string();
            damaged.replace_range(at..=at, if byte == b'z' { "y" } else { "z" });
            assert_eq!(refusal(&damaged), E::Damaged(line), "{at}");
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(refusal(&lines[..4].join("\n")), E::Truncated(4));
    assert_eq!(refusal(lines[0]), E::Truncated(1));
    assert_eq!(
        refusal(&[lines[0], lines[2], lines[1], lines[3], lines[4]].join("\n")),
        E::Damaged(2)
    );
    assert_eq!(
        refusal(&[lines[0], lines[1], lines[3], lines[4]].join("\n")),
        E::Damaged(3)
    );
    for text in [
        "",
        "\n",
        "tabchain",
        "words a b c",
        "\u{feff}tabchain-backup 1",
    ] {
        assert_eq!(refusal(text), E::NotABackup, "{text}");
    }
    assert_eq!(refusal("tabchain-backup 2 #00"), E::Version("2".into()));
    assert_eq!(
        refusal(&"x".repeat(MOST_BYTES + 1)),
        E::TooLong(MOST_BYTES as u64 + 1)
    );
    assert_eq!(refusal(&"x".repeat(MOST_BYTES)), E::NotABackup);
}

#[test]
fn labels_have_limits() {
    let with = |count: usize, len: usize| Backup {
        labels: vec![(other(1), "l".repeat(len)); count],
        ..backup()
    };
    for (count, len) in [(MOST_LABELS, 3), (1, MOST_LABEL)] {
        let text = with(count, len).to_text().unwrap();
        assert_eq!(open(&text).unwrap().labels, with(count, len).labels);
    }
    for (count, len) in [(MOST_LABELS + 1, 3), (1, MOST_LABEL + 1)] {
        assert_eq!(with(count, len).to_text(), Err(E::TooManyLabels));
    }
}

#[test]
fn a_passphrase_keeps_everything_from_whoever_does_not_know_it() {
    let text = backup()
        .to_sealed_text("correct horse", &mut entropy(2))
        .unwrap();
    let words = backup().words;
    assert!(words.words().all(|word| !text.contains(word)));
    assert!(!text.contains("Tea") && !text.contains("tab1"));
    let Contents::Sealed(sealed) = Contents::parse(&text).unwrap() else {
        panic!("open");
    };
    let opened = sealed.open("correct horse").unwrap();
    assert_eq!(
        (opened.words.phrase(), opened.labels),
        (words.phrase(), backup().labels)
    );
    assert_eq!(sealed.open("correct hors").unwrap_err(), E::WrongPassphrase);
    let again = backup()
        .to_sealed_text("correct horse", &mut entropy(3))
        .unwrap();
    assert_ne!(again, text, "each file has a key of its own");
    let short = backup().to_sealed_text("1234567", &mut entropy(2));
    assert_eq!(short, Err(E::ShortPassphrase));
    let mut damaged = text.clone();
    damaged.replace_range(40..41, if &text[40..41] == "A" { "B" } else { "A" });
    assert_eq!(refusal(&damaged), E::Damaged(2));
}

proptest! {
    #[test]
    fn any_labels_are_read_as_they_are_written(labels in prop::collection::vec("\\PC{0,20}", 0..5)) {
        let labels: Vec<_> = labels.into_iter().map(|label| (other(1), label)).collect();
        let backup = Backup { labels, ..backup() };
        prop_assert_eq!(open(&backup.to_text().unwrap()).unwrap().labels, backup.labels);
    }

    #[test]
    fn any_text_has_a_verdict(text in "(tabchain-backup 1 #)?[ -~\\n]{0,200}") {
        let _ = Contents::parse(&text);
    }
}
