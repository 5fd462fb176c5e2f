//! A room: the rules that everybody who opens its link agrees on, within limits that are checked
//! before anything is allocated.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use chain::{ChainParams, CompactTarget, PeerId, Seat, SecretKey, sha256, tabchain};
use protocol::ParamSpec;
use protocol::envelope::RoomId;
use serde::{Deserialize, Serialize};

use crate::outline::{self, LedgerOutline, ProtocolOutline};

/// The longest name, in bytes.
pub const MAX_NAME: usize = 32;

/// Defaults in milliseconds are meant for a simulated network. A browser's tabs share its cores and
/// its disk, so there they are this many times longer.
const PATIENCE: u64 = 5;

/// A room's name and rules. Only [`Room::new`] and the link parser create one, so every room is
/// within the limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// Serialised as its link, so that what is deserialised is within the limits, too.
#[serde(into = "String", try_from = "String")]
pub struct Room {
    name: String,
    protocol: &'static ProtocolOutline,
    ledger: &'static LedgerOutline,
    /// One for each of its parameters, in their order.
    values: Vec<u64>,
}

/// What a room is to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its protocol by its short name; the first of the registry if `None`.
    pub protocol: Option<&'a str>,
    /// Its ledger, likewise.
    pub ledger: Option<&'a str>,
    /// Parameters by their names; what is not given has its default.
    pub values: &'a [(&'a str, u64)],
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
    /// There is no protocol of this name.
    UnknownProtocol(String),
    /// There is no ledger of this name.
    UnknownLedger(String),
    /// Rooms cannot have this ledger with their protocol.
    Unsuited {
        /// The protocol.
        protocol: &'static str,
        /// The ledger.
        ledger: &'static str,
    },
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
            Self::UnknownProtocol(_) => "protocol".into(),
            Self::UnknownLedger(_) => "ledger".into(),
            Self::Unsuited { .. } => "ledger-protocol".into(),
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
            | Self::UnknownProtocol(value)
            | Self::UnknownLedger(value)
            | Self::NotANumber { value, .. } => value.clone(),
            Self::TooLong(len) => len.to_string(),
            Self::Missing(name) => (*name).into(),
            Self::OutOfRange { spec, value } => shown(spec, *value),
            Self::BadBits(bits) => alloc::format!("{:08x}", bits.0),
            Self::Unsuited { protocol, ledger } => alloc::format!("{protocol}, {ledger}"),
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
    /// The first rule that is unknown or outside its limits.
    pub fn new(draft: &Draft<'_>) -> Result<Self, RoomError> {
        let (protocol, ledger) = parts(draft.protocol, draft.ledger)?;
        let unknown = |name: &str| Self::specs(protocol, ledger).all(|spec| spec.name != name);
        if let Some((name, _)) = draft.values.iter().find(|(name, _)| unknown(name)) {
            return Err(RoomError::Unknown((*name).into()));
        }
        Self::of(draft.name, protocol, ledger, draft.values)
    }

    /// A room of these parts, which suit each other, with values of parameters that they have.
    pub(crate) fn of(
        name: &str,
        protocol: &'static ProtocolOutline,
        ledger: &'static LedgerOutline,
        values: &[(&str, u64)],
    ) -> Result<Self, RoomError> {
        let given = |spec: &ParamSpec| values.iter().find(|(name, _)| *name == spec.name);
        let value = |spec| given(spec).map_or_else(|| Self::default_of(spec), |(_, value)| *value);
        let room = Self {
            name: name.into(),
            protocol,
            ledger,
            values: Self::specs(protocol, ledger).map(value).collect(),
        };
        check_name(name)?;
        for (spec, value) in room.params() {
            if !spec.allows(value) {
                let spec = *spec;
                return Err(RoomError::OutOfRange { spec, value });
            }
        }
        chain_params(&room.name, |name| room.value(name))?;
        Ok(room)
    }

    /// The parameters of rooms with this protocol and ledger, in the order of links and forms.
    pub fn specs(
        protocol: &'static ProtocolOutline,
        ledger: &'static LedgerOutline,
    ) -> impl Iterator<Item = &'static ParamSpec> {
        let seats = protocol.seats.iter();
        seats.chain(protocol.params).chain(ledger.params)
    }

    /// What a parameter is in a room that does not say. Links and ids leave it out, so it may never
    /// change.
    #[must_use]
    pub fn default_of(spec: &ParamSpec) -> u64 {
        match spec.unit {
            "ms" => spec.default.saturating_mul(PATIENCE).min(spec.max),
            _ => spec.default,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its protocol.
    #[must_use]
    pub fn protocol(&self) -> &'static ProtocolOutline {
        self.protocol
    }

    /// Its ledger.
    #[must_use]
    pub fn ledger(&self) -> &'static LedgerOutline {
        self.ledger
    }

    /// Its parameters and their values.
    pub fn params(&self) -> impl Iterator<Item = (&'static ParamSpec, u64)> {
        Self::specs(self.protocol, self.ledger).zip(self.values.iter().copied())
    }

    /// The value of a parameter, if the room has it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<u64> {
        let mut all = self.params();
        all.find(|(spec, _)| spec.name == name)
            .map(|(_, value)| value)
    }

    /// How many seats it has; none where everybody who comes takes part.
    #[must_use]
    pub fn seats(&self) -> u32 {
        let seats = self.value("seats").unwrap_or(0);
        u32::try_from(seats).expect("within its limits")
    }

    /// The key of whoever has this seat. Everybody who has the link can work it out, so that all
    /// know the members before any of them comes; who may use it is settled by a lock.
    #[must_use]
    pub fn seat_key(&self, seat: Seat) -> SecretKey {
        let room = self.id().0;
        (0_u32..)
            .find_map(|turn| {
                let numbers = [seat.0.to_le_bytes(), turn.to_le_bytes()].concat();
                let text = [&b"tabchain/seat/1 "[..], &room, &numbers].concat();
                SecretKey::from_bytes(&sha256(&text)).ok()
            })
            .expect("nearly every number is a key")
    }

    /// Who counts, by seat.
    #[must_use]
    pub fn members(&self) -> Vec<PeerId> {
        let seats = (0..self.seats()).map(Seat);
        seats
            .map(|seat| self.seat_key(seat).public_key().peer_id())
            .collect()
    }

    /// The parameters of its chain.
    #[must_use]
    pub fn chain(&self) -> ChainParams {
        chain_params(&self.name, |name| self.value(name))
            .expect("a room is checked when it is made")
    }

    /// Its identity on the wire: a hash of its name and rules.
    #[must_use]
    pub fn id(&self) -> RoomId {
        let text = alloc::format!("tabchain/room/1 {}", self.rules());
        let hash = sha256(text.as_bytes());
        RoomId(hash[..16].try_into().expect("16 of 32 bytes"))
    }
}

/// The protocol and the ledger of these names.
pub(crate) fn parts(
    protocol: Option<&str>,
    ledger: Option<&str>,
) -> Result<(&'static ProtocolOutline, &'static LedgerOutline), RoomError> {
    let protocol = match protocol {
        None => &ProtocolOutline::all()[0],
        Some(id) => {
            ProtocolOutline::find(id).ok_or_else(|| RoomError::UnknownProtocol(id.into()))?
        }
    };
    let ledger = match ledger {
        None => &LedgerOutline::all()[0],
        Some(id) => LedgerOutline::find(id).ok_or_else(|| RoomError::UnknownLedger(id.into()))?,
    };
    if protocol.suits(ledger) {
        return Ok((protocol, ledger));
    }
    let (protocol, ledger) = (protocol.id, ledger.id);
    Err(RoomError::Unsuited { protocol, ledger })
}

/// A value as links write it: a compact target in hexadecimal, as everywhere.
pub(crate) fn shown(spec: &ParamSpec, value: u64) -> String {
    if is_compact_target(spec) {
        alloc::format!("{value:08x}")
    } else {
        value.to_string()
    }
}

pub(crate) fn is_compact_target(spec: &ParamSpec) -> bool {
    spec.name == "bits"
}

fn check_name(name: &str) -> Result<(), RoomError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(plain) {
        return Err(RoomError::BadName(name.into()));
    }
    Ok(())
}

/// The parameters of a chain of this name, whose values are within their limits. What only mining
/// needs has its default where nobody mines.
pub(crate) fn chain_params(
    name: &str,
    value: impl Fn(&str) -> Option<u64>,
) -> Result<ChainParams, RoomError> {
    check_name(name)?;
    let number = |name| {
        let default = || outline::spec(name).map(|spec| spec.default);
        let value = value(name).or_else(default).unwrap_or_default();
        u32::try_from(value).unwrap_or(u32::MAX) // beyond all limits, which are checked
    };
    let bits = CompactTarget(number("bits"));
    let chain = tabchain(
        name,
        number("spacing"),
        bits,
        number("window"),
        number("halving"),
    );
    match chain {
        Ok(chain) if bits.expand().canonical() == bits => Ok(chain),
        _ => Err(RoomError::BadBits(bits)),
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
