//! A room: the rules that everybody who opens its link agrees on, within limits that are checked
//! before anything is allocated.

use alloc::string::{String, ToString};
use core::fmt;

use chain::{ChainParams, CompactTarget, sha256, tabchain};
use protocol::ParamSpec;
use protocol::envelope::RoomId;
use serde::{Deserialize, Serialize};

/// The longest name, in bytes.
pub const MAX_NAME: usize = 32;

/// A room's name and rules. Only [`Room::new`] and the link parser create one, so every room is
/// within the limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// Serialised as its link, so that what is deserialised is within the limits, too.
#[serde(into = "String", try_from = "String")]
pub struct Room {
    name: String,
    spacing: u32,
    bits: CompactTarget,
    window: u32,
    halving: u32,
}

/// Why something is not a room; each variant carries the offending part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomError {
    /// The link leads elsewhere.
    NotARoom(String),
    /// The link is longer than any room's.
    TooLong(usize),
    /// A parameter is missing.
    Missing(&'static str),
    /// A parameter appears twice.
    Twice(String),
    /// A parameter is not one that rooms have.
    Unknown(String),
    /// A value is not a number of the expected kind.
    NotANumber {
        /// The parameter.
        name: &'static str,
        /// What it said.
        value: String,
    },
    /// A value is outside its limits.
    OutOfRange {
        /// The parameter and its limits.
        spec: ParamSpec,
        /// What it said.
        value: u64,
    },
    /// A name is empty, too long, or contains other characters than a-z, 0-9 and the hyphen.
    BadName(String),
    /// Compact bits do not make a valid target, or are not in their shortest form.
    BadBits(CompactTarget),
    /// The checksum in the link does not match: a part was lost or changed on the way.
    Damaged(String),
}

impl RoomError {
    /// A stable code, for which the page has a text.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::NotARoom(_) => "not-a-room".into(),
            Self::TooLong(_) => "too-long".into(),
            Self::Missing(name) => alloc::format!("missing-{name}"),
            Self::Twice(_) => "twice".into(),
            Self::Unknown(_) => "unknown".into(),
            Self::NotANumber { name, .. } => alloc::format!("{name}-number"),
            Self::OutOfRange { spec, .. } => alloc::format!("{}-range", spec.name),
            Self::BadName(_) => "name".into(),
            Self::BadBits(_) => "bits-range".into(),
            Self::Damaged(_) => "damaged".into(),
        }
    }

    /// The offending part, at most 64 characters of it; invisible ones are escaped.
    #[must_use]
    pub fn value(&self) -> String {
        let whole = match self {
            Self::NotARoom(value)
            | Self::Twice(value)
            | Self::Unknown(value)
            | Self::BadName(value)
            | Self::Damaged(value)
            | Self::NotANumber { value, .. } => value.clone(),
            Self::TooLong(len) => len.to_string(),
            Self::Missing(name) => (*name).into(),
            // In hexadecimal, as in links.
            Self::OutOfRange { spec, value } if spec.name == "bits" => {
                alloc::format!("{value:08x}")
            }
            Self::OutOfRange { value, .. } => value.to_string(),
            Self::BadBits(bits) => alloc::format!("{:08x}", bits.0),
        };
        whole
            .chars()
            .take(64)
            .flat_map(char::escape_debug)
            .collect()
    }
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::OutOfRange { spec, value } = self {
            return write!(
                f,
                "{} is {value}, not within {} to {}",
                spec.name, spec.min, spec.max
            );
        }
        write!(f, "{}: {}", self.code(), self.value())
    }
}

impl core::error::Error for RoomError {}

impl Room {
    /// A room with these rules.
    ///
    /// # Errors
    /// The first rule that is outside its limits.
    pub fn new(
        name: &str,
        spacing: u32,
        bits: CompactTarget,
        window: u32,
        halving: u32,
    ) -> Result<Self, RoomError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
            return Err(RoomError::BadName(name.into()));
        }
        for (key, value) in [
            ("spacing", spacing),
            ("bits", bits.0),
            ("window", window),
            ("halving", halving),
        ] {
            let (spec, value) = (spec(key), u64::from(value));
            if !spec.allows(value) {
                return Err(RoomError::OutOfRange { spec, value });
            }
        }
        let room = Self {
            name: name.into(),
            spacing,
            bits,
            window,
            halving,
        };
        let shortest = bits.expand().canonical() == bits;
        if !shortest || room.chain_params().is_err() {
            return Err(RoomError::BadBits(bits));
        }
        Ok(room)
    }

    /// The limits of a parameter: `spacing`, `bits`, `window` or `halving`.
    ///
    /// # Panics
    /// On any other name.
    #[must_use]
    pub fn limits(name: &str) -> ParamSpec {
        spec(name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The seconds between blocks that retargeting aims for.
    #[must_use]
    pub fn spacing(&self) -> u32 {
        self.spacing
    }

    /// Compact target of the first block.
    #[must_use]
    pub fn bits(&self) -> CompactTarget {
        self.bits
    }

    /// Blocks between two difficulty adjustments.
    #[must_use]
    pub fn window(&self) -> u32 {
        self.window
    }

    /// Blocks between two halvings.
    #[must_use]
    pub fn halving(&self) -> u32 {
        self.halving
    }

    /// The parameters of its chain.
    #[must_use]
    pub fn params(&self) -> ChainParams {
        self.chain_params()
            .expect("a room is checked when it is made")
    }

    /// Its identity on the wire: a hash of its name and rules.
    #[must_use]
    pub fn id(&self) -> RoomId {
        let text = alloc::format!("tabchain/room/1 {}", self.rules());
        let hash = sha256(text.as_bytes());
        RoomId(hash[..16].try_into().expect("16 of 32 bytes"))
    }

    fn chain_params(&self) -> Result<ChainParams, chain::ParamsError> {
        tabchain(
            &self.name,
            self.spacing,
            self.bits,
            self.window,
            self.halving,
        )
    }
}

impl From<Room> for String {
    fn from(room: Room) -> Self {
        room.link()
    }
}

impl TryFrom<String> for Room {
    type Error = RoomError;

    fn try_from(link: String) -> Result<Self, RoomError> {
        Self::parse(&link)
    }
}

/// The limits of a parameter, as its protocol or ledger states them.
pub(crate) fn spec(name: &str) -> ParamSpec {
    let protocol = consensus::pow::ENTRY.params;
    let ledger = ledger::utxo::PARAMS;
    *protocol
        .iter()
        .chain(ledger)
        .find(|spec| spec.name == name)
        .expect("rooms name only parameters of their protocol and ledger")
}
