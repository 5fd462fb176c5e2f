//! Addresses: witness programs as text that survives being read aloud and typed
//! (BIP173, BIP350). The checksum detects any error of up to four characters.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use bech32::primitives::decode::{
    CharError, PaddingError, UncheckedHrpstring, UncheckedHrpstringError,
};
use bech32::{Bech32, Bech32m, Fe32, Hrp, segwit};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::keys::{KeyError, PublicKey};
use crate::opcode::{OP_0, OP_1, small, small_number};
use crate::script::Script;

/// The prefix of Tabchain's addresses, so that none can be mistaken for one of Bitcoin's.
pub const PREFIX: &str = "tab";

/// Why a text is not an address, or a witness program cannot be encoded as one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Longer than the 90 characters that the checksum is designed for.
    #[error("{0} characters are too many for an address: the limit is 90")]
    TooLong(u64),
    /// No `1` between prefix and data.
    #[error("no prefix: an address starts with one, followed by a 1")]
    NoSeparator,
    /// The prefix is empty, too long or contains an invalid character.
    #[error("invalid prefix: {0}")]
    BadPrefix(String),
    /// An address of another network.
    #[error("an address here starts with {expected}1, but this one starts with {found}1")]
    WrongPrefix {
        /// The prefix asked for.
        expected: String,
        /// The prefix found, in lower case.
        found: String,
    },
    /// A character that cannot occur in an address.
    #[error("the character {0:?} cannot occur in an address")]
    BadCharacter(char),
    /// Upper and lower case in one address.
    #[error("upper and lower case are mixed")]
    MixedCase,
    /// Nothing after the prefix, or too little for a version and a checksum.
    #[error("the address is too short")]
    TooShort,
    /// The checksum does not match: a character is mistyped.
    #[error("the checksum does not match: a character is mistyped")]
    BadChecksum,
    /// The checksum is of the wrong kind: BIP173's where BIP350's is required, or
    /// the other way round.
    #[error("the kind of checksum is wrong for witness version {0}")]
    WrongChecksumKind(u8),
    /// Witness versions go from 0 to 16.
    #[error("there is no witness version {0}")]
    BadVersion(u8),
    /// A program whose length its version does not allow.
    #[error("witness version {version} does not allow a program of {length} bytes")]
    BadProgramLength {
        /// The witness version.
        version: u8,
        /// The program's length in bytes.
        length: u64,
    },
    /// More than four bits left over after the last byte.
    #[error("more than four bits are left over")]
    TooMuchPadding,
    /// Left-over bits that are not all zero.
    #[error("left-over bits are not zero")]
    NonZeroPadding,
    /// A valid witness version and length that cannot be spent here: only version 1
    /// with 32 bytes (taproot) can.
    #[error("witness version {version} with {length} bytes cannot be spent here")]
    NotTaproot {
        /// The witness version.
        version: u8,
        /// The program's length in bytes.
        length: u64,
    },
}

/// What a segwit output pays to (BIP141): a version and 2 to 40 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessProgram {
    version: u8,
    bytes: Vec<u8>,
}

/// The longest text that BIP173 allows.
const MAX_LENGTH: usize = 90;

impl WitnessProgram {
    /// A program of this version.
    ///
    /// # Errors
    /// [`AddressError::BadVersion`] above 16, [`AddressError::BadProgramLength`].
    pub fn new(version: u8, bytes: Vec<u8>) -> Result<Self, AddressError> {
        let fits = match version {
            0 => matches!(bytes.len(), 20 | 32),
            1..=16 => (2..=40).contains(&bytes.len()),
            _ => return Err(AddressError::BadVersion(version)),
        };
        let length = bytes.len() as u64;
        fits.then_some(Self { version, bytes })
            .ok_or(AddressError::BadProgramLength { version, length })
    }

    /// The witness version, 0 to 16.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The program.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The program that a script pays to; `None` for any other script.
    pub fn from_script_pubkey(script: &Script) -> Option<Self> {
        let [version, length, program @ ..] = script.as_bytes() else {
            return None;
        };
        let version = match *version {
            OP_0 => 0,
            code => small_number(code)?,
        };
        let exact = usize::from(*length) == program.len();
        exact.then(|| Self::new(version, program.to_vec()).ok())?
    }

    /// The script that pays to the program.
    pub fn script_pubkey(&self) -> Script {
        let version = match self.version {
            0 => OP_0,
            version => small(version),
        };
        Script(alloc::vec![version]).push(&self.bytes)
    }

    /// The address with this prefix, in lower case.
    ///
    /// # Errors
    /// [`AddressError::BadPrefix`], [`AddressError::TooLong`].
    pub fn to_address(&self, prefix: &str) -> Result<String, AddressError> {
        let bad = |_| AddressError::BadPrefix(prefix.to_string());
        let hrp = Hrp::parse(prefix).map_err(bad)?;
        let version = Fe32::try_from(self.version);
        let version = version.map_err(|_| AddressError::BadVersion(self.version))?;
        // Everything but the total length has been checked.
        segwit::encode(hrp, version, &self.bytes).map_err(|_| {
            let digits = (self.bytes.len() * 8).div_ceil(5);
            AddressError::TooLong((prefix.len() + 1 + 1 + digits + 6) as u64)
        })
    }

    /// Reads an address that must have this prefix.
    ///
    /// # Errors
    /// [`AddressError`] says what is wrong with it.
    pub fn from_address(prefix: &str, text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_LENGTH {
            return Err(AddressError::TooLong(text.chars().count() as u64));
        }
        let parsed = UncheckedHrpstring::new(text);
        let parsed = parsed.map_err(|error| syntax_error(text, error))?;
        if !parsed.hrp().as_str().eq_ignore_ascii_case(prefix) {
            let found = parsed.hrp().to_lowercase();
            return Err(AddressError::WrongPrefix {
                expected: prefix.to_string(),
                found,
            });
        }
        let [version, _, _, _, _, _, _, ..] = parsed.data_part_ascii() else {
            return Err(AddressError::TooShort); // not even a version and a checksum
        };
        let version = char::from(*version);
        let version = Fe32::from_char(version).map_err(|_| AddressError::BadCharacter(version))?;
        let version = version.to_u8();
        check(&parsed, version)?;
        let mut data = parsed.remove_checksum::<Bech32m>(); // both kinds are equally long
        data.remove_witness_version()
            .ok_or(AddressError::BadVersion(version))?;
        data.validate_segwit_padding()
            .map_err(|error| match error {
                PaddingError::NonZero => AddressError::NonZeroPadding,
                _ => AddressError::TooMuchPadding,
            })?;
        Self::new(version, data.byte_iter().collect())
    }
}

/// Checks the checksum, which depends on the version.
fn check(parsed: &UncheckedHrpstring<'_>, version: u8) -> Result<(), AddressError> {
    let old = parsed.has_valid_checksum::<Bech32>();
    let new = parsed.has_valid_checksum::<Bech32m>();
    let (right, wrong) = if version == 0 { (old, new) } else { (new, old) };
    match (right, wrong) {
        (true, _) => Ok(()),
        (_, true) => Err(AddressError::WrongChecksumKind(version)),
        _ => Err(AddressError::BadChecksum),
    }
}

fn syntax_error(text: &str, error: UncheckedHrpstringError) -> AddressError {
    match error {
        UncheckedHrpstringError::Char(CharError::InvalidChar(bad)) => {
            AddressError::BadCharacter(bad)
        }
        UncheckedHrpstringError::Char(CharError::MixedCase) => AddressError::MixedCase,
        UncheckedHrpstringError::Char(CharError::NothingAfterSeparator) => AddressError::TooShort,
        UncheckedHrpstringError::Hrp(_) => {
            let prefix = text.rsplit_once('1').map_or(text, |(prefix, _)| prefix);
            AddressError::BadPrefix(prefix.to_string())
        }
        _ => AddressError::NoSeparator,
    }
}

/// An address of Tabchain: the key of a taproot output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; 32]);

impl Address {
    /// The address of the taproot output whose output key is `key`, without a tweak.
    pub fn from_output_key(key: &PublicKey) -> Self {
        Self(key.to_bytes())
    }

    /// The address that only the holder of `key` can spend from, as it has no
    /// script path (BIP86). Sign with the key from [`SecretKey::tap_tweak`] with no root.
    ///
    /// # Errors
    /// [`KeyError::BadTweak`], with negligible probability.
    ///
    /// [`SecretKey::tap_tweak`]: crate::keys::SecretKey::tap_tweak
    pub fn from_internal_key(key: &PublicKey) -> Result<Self, KeyError> {
        key.tap_tweak(None)
            .map(|(output, _)| Self::from_output_key(&output))
    }

    /// The address that a script pays to; `None` unless it is a taproot output's.
    pub fn from_script_pubkey(script: &Script) -> Option<Self> {
        WitnessProgram::from_script_pubkey(script)?.try_into().ok()
    }

    /// The script that pays to the address.
    pub fn script_pubkey(&self) -> Script {
        Script(alloc::vec![OP_1]).push(&self.0)
    }

    /// The output's key.
    ///
    /// # Errors
    /// [`KeyError::BadPublicKey`] if the address is not a point on the curve: nobody can
    /// ever spend from it.
    pub fn output_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_bytes(&self.0)
    }
}

impl TryFrom<WitnessProgram> for Address {
    type Error = AddressError;

    fn try_from(program: WitnessProgram) -> Result<Self, AddressError> {
        let WitnessProgram { version, bytes } = program;
        let length = bytes.len() as u64;
        let key = bytes.try_into().ok().filter(|_| version == 1);
        key.map(Self)
            .ok_or(AddressError::NotTaproot { version, length })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = WitnessProgram {
            version: 1,
            bytes: self.0.to_vec(),
        };
        f.pad(&program.to_address(PREFIX).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        WitnessProgram::from_address(PREFIX, text)?.try_into()
    }
}

/// Text in human-readable formats, the 32 bytes in the others.
impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?
                .parse()
                .map_err(D::Error::custom)
        } else {
            Deserialize::deserialize(deserializer).map(Self)
        }
    }
}
