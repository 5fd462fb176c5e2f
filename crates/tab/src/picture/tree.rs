//! The part of the block tree that the page draws: the last heights of all branches that this
//! tab's nodes have or other tabs tell of.

use std::collections::{BTreeMap, BTreeSet};

use chain::{BitcoinHeader, BlockId, Height, Tree, Work};

use crate::between::heartbeat::Branch;
use wire::{BlockState, BlockView};

/// Most heights in a frame.
pub const MOST_HEIGHTS: u32 = 48;
/// Most blocks in a frame.
pub const MOST_BLOCKS: usize = 256;

/// Headers that other tabs told of, remembered when nobody tells of them any more: when a cut
/// heals, the losing branch stays visible, although no node here ever fetched it.
#[derive(Debug, Default)]
pub struct Watched {
    headers: BTreeMap<(u32, BlockId), BitcoinHeader>,
}

impl Watched {
    /// Twice what a window shows; beyond that the lowest are forgotten.
    const MOST: usize = 2 * MOST_BLOCKS;

    /// Remembers the end of a chain that another tab's node stands on.
    pub fn watch(&mut self, branch: &Branch) {
        for (header, height) in branch.headers.iter().zip(branch.height..) {
            self.headers.insert((height, header.id()), *header);
        }
        while self.headers.len() > Self::MOST {
            self.headers.pop_first();
        }
    }

    /// Another chain counts, to which nothing watched belongs.
    pub fn clear(&mut self) {
        self.headers.clear();
    }

    /// A header that was watched.
    #[must_use]
    pub fn header(&self, id: &BlockId) -> Option<&BitcoinHeader> {
        let mut all = self.headers.iter();
        all.find(|((_, other), _)| other == id)
            .map(|(_, header)| header)
    }
}

/// What the window needs to know about a node of this tab.
pub trait Forest {
    /// Its block tree.
    fn tree(&self) -> &Tree<Work>;
    /// A block's header, if the node has it.
    fn header(&self, id: &BlockId) -> Option<BitcoinHeader>;
    /// The seat of the node that a block pays.
    fn miner(&self, id: &BlockId) -> Option<u32>;
}

/// A block as far as the window knows it.
struct Known {
    height: u32,
    header: BitcoinHeader,
    miner: Option<u32>,
    invalid: bool,
    from: From,
}

/// Who knows a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// A node of this tab.
    Here,
    /// Another tab: one of its nodes stands on it or above.
    Elsewhere,
    /// Another tab told of it before.
    Formerly,
}

/// The blocks to draw, lowest first.
///
/// `forests` are this tab's nodes, first the one whose view counts; `tips` are the blocks that the
/// room's nodes stand on; `branches` is what other tabs tell, `watched` what they told before.
pub fn window<F: Forest>(
    forests: &[&F],
    tips: &BTreeSet<BlockId>,
    branches: &[&Branch],
    watched: &Watched,
    most_blocks: usize,
) -> Vec<BlockView> {
    let lowest = lowest_height(forests, branches);
    let mut known = BTreeMap::new();
    for forest in forests {
        collect(*forest, lowest, &mut known);
    }
    for branch in branches {
        overhear(branch, lowest, &mut known);
    }
    remember(watched, lowest, &mut known);
    let first = forests.first().map(|forest| forest.tree().best());
    let best = first.map_or_else(BTreeSet::new, |best| chain_of([best], &known));
    let rival = chain_of(tips.iter().copied(), &known);
    let mut blocks: Vec<BlockView> = known
        .iter()
        .map(|(id, block)| view(id, block, state(id, block, &best, &rival)))
        .collect();
    blocks.sort_by_key(|block| (block.height, block.id));
    keep_highest(blocks, most_blocks)
}

fn lowest_height<F: Forest>(forests: &[&F], branches: &[&Branch]) -> u32 {
    let own = forests.iter().filter_map(|forest| {
        let tree = forest.tree();
        tree.get(&tree.best()).map(|link| link.height.0)
    });
    let own: Vec<u32> = own.collect();
    let theirs = branches
        .iter()
        .map(|branch| branch.height.saturating_add(branch.headers.len() as u32));
    // The tip that counts stays in the picture, however far ahead others are or claim to be.
    let most = own
        .first()
        .map_or(u32::MAX, |top| top.saturating_add(MOST_HEIGHTS / 2));
    let top = theirs
        .map(|top| top.saturating_sub(1))
        .chain(own)
        .map(|top| top.min(most))
        .max();
    top.unwrap_or(0).saturating_sub(MOST_HEIGHTS - 1)
}

fn collect<F: Forest>(forest: &F, lowest: u32, known: &mut BTreeMap<BlockId, Known>) {
    let tree = forest.tree();
    let highest = lowest.saturating_add(MOST_HEIGHTS);
    for height in (lowest..highest).map(Height) {
        for id in tree.at_height(height) {
            let invalid = tree.get(&id).is_some_and(chain::Link::is_invalid);
            if let Some(block) = known.get_mut(&id) {
                block.miner = block.miner.or_else(|| forest.miner(&id));
            } else if let Some(header) = forest.header(&id) {
                let miner = forest.miner(&id);
                known.insert(
                    id,
                    Known {
                        height: height.0,
                        header,
                        miner,
                        invalid,
                        from: From::Here,
                    },
                );
            }
        }
    }
}

/// Adds what another tab tells, as far as it fits what is known.
fn overhear(branch: &Branch, lowest: u32, known: &mut BTreeMap<BlockId, Known>) {
    let highest = lowest.saturating_add(MOST_HEIGHTS);
    for (header, height) in branch.headers.iter().zip(branch.height..) {
        let fits = known
            .get(&header.prev)
            .is_none_or(|parent| parent.height + 1 == height);
        if !fits {
            return;
        }
        if (lowest..highest).contains(&height) {
            let unseen = Known {
                height,
                header: *header,
                miner: None,
                invalid: false,
                from: From::Elsewhere,
            };
            known.entry(header.id()).or_insert(unseen);
        }
    }
}

/// Adds what other tabs told before, where it builds on what is known.
fn remember(watched: &Watched, lowest: u32, known: &mut BTreeMap<BlockId, Known>) {
    let highest = lowest.saturating_add(MOST_HEIGHTS);
    let start = (lowest, BlockId::ZERO);
    for ((height, id), header) in watched.headers.range(start..) {
        let fits = known
            .get(&header.prev)
            .is_some_and(|parent| parent.height + 1 == *height);
        if fits && *height < highest {
            known.entry(*id).or_insert(Known {
                height: *height,
                header: *header,
                miner: None,
                invalid: false,
                from: From::Formerly,
            });
        }
    }
}

/// These blocks and all their known ancestors.
fn chain_of(
    tips: impl IntoIterator<Item = BlockId>,
    known: &BTreeMap<BlockId, Known>,
) -> BTreeSet<BlockId> {
    let mut chain = BTreeSet::new();
    for tip in tips {
        let mut at = tip;
        while let Some(block) = known.get(&at).filter(|_| !chain.contains(&at)) {
            chain.insert(at);
            at = block.header.prev;
        }
    }
    chain
}

fn state(
    id: &BlockId,
    block: &Known,
    best: &BTreeSet<BlockId>,
    rival: &BTreeSet<BlockId>,
) -> BlockState {
    let unseen = block.from == From::Elsewhere;
    judge(best.contains(id), block.invalid, unseen, || {
        rival.contains(id)
    })
}

/// What has become of a block: `best`, it is on the best chain of the node whose view counts;
/// `invalid`, a node here found it so; `unseen`, no node here has it, but one elsewhere does;
/// `rival`, a tip stands on it or above.
#[must_use]
pub fn judge(best: bool, invalid: bool, unseen: bool, rival: impl FnOnce() -> bool) -> BlockState {
    if best {
        BlockState::Best
    } else if invalid {
        BlockState::Invalid
    } else if unseen {
        BlockState::Unseen
    } else if rival() {
        BlockState::Rival
    } else {
        BlockState::Stale
    }
}

fn view(id: &BlockId, block: &Known, state: BlockState) -> BlockView {
    BlockView {
        id: *id,
        parent: block.header.prev,
        height: block.height,
        time: block.header.time.0,
        bits: block.header.bits.0,
        miner: block.miner,
        state,
    }
}

/// Drops whole heights from below until the rest fits; of a single overfull height, what does not.
pub fn keep_highest(mut blocks: Vec<BlockView>, most: usize) -> Vec<BlockView> {
    let Some(surplus) = blocks
        .len()
        .checked_sub(most)
        .filter(|surplus| *surplus > 0)
    else {
        return blocks;
    };
    let cut = blocks[surplus - 1].height;
    let start = blocks.partition_point(|block| block.height <= cut);
    if start < blocks.len() {
        return blocks.split_off(start);
    }
    // The best chain's block at that height must stay.
    blocks.sort_by_key(|block| (block.height, block.state != BlockState::Best));
    let first = blocks.partition_point(|block| block.height < cut);
    blocks.drain(..first);
    blocks.truncate(most);
    blocks
}

#[cfg(all(test, not(target_arch = "wasm32")))] // with helpers of property tests
mod tests;
