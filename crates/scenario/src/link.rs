//! A room as the fragment of a link (the part after `#`), readable by people:
//! `/live?room=maple-river&check=5f0c&spacing=10&bits=1e00ffff&window=8&halving=210000`, or
//! `/live?room=maple-river&check=1c5e&protocol=raft&ledger=kv&seats=5&heartbeat=250...`.
//!
//! The checksum comes early, so that a link cut short by a chat program is detected; links typed by
//! hand may omit it. Protocol and ledger are named unless they are the first of their registries,
//! so that links from the time when there were no others lead to the same rooms.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chain::sha256;
use protocol::ParamSpec;

use crate::outline::{LedgerOutline, ProtocolOutline};
use crate::room::{self, Draft, Room, RoomError};

/// The longest link that a room may have, in bytes.
const MAX_LINK: usize = 400;
const ROUTE: &str = "/live";
const NAME: &str = "room";
const CHECK: &str = "check";
const PROTOCOL: &str = "protocol";
const LEDGER: &str = "ledger";
/// What every link may have.
const COMMON: [&str; 4] = [NAME, CHECK, PROTOCOL, LEDGER];

impl Room {
    /// The part of the link after `#`.
    #[must_use]
    pub fn link(&self) -> String {
        let rules = self.rules();
        let (room, rest) = rules
            .split_once('&')
            .expect("rules start with the room's name");
        format!("{ROUTE}?{room}&{CHECK}={}&{rest}", self.checksum())
    }

    /// Parses the fragment of a link, with or without its `#`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(link: &str) -> Result<Self, RoomError> {
        if link.len() > MAX_LINK {
            return Err(RoomError::TooLong(link.len()));
        }
        let link = link.strip_prefix('#').unwrap_or(link);
        let query = match link.split_once('?') {
            Some((ROUTE, query)) => query,
            _ => return Err(RoomError::NotARoom(link.into())),
        };
        let said = said(query)?;
        let value = |key: &str| said.iter().find(|(name, _)| *name == key).map(|(_, v)| *v);
        let (protocol, ledger) = (value(PROTOCOL), value(LEDGER));
        let (outline, ledger_outline) = room::parts(protocol, ledger)?;
        let specs = || Self::specs(outline, ledger_outline);
        let known = |key: &str| COMMON.contains(&key) || specs().any(|spec| spec.name == key);
        if let Some((key, value)) = said.iter().find(|(key, _)| !known(key)) {
            return Err(RoomError::Unknown(format!("{key}={value}")));
        }
        let name = value(NAME).ok_or(RoomError::Missing(NAME))?;
        let number = |spec: &'static ParamSpec| {
            let text = value(spec.name).ok_or(RoomError::Missing(spec.name))?;
            Ok((spec.name, number(spec, text)?))
        };
        let values: Vec<_> = specs().map(number).collect::<Result<_, RoomError>>()?;
        let room = Self::new(&Draft {
            name,
            protocol,
            ledger,
            values: &values,
        })?;
        match value(CHECK) {
            Some(check) if check != room.checksum() => Err(RoomError::Damaged(check.to_string())),
            _ => Ok(room),
        }
    }

    /// The name and the rules, always in the same order.
    pub(crate) fn rules(&self) -> String {
        let mut rules = format!("{NAME}={}", self.name());
        if self.protocol() != &ProtocolOutline::all()[0] {
            rules += &format!("&{PROTOCOL}={}", self.protocol().id);
        }
        if self.ledger() != &LedgerOutline::all()[0] {
            rules += &format!("&{LEDGER}={}", self.ledger().id);
        }
        for (spec, value) in self.params() {
            rules += &format!("&{}={}", spec.name, room::shown(spec, value));
        }
        rules
    }

    fn checksum(&self) -> String {
        let hash = sha256(self.rules().as_bytes());
        format!("{:02x}{:02x}", hash[0], hash[1])
    }
}

/// What a query says, in its order.
fn said(query: &str) -> Result<Vec<(&str, &str)>, RoomError> {
    let mut said: Vec<(&str, &str)> = Vec::new();
    for part in query.split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if said.iter().any(|(before, _)| *before == key) {
            return Err(RoomError::Twice(key.into()));
        }
        said.push((key, value));
    }
    Ok(said)
}

/// A parameter's value: digits and nothing else.
fn number(spec: &'static ParamSpec, text: &str) -> Result<u64, RoomError> {
    let radix = if room::is_compact_target(spec) {
        16
    } else {
        10
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(text, radix)
        .ok()
        .filter(|_| digits)
        .ok_or_else(|| RoomError::NotANumber {
            name: spec.name,
            value: text.into(),
        })
}
