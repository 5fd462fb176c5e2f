//! Walks through a [`Tree`]: ancestors, forks, routes, locators, downloads.

use alloc::vec::Vec;

use super::{Link, LinkState, Tree};
use crate::{BlockId, Height};

/// How to get from one tip to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reorg {
    /// Blocks to undo, the old tip first.
    pub disconnect: Vec<BlockId>,
    /// Blocks to apply after that, the lowest first.
    pub connect: Vec<BlockId>,
}

impl<W: Ord + Clone> Tree<W> {
    /// The block at `height` on the chain that ends with `id`, which may be `id`
    /// itself. `None` for an unknown block, and for a height above it or below the
    /// root.
    ///
    /// Each block keeps one jump to an ancestor, chosen as in Myers' "An
    /// applicative random-access stack" (1983), so that O(log n) steps suffice.
    pub fn ancestor(&self, id: &BlockId, height: Height) -> Option<BlockId> {
        self.ancestor_link(id, height).map(|link| link.id)
    }

    /// What is known about that block.
    pub fn ancestor_link(&self, id: &BlockId, height: Height) -> Option<&Link<W>> {
        self.ancestor_of(self.get(id)?, height)
    }

    fn ancestor_of<'a>(&'a self, link: &'a Link<W>, height: Height) -> Option<&'a Link<W>> {
        if height > link.height {
            return None;
        }
        let found = self.climb(link, |link| link.height <= height);
        (found.height == height).then_some(found)
    }

    /// Whether `ancestor` is `id` or lies below it on its chain. O(log n) steps.
    pub fn is_ancestor(&self, ancestor: &BlockId, id: &BlockId) -> bool {
        let Some((ancestor, link)) = self.get(ancestor).zip(self.get(id)) else {
            return false;
        };
        let found = self.ancestor_of(link, ancestor.height);
        found.is_some_and(|found| found.number == ancestor.number)
    }

    /// The highest block that both chains share; `None` when either block is
    /// unknown. O(log n) steps.
    pub fn fork_point(&self, a: &BlockId, b: &BlockId) -> Option<BlockId> {
        let (a, b) = (self.get(a)?, self.get(b)?);
        let lower = a.height.min(b.height);
        let mut a = self.ancestor_of(a, lower)?;
        let mut b = self.ancestor_of(b, lower)?;
        while a.number != b.number {
            // Blocks at equal heights jump equally far.
            let far = a.jump != b.jump;
            let next = |link: &Link<W>| if far { link.jump } else { link.below };
            (a, b) = (self.links.get(next(a))?, self.links.get(next(b))?);
        }
        Some(a.id)
    }

    /// The blocks to undo and to apply to get from one tip to another; `None` when
    /// either is unknown. O(log n) for each block returned.
    pub fn route(&self, from: &BlockId, to: &BlockId) -> Option<Reorg> {
        let fork = self.fork_point(from, to)?;
        let disconnect = self.down_to(from, &fork);
        let mut connect = self.down_to(to, &fork);
        connect.reverse();
        Some(Reorg {
            disconnect,
            connect,
        })
    }

    /// The lowest blocks of the best header's chain whose bodies have not
    /// arrived, at most `limit`, in order of height: what to download next.
    ///
    /// Finding each takes O(log n) steps; blocks whose bodies are already here but
    /// wait for an ancestor are skipped one by one.
    pub fn missing_bodies(&self, limit: usize) -> Vec<BlockId> {
        let mut missing = Vec::new();
        let Some(tip) = self.get(&self.best_header()).filter(|tip| !tip.is_ready()) else {
            return missing;
        };
        // All ancestors of a ready block are ready, so one climb finds the boundary.
        let mut height = self.climb(tip, Link::is_ready).height;
        while missing.len() < limit && height < tip.height {
            let Some(next) = height.checked_add(1) else {
                break;
            };
            height = next;
            let next = self.ancestor_of(tip, height);
            let next = next.filter(|next| next.state == LinkState::Header);
            missing.extend(next.map(|next| next.id));
        }
        missing
    }

    /// The chain that ends with `id` in O(log n) ids: the last ten or so one by
    /// one, then ever sparser, and the root. A peer can find the last block that
    /// both know in it. Empty for an unknown block.
    pub fn locator(&self, id: &BlockId) -> Vec<BlockId> {
        const DENSE: usize = 10;
        let mut locator = Vec::new();
        let mut next = self.get(id);
        let mut step: u32 = 1;
        while let Some(found) = next {
            locator.push(found.id);
            if locator.len() > DENSE {
                step = step.saturating_mul(2);
            }
            let height = self.below(found.height, step);
            next = height.and_then(|height| self.ancestor_of(found, height));
        }
        locator
    }

    /// The height `step` below `height`, at least the root's; `None` at the root.
    fn below(&self, height: Height, step: u32) -> Option<Height> {
        let root = self.lowest;
        (height > root).then(|| root.max(height.saturating_sub(step)))
    }

    /// The highest block of `link`'s chain, `link` included, for which `stop` holds;
    /// the root when it holds for none. If `stop` holds for a block, it must hold for
    /// all blocks below it.
    fn climb<'a>(&'a self, link: &'a Link<W>, stop: impl Fn(&Link<W>) -> bool) -> &'a Link<W> {
        let mut at = link;
        while !stop(at) {
            let far = self.links.get(at.jump).filter(|jump| !stop(jump));
            match far.or_else(|| self.links.get(at.below)) {
                Some(next) if next.number != at.number => at = next,
                _ => break,
            }
        }
        at
    }

    /// Where a child of `above` jumps: across its parent's jump and the jump after
    /// that when they are equally long, else to its parent.
    pub(super) fn jump_of_child(&self, above: &Link<W>) -> u32 {
        let first = self.links.get(above.jump);
        let second = first.and_then(|first| self.links.get(first.jump));
        match (first, second) {
            (Some(first), Some(second))
                if above.height.0 - first.height.0 == first.height.0 - second.height.0 =>
            {
                second.number
            }
            _ => above.number,
        }
    }

    /// The chain from `tip` down to `end`, without `end`.
    fn down_to(&self, tip: &BlockId, end: &BlockId) -> Vec<BlockId> {
        let mut chain = Vec::new();
        let mut at = self.get(tip);
        while let Some(link) = at.filter(|link| link.id != *end) {
            chain.push(link.id);
            at = self.parent_of(link);
        }
        chain
    }
}
