//! Counts the blocks of the best chain that this tab's nodes found, a few at a time, so that a
//! long chain does not hold up a frame.

use chain::{BlockId, Tree, Work};

/// A count up to some block.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    counted: BlockId,
    count: u32,
}

impl Tally {
    /// A count for which nothing above `genesis` was counted yet.
    #[must_use]
    pub fn new(genesis: BlockId) -> Self {
        Self {
            counted: genesis,
            count: 0,
        }
    }

    /// Moves towards the best block, past at most `most` blocks. Returns whether it got there.
    pub fn advance(
        &mut self,
        tree: &Tree<Work>,
        mine: impl Fn(&BlockId) -> bool,
        most: usize,
    ) -> bool {
        let best = tree.best();
        let Some(route) = tree.route(&self.counted, &best) else {
            *self = Self::new(tree.root());
            return false;
        };
        let undo = route
            .disconnect
            .iter()
            .map(|id| (*id, tree.parent(id), false));
        let steps = undo.chain(route.connect.iter().map(|id| (*id, Some(*id), true)));
        for (id, then, found) in steps.take(most) {
            let one = u32::from(mine(&id));
            self.count = if found {
                self.count + one
            } else {
                self.count.saturating_sub(one)
            };
            self.counted = then.unwrap_or(tree.root());
        }
        self.counted == best
    }

    /// The blocks counted so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use chain::{Height, U256};

    use super::*;

    fn id(branch: u8, height: u8) -> BlockId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&[branch, height]);
        BlockId::from_bytes(bytes)
    }

    fn extend(
        tree: &mut Tree<Work>,
        mut parent: BlockId,
        branch: u8,
        heights: std::ops::Range<u8>,
    ) {
        for height in heights {
            let id = id(branch, height);
            tree.insert(id, parent, Work(U256::from(height))).unwrap();
            tree.arrive(id);
            parent = id;
        }
    }

    #[test]
    fn a_reorganisation_takes_back_what_it_undoes() {
        let genesis = BlockId::ZERO;
        let mut tree = Tree::new(genesis, Height::GENESIS, Work::ZERO);
        let mine = |id: &BlockId| id.as_bytes()[0] == 1;
        let mut tally = Tally::new(genesis);
        extend(&mut tree, genesis, 1, 1..11);
        assert!(!tally.advance(&tree, mine, 4));
        assert_eq!(tally.count(), 4);
        extend(&mut tree, id(1, 2), 2, 3..20);
        while !tally.advance(&tree, mine, 1) {}
        assert_eq!(tally.count(), 2);
        extend(&mut tree, id(1, 10), 1, 11..30);
        while !tally.advance(&tree, mine, 3) {}
        assert_eq!(tally.count(), 29);
    }
}
