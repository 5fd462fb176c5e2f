//! Which tips there are and whether they compete.

use std::collections::BTreeMap;
use std::iter::successors;

use wire::{BlockState, BlockView, NodeView, TipView};

/// How the nodes stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harmony {
    /// All stand on the same tip.
    Agree,
    /// So many tips of which none builds on another.
    Compete(usize),
    /// One chain, but so many nodes only are at its end.
    Behind(usize),
}

/// How `nodes` stand, seen from `tip`.
pub fn harmony(tree: &[BlockView], nodes: &[NodeView], tip: &TipView) -> Harmony {
    let blocks: BTreeMap<&str, &BlockView> = tree
        .iter()
        .map(|block| (block.hash.as_str(), block))
        .collect();
    let mut rivals: Vec<&str> = Vec::new();
    for node in nodes {
        let hash = node.tip.hash.as_str();
        if competes(&blocks, hash, &tip.hash) && !rivals.contains(&hash) {
            rivals.push(hash);
        }
    }
    let here = nodes
        .iter()
        .filter(|node| node.tip.hash == tip.hash)
        .count();
    let below = |hash: &&&str| rivals.iter().any(|other| builds_on(&blocks, other, hash));
    let behind = rivals.iter().filter(below).count();
    match rivals.len() - behind {
        0 if here == nodes.len() => Harmony::Agree,
        0 => Harmony::Behind(here),
        more => Harmony::Compete(more + 1),
    }
}

/// A block and those below it, as far as the picture goes; bounded, were there a circle in it.
fn down<'a>(
    blocks: &'a BTreeMap<&str, &'a BlockView>,
    from: &str,
) -> impl Iterator<Item = &'a BlockView> {
    let parent = |block: &&BlockView| blocks.get(block.parent.as_str()).copied();
    successors(blocks.get(from).copied(), parent).take(blocks.len())
}

/// Whether a tip builds on another block.
fn builds_on(blocks: &BTreeMap<&str, &BlockView>, tip: &str, block: &str) -> bool {
    tip != block && down(blocks, tip).any(|found| found.parent == block)
}

/// Whether a tip lies on a branch that neither is below ours nor builds on it. One older than the
/// picture only lags behind.
fn competes(blocks: &BTreeMap<&str, &BlockView>, hash: &str, ours: &str) -> bool {
    let meets = |block: &&BlockView| block.hash == ours || block.state == BlockState::Best;
    let met = down(blocks, hash).find(meets);
    met.is_some_and(|block| block.hash != ours && block.hash != hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockState::{Best, Rival, Unseen};

    fn block(hash: &str, parent: &str, state: BlockState) -> BlockView {
        let (hash, parent) = (hash.to_owned(), parent.to_owned());
        BlockView {
            hash,
            parent,
            height: 0,
            time: 0,
            bits: 0,
            miner: None,
            state,
        }
    }

    fn node(hash: &str) -> NodeView {
        NodeView {
            id: String::new(),
            seat: 0,
            tab: String::new(),
            here: false,
            online: true,
            tip: tip(hash),
            sync: None,
            loading: None,
        }
    }

    fn tip(hash: &str) -> TipView {
        TipView {
            height: 0,
            hash: hash.to_owned(),
            work: String::new(),
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
