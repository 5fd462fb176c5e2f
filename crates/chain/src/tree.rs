//! The block tree: every header that a node knows, which bodies it has, and which
//! tip is best. It compares weights but never computes them: what a weight means
//! (work, stake, votes) is up to its owner.
//!
//! A tree is a persistent value. `clone` costs O(1) and shares structure, so a
//! fork of a node, a checkpoint or a "what if" is free until it diverges. All
//! lookups and single updates cost O(log n) in the number n of blocks unless a
//! method says otherwise.
//!
//! Inside, blocks have dense numbers, and name each other by these: whoever follows
//! a chain compares no ids.
//!
//! The rules are Bitcoin's: the best block is the heaviest valid one that has all
//! bodies down to the root; among equals the one that got there first stays; a
//! block with an invalid ancestor is invalid, whenever it arrives. Nothing here is
//! recursive, so a long chain cannot exhaust the stack.

mod numbers;
mod rows;
mod walk;

pub use walk::Reorg;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Reverse;

use rpds::RedBlackTreeMapSync;

use self::numbers::Numbers;
use crate::dense::Dense;
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
    /// Its own number.
    number: u32,
    /// The parent's; the root's own.
    below: u32,
    /// An ancestor further back; see [`Tree::ancestor`]. The root's is itself.
    jump: u32,
    children: Row,
    /// Its neighbours among the children of its parent ...
    siblings: Neighbours,
    /// ... and among the blocks of its height.
    rivals: Neighbours,
}

/// Blocks in the order in which they were inserted, linked in both directions: the first and the last.
type Row = Option<(u32, u32)>;

/// The block before and the block behind one in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Neighbours {
    before: Option<u32>,
    behind: Option<u32>,
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
    /// The number of the root.
    root: u32,
    /// The root's height.
    lowest: Height,
    links: Dense<Link<W>>,
    numbers: Numbers,
    /// Numbers below `next` that no block has.
    free: Arc<Vec<u32>>,
    /// No number from here on was ever given out.
    next: u32,
    /// Blocks by height above the root's.
    heights: Dense<(u32, u32)>,
    /// The blocks that are not invalid and have no heavier child that is not.
    headers: Map<Rank<W>, u32>,
    /// The ready blocks that have no heavier ready child.
    ready: Map<Rank<W>, u32>,
    /// The heaviest of these.
    best: u32,
    /// How many blocks are ready.
    complete: usize,
    /// How many blocks there are.
    len: usize,
    /// Counts insertions and arrivals.
    turn: u64,
}

impl<W: Ord + Clone> Tree<W> {
    /// A tree of one block, which is ready and can never be invalidated: a genesis
    /// block, or the block of a snapshot. `weight` is that of the chain up to it.
    pub fn new(root: BlockId, height: Height, weight: W) -> Self {
        let rank = (weight.clone(), Reverse(0));
        let link = Link {
            id: root,
            height,
            weight,
            arrival: Some(0),
            state: LinkState::Ready,
            seen: 0,
            number: 0,
            below: 0,
            jump: 0,
            children: None,
            siblings: Neighbours::default(),
            rivals: Neighbours::default(),
        };
        let (mut links, mut heights) = (Dense::new(), Dense::new());
        links.set(0, link);
        heights.set(0, (0, 0));
        Self {
            root: 0,
            lowest: height,
            links,
            numbers: Numbers::One(0),
            free: Arc::default(),
            next: 1,
            heights,
            headers: Map::new_sync().insert(rank.clone(), 0),
            ready: Map::new_sync().insert(rank, 0),
            best: 0,
            complete: 1,
            len: 1,
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
        let Some(above) = self.get(&parent) else {
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
        let Some(number) = self.free.last().copied().or(self.unused()) else {
            return Err(InsertError::TooHigh { id, parent });
        };
        let (below, jump) = (above.number, self.jump_of_child(above));
        let outweighed = (weight > above.weight).then(|| above.seen_rank());
        let seen = self.next_turn();
        if let Some(rank) = outweighed {
            self.headers.remove_mut(&rank);
        }
        self.headers
            .insert_mut((weight.clone(), Reverse(seen)), number);
        let link = Link {
            id,
            height,
            weight,
            arrival: None,
            state: LinkState::Header,
            seen,
            number,
            below,
            jump,
            children: None,
            siblings: Neighbours::default(),
            rivals: Neighbours::default(),
        };
        self.take_in(link);
        Ok(())
    }

    /// Records that the body of `id` is here. Returns the blocks that became ready
    /// as a result, parents first: `id` and the descendants that waited for it.
    /// Empty while an ancestor's body is missing, and for blocks that are unknown,
    /// invalid or have arrived before.
    ///
    /// O(log n) for each block returned.
    pub fn arrive(&mut self, id: BlockId) -> Vec<BlockId> {
        let waits = self.get(&id).filter(|link| link.state == LinkState::Header);
        let Some((number, below)) = waits.map(|link| (link.number, link.below)) else {
            return Vec::new();
        };
        // Only the root is its own parent, and it is never `Header`.
        if !self.links.get(below).is_some_and(Link::is_ready) {
            self.set_state(number, LinkState::Body);
            return Vec::new();
        }
        let mut ready = vec![(id, number)];
        let mut done = 0;
        while let Some(&(_, block)) = ready.get(done) {
            self.make_ready(block);
            let children = self.children_of(block);
            let waiting = children.filter(|child| child.state == LinkState::Body);
            ready.extend(waiting.map(|child| (child.id, child.number)));
            done += 1;
        }
        self.find_best();
        ready.into_iter().map(|(id, _)| id).collect()
    }

    /// Marks `id` and all its descendants as invalid, for good: later children
    /// are refused. Returns those that were not invalid before, parents first;
    /// empty for an unknown block and for the root, which cannot be invalidated.
    ///
    /// O(log n) for each descendant.
    pub fn invalidate(&mut self, id: BlockId) -> Vec<BlockId> {
        let mut fallen = Vec::new();
        let Some(culprit) = self.get(&id).filter(|link| link.number != self.root) else {
            return fallen;
        };
        let below = culprit.below;
        let mut queue = VecDeque::from([culprit.number]);
        while let Some(block) = queue.pop_front() {
            let Some(link) = self.links.get(block).filter(|link| !link.is_invalid()) else {
                continue; // what builds on an invalid block is invalid already
            };
            self.headers.remove_mut(&link.seen_rank());
            if let Some(rank) = link.ready_rank() {
                self.ready.remove_mut(&rank);
            }
            self.complete -= usize::from(link.is_ready());
            fallen.push(link.id);
            queue.extend(self.children_of(block).map(|child| child.number));
            self.set_state(block, LinkState::Invalid { cause: id });
        }
        if !fallen.is_empty() {
            self.rank_again(below);
            self.find_best();
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
        let Some(first) = self.get(&id).filter(|link| !link.is_ready()) else {
            return gone;
        };
        let below = first.below;
        let mut queue = VecDeque::from([first.number]);
        while let Some(block) = queue.pop_front() {
            queue.extend(self.children_of(block).map(|child| child.number));
            gone.extend(self.let_go(block));
        }
        self.rank_again(below);
        gone
    }

    /// The heaviest ready block; among equals the one that was ready first, so that
    /// a tip only ever gives way to a heavier one or because it is invalidated.
    pub fn best(&self) -> BlockId {
        self.best_link().id
    }

    /// What is known about that one.
    pub fn best_link(&self) -> &Link<W> {
        self.known(self.best)
    }

    /// The heaviest block that is not invalid, bodies or not; among equals the
    /// one whose header came first.
    pub fn best_header(&self) -> BlockId {
        let best = self.headers.last().map_or(self.root, |(_, best)| *best);
        self.known(best).id
    }

    /// The block that all others in the tree descend from.
    pub fn root(&self) -> BlockId {
        self.known(self.root).id
    }

    /// What is known about a block.
    pub fn get(&self, id: &BlockId) -> Option<&Link<W>> {
        let link = self.links.get(self.numbers.candidate(id)?)?;
        (link.id == *id).then_some(link)
    }

    /// A number that is this block's as long as it is in the tree, and may be another's after that. Numbers are
    /// dense: there are never more than there were blocks at once.
    pub fn number(&self, id: &BlockId) -> Option<u32> {
        self.get(id).map(|link| link.number)
    }

    /// The block that this one builds on; `None` for the root and for blocks that are unknown.
    pub fn parent(&self, id: &BlockId) -> Option<BlockId> {
        self.parent_of(self.get(id)?).map(|parent| parent.id)
    }

    /// The same of a block whose link is at hand.
    pub fn parent_of(&self, link: &Link<W>) -> Option<&Link<W>> {
        let is_root = link.number == self.root;
        self.links.get(link.below).filter(|_| !is_root)
    }

    /// Whether the block is in the tree, valid or not.
    pub fn contains(&self, id: &BlockId) -> bool {
        self.get(id).is_some()
    }

    /// The blocks that build directly on `id`, earliest first.
    pub fn children(&self, id: &BlockId) -> impl Iterator<Item = BlockId> + '_ {
        let children = self.number(id).map(|number| self.children_of(number));
        children.into_iter().flatten().map(|child| child.id)
    }

    /// All blocks at a height, valid or not, earliest first.
    pub fn at_height(&self, height: Height) -> impl Iterator<Item = BlockId> + '_ {
        self.level(height).map(|link| link.id)
    }

    /// The numbers of these; see [`Tree::number`].
    pub fn numbers_at(&self, height: Height) -> impl Iterator<Item = u32> + '_ {
        self.level(height).map(|link| link.number)
    }

    /// All blocks, valid or not, by height and then earliest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Link<W>> + '_ {
        let mut all = Vec::with_capacity(self.len);
        let mut height = Some(self.lowest);
        while let Some(level) = height {
            let before = all.len();
            all.extend(self.level(level));
            height = level.checked_add(1).filter(|_| all.len() > before);
        }
        all.into_iter()
    }

    /// How many blocks there are, including the root and invalid ones.
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many blocks are not ready, including invalid ones.
    pub fn unready(&self) -> usize {
        self.len - self.complete
    }

    /// Always false: a tree has at least its root.
    pub fn is_empty(&self) -> bool {
        false
    }

    fn known(&self, number: u32) -> &Link<W> {
        self.links.get(number).expect("blocks name only blocks")
    }

    fn set_state(&mut self, block: u32, state: LinkState) {
        if let Some(link) = self.links.get_mut(block) {
            link.state = state;
        }
    }

    fn make_ready(&mut self, block: u32) {
        let arrival = self.next_turn();
        let Some(link) = self.links.get_mut(block) else {
            return;
        };
        link.state = LinkState::Ready;
        link.arrival = Some(arrival);
        let (weight, below) = (link.weight.clone(), link.below);
        let parent = self.known(below);
        if weight > parent.weight
            && let Some(rank) = parent.ready_rank()
        {
            self.ready.remove_mut(&rank);
        }
        self.ready.insert_mut((weight, Reverse(arrival)), block);
        self.complete += 1;
    }

    fn find_best(&mut self) {
        self.best = self.ready.last().map_or(self.root, |(_, best)| *best);
    }

    /// Lets a block count again, after heavier children have gone that stood for it.
    fn rank_again(&mut self, block: u32) {
        let link = self.known(block);
        let seen = (!link.is_invalid()).then(|| link.seen_rank());
        let arrived = link.ready_rank().filter(|_| link.is_ready());
        let seen = seen.filter(|_| !self.is_outweighed(link, |child| !child.is_invalid()));
        let arrived = arrived.filter(|_| !self.is_outweighed(link, Link::is_ready));
        if let Some(rank) = seen {
            self.headers.insert_mut(rank, block);
        }
        if let Some(rank) = arrived {
            self.ready.insert_mut(rank, block);
        }
    }

    /// Whether one of those children stands for a block.
    fn is_outweighed(&self, link: &Link<W>, counts: impl Fn(&Link<W>) -> bool) -> bool {
        let mut children = self.children_of(link.number);
        children.any(|child| child.weight > link.weight && counts(child))
    }

    /// No node lives to see 2^64 events, so the count cannot overflow.
    fn next_turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }
}

impl<W> Link<W> {
    /// Its number in its tree; see [`Tree::number`].
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl<W: Ord + Clone> Link<W> {
    fn seen_rank(&self) -> Rank<W> {
        (self.weight.clone(), Reverse(self.seen))
    }

    fn ready_rank(&self) -> Option<Rank<W>> {
        let arrival = self.arrival?;
        Some((self.weight.clone(), Reverse(arrival)))
    }
}
