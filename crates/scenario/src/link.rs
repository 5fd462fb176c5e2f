//! A room as the fragment of a link (the part after `#`), readable by people:
//! `/live?room=maple-river&check=5f0c&spacing=10&bits=1e00ffff&window=8&halving=210000`, or
//! `/live?room=maple-river&check=f96c&protocol=raft&ledger=kv&seats=5&heartbeat=100`.
//!
//! The checksum comes early, so that a link cut short by a chat program is detected; links typed by
//! hand may omit it. Links from the time before there was a choice lead to the same rooms: protocol
//! and ledger are named unless they are the first of their registries, and parameters unless they
//! have their defaults, but for those of [`ALWAYS`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chain::sha256;
use protocol::ParamSpec;

use crate::outline::{LedgerOutline, ProtocolOutline};
use crate::room::{self, Room, RoomError};

/// The longest link that a room may have, in bytes.
const MAX_LINK: usize = 400;
const ROUTE: &str = "/live";
const NAME: &str = "room";
const CHECK: &str = "check";
const PROTOCOL: &str = "protocol";
const LEDGER: &str = "ledger";
/// What every link may have.
const COMMON: [&str; 4] = [NAME, CHECK, PROTOCOL, LEDGER];
/// Parameters that links say even where they have their defaults: what the first links said, and how
/// many tabs it takes. All others may be added to an entry at any time.
const ALWAYS: [&str; 5] = ["spacing", "bits", "window", "halving", "seats"];

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
        let (protocol, ledger) = room::parts(value(&said, PROTOCOL), value(&said, LEDGER))?;
        Self::read(&said, protocol, ledger)
    }

    /// The room of which a link says this.
    fn read(
        said: &[(&str, &str)],
        protocol: &'static ProtocolOutline,
        ledger: &'static LedgerOutline,
    ) -> Result<Self, RoomError> {
        let specs = || Self::specs(protocol, ledger);
        let known = |key: &str| COMMON.contains(&key) || specs().any(|spec| spec.name == key);
        if let Some((key, value)) = said.iter().find(|(key, _)| !known(key)) {
            return Err(RoomError::Unknown(format!("{key}={value}")));
        }
        let name = value(said, NAME).ok_or(RoomError::Missing(NAME))?;
        let mut values = Vec::new();
        for spec in specs() {
            match value(said, spec.name) {
                Some(text) => values.push((spec.name, number(spec, text)?)),
                None if ALWAYS.contains(&spec.name) => return Err(RoomError::Missing(spec.name)),
                None => {} // its default
            }
        }
        let room = Self::of(name, protocol, ledger, &values)?;
        match value(said, CHECK) {
            Some(check) if check != room.checksum() => Err(RoomError::Damaged(check.to_string())),
            _ => Ok(room),
        }
    }

    /// The name and the rules, always in the same order.
    pub(crate) fn rules(&self) -> String {
        let mut rules = format!("{NAME}={}", self.name());
        if self.protocol().id != ProtocolOutline::all()[0].id {
            rules += &format!("&{PROTOCOL}={}", self.protocol().id);
        }
        if self.ledger().id != LedgerOutline::all()[0].id {
            rules += &format!("&{LEDGER}={}", self.ledger().id);
        }
        let is_said = |spec: &ParamSpec, value| {
            ALWAYS.contains(&spec.name) || value != Self::default_of(spec)
        };
        for (spec, value) in self.params().filter(|(spec, value)| is_said(spec, *value)) {
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

/// What a query says under a key.
fn value<'a>(said: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    let part = said.iter().find(|(name, _)| *name == key);
    part.map(|(_, value)| *value)
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

#[cfg(test)]
mod tests {
    use alloc::boxed::Box;

    use super::*;
    use crate::room::Draft;

    const NEW: ParamSpec = ParamSpec {
        name: "lease",
        unit: "ms",
        min: 0,
        max: 60_000,
        default: 40,
    };

    /// A protocol as a later version has it: with one more parameter.
    fn later(protocol: &ProtocolOutline) -> &'static ProtocolOutline {
        let params = [protocol.params, &[NEW]].concat().leak();
        Box::leak(Box::new(ProtocolOutline {
            params,
            ..*protocol
        }))
    }

    fn read(
        link: &str,
        like: &Room,
        protocol: &'static ProtocolOutline,
    ) -> Result<Room, RoomError> {
        let (_, query) = link.split_once('?').expect("a query");
        Room::read(&said(query)?, protocol, like.ledger())
    }

    #[test]
    fn a_new_parameter_leaves_old_links_and_ids_as_they_are() {
        for protocol in ProtocolOutline::all() {
            let ledger = protocol.usual_ledger().expect("a ledger that suits it");
            let first = &protocol.params[0];
            for values in [&[][..], &[(first.name, first.min)]] {
                let old = Room::new(&Draft {
                    name: "maple-river",
                    protocol: Some(protocol.id),
                    ledger: Some(ledger.id),
                    values,
                });
                let old = old.expect("within the limits");
                let new = read(&old.link(), &old, later(protocol)).expect("an old link");
                assert_eq!(new.value(NEW.name), Some(Room::default_of(&NEW)));
                assert_eq!((new.link(), new.id()), (old.link(), old.id()));

                let values = [values, &[(NEW.name, 7)]].concat();
                let other = Room::of("maple-river", new.protocol(), ledger, &values);
                let other = other.expect("within the limits");
                assert_ne!(other.id(), old.id());
                assert!(other.link().contains("&lease=7"), "{}", other.link());
                assert_eq!(read(&other.link(), &old, new.protocol()), Ok(other.clone()));
                let unknown = RoomError::Unknown("lease=7".into());
                assert_eq!(Room::parse(&other.link()), Err(unknown));
            }
        }
    }
}
