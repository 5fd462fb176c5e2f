//! The block tree: every header that a node knows, which bodies it has, and which
//! tip is best. It compares weights but never computes them: what a weight means
//! (work, stake, votes) is up to its owner.
//!
//! A tree is a persistent value. `clone` costs O(1) and shares structure, so a
//! fork of a node, a checkpoint or a "what if" is free until it diverges. All
//! lookups and single updates cost O(log n) in the number n of blocks unless a
//! method says otherwise.
//!
//! The rules are Bitcoin's: the best block is the heaviest valid one that has all
//! bodies down to the root; among equals the one that got there first stays; a
//! block with an invalid ancestor is invalid, whenever it arrives. Nothing here is
//! recursive, so a long chain cannot exhaust the stack.

mod walk;

pub use walk::Reorg;

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use rpds::RedBlackTreeMapSync;

use crate::{BlockId, Height};

/// What is known about one block beyond its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// The header is here, the body is not.
    Header,
    /// The body is here, but the body of some ancestor is missing.
    Body,
    /// The bodies of the block and of all its ancestors are here.
    Ready,
    /// The block must not be built on.
    Invalid {
        /// The block that was found at fault: this one or an ancestor.
        cause: BlockId,
    },
}

/// One block of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link<W> {
    /// The block itself.
    pub id: BlockId,
    /// The block that it builds on; `None` for the root alone.
    pub parent: Option<BlockId>,
    /// The parent's height plus one.
    pub height: Height,
    /// The weight of the whole chain that ends here.
    pub weight: W,
    /// When the block became [`LinkState::Ready`], in the tree's own count of
    /// events; smaller is earlier. `None` if it never was.
    pub arrival: Option<u64>,
    /// What is known beyond the header.
    pub state: LinkState,
    /// When the header was inserted, in the same count.
    seen: u64,
    /// An ancestor further back; see [`Tree::ancestor`]. The root's is itself.
    jump: BlockId,
}

impl<W> Link<W> {
    /// Whether the block or an ancestor was found at fault.
    pub fn is_invalid(&self) -> bool {
        matches!(self.state, LinkState::Invalid { .. })
    }

    /// Whether the bodies of the block and of all its ancestors are here.
    pub fn is_ready(&self) -> bool {
        self.state == LinkState::Ready
    }
}

/// Why a header was not inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InsertError {
    /// The block is in the tree already.
    #[error("block {0} is in the tree already")]
    Duplicate(BlockId),
    /// The parent is not in the tree.
    #[error("block {id} has the unknown parent {parent}")]
    Orphan {
        /// The rejected block.
        id: BlockId,
        /// Its unknown parent.
        parent: BlockId,
    },
    /// The parent is invalid.
    #[error("block {id} builds on the invalid block {ancestor}")]
    BadAncestor {
        /// The rejected block.
        id: BlockId,
        /// The ancestor that was found at fault.
        ancestor: BlockId,
    },
    /// The parent is at the greatest height there is.
    #[error("block {id} has the parent {parent}, which is at the greatest height")]
    TooHigh {
        /// The rejected block.
        id: BlockId,
        /// Its parent.
        parent: BlockId,
    },
}

type Map<K, V> = RedBlackTreeMapSync<K, V>;

/// Sorts by weight and, among equals, the earlier above the later.
type Rank<W> = (W, Reverse<u64>);

/// All known blocks above a root, as a persistent value; see the [module](self).
///
/// `W` is the cumulative weight of a chain. A child that weighs no more than
/// its parent never becomes best before it.
#[derive(Clone, Debug)]
pub struct Tree<W: Ord> {
    root: BlockId,
    links: Map<BlockId, Link<W>>,
    /// Children by (parent, order of insertion).
    children: Map<(BlockId, u64), BlockId>,
    /// Blocks by (height, order of insertion).
    heights: Map<(Height, u64), BlockId>,
    /// All blocks that are not invalid.
    headers: Map<Rank<W>, BlockId>,
    /// All ready blocks.
    ready: Map<Rank<W>, BlockId>,
    /// Counts insertions and arrivals.
    turn: u64,
}

impl<W: Ord + Clone> Tree<W> {
    /// A tree of one block, which is ready and can never be invalidated: a genesis
    /// block, or the block of a snapshot. `weight` is that of the chain up to it.
    pub fn new(root: BlockId, height: Height, weight: W) -> Self {
        let link = Link {
            id: root,
            parent: None,
            height,
            weight: weight.clone(),
            arrival: Some(0),
            state: LinkState::Ready,
            seen: 0,
            jump: root,
        };
        let rank = (weight, Reverse(0));
        Self {
            root,
            links: Map::new_sync().insert(root, link),
            children: Map::new_sync(),
            heights: Map::new_sync().insert((height, 0), root),
            headers: Map::new_sync().insert(rank.clone(), root),
            ready: Map::new_sync().insert(rank, root),
            turn: 0,
        }
    }

    /// Adds a header without its body; `weight` is that of the whole chain up to it.
    ///
    /// # Errors
    /// [`InsertError`] says which rule the header breaks; the tree stays as it was.
    pub fn insert(&mut self, id: BlockId, parent: BlockId, weight: W) -> Result<(), InsertError> {
        if self.contains(&id) {
            return Err(InsertError::Duplicate(id));
        }
        let Some(above) = self.links.get(&parent) else {
            return Err(InsertError::Orphan { id, parent });
        };
        if let LinkState::Invalid { cause } = above.state {
            return Err(InsertError::BadAncestor {
                id,
                ancestor: cause,
            });
        }
        let Some(height) = above.height.checked_add(1) else {
            return Err(InsertError::TooHigh { id, parent });
        };
        let jump = self.jump_of_child(above);
        let seen = self.next_turn();
        self.children.insert_mut((parent, seen), id);
        self.heights.insert_mut((height, seen), id);
        self.headers.insert_mut((weight.clone(), Reverse(seen)), id);
        let link = Link {
            id,
            parent: Some(parent),
            height,
            weight,
            arrival: None,
            state: LinkState::Header,
            seen,
            jump,
        };
        self.links.insert_mut(id, link);
        Ok(())
    }

    /// Records that the body of `id` is here. Returns the blocks that became ready
    /// as a result, parents first: `id` and the descendants that waited for it.
    /// Empty while an ancestor's body is missing, and for blocks that are unknown,
    /// invalid or have arrived before.
    ///
    /// O(log n) for each block returned.
    pub fn arrive(&mut self, id: BlockId) -> Vec<BlockId> {
        let Some(link) = self.links.get(&id) else {
            return Vec::new();
        };
        if link.state != LinkState::Header {
            return Vec::new();
        }
        // Only the root has no parent, and it is never `Header`.
        let parent = link.parent.and_then(|parent| self.links.get(&parent));
        if !parent.is_some_and(Link::is_ready) {
            self.set_state(id, LinkState::Body);
            return Vec::new();
        }
        let mut ready = vec![id];
        let mut done = 0;
        while let Some(&block) = ready.get(done) {
            self.make_ready(block);
            let children = self.children(&block);
            ready.extend(children.filter(|child| self.state(child) == Some(LinkState::Body)));
            done += 1;
        }
        ready
    }

    /// Marks `id` and all its descendants as invalid, for good: later children
    /// are refused. Returns those that were not invalid before, parents first;
    /// empty for an unknown block and for the root, which cannot be invalidated.
    ///
    /// O(log n) for each descendant.
    pub fn invalidate(&mut self, id: BlockId) -> Vec<BlockId> {
        let mut fallen = Vec::new();
        if id == self.root {
            return fallen;
        }
        let mut queue = VecDeque::from([id]);
        while let Some(block) = queue.pop_front() {
            let Some(link) = self.links.get(&block).filter(|link| !link.is_invalid()) else {
                continue; // what builds on an invalid block is invalid already
            };
            self.headers
                .remove_mut(&(link.weight.clone(), Reverse(link.seen)));
            if let Some(arrival) = link.arrival {
                self.ready
                    .remove_mut(&(link.weight.clone(), Reverse(arrival)));
            }
            self.set_state(block, LinkState::Invalid { cause: id });
            queue.extend(self.children(&block));
            fallen.push(block);
        }
        fallen
    }

    /// Forgets `id` and all its descendants, as if their headers had never arrived. Returns them as
    /// they were, parents first. Does nothing, and returns nothing, for an unknown block and for a
    /// ready one, which the tip may build on.
    ///
    /// O(log n) for each block returned.
    pub fn prune(&mut self, id: BlockId) -> Vec<Link<W>> {
        let mut gone = Vec::new();
        if self
            .state(&id)
            .is_none_or(|state| state == LinkState::Ready)
        {
            return gone;
        }
        let mut queue = VecDeque::from([id]);
        while let Some(block) = queue.pop_front() {
            // Only the root has no parent; it is ready, unlike `id` and its descendants.
            let Some((link, parent)) = self
                .links
                .get(&block)
                .and_then(|link| Some((link.clone(), link.parent?)))
            else {
                continue;
            };
            queue.extend(self.children(&block));
            self.links.remove_mut(&block);
            self.children.remove_mut(&(parent, link.seen));
            self.heights.remove_mut(&(link.height, link.seen));
            self.headers
                .remove_mut(&(link.weight.clone(), Reverse(link.seen)));
            gone.push(link);
        }
        gone
    }

    /// The heaviest ready block; among equals the one that was ready first, so that
    /// a tip only ever gives way to a heavier one or because it is invalidated.
    pub fn best(&self) -> BlockId {
        self.ready.last().map_or(self.root, |(_, id)| *id)
    }

    /// The heaviest block that is not invalid, bodies or not; among equals the
    /// one whose header came first.
    pub fn best_header(&self) -> BlockId {
        self.headers.last().map_or(self.root, |(_, id)| *id)
    }

    /// The block that all others in the tree descend from.
    pub fn root(&self) -> BlockId {
        self.root
    }

    /// What is known about a block.
    pub fn get(&self, id: &BlockId) -> Option<&Link<W>> {
        self.links.get(id)
    }

    /// Whether the block is in the tree, valid or not.
    pub fn contains(&self, id: &BlockId) -> bool {
        self.links.contains_key(id)
    }

    /// The blocks that build directly on `id`, earliest first.
    pub fn children(&self, id: &BlockId) -> impl Iterator<Item = BlockId> + '_ {
        let all = (*id, 0)..=(*id, u64::MAX);
        self.children.range(all).map(|(_, child)| *child)
    }

    /// All blocks at a height, valid or not, earliest first.
    pub fn at_height(&self, height: Height) -> impl Iterator<Item = BlockId> + '_ {
        let all = (height, 0)..=(height, u64::MAX);
        self.heights.range(all).map(|(_, id)| *id)
    }

    /// All blocks, valid or not, by height and then earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Link<W>> + '_ {
        self.heights.values().filter_map(|id| self.links.get(id))
    }

    /// How many blocks there are, including the root and invalid ones.
    pub fn len(&self) -> usize {
        self.links.size()
    }

    /// How many blocks are not ready, including invalid ones.
    pub fn unready(&self) -> usize {
        self.links.size() - self.ready.size()
    }

    /// Always false: a tree has at least its root.
    pub fn is_empty(&self) -> bool {
        false
    }

    fn state(&self, id: &BlockId) -> Option<LinkState> {
        self.links.get(id).map(|link| link.state)
    }

    fn set_state(&mut self, id: BlockId, state: LinkState) {
        if let Some(link) = self.links.get_mut(&id) {
            link.state = state;
        }
    }

    fn make_ready(&mut self, id: BlockId) {
        let arrival = self.next_turn();
        if let Some(link) = self.links.get_mut(&id) {
            link.state = LinkState::Ready;
            link.arrival = Some(arrival);
            let rank = (link.weight.clone(), Reverse(arrival));
            self.ready.insert_mut(rank, id);
        }
    }

    /// No node lives to see 2^64 events, so the count cannot overflow.
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}
