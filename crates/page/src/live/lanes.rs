//! Where each block of the tree is drawn: its column is its height; its lane depends only on the
//! branches, so that the same tree always looks the same.
//!
//! The best chain is in lane 0. Every other branch is a run of blocks from the child of a fork to a
//! tip. Branches are placed in the order of their first blocks (height, then hash), each in the
//! free lane nearest to the middle, above (negative) before below. The first branch that builds on
//! the best tip continues in lane 0.

use wire::{BlockState, BlockView};

use crate::bridge::shown_order;

/// The lane of each block of `tree`, which is sorted by height, then by displayed id.
pub fn assign(tree: &[BlockView]) -> Vec<i32> {
    let is_best = |block: &BlockView| block.state == BlockState::Best;
    let mut lanes = vec![0; tree.len()];
    let mut taken = Taken::default();
    let best_tip = tree.iter().rfind(|block| is_best(block));
    let best_tip = best_tip.map(|block| block.id);
    let mut led = false;
    for branch in branches(tree) {
        let first = tree[branch[0]].height;
        let last = tree[branch[branch.len() - 1]].height;
        let ahead = Some(tree[branch[0]].parent) == best_tip && !std::mem::replace(&mut led, true);
        let lane = if ahead { 0 } else { taken.take(first, last) };
        for block in branch {
            lanes[block] = lane;
        }
    }
    lanes
}

/// The blocks off the best chain as runs from a fork to a tip, in the order of their first blocks.
/// Where a branch forks again, the longest continuation (then the smallest hash) stays part of the
/// branch, and the others begin new ones.
fn branches(tree: &[BlockView]) -> Vec<Vec<usize>> {
    // The tree is small, so a linear search is fast enough and saves the code size of a map.
    let parents: Vec<Option<usize>> = (0..tree.len())
        .map(|i| {
            tree[..i]
                .iter()
                .rposition(|block| block.id == tree[i].parent)
        })
        .collect();
    let off = |i: &usize| tree[*i].state != BlockState::Best;
    let mut reach: Vec<u32> = tree.iter().map(|block| block.height).collect();
    let mut ways: Vec<Option<usize>> = vec![None; tree.len()];
    for i in (0..tree.len()).rev().filter(off) {
        let Some(parent) = parents[i] else { continue };
        reach[parent] = reach[parent].max(reach[i]);
        let further = |other: usize| {
            let order = reach[i].cmp(&reach[other]);
            let order = order.then_with(|| shown_order(&tree[other].id, &tree[i].id));
            order.is_gt()
        };
        if ways[parent].is_none_or(further) {
            ways[parent] = Some(i);
        }
    }
    let mut runs = Vec::new();
    for i in (0..tree.len()).filter(off) {
        if parents[i].is_some_and(|parent| off(&parent) && ways[parent] == Some(i)) {
            continue; // part of its parent's run
        }
        let mut run = vec![i];
        while let Some(next) = ways[run[run.len() - 1]] {
            run.push(next);
        }
        runs.push(run);
    }
    runs
}

/// The heights that are taken in each lane.
#[derive(Default)]
struct Taken {
    /// Lane, first and last height.
    spans: Vec<(i32, u32, u32)>,
}

impl Taken {
    /// Takes the free lane nearest to the middle. One column in front is kept clear for the line
    /// from the parent.
    fn take(&mut self, first: u32, last: u32) -> i32 {
        let first = first.saturating_sub(1);
        let free = |lane: i32| {
            let mut there = self.spans.iter().filter(|span| span.0 == lane);
            there.all(|(_, from, to)| last < *from || *to < first)
        };
        let mut distance = 1;
        let lane = loop {
            if let Some(lane) = [-distance, distance].into_iter().find(|lane| free(*lane)) {
                break lane;
            }
            distance += 1;
        };
        self.spans.push((lane, first, last));
        lane
    }
}

#[cfg(test)]
pub mod tests {
    use chain::BlockId;

    use super::*;

    /// The id of a block of a test's tree.
    pub fn id(name: &str) -> BlockId {
        let mut bytes = [0; 32];
        for (byte, letter) in bytes.iter_mut().rev().zip(name.bytes()) {
            *byte = letter;
        }
        BlockId::from_bytes(bytes)
    }

    /// A block of a test's tree.
    pub fn block(name: &str, parent: &str, height: u32, state: BlockState) -> BlockView {
        BlockView {
            id: id(name),
            parent: id(parent),
            height,
            time: 0,
            bits: 0,
            miner: None,
            state,
        }
    }

    use BlockState::{Best, Rival, Stale};

    #[test]
    fn a_plain_chain_lies_in_the_middle() {
        let tree = [
            block("a", "-", 0, Best),
            block("b", "a", 1, Best),
            block("c", "b", 2, Best),
        ];
        assert_eq!(assign(&tree), [0, 0, 0]);
    }

    #[test]
    fn branches_of_the_same_heights_lie_apart() {
        let tree = [
            block("a", "-", 0, Best),
            block("b", "a", 1, Best),
            block("x", "a", 1, Rival),
            block("y", "a", 1, Stale),
            block("c", "b", 2, Best),
            block("z", "x", 2, Rival),
        ];
        assert_eq!(assign(&tree), [0, 0, -1, 1, 0, -1]);
    }

    #[test]
    fn a_branch_of_a_branch_gets_its_own_lane() {
        let tree = [
            block("a", "-", 0, Best),
            block("b", "a", 1, Best),
            block("x", "a", 1, Rival),
            block("c", "b", 2, Best),
            block("p", "x", 2, Stale),
            block("q", "x", 2, Rival),
            block("r", "q", 3, Rival),
        ];
        assert_eq!(
            assign(&tree),
            [0, 0, -1, 0, 1, -1, -1],
            "the longer way goes straight on"
        );
    }

    #[test]
    fn lanes_are_used_again_further_on() {
        let tree = [
            block("a", "-", 0, Best),
            block("b", "a", 1, Best),
            block("x", "a", 1, Stale),
            block("c", "b", 2, Best),
            block("d", "c", 3, Best),
            block("y", "c", 3, Stale),
        ];
        assert_eq!(assign(&tree), [0, 0, -1, 0, 0, -1]);
    }

    #[test]
    fn what_builds_on_the_tip_goes_straight_on() {
        let tree = [
            block("a", "-", 0, Best),
            block("b", "a", 1, Best),
            block("x", "b", 2, BlockState::Unseen),
            block("y", "b", 2, BlockState::Unseen),
            block("z", "x", 3, BlockState::Unseen),
        ];
        assert_eq!(assign(&tree), [0, 0, 0, -1, 0]);
    }

    #[test]
    fn unknown_parents_are_no_trouble() {
        let tree = [block("x", "gone", 7, Stale), block("a", "gone", 7, Best)];
        assert_eq!(assign(&tree), [-1, 0]);
        assert!(assign(&[]).is_empty());
        let own = [block("x", "x", 7, Stale)];
        assert_eq!(assign(&own), [-1], "a block that names itself as parent");
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest::proptest! {
        /// In any tree, no two blocks have the same height and lane.
        #[test]
        fn no_two_blocks_share_a_place(choices in proptest::collection::vec((0u8..255, 0u8..3), 0..120)) {
            let mut tree = vec![block("00", "-", 0, Best)];
            let mut tip = 0usize;
            for (n, (pick, kind)) in choices.into_iter().enumerate() {
                let parent = if kind == 0 { tip } else { usize::from(pick) % tree.len() };
                let best = kind == 0;
                let mut made = block(
                    &format!("{:02x}", n + 1),
                    "",
                    tree[parent].height + 1,
                    if best { Best } else { Stale },
                );
                made.parent = tree[parent].id;
                tree.push(made);
                if best { tip = tree.len() - 1; }
            }
            let lanes = assign(&tree);
            let places: std::collections::BTreeSet<_> =
                tree.iter().zip(&lanes).map(|(b, lane)| (b.height, *lane)).collect();
            proptest::prop_assert_eq!(places.len(), tree.len());
            proptest::prop_assert_eq!(assign(&tree), lanes);
        }
    }
}
