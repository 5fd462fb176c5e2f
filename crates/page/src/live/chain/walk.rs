//! Where the arrow keys lead from a block.

use wire::{BlockState, BlockView};

/// The index of the block that a key leads to from block `at`; `lanes` has the lane of each block.
pub fn step(tree: &[BlockView], lanes: &[i32], at: usize, key: &str) -> Option<usize> {
    let from = tree.get(at)?;
    match key {
        "ArrowLeft" => tree.iter().position(|block| block.id == from.parent),
        "ArrowRight" => {
            let children = (0..tree.len()).filter(|i| tree[*i].parent == from.id && *i != at);
            children.min_by_key(|i| {
                (
                    tree[*i].state != BlockState::Best,
                    lanes[*i].abs_diff(lanes[at]),
                    *i,
                )
            })
        }
        "ArrowUp" => beside(tree, lanes, at, |lane| lane < lanes[at]),
        "ArrowDown" => beside(tree, lanes, at, |lane| lane > lanes[at]),
        "Home" => tree
            .iter()
            .position(|block| block.state == BlockState::Best),
        "End" => tree
            .iter()
            .rposition(|block| block.state == BlockState::Best),
        _ => None,
    }
}

/// The block on one side that is nearest in height, then in lane.
fn beside(
    tree: &[BlockView],
    lanes: &[i32],
    at: usize,
    side: impl Fn(i32) -> bool,
) -> Option<usize> {
    (0..tree.len()).filter(|i| side(lanes[*i])).min_by_key(|i| {
        (
            tree[*i].height.abs_diff(tree[at].height),
            lanes[*i].abs_diff(lanes[at]),
            *i,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::lanes::{assign, tests::block};
    use BlockState::{Best, Stale};

    #[test]
    fn keys_follow_parents_children_and_branches() {
        let tree = [
            block("a", "-", 5, Best),
            block("x", "a", 6, Stale),
            block("b", "a", 6, Best),
            block("c", "b", 7, Best),
        ];
        let lanes = assign(&tree);
        let go = |at, key| step(&tree, &lanes, at, key);
        assert_eq!(go(0, "ArrowRight"), Some(2), "the best child");
        assert_eq!(go(2, "ArrowLeft"), Some(0));
        assert_eq!(go(0, "ArrowLeft"), None);
        assert_eq!(go(2, "ArrowUp"), Some(1));
        assert_eq!(go(1, "ArrowDown"), Some(2));
        assert_eq!(go(3, "Home"), Some(0));
        assert_eq!(go(0, "End"), Some(3));
        assert_eq!(go(9, "End"), None);
        assert_eq!(go(0, "q"), None);
    }
}
