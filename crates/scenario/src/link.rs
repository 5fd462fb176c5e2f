//! A room as the fragment of a link (the part after `#`), readable by people:
//! `/live?room=maple-river&check=5f0c&spacing=10&bits=1e00ffff&window=8&halving=210000`.
//!
//! The checksum comes early, so that a link cut short by a chat program is detected; links typed by
//! hand may omit it.

use alloc::format;
use alloc::string::{String, ToString};

use chain::{CompactTarget, sha256};

use crate::room::{Room, RoomError};

/// The longest link that a room may have, in bytes.
const MAX_LINK: usize = 400;
const ROUTE: &str = "/live";
const KEYS: [&str; 6] = ["room", "check", "spacing", "bits", "window", "halving"];

impl Room {
    /// The part of the link after `#`.
    #[must_use]
    pub fn link(&self) -> String {
        let rules = self.rules();
        let (room, rest) = rules
            .split_once('&')
            .expect("rules start with the room's name");
        format!("{ROUTE}?{room}&check={}&{rest}", self.checksum())
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
        let values = values(query)?;
        let value = |index: usize| values[index].ok_or(RoomError::Missing(KEYS[index]));
        let number = |index: usize, radix: u32| {
            let value = value(index)?;
            let digits = value.bytes().all(|byte| byte.is_ascii_hexdigit());
            u32::from_str_radix(value, radix)
                .ok()
                .filter(|_| digits)
                .ok_or_else(|| RoomError::NotANumber {
                    name: KEYS[index],
                    value: value.into(),
                })
        };
        let name = value(0)?;
        let (spacing, bits) = (number(2, 10)?, CompactTarget(number(3, 16)?));
        let room = Self::new(name, spacing, bits, number(4, 10)?, number(5, 10)?)?;
        match values[1] {
            Some(check) if check != room.checksum() => Err(RoomError::Damaged(check.to_string())),
            _ => Ok(room),
        }
    }

    /// The name and the rules, always in the same order.
    pub(crate) fn rules(&self) -> String {
        format!(
            "room={}&spacing={}&bits={:08x}&window={}&halving={}",
            self.name(),
            self.spacing(),
            self.bits().0,
            self.window(),
            self.halving()
        )
    }

    fn checksum(&self) -> String {
        let hash = sha256(self.rules().as_bytes());
        format!("{:02x}{:02x}", hash[0], hash[1])
    }
}

/// The values of a query, in the order of [`KEYS`].
fn values(query: &str) -> Result<[Option<&str>; 6], RoomError> {
    let mut values = [None; 6];
    for part in query.split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let index = KEYS
            .iter()
            .position(|known| *known == key)
            .ok_or_else(|| RoomError::Unknown(part.into()))?;
        if values[index].replace(value).is_some() {
            return Err(RoomError::Twice(key.into()));
        }
    }
    Ok(values)
}
