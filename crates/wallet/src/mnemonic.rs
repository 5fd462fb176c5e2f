//! A wallet as words that a person can write down (BIP39), and what is wrong with words that were written
//! down badly.
//!
//! BIP39 has all text in Unicode's NFKD form. Both lists are in it already; input is brought there as far as
//! their characters need, and passphrases are ASCII, which has one form only. So the tables of Unicode, which
//! are larger than all else here, stay out.

mod near;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use chain::Entropy;
use zeroize::Zeroizing;

use crate::keys::Seed;

/// The lists of words that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// 2,048 English words, of which the first four letters are enough to tell them apart.
    English,
    /// 2,048 characters of simplified Chinese.
    Chinese,
}

impl Language {
    fn list(self) -> bip39::Language {
        match self {
            Self::English => bip39::Language::English,
            Self::Chinese => bip39::Language::SimplifiedChinese,
        }
    }
}

/// A wallet's words. Their memory is wiped when they go.
#[derive(Clone)]
pub struct Mnemonic(bip39::Mnemonic);

/// Why words are no mnemonic.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// More text than words can be; carries its length in bytes.
    #[error("{0} bytes are more than 24 words have")]
    TooLong(u64),
    /// Not 12 words, nor another number that BIP39 has; carries how many there are.
    #[error("there are {0} words, and it takes 12")]
    WordCount(u64),
    /// A word that is not on the list.
    #[error("word {place} is not on the list: {word}{}", or(meant))]
    UnknownWord {
        /// Which one it is, from 1.
        place: u32,
        /// The word, in lower case.
        word: String,
        /// The words of the list that may be meant, the likeliest first.
        meant: Vec<&'static str>,
    },
    /// All words are on the list, but one is not the right one, or they stand in another order.
    #[error(
        "each word exists, but together they are no wallet's words{}",
        or(suspects)
    )]
    Checksum {
        /// What would make them right; perhaps what was meant.
        suspects: Vec<Suspect>,
    },
}

/// A word that may stand for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Which one it is, from 1.
    pub place: u32,
    /// What may be meant.
    pub meant: &'static str,
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as word {}", self.meant, self.place)
    }
}

/// A passphrase with characters that have several spellings in Unicode; carries the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} cannot be in a passphrase: letters, digits and signs of ASCII can")]
pub struct PassphraseError(pub char);

fn or(meant: &[impl ToString]) -> String {
    let meant: Vec<String> = meant.iter().map(ToString::to_string).collect();
    match meant.is_empty() {
        true => String::new(),
        false => alloc::format!("; is it {}?", meant.join(", or ")),
    }
}

/// The longest text that is looked at: 24 words of 8 letters, with generous space between them.
const MOST_BYTES: usize = 1_000;
/// The most proposals for what may be meant.
const MOST_MEANT: usize = 3;

impl Mnemonic {
    /// Twelve new words.
    #[must_use]
    pub fn new(language: Language, entropy: &mut Entropy) -> Self {
        let bytes = Zeroizing::new(entropy.bytes::<16>());
        Self::from_entropy(language, &*bytes).expect("16 bytes are 12 words")
    }

    /// The words of 16, 20, 24, 28 or 32 bytes, which must be unpredictable; `None` for other lengths.
    fn from_entropy(language: Language, bytes: &[u8]) -> Option<Self> {
        let words = bip39::Mnemonic::from_entropy_in(language.list(), bytes);
        words.ok().map(Self)
    }

    /// Reads words as people write them: in any case, with any space between them, Chinese also without.
    ///
    /// # Errors
    /// [`RestoreError`] says which word is wrong, and which may be meant.
    pub fn parse(text: &str) -> Result<Self, RestoreError> {
        if text.len() > MOST_BYTES {
            return Err(RestoreError::TooLong(text.len() as u64));
        }
        let text = Zeroizing::new(text.chars().map(plain).collect::<String>());
        let language = match text.chars().any(is_chinese) {
            true => Language::Chinese,
            false => Language::English,
        };
        let words = split(language, &text);
        if !matches!(words.len(), 12 | 15 | 18 | 21 | 24) {
            return Err(RestoreError::WordCount(words.len() as u64));
        }
        for (place, word) in (1..).zip(&words) {
            if language.list().find_word(word).is_none() {
                return Err(RestoreError::UnknownWord {
                    place,
                    word: (*word).into(),
                    meant: near::meant(language, word),
                });
            }
        }
        read(language, &words).ok_or_else(|| RestoreError::Checksum {
            suspects: suspects(language, &words),
        })
    }

    /// The list that they are from.
    #[must_use]
    pub fn language(&self) -> Language {
        match self.0.language() {
            bip39::Language::English => Language::English,
            bip39::Language::SimplifiedChinese => Language::Chinese,
        }
    }

    /// The words, in their order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        self.0.words()
    }

    /// The words with a space between two, as BIP39 hashes them.
    #[must_use]
    pub fn phrase(&self) -> Zeroizing<String> {
        Zeroizing::new(self.words().collect::<Vec<_>>().join(" "))
    }

    /// What all keys are derived from.
    #[must_use]
    pub fn seed(&self) -> Seed {
        Seed::new(self.0.to_seed_normalized(""))
    }

    /// The same with a passphrase: each one leads to another wallet.
    ///
    /// # Errors
    /// [`PassphraseError`] for one that is not ASCII.
    pub fn seed_with(&self, passphrase: &str) -> Result<Seed, PassphraseError> {
        match passphrase.chars().find(|c| !c.is_ascii()) {
            Some(other) => Err(PassphraseError(other)),
            None => Ok(Seed::new(self.0.to_seed_normalized(passphrase))),
        }
    }
}

/// Shows no word.
impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mnemonic({:?})", self.language())
    }
}

/// Lower case, and plain letters instead of the wide ones that Chinese input methods write.
fn plain(c: char) -> char {
    const WIDE: core::ops::RangeInclusive<u32> = 0xff01..=0xff5e;
    let code = u32::from(c);
    let narrow = match WIDE.contains(&code) {
        true => char::from_u32(code - 0xff01 + 0x21).unwrap_or(c),
        false => c,
    };
    narrow.to_ascii_lowercase()
}

/// Whether it is one of Unicode's unified ideographs.
fn is_chinese(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

/// The words; in Chinese, each character is one.
fn split(language: Language, text: &str) -> Vec<&str> {
    match language {
        Language::English => text.split_whitespace().collect(),
        Language::Chinese => {
            let characters = text.char_indices().filter(|(_, c)| !c.is_whitespace());
            characters
                .map(|(at, c)| &text[at..at + c.len_utf8()])
                .collect()
        }
    }
}

/// Words of the list, if their checksum is right.
fn read(language: Language, words: &[&str]) -> Option<Mnemonic> {
    let phrase = Zeroizing::new(words.join(" "));
    let words = bip39::Mnemonic::parse_in_normalized(language.list(), &phrase);
    words.ok().map(Mnemonic)
}

/// Single words in place of which a near one makes the checksum right.
fn suspects(language: Language, words: &[&str]) -> Vec<Suspect> {
    let mut suspects = Vec::new();
    let mut words = words.to_vec();
    for at in 0..words.len() {
        let word = words[at];
        for meant in near::neighbours(language, word) {
            words[at] = meant;
            if read(language, &words).is_some() && suspects.len() < MOST_MEANT {
                let place = u32::try_from(at + 1).expect("at most 24 words");
                suspects.push(Suspect { place, meant });
            }
        }
        words[at] = word;
    }
    suspects
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BIP39's official vectors, of which the passphrase is `TREZOR`.
    #[test]
    fn words_and_seeds_are_those_of_the_vectors() {
        let file = include_str!("../tests/vectors/bip39.json");
        let file: serde_json::Value = serde_json::from_str(file).expect("JSON");
        let languages = [
            ("english", Language::English),
            ("chinese_simplified", Language::Chinese),
        ];
        for (name, language) in languages {
            let rows = file[name].as_array().expect("rows");
            assert_eq!(rows.len(), 24);
            for row in rows {
                let text = |n: usize| row[n].as_str().expect("text");
                let entropy = hex::decode(text(0)).expect("hexadecimal");
                let mnemonic = Mnemonic::from_entropy(language, &entropy).expect("words");
                assert_eq!(*mnemonic.phrase(), text(1));
                let seed = mnemonic.seed_with("TREZOR").expect("ASCII");
                assert_eq!(hex::encode(seed.as_bytes()), text(2));
                assert_eq!(seed.master_key(), text(3));
                let read = Mnemonic::parse(text(1)).expect("words");
                assert_eq!(read.phrase(), mnemonic.phrase());
                assert_eq!(read.language(), language);
            }
        }
    }
}
