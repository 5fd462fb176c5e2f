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

/// A machine's own values by name.
pub type Values = BTreeMap<Name, Arc<[u8]>>;

/// One change to what is stored. Values are never edited in place: what grows is many entries, each
/// under a key of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Set the whole value.
    Put {
        /// Where.
        key: Key,
        /// What.
        value: Arc<[u8]>,
    },
    /// Remove an own value.
    Delete {
        /// Its name.
        name: Name,
    },
    /// Remove all own values from one name on, up to but not including another, in the order of their
    /// bytes.
    DeleteRange {
        /// The first to go.
        from: Name,
        /// The first to stay.
        until: Name,
    },
}

/// Writes that are applied in order and become durable together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch(pub Vec<Write>);

/// What a machine finds of its own values at boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Own values of at most [`SMALL_VALUE`] bytes.
    pub small: Values,
    /// Lengths in bytes of own values that are larger.
    pub large: BTreeMap<Name, u32>,
}

impl Saved {
    /// Sorts own values into small and large.
    #[must_use]
    pub fn of<'a>(own: impl IntoIterator<Item = (&'a Name, &'a Arc<[u8]>)>) -> Self {
        let mut saved = Self::default();
        for (name, value) in own {
            if value.len() <= SMALL_VALUE {
                saved.small.insert(name.clone(), value.clone());
            } else {
                let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
                saved.large.insert(name.clone(), len);
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

/// Where a host keeps values by name.
pub trait ValueMap {
    /// Sets a value.
    fn put(&mut self, name: &Name, value: &Arc<[u8]>);

    /// Removes a value, if it is there.
    fn remove(&mut self, name: &Name);

    /// Removes all values from one name on, up to but not including another.
    fn remove_between(&mut self, from: &Name, until: &Name);
}

impl ValueMap for Values {
    fn put(&mut self, name: &Name, value: &Arc<[u8]>) {
        self.insert(name.clone(), value.clone());
    }

    fn remove(&mut self, name: &Name) {
        BTreeMap::remove(self, name);
    }

    fn remove_between(&mut self, from: &Name, until: &Name) {
        for name in names_between(self, from, until) {
            BTreeMap::remove(self, &name);
        }
    }
}

impl Write {
    /// What a write does to own and shared values, in the one definition that all hosts share.
    pub fn apply(&self, own: &mut impl ValueMap, shared: &mut impl ValueMap) {
        match self {
            Self::Put { key, value } => match key.space {
                Space::Own => own.put(&key.name, value),
                Space::Shared => shared.put(&key.name, value),
            },
            Self::Delete { name } => own.remove(name),
            Self::DeleteRange { from, until } => own.remove_between(from, until),
        }
    }
}

/// The names of all values from one name on, up to but not including another.
#[must_use]
pub fn names_between(values: &Values, from: &Name, until: &Name) -> Vec<Name> {
    if from >= until {
        return Vec::new();
    }
    let range = values.range::<Name, _>(from..until);
    range.map(|(name, _)| name.clone()).collect()
}
