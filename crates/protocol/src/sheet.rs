//! A labelled, typed tree: all that a host needs to show a machine.

use alloc::{string::String, vec::Vec};

use chain::{BlockId, PeerId, Time};

/// A titled list of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What the sheet describes.
    pub title: String,
    /// Its rows, most telling first.
    pub rows: Vec<Row>,
}

/// One labelled value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A stable name, also the key of its text in the message catalogue.
    pub label: &'static str,
    /// The value.
    pub value: Value,
}

/// What a row may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count.
    Number(u64),
    /// A large number, in hexadecimal.
    Hex(String),
    /// A block.
    Block(BlockId),
    /// A peer.
    Peer(PeerId),
    /// A moment.
    Time(Time),
    /// A word from a fixed set.
    Word(&'static str),
    /// A part with rows of its own.
    Part(Sheet),
}

impl Sheet {
    /// An empty sheet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    #[must_use]
    pub fn row(mut self, label: &'static str, value: Value) -> Self {
        self.rows.push(Row { label, value });
        self
    }
}
