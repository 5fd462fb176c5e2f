//! Where a browser keeps things: named stores that map bytes to bytes, written in transactions
//! that happen whole or not at all.

pub mod identities;
pub mod layout;
pub mod open;
pub mod record;
pub mod retained;
pub mod room;
pub mod writer;

/// A part of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Store {
    /// What a room's nodes share: blocks, named by their content.
    Blocks,
    /// What each identity keeps in a room.
    Own,
    /// Facts about the database itself.
    Meta,
    /// Identities of this browser.
    Identities,
}

impl Store {
    /// Its name in the browser.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocks => "blocks",
            Self::Own => "own",
            Self::Meta => "meta",
            Self::Identities => "identities",
        }
    }
}

/// The stores of a room's database.
pub const ROOM_STORES: &[Store] = &[Store::Blocks, Store::Own, Store::Meta];
/// The stores of the browser's own database.
pub const BROWSER_STORES: &[Store] = &[Store::Identities, Store::Meta];

/// A key in a store.
pub type Name = Vec<u8>;

/// A change to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Sets a value.
    Put(Store, Name, Vec<u8>),
    /// Removes a value.
    Delete(Store, Name),
    /// Removes all values whose names start with this.
    DeleteAll(Store, Name),
}

/// How durable a write must be before it counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system: for what can be had again from others.
    Relaxed,
    /// On the disk: for promises.
    Strict,
}

/// Why a database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DbError {
    /// It holds data of this newer version, which is left alone.
    OtherVersion(u32),
    /// It was refused, for this reason.
    Refused(String),
}
