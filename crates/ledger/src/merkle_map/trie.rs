//! The trie of hashes behind a map's root.

use alloc::sync::Arc;

use chain::{Encode, tagged_hash};

use super::EMPTY_ROOT;

/// A subtree; O(1) to clone.
#[derive(Clone, Default)]
pub(super) enum Node {
    /// No key.
    #[default]
    Empty,
    /// One key.
    Leaf(Arc<Leaf>),
    /// Two or more keys, by the next bit of their hashes. One side may be empty.
    Branch(Arc<Branch>),
}

/// A key and its value, as hashes.
pub(super) struct Leaf {
    pub key: [u8; 32],
    pub value: [u8; 32],
    hash: [u8; 32],
}

/// The subtrees of the keys whose next bit is 0 and 1.
pub(super) struct Branch {
    pub children: [Node; 2],
    hash: [u8; 32],
}

/// What leads to a key's leaf.
pub(super) fn key_hash<K: Encode>(key: &K) -> [u8; 32] {
    tagged_hash("tabchain/map/key", &[&key.to_vec()])
}

pub(super) fn value_hash<V: Encode>(value: &V) -> [u8; 32] {
    tagged_hash("tabchain/map/value", &[&value.to_vec()])
}

pub(super) fn leaf_hash(key: &[u8; 32], value: &[u8; 32]) -> [u8; 32] {
    tagged_hash("tabchain/map/leaf", &[key, value])
}

pub(super) fn branch_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    tagged_hash("tabchain/map/branch", &[left, right])
}

/// The side on which a key lies below a branch at `depth`: a bit of its hash.
pub(super) fn side(key: &[u8; 32], depth: usize) -> usize {
    usize::from((key[depth / 8] >> (7 - depth % 8)) & 1)
}

impl Leaf {
    pub fn new<K: Encode, V: Encode>(key: &K, value: &V) -> Arc<Self> {
        let (key, value) = (key_hash(key), value_hash(value));
        let hash = leaf_hash(&key, &value);
        Arc::new(Self { key, value, hash })
    }
}

impl Node {
    pub fn hash(&self) -> [u8; 32] {
        match self {
            Self::Empty => EMPTY_ROOT,
            Self::Leaf(leaf) => leaf.hash,
            Self::Branch(branch) => branch.hash,
        }
    }

    fn branch(children: [Self; 2]) -> Self {
        let hash = branch_hash(&children[0].hash(), &children[1].hash());
        Self::Branch(Arc::new(Branch { children, hash }))
    }

    /// The tree with this leaf, in place of another one of its key.
    pub fn with(&self, leaf: Arc<Leaf>) -> Self {
        self.with_at(0, leaf)
    }

    fn with_at(&self, depth: usize, leaf: Arc<Leaf>) -> Self {
        let mut children = match self {
            Self::Branch(branch) => branch.children.clone(),
            // Another key: both move down until a bit tells them apart.
            Self::Leaf(old) if old.key != leaf.key => {
                let mut children = [Self::Empty, Self::Empty];
                children[side(&old.key, depth)] = self.clone();
                children
            }
            Self::Leaf(_) | Self::Empty => return Self::Leaf(leaf),
        };
        let child = &mut children[side(&leaf.key, depth)];
        *child = child.with_at(depth + 1, leaf);
        Self::branch(children)
    }

    /// The tree without the leaf of this key.
    pub fn without(&self, key: &[u8; 32]) -> Self {
        self.without_at(0, key)
    }

    fn without_at(&self, depth: usize, key: &[u8; 32]) -> Self {
        match self {
            Self::Leaf(leaf) if leaf.key == *key => Self::Empty,
            Self::Leaf(_) | Self::Empty => self.clone(),
            Self::Branch(branch) => {
                let mut children = branch.children.clone();
                let child = &mut children[side(key, depth)];
                *child = child.without_at(depth + 1, key);
                match &children {
                    // A lone leaf moves up, or the shape would tell that there was another one.
                    [Self::Empty, lone @ Self::Leaf(_)] | [lone @ Self::Leaf(_), Self::Empty] => {
                        lone.clone()
                    }
                    _ => Self::branch(children),
                }
            }
        }
    }
}
