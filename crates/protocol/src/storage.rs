//! Storage is a log, not a blob: machines say which writes belong together, and hosts apply each
//! batch as a whole or not at all.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Values of up to this many bytes arrive with [`Saved`]; larger ones have to be loaded.
pub const SMALL_VALUE: usize = 256;

/// Who a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// This identity alone: promises, tip, the order in which it learnt of blocks.
    Own,
    /// Everyone in the same room, addressed by content: all who write a name write the same value,
    /// so a host keeps one copy. Only `Put` is allowed here.
    Shared,
}

/// A key's name within its space.
pub type Name = Vec<u8>;

/// Where a value is kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Who it belongs to.
    pub space: Space,
    /// What it is called there.
    pub name: Name,
}

impl Key {
    /// A key of this identity.
    #[must_use]
    pub fn own(name: impl Into<Name>) -> Self {
        Self {
            space: Space::Own,
            name: name.into(),
        }
    }

    /// A key of the room; its name must contain a hash that determines the value.
    #[must_use]
    pub fn shared(name: impl Into<Name>) -> Self {
        Self {
            space: Space::Shared,
            name: name.into(),
        }
    }
}

/// One change to what is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Set the whole value.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Arc<[u8]>,
    },
    /// Add to the end of the value; a missing value counts as empty.
    Append {
        /// Where.
        key: Key,
        /// What.
        value: Arc<[u8]>,
    },
    /// Cut the value down to its first `len` bytes.
    Truncate {
        /// Where.
        key: Key,
        /// How much stays.
        len: u32,
    },
    /// Remove the value.
    Delete {
        /// Where.
        key: Key,
    },
}

/// Writes that are applied in order and become durable together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch(pub Vec<Write>);

/// What a machine finds of its own values at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Own values of at most [`SMALL_VALUE`] bytes.
    pub small: BTreeMap<Name, Arc<[u8]>>,
    /// Lengths in bytes of own values that are larger.
    pub large: BTreeMap<Name, u32>,
}

impl Saved {
    /// Sorts own values into small and large.
    #[must_use]
    pub fn of(own: impl IntoIterator<Item = (Name, Arc<[u8]>)>) -> Self {
        let mut saved = Self::default();
        for (name, value) in own {
            if value.len() <= SMALL_VALUE {
                saved.small.insert(name, value);
            } else {
                let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
                saved.large.insert(name, len);
            }
        }
        saved
    }

    /// Whether an own value of this name exists.
    #[must_use]
    pub fn has(&self, name: &[u8]) -> bool {
        self.small.contains_key(name) || self.large.contains_key(name)
    }
}

/// What a write does to a value, in the one definition that all hosts share.
impl Write {
    /// The key that is written.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Put { key, .. }
            | Self::Append { key, .. }
            | Self::Truncate { key, .. }
            | Self::Delete { key } => key,
        }
    }

    /// The value after this write, given the one before; `None` means that there is none.
    #[must_use]
    pub fn apply(&self, before: Option<&[u8]>) -> Option<Arc<[u8]>> {
        match self {
            Self::Put { value, .. } => Some(value.clone()),
            Self::Append { value, .. } => Some([before.unwrap_or_default(), value].concat().into()),
            Self::Truncate { len, .. } => before.map(|bytes| {
                let len = usize::try_from(*len).unwrap_or(usize::MAX).min(bytes.len());
                bytes[..len].into()
            }),
            Self::Delete { .. } => None,
        }
    }
}
