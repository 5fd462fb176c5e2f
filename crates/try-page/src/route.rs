//! Which room an address asks for: `#/try` lists them, `#/try/hash?text=a` is one with a state.

use kit::address;

use crate::link::Query;

/// A room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Digests, and searching for one.
    Hash,
    /// Keys and signatures.
    Keys,
    /// A copy of a chain to change.
    Tamper,
    /// Rules that move the target.
    Difficulty,
    /// Subsidies and their sum.
    Supply,
}

impl Room {
    /// All rooms, in the order in which they are listed.
    pub const ALL: [Self; 5] = [
        Self::Hash,
        Self::Keys,
        Self::Tamper,
        Self::Difficulty,
        Self::Supply,
    ];

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hash => "hash",
            Self::Keys => "keys",
            Self::Tamper => "tamper",
            Self::Difficulty => "difficulty",
            Self::Supply => "supply",
        }
    }

    /// Its address without a state.
    pub fn path(self) -> String {
        format!("/try/{}", self.name())
    }

    /// The same as a link.
    pub fn href(self) -> String {
        format!("#{}", self.path())
    }
}

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The list of rooms.
    List,
    /// A room, and a state if the address has one.
    Room(Room, Option<Query>),
    /// A room that does not exist.
    Unknown,
}

impl Wanted {
    /// Reads an address from its `#` on.
    pub fn of(hash: &str) -> Self {
        let (path, query) = address::parts(hash);
        let path = path.trim_end_matches('/');
        if path == "/try" {
            return Self::List;
        }
        let name = path.strip_prefix("/try/");
        let room = Room::ALL.into_iter().find(|room| Some(room.name()) == name);
        room.map_or(Self::Unknown, |room| Self::Room(room, query.map(Query::of)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_rooms() {
        assert_eq!(Wanted::of("#/try"), Wanted::List);
        assert_eq!(Wanted::of("#/try/"), Wanted::List);
        assert_eq!(Wanted::of("#/try/hash"), Wanted::Room(Room::Hash, None));
        assert_eq!(Wanted::of("#/try/hash?"), Wanted::Room(Room::Hash, None));
        assert_eq!(Wanted::of("#/try/hash/x"), Wanted::Unknown);
        assert_eq!(Wanted::of("#/try/alchemy"), Wanted::Unknown);
        let with_state = Wanted::of("#/try/keys?message=a?b");
        assert!(matches!(with_state, Wanted::Room(Room::Keys, Some(_))));
        for room in Room::ALL {
            assert_eq!(Wanted::of(&room.href()), Wanted::Room(room, None));
        }
    }
}
