//! Bitcoin's Merkle tree over 32-byte leaves: root with mutation flag, branches and their check.
//!
//! An odd node at the end of a level is paired with itself, so a list and the same list with its
//! tail repeated can have the same root (CVE-2012-2459). [`root`] therefore flags pairs of equal
//! siblings, which no honest list has; the caller then refuses the body but never the header.

use alloc::vec::Vec;

use crate::hash::sha256d;

/// How many levels the walk keeps a pending node for: enough for 2^63 leaves.
const LEVELS: usize = 64;

/// The root, and whether two siblings that both come from the list are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// The root; zero for no leaves.
    pub hash: [u8; 32],
    /// Whether the list may be another one with its tail repeated.
    pub mutated: bool,
}

/// The parent of two nodes.
pub fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut pair = [0; 64];
    pair[..32].copy_from_slice(left);
    pair[32..].copy_from_slice(right);
    sha256d(&pair)
}

/// The root over `leaves`, in one pass with one pending node per level.
pub fn root(leaves: impl IntoIterator<Item = [u8; 32]>) -> Root {
    let mut pending = [[0; 32]; LEVELS];
    let mut count: u64 = 0;
    let mut mutated = false;
    for leaf in leaves {
        // Bit l of `count` says whether `pending[l]` waits for its right sibling.
        let level = count.trailing_ones() as usize;
        pending[level] = pending[..level].iter().fold(leaf, |right, left| {
            mutated |= *left == right;
            node(left, &right)
        });
        count += 1;
    }
    Root {
        hash: fold_tail(&pending, count),
        mutated,
    }
}

/// Climbs from the last node to the root, pairing it with itself where it has no right sibling.
fn fold_tail(pending: &[[u8; 32]; LEVELS], count: u64) -> [u8; 32] {
    if count == 0 {
        return [0; 32];
    }
    let mut level = count.trailing_zeros() as usize;
    let mut hash = pending[level];
    let mut width = count >> level; // nodes on this level, an odd number
    while width > 1 {
        hash = node(&hash, &hash);
        width = width.div_ceil(2);
        level += 1;
        while width.is_multiple_of(2) {
            hash = node(&pending[level], &hash);
            width /= 2;
            level += 1;
        }
    }
    hash
}

/// The siblings on the way from leaf `index` to the root, lowest first; `None` if there is no
/// such leaf.
pub fn branch(leaves: &[[u8; 32]], index: usize) -> Option<Vec<[u8; 32]>> {
    if index >= leaves.len() {
        return None;
    }
    let height = leaves.len().next_power_of_two().trailing_zeros();
    let sibling = |level: u32| {
        let node = index >> level;
        let beside = node ^ 1;
        let lone = beside << level >= leaves.len();
        subtree(leaves, level, if lone { node } else { beside })
    };
    Some((0..height).map(sibling).collect())
}

/// The node at `position` on `level`.
fn subtree(leaves: &[[u8; 32]], level: u32, position: usize) -> [u8; 32] {
    let width = 1 << level;
    let start = position * width;
    let inside = &leaves[start..leaves.len().min(start + width)];
    let height = inside.len().next_power_of_two().trailing_zeros();
    (height..level).fold(root(inside.iter().copied()).hash, |hash, _| {
        node(&hash, &hash)
    })
}

/// The root that `branch` leads to from `leaf` at `index`.
pub fn root_from_branch(leaf: [u8; 32], branch: &[[u8; 32]], index: u32) -> [u8; 32] {
    branch
        .iter()
        .enumerate()
        .fold(leaf, |hash, (level, sibling)| {
            let right = index.checked_shr(level as u32).unwrap_or(0) & 1 == 1;
            if right {
                node(sibling, &hash)
            } else {
                node(&hash, sibling)
            }
        })
}

/// Whether `branch` leads from `leaf` at `index` to `root`. A branch too short for `index` never
/// does.
///
/// A leaf of 32 bytes cannot be told from an inner node: the caller must check the branch's length
/// or refuse 64-byte transactions (CVE-2017-12842).
pub fn verify_branch(leaf: [u8; 32], branch: &[[u8; 32]], index: u32, root: &[u8; 32]) -> bool {
    let reachable = index.checked_shr(branch.len() as u32).unwrap_or(0) == 0;
    reachable && branch.len() <= 32 && root_from_branch(leaf, branch, index) == *root
}
