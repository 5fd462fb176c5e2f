//! JSON as Python has it. `json.dumps` is part of the rules of B-Coin, because a block's hash covers what it
//! prints; `json.loads` is, because it decides what values a client's text means.
//!
//! Python differs from the standard (RFC 8259) where it is more generous: `NaN` and `Infinity` are numbers, whole
//! numbers have any size, half a surrogate pair is a character. Texts are kept so that none of this is lost, and
//! numbers as the text that Python prints, since nothing here ever calculates with them.

mod read;
mod text;
mod write;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use read::{MAX_BODY_DEPTH, MAX_DEPTH, ReadError, read};
pub use text::Text;
pub use write::{Style, to_bytes};

/// A value of `json.loads`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `None`.
    Null,
    /// `True` or `False`.
    Bool(bool),
    /// An `int`, in decimal as `str` prints it.
    Integer(String),
    /// A `float`, as `repr` prints it.
    Float(String),
    /// A `str`.
    Text(Text),
    /// A `list`.
    List(Vec<Value>),
    /// A `dict`.
    Object(Object),
}

/// A `dict` whose keys stand in the order of `sort_keys`: by code points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(Text, Value)>);

impl Object {
    /// Sets a key; what it had before is gone, as in Python.
    pub fn set(&mut self, key: Text, value: Value) {
        match self.find(&key) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Collects pairs; the last of equal keys counts.
    fn from_pairs(mut pairs: Vec<(Text, Value)>) -> Self {
        // A stable sort, so the last of equal keys is the last of its run.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                core::mem::swap(later, kept);
            }
            same
        });
        pairs.shrink_to_fit();
        Self(pairs)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.find(&Text::from(key)).ok().map(|at| &self.0[at].1)
    }

    /// Takes the value of a key out.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        let at = self.find(&Text::from(key)).ok()?;
        Some(self.0.remove(at).1)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All keys with their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    fn find(&self, key: &Text) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.cmp(key))
    }
}

impl<const N: usize> From<[(&str, Value); N]> for Value {
    fn from(pairs: [(&str, Value); N]) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value));
        Self::Object(Object::from_pairs(pairs.collect()))
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(number.to_string())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}
