//! What a node knows about its chain: tree, headers, blocks and the ledger's states. A persistent
//! data structure: a clone costs O(1) and shares everything.

use alloc::{sync::Arc, vec::Vec};

use chain::{
    BitcoinHeader, BlockId, ChainParams, Encode, Height, LinkState, Tree, Work, block_proof,
};
use ledger::State;
use rpds::RedBlackTreeMapSync as Map;

use crate::limits;

#[derive(Clone)]
pub(crate) struct Index {
    pub tree: Tree<Work>,
    headers: Map<BlockId, BitcoinHeader>,
    /// Header and body of waiting and ready blocks, as they are sent.
    blocks: Map<BlockId, Arc<[u8]>>,
    /// States of ready blocks: all from `floor` upwards, only checkpoints below it.
    states: Map<BlockId, State>,
    floor: Height,
    /// The state computed last, whatever its height: its child is likely to come next.
    latest: (BlockId, State),
    /// Bytes of blocks that wait for an ancestor's body.
    waiting: u64,
}

impl Index {
    pub fn new(params: &ChainParams, state: State) -> Self {
        let genesis = params.genesis_id();
        let header = params.genesis.header;
        Self {
            // Its work counts although nobody did it, as in Bitcoin Core's chainwork.
            tree: Tree::new(genesis, Height::GENESIS, block_proof(header.bits)),
            headers: Map::new_sync().insert(genesis, header),
            blocks: Map::new_sync().insert(genesis, params.genesis.to_vec().into()),
            states: Map::new_sync().insert(genesis, state.clone()),
            floor: Height::GENESIS,
            latest: (genesis, state),
            waiting: 0,
        }
    }

    pub fn header(&self, id: &BlockId) -> Option<BitcoinHeader> {
        self.headers.get(id).copied()
    }

    pub fn block(&self, id: &BlockId) -> Option<&Arc<[u8]>> {
        self.blocks.get(id)
    }

    pub fn body(&self, id: &BlockId) -> Option<&[u8]> {
        self.blocks.get(id)?.get(BitcoinHeader::LEN..)
    }

    pub fn height(&self, id: &BlockId) -> Option<Height> {
        self.tree.get(id).map(|link| link.height)
    }

    pub fn work(&self, id: &BlockId) -> Option<Work> {
        self.tree.get(id).map(|link| link.weight)
    }

    pub fn state(&self, id: &BlockId) -> Option<LinkState> {
        self.tree.get(id).map(|link| link.state)
    }

    pub fn is_ready(&self, id: &BlockId) -> bool {
        self.state(id) == Some(LinkState::Ready)
    }

    /// Whether the header is known but the body is missing.
    pub fn lacks_body(&self, id: &BlockId) -> bool {
        self.state(id) == Some(LinkState::Header)
    }

    pub fn tip(&self) -> (BlockId, Height) {
        let tip = self.tree.best();
        (tip, self.height(&tip).unwrap_or_default())
    }

    pub fn tip_work(&self) -> Work {
        self.work(&self.tree.best()).unwrap_or_default()
    }

    /// The work of the tip's own block.
    pub fn tip_proof(&self) -> Work {
        let parent = self
            .tree
            .get(&self.tree.best())
            .and_then(|link| link.parent);
        let below = parent
            .and_then(|parent| self.work(&parent))
            .unwrap_or_default();
        Work(self.tip_work().0.saturating_sub(below.0))
    }

    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Adds a validated header; returns whether the tree took it.
    pub fn insert(&mut self, id: BlockId, header: BitcoinHeader, weight: Work) -> bool {
        let taken = self.tree.insert(id, header.prev, weight).is_ok();
        if taken {
            self.headers.insert_mut(id, header);
        }
        taken
    }

    /// Adds a checked block; returns the blocks that can be applied now.
    pub fn arrive(&mut self, id: BlockId, block: Arc<[u8]>) -> Vec<BlockId> {
        self.waiting += block.len() as u64;
        self.blocks.insert_mut(id, block);
        let ready = self.tree.arrive(id);
        self.waiting -= ready.iter().map(|id| self.len(id)).sum::<u64>();
        ready
    }

    /// Marks a block and its descendants as invalid and forgets their bytes and states. Returns
    /// their ids.
    pub fn invalidate(&mut self, id: BlockId) -> Vec<BlockId> {
        let waits = |index: &Self, id: &BlockId| index.state(id) == Some(LinkState::Body);
        let mut above = alloc::vec![id];
        while let Some(block) = above.pop() {
            above.extend(self.tree.children(&block));
            if waits(self, &block) {
                self.waiting -= self.len(&block);
            }
        }
        let fallen = self.tree.invalidate(id);
        for id in &fallen {
            self.blocks.remove_mut(id);
            self.states.remove_mut(id);
        }
        fallen
    }

    /// Forgets a block that is not ready and its descendants. Returns their ids.
    pub fn prune(&mut self, id: BlockId) -> Vec<BlockId> {
        let gone = self.tree.prune(id);
        for link in &gone {
            if link.state == LinkState::Body {
                self.waiting -= self.len(&link.id);
            }
            self.headers.remove_mut(&link.id);
            self.blocks.remove_mut(&link.id);
            self.states.remove_mut(&link.id);
        }
        gone.iter().map(|link| link.id).collect()
    }

    /// How many blocks of the chain that ends in `id` lie above its ready part.
    pub fn lead(&self, id: &BlockId) -> u32 {
        let edge = self.ready_edge(id);
        let lead = edge.and_then(|edge| Some(self.height(id)?.0.saturating_sub(edge.0)));
        lead.unwrap_or_default()
    }

    /// The state after a block, if it is kept.
    pub fn kept_state(&self, id: &BlockId) -> Option<&State> {
        let (latest, state) = &self.latest;
        if latest == id {
            Some(state)
        } else {
            self.states.get(id)
        }
    }

    pub fn put_state(&mut self, id: BlockId, height: Height, state: State) {
        if height >= self.floor || is_checkpoint(height) {
            self.states.insert_mut(id, state.clone());
        }
        self.latest = (id, state);
    }

    /// Forgets states that have fallen too far below the tip.
    pub fn forget_states(&mut self) {
        let floor = self.tip().1.saturating_sub(limits::STATES);
        while self.floor < floor {
            if !is_checkpoint(self.floor) {
                for id in self.tree.at_height(self.floor) {
                    self.states.remove_mut(&id);
                }
            }
            self.floor = self.floor.next();
        }
    }

    /// Up to `limit` blocks above the ready part of the chain that ends in `goal`, lowest first.
    pub fn above_ready(&self, goal: &BlockId, limit: u32) -> Vec<BlockId> {
        let Some(edge) = self.ready_edge(goal) else {
            return Vec::new();
        };
        let Some(goal_height) = self.height(goal) else {
            return Vec::new();
        };
        let top = goal_height.min(Height(edge.0.saturating_add(limit)));
        self.span(goal, edge, top)
    }

    /// The blocks above height `from` and up to height `to` on the chain that ends in `id`, lowest
    /// first.
    pub fn span(&self, id: &BlockId, from: Height, to: Height) -> Vec<BlockId> {
        let mut at = self
            .tree
            .ancestor(id, to)
            .and_then(|top| self.tree.get(&top));
        let mut span = Vec::new();
        while let Some(link) = at.filter(|link| link.height > from) {
            span.push(link.id);
            at = link.parent.and_then(|parent| self.tree.get(&parent));
        }
        span.reverse();
        span
    }

    /// The height up to which the chain that ends in `goal` is ready.
    pub fn ready_edge(&self, goal: &BlockId) -> Option<Height> {
        let fork = self.tree.fork_point(goal, &self.tree.best())?;
        let (mut ready, mut not) = (self.height(&fork)?, self.height(goal)?.next());
        if fork == self.tree.best() {
            return Some(ready); // a ready block above the best one would be better
        }
        // All ancestors of a ready block are ready, so a binary search finds the edge.
        while not.0 - ready.0 > 1 {
            let middle = Height(ready.0 + (not.0 - ready.0) / 2);
            match self.tree.ancestor(goal, middle) {
                Some(id) if self.is_ready(&id) => ready = middle,
                _ => not = middle,
            }
        }
        Some(ready)
    }

    pub fn counts(&self) -> (usize, usize, usize) {
        (self.tree.len(), self.blocks.size(), self.states.size())
    }

    fn len(&self, id: &BlockId) -> u64 {
        self.blocks.get(id).map_or(0, |block| block.len() as u64)
    }
}

fn is_checkpoint(height: Height) -> bool {
    height.0.is_multiple_of(limits::CHECKPOINT)
}
