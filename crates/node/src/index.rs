//! What a node knows about its chain: tree, headers, blocks and the ledger's states. A persistent
//! data structure: a clone costs O(1) and shares everything.

use alloc::{sync::Arc, vec::Vec};

use chain::{
    BitcoinHeader, BlockId, ChainParams, Dense, Encode, Height, LinkState, Tree, Work, block_proof,
};
use ledger::State;

use crate::limits;

#[derive(Clone)]
pub(crate) struct Index {
    pub tree: Tree<Work>,
    /// What is kept of each block of the tree, under its number there.
    kept: Dense<Kept>,
    /// How many blocks are here.
    blocks: usize,
    /// How many states are kept.
    states: usize,
    floor: Height,
    /// The state computed last, whatever its height: its child is likely to come next.
    latest: (BlockId, State),
    /// Bytes of blocks that wait for an ancestor's body.
    waiting: u64,
}

/// What is kept of a block.
#[derive(Clone)]
struct Kept {
    content: Content,
    /// The state of a ready block: of all from `floor` upwards, only of checkpoints below it.
    state: Option<State>,
}

/// What is here of a block: its header at least.
#[derive(Clone)]
enum Content {
    Header(Arc<BitcoinHeader>),
    /// Header and body of a waiting or ready block, as they are sent.
    Block(Arc<[u8]>),
}

impl Content {
    fn header(&self) -> BitcoinHeader {
        match self {
            Self::Header(header) => **header,
            Self::Block(block) => {
                let head = block.first_chunk().expect("a block begins with its header");
                BitcoinHeader::decode(head)
            }
        }
    }

    fn block(&self) -> Option<&Arc<[u8]>> {
        match self {
            Self::Header(_) => None,
            Self::Block(block) => Some(block),
        }
    }
}

impl Index {
    pub fn new(params: &ChainParams, state: State) -> Self {
        let genesis = params.genesis_id();
        let mut index = Self {
            // Its work counts although nobody did it, as in Bitcoin Core's chainwork.
            tree: Tree::new(
                genesis,
                Height::GENESIS,
                block_proof(params.genesis.header.bits),
            ),
            kept: Dense::new(),
            blocks: 1,
            states: 1,
            floor: Height::GENESIS,
            latest: (genesis, state.clone()),
            waiting: 0,
        };
        let kept = Kept {
            content: Content::Block(params.genesis.to_vec().into()),
            state: Some(state),
        };
        let number = index.tree.best_link().number();
        index.kept.set(number, kept);
        index
    }

    fn kept(&self, id: &BlockId) -> Option<&Kept> {
        self.kept.get(self.tree.number(id)?)
    }

    fn kept_mut(&mut self, id: &BlockId) -> Option<&mut Kept> {
        self.kept.get_mut(self.tree.number(id)?)
    }

    pub fn header(&self, id: &BlockId) -> Option<BitcoinHeader> {
        self.kept(id).map(|kept| kept.content.header())
    }

    /// The header at a height of the chain that ends in a block.
    pub fn header_at(&self, tip: &BlockId, height: Height) -> Option<BitcoinHeader> {
        let link = self.tree.ancestor_link(tip, height)?;
        let kept = self.kept.get(link.number())?;
        Some(kept.content.header())
    }

    pub fn block(&self, id: &BlockId) -> Option<&Arc<[u8]>> {
        self.kept(id)?.content.block()
    }

    pub fn body(&self, id: &BlockId) -> Option<&[u8]> {
        self.block(id)?.get(BitcoinHeader::LEN..)
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
        let tip = self.tree.best_link();
        (tip.id, tip.height)
    }

    pub fn tip_work(&self) -> Work {
        self.tree.best_link().weight
    }

    /// The work of the tip's own block.
    pub fn tip_proof(&self) -> Work {
        let parent = self.tree.parent_of(self.tree.best_link());
        let below = parent.map(|parent| parent.weight).unwrap_or_default();
        Work(self.tip_work().0.saturating_sub(below.0))
    }

    pub fn waiting(&self) -> u64 {
        self.waiting
    }

    /// Adds a validated header; returns whether the tree took it.
    pub fn insert(&mut self, id: BlockId, header: BitcoinHeader, weight: Work) -> bool {
        let taken = self.tree.insert(id, header.prev, weight).is_ok();
        if let Some(number) = self.tree.number(&id).filter(|_| taken) {
            let kept = Kept {
                content: Content::Header(Arc::new(header)),
                state: None,
            };
            self.kept.set(number, kept);
        }
        taken
    }

    /// Adds a checked block; returns the blocks that can be applied now.
    pub fn arrive(&mut self, id: BlockId, block: Arc<[u8]>) -> Vec<BlockId> {
        self.waiting += block.len() as u64;
        if let Some(kept) = self.kept_mut(&id) {
            let before = core::mem::replace(&mut kept.content, Content::Block(block));
            self.blocks += usize::from(before.block().is_none());
        }
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
            if let Some(kept) = self.kept_mut(id) {
                let header = Content::Header(Arc::new(kept.content.header()));
                let content = core::mem::replace(&mut kept.content, header);
                let state = kept.state.take();
                self.count_out(&Kept { content, state });
            }
        }
        fallen
    }

    /// Forgets a block that is not ready and its descendants. Returns their ids.
    pub fn prune(&mut self, id: BlockId) -> Vec<BlockId> {
        let gone = self.tree.prune(id);
        for link in &gone {
            let Some(kept) = self.kept.remove(link.number()) else {
                continue;
            };
            if let Some(block) = kept.content.block()
                && link.state == LinkState::Body
            {
                self.waiting -= block.len() as u64;
            }
            self.count_out(&kept);
        }
        gone.iter().map(|link| link.id).collect()
    }

    /// A block and a state are not kept any more, if there were any.
    fn count_out(&mut self, gone: &Kept) {
        self.blocks -= usize::from(gone.content.block().is_some());
        self.states -= usize::from(gone.state.is_some());
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
            self.kept(id)?.state.as_ref()
        }
    }

    pub fn put_state(&mut self, id: BlockId, height: Height, state: State) {
        if height >= self.floor || is_checkpoint(height) {
            let state = state.clone();
            if let Some(kept) = self.kept_mut(&id) {
                let before = kept.state.replace(state);
                self.states += usize::from(before.is_none());
            }
        }
        self.latest = (id, state);
    }

    /// Forgets states that have fallen too far below the tip.
    pub fn forget_states(&mut self) {
        let floor = self.tip().1.saturating_sub(limits::STATES);
        while self.floor < floor {
            if !is_checkpoint(self.floor) {
                for number in self.tree.numbers_at(self.floor) {
                    let kept = self.kept.get_mut(number);
                    let gone = kept.and_then(|kept| kept.state.take());
                    self.states -= usize::from(gone.is_some());
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
        let mut at = self.tree.ancestor_link(id, to);
        let mut span = Vec::new();
        while let Some(link) = at.filter(|link| link.height > from) {
            span.push(link.id);
            at = self.tree.parent_of(link);
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
        (self.tree.len(), self.blocks, self.states)
    }

    fn len(&self, id: &BlockId) -> u64 {
        self.block(id).map_or(0, |block| block.len() as u64)
    }
}

fn is_checkpoint(height: Height) -> bool {
    height.0.is_multiple_of(limits::CHECKPOINT)
}
