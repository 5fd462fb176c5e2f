//! Whether the nodes agree on a tip or several tips compete.

use std::iter::successors;

use chain::BlockId;
use wire::{BlockState, BlockView, NodeView, TipView};

/// How the tips of the nodes relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harmony {
    /// All nodes have the same tip.
    Agree,
    /// This many tips compete: none of them builds on another.
    Compete(usize),
    /// All tips are on one chain, but only this many nodes have this tab's tip.
    Behind(usize),
}

/// How the tips of `nodes` relate, seen from `tip`.
pub fn harmony(tree: &[BlockView], nodes: &[NodeView], tip: &TipView) -> Harmony {
    let mut rivals: Vec<BlockId> = Vec::new();
    for node in nodes {
        let theirs = node.tip.id;
        if competes(tree, theirs, tip.id) && !rivals.contains(&theirs) {
            rivals.push(theirs);
        }
    }
    let here = nodes.iter().filter(|node| node.tip.id == tip.id).count();
    let below = |tip: &&BlockId| rivals.iter().any(|other| builds_on(tree, *other, **tip));
    let behind = rivals.iter().filter(below).count();
    match rivals.len() - behind {
        0 if here == nodes.len() => Harmony::Agree,
        0 => Harmony::Behind(here),
        more => Harmony::Compete(more + 1),
    }
}

/// A block and its ancestors, as far as the picture goes. Bounded, in case a faulty picture has a
/// cycle.
fn down(tree: &[BlockView], from: BlockId) -> impl Iterator<Item = &BlockView> {
    let find = |id: BlockId| tree.iter().rfind(|block| block.id == id);
    successors(find(from), move |block| find(block.parent)).take(tree.len())
}

/// Whether a tip builds on another block.
fn builds_on(tree: &[BlockView], tip: BlockId, block: BlockId) -> bool {
    tip != block && down(tree, tip).any(|found| found.parent == block)
}

/// Whether a tip is on a branch of its own: neither an ancestor of ours nor built on it. A tip
/// older than the picture counts as lagging behind.
fn competes(tree: &[BlockView], tip: BlockId, ours: BlockId) -> bool {
    let meets = |block: &&BlockView| block.id == ours || block.state == BlockState::Best;
    let met = down(tree, tip).find(meets);
    met.is_some_and(|block| block.id != ours && block.id != tip)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::lanes::tests::{block as block_at, id};
    use BlockState::{Best, Rival, Unseen};
    use chain::{PeerId, Work};

    fn block(name: &str, parent: &str, state: BlockState) -> BlockView {
        block_at(name, parent, 0, state)
    }

    fn node(name: &str) -> NodeView {
        NodeView {
            id: PeerId::from_bytes([0; 32]),
            seat: 0,
            tab: PeerId::from_bytes([0; 32]),
            here: false,
            online: true,
            tip: tip(name),
            sync: None,
            loading: None,
        }
    }

    fn tip(name: &str) -> TipView {
        TipView {
            height: 0,
            id: id(name),
            work: Work::ZERO,
        }
    }

    #[test]
    fn a_node_behind_or_ahead_does_not_compete() {
        let tree = [
            block("a", "-", Best),
            block("b", "a", Best),
            block("c", "b", Unseen),
        ];
        let of = |hashes: &[&str]| {
            let nodes: Vec<_> = hashes.iter().map(|hash| node(hash)).collect();
            harmony(&tree, &nodes, &tip("b"))
        };
        assert_eq!(of(&["b", "b"]), Harmony::Agree);
        assert_eq!(of(&["b", "a"]), Harmony::Behind(1));
        assert_eq!(of(&["b", "c"]), Harmony::Behind(1));
        assert_eq!(of(&["b", "gone"]), Harmony::Behind(1));
    }

    #[test]
    fn a_rival_behind_another_is_of_the_same_branch() {
        let tree = [
            block("a", "-", Best),
            block("b", "a", Best),
            block("x", "a", Rival),
            block("y", "x", Rival),
            block("z", "y", Unseen),
        ];
        let nodes = [node("b"), node("x"), node("z"), node("y")];
        assert_eq!(harmony(&tree, &nodes, &tip("b")), Harmony::Compete(2));
    }

    #[test]
    fn branches_compete() {
        let tree = [
            block("a", "-", Best),
            block("b", "a", Best),
            block("x", "a", Rival),
            block("y", "a", Unseen),
        ];
        let nodes = [node("b"), node("x"), node("x"), node("y")];
        assert_eq!(harmony(&tree, &nodes, &tip("b")), Harmony::Compete(3));
        let circle = [block("x", "y", Rival), block("y", "x", Rival)];
        assert_eq!(
            harmony(&circle, &[node("x")], &tip("b")),
            Harmony::Behind(0)
        );
    }
}
