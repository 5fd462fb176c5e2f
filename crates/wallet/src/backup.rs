//! A wallet as a file that its owner asked for: words and labels, open or under a passphrase.
//!
//! It is text of a few lines, each with a checksum over itself and its number, so that a damaged file is refused
//! with the line that is damaged. The first line says the version, the last one how many there are.
//!
//! ```text
//! tabchain-backup 1 #xxxxxxxx
//! words legal winner thank year ... #xxxxxxxx
//! label tab1p...  Tea%20money #xxxxxxxx
//! end 4 #xxxxxxxx
//! ```
//!
//! Under a passphrase, the lines between the first and the last are one: `sealed`, a salt, and what ChaCha20-Poly1305
//! makes of them (RFC 8439) with a key that scrypt makes of salt and passphrase (RFC 7914). Each file has a new salt
//! and thus a key of its own, so the nonce can be zero.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Nonce};
use chain::{Entropy, sha256};
use zeroize::Zeroizing;

use crate::destination::Destination;
use crate::mnemonic::{Mnemonic, RestoreError};
use crate::request::{escape, unescape};

const TITLE: &str = "tabchain-backup 1";
/// The longest file, in bytes.
pub const MOST_BYTES: usize = 1_000_000;
/// The most labels.
pub const MOST_LABELS: usize = 5_000;
/// The longest label, in bytes.
pub const MOST_LABEL: usize = 100;
/// The shortest passphrase, in characters.
pub const LEAST_PASSPHRASE: usize = 8;
/// Digits of a line's checksum.
const CHECK_DIGITS: usize = 8;
const SALT: usize = 16;
/// scrypt with 32 MB of memory: `N` is two to this power, `r` and `p` are 8 and 1.
const LOG_N: u8 = 15;

/// What a wallet needs to be the same again.
#[derive(Clone, Debug)]
pub struct Backup {
    /// Its words.
    pub words: Mnemonic,
    /// What its owner calls addresses.
    pub labels: Vec<(Destination, String)>,
}

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Contents {
    /// The wallet itself.
    Open(Backup),
    /// A wallet under a passphrase.
    Sealed(Sealed),
}

/// A wallet under a passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    salt: [u8; SALT],
    bytes: Vec<u8>,
}

/// Why a file is no backup, or none can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// Longer than [`MOST_BYTES`]; carries its length.
    #[error("{0} bytes are too many for a backup")]
    TooLong(u64),
    /// The first line is that of no backup.
    #[error("this is no backup of a Tabchain wallet")]
    NotABackup,
    /// Made by a later version; carries which.
    #[error("this backup has version {0}, and this program reads version 1")]
    Version(String),
    /// A line is not as it was written; carries its number, from 1.
    #[error("line {0} is damaged")]
    Damaged(u64),
    /// The last lines are missing; carries how many lines there are.
    #[error("the file ends after line {0}, before it is complete")]
    Truncated(u64),
    /// A line that is whole and says what no backup says; carries its number, from 1.
    #[error("line {0} says something unknown")]
    Unknown(u64),
    /// The words are no wallet's.
    #[error(transparent)]
    Words(#[from] RestoreError),
    /// More labels than [`MOST_LABELS`], or one longer than [`MOST_LABEL`].
    #[error("there are more or longer labels than a backup has")]
    TooManyLabels,
    /// A passphrase that could be guessed.
    #[error("a passphrase has {LEAST_PASSPHRASE} characters at least")]
    ShortPassphrase,
    /// The passphrase is another, or somebody changed the file.
    #[error("the passphrase does not open this backup")]
    WrongPassphrase,
}

impl Backup {
    /// The file. Whoever has it has the coins.
    ///
    /// # Errors
    /// [`BackupError::TooManyLabels`].
    pub fn to_text(&self) -> Result<Zeroizing<String>, BackupError> {
        Ok(Zeroizing::new(lines(&self.inner()?)))
    }

    /// The file under a passphrase.
    ///
    /// # Errors
    /// [`BackupError::ShortPassphrase`], [`BackupError::TooManyLabels`].
    pub fn to_sealed_text(
        &self,
        passphrase: &str,
        entropy: &mut Entropy,
    ) -> Result<String, BackupError> {
        if passphrase.chars().count() < LEAST_PASSPHRASE {
            return Err(BackupError::ShortPassphrase);
        }
        let salt: [u8; SALT] = entropy.bytes();
        let inner = Zeroizing::new(self.inner()?.join("\n"));
        let cipher = cipher(passphrase, &salt);
        let sealed = cipher.encrypt(&Nonce::<ChaCha20Poly1305>::default(), inner.as_bytes());
        let sealed = sealed.expect("a file is shorter than the cipher's limit");
        let [salt, sealed] = [&salt[..], &sealed].map(Base64UrlUnpadded::encode_string);
        Ok(lines(&[format!("sealed {salt} {sealed}")]))
    }

    /// The lines without title and end.
    fn inner(&self) -> Result<Vec<String>, BackupError> {
        let is_long = |(_, label): &(Destination, String)| label.len() > MOST_LABEL;
        if self.labels.len() > MOST_LABELS || self.labels.iter().any(is_long) {
            return Err(BackupError::TooManyLabels);
        }
        let words = format!("words {}", *self.words.phrase());
        let label = |(to, label): &(Destination, String)| format!("label {to} {}", escape(label));
        let labels = self.labels.iter().map(label);
        Ok(core::iter::once(words).chain(labels).collect())
    }

    fn parse<'a>(inner: impl Iterator<Item = (u64, &'a str)>) -> Result<Self, BackupError> {
        let mut words = None;
        let mut labels = Vec::new();
        let mut last = 1;
        for (number, line) in inner {
            last = number;
            let unknown = || BackupError::Unknown(number);
            match line.split_once(' ').ok_or_else(unknown)? {
                ("words", text) if words.is_none() => words = Some(Mnemonic::parse(text)?),
                ("label", text) if labels.len() < MOST_LABELS => {
                    let (to, label) = text.split_once(' ').ok_or_else(unknown)?;
                    let to = to.parse().map_err(|_| unknown())?;
                    let label = unescape(label).map_err(|_| unknown())?;
                    if label.len() > MOST_LABEL {
                        return Err(BackupError::TooManyLabels);
                    }
                    labels.push((to, label));
                }
                ("label", _) => return Err(BackupError::TooManyLabels),
                _ => return Err(unknown()),
            }
        }
        let words = words.ok_or(BackupError::Unknown(last))?;
        Ok(Self { words, labels })
    }
}

impl Contents {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BackupError`] names the place that is damaged.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        if text.len() > MOST_BYTES {
            return Err(BackupError::TooLong(text.len() as u64));
        }
        let given: Vec<(u64, &str)> = (1..).zip(text.trim_end().lines()).collect();
        let title = given.first().map_or("", |(_, line)| line);
        let version = title.strip_prefix("tabchain-backup ");
        let version = version.ok_or(BackupError::NotABackup)?;
        let version = version.split(' ').next().unwrap_or_default();
        if version != "1" {
            let version = version.chars().take(10).collect();
            return Err(BackupError::Version(version));
        }
        let lines: Result<Vec<_>, _> = given.iter().map(|given| checked(*given)).collect();
        let lines = lines?;
        let count = lines.len() as u64;
        let [(_, first), inner @ .., (_, end)] = &lines[..] else {
            return Err(BackupError::Truncated(count));
        };
        if *end != format!("end {count}") {
            return Err(BackupError::Truncated(count));
        }
        match inner {
            _ if *first != TITLE => Err(BackupError::Unknown(1)),
            [(_, line)] if line.starts_with("sealed ") => Sealed::parse(line).map(Self::Sealed),
            inner => Backup::parse(inner.iter().copied()).map(Self::Open),
        }
    }
}

impl Sealed {
    fn parse(line: &str) -> Result<Self, BackupError> {
        let unknown = || BackupError::Unknown(2);
        let [_, salt, bytes] = line.split(' ').collect::<Vec<_>>()[..] else {
            return Err(unknown());
        };
        let decode = |text| Base64UrlUnpadded::decode_vec(text).map_err(|_| unknown());
        Ok(Self {
            salt: decode(salt)?.try_into().map_err(|_| unknown())?,
            bytes: decode(bytes)?,
        })
    }

    /// Opens it. It takes a while, so that guessing does.
    ///
    /// # Errors
    /// [`BackupError::WrongPassphrase`].
    pub fn open(&self, passphrase: &str) -> Result<Backup, BackupError> {
        let cipher = cipher(passphrase, &self.salt);
        let nonce = Nonce::<ChaCha20Poly1305>::default();
        let inner = cipher
            .decrypt(&nonce, self.bytes.as_slice())
            .map(Zeroizing::new);
        let inner = inner.map_err(|_| BackupError::WrongPassphrase)?;
        let inner = core::str::from_utf8(&inner).map_err(|_| BackupError::Unknown(2))?;
        // To whoever reads the file, all of it is line 2.
        Backup::parse(inner.lines().map(|line| (2, line)))
    }
}

fn cipher(passphrase: &str, salt: &[u8; SALT]) -> ChaCha20Poly1305 {
    let params = scrypt::Params::new(LOG_N, 8, 1).expect("these are within scrypt's limits");
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase.as_bytes(), salt, &params, &mut *key)
        .expect("32 bytes are within scrypt's limits");
    ChaCha20Poly1305::new(&(*key).into())
}

/// The whole file, each line with its checksum.
fn lines(inner: &[String]) -> String {
    let title = core::iter::once(TITLE.to_string());
    let end = core::iter::once(format!("end {}", inner.len() + 2));
    let all = title.chain(inner.iter().cloned()).chain(end);
    let check = |(number, line): (u64, String)| format!("{line} #{}\n", check_of(number, &line));
    (1..).zip(all).map(check).collect()
}

/// The first digits of a hash over a line and its number.
fn check_of(number: u64, line: &str) -> String {
    let hash = sha256(format!("{number} {line}").as_bytes());
    let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    digits[..CHECK_DIGITS].to_string()
}

/// A line without its checksum, if that fits.
fn checked((number, line): (u64, &str)) -> Result<(u64, &str), BackupError> {
    let parts = line.trim_end().rsplit_once(" #");
    let whole = parts.filter(|(line, check)| *check == check_of(number, line));
    whole
        .map(|(line, _)| (number, line))
        .ok_or(BackupError::Damaged(number))
}
