//! What differs between two pictures.

use std::collections::{BTreeMap, BTreeSet};

use chain::BlockId;
use wire::{BlockView, Part, Picture};

/// The parts of `now` that differ from `before`; all of them if there was nothing before.
#[must_use]
pub fn parts(before: Option<&Picture>, now: &Picture) -> Vec<Part> {
    fn new<T: Clone + PartialEq>(before: Option<&T>, now: &T) -> Option<T> {
        (before != Some(now)).then(|| now.clone())
    }
    let parts = [
        new(before.map(|b| &b.room), &now.room).map(Part::Room),
        new(before.map(|b| &b.tabs), &now.tabs).map(Part::Tabs),
        new(before.map(|b| &b.nodes), &now.nodes).map(Part::Nodes),
        tree(before.map_or(&[], |b| &b.tree), &now.tree, before.is_none()),
        new(before.map(|b| &b.tip), &now.tip).map(Part::Tip),
        new(before.map(|b| &b.target), &now.target).map(Part::Target),
        new(before.map(|b| &b.slots), &now.slots).map(Part::Slots),
        new(before.map(|b| &b.mining), &now.mining).map(Part::Mining),
        new(before.map(|b| &b.storage), &now.storage).map(Part::Storage),
        new(before.map(|b| &b.notices), &now.notices).map(Part::Notices),
    ];
    parts.into_iter().flatten().collect()
}

fn tree(before: &[BlockView], now: &[BlockView], first: bool) -> Option<Part> {
    let known: BTreeMap<BlockId, &BlockView> = before.iter().map(|b| (b.id, b)).collect();
    let shown: BTreeSet<BlockId> = now.iter().map(|b| b.id).collect();
    let gone: Vec<BlockId> = before
        .iter()
        .map(|b| b.id)
        .filter(|id| !shown.contains(id))
        .collect();
    let new = |block: &&BlockView| known.get(&block.id).is_none_or(|known| known != block);
    let blocks: Vec<BlockView> = now.iter().filter(new).cloned().collect();
    (first || !gone.is_empty() || !blocks.is_empty()).then_some(Part::Tree { gone, blocks })
}
