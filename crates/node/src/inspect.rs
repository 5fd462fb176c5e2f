//! A view from outside, for hosts, people and checkers. Nothing here changes anything.

use alloc::{collections::BTreeSet, sync::Arc, vec::Vec};

use chain::mempool::{Mempool, Pending};
use chain::{
    Amount, BitcoinHeader, BlockId, ChainParams, FeeRate, Height, OutPoint, PeerId, Script, Time,
    Tree, Txid, Work,
};
use ledger::Owned;
use protocol::{Key, Sheet, Value};

use crate::node::Node;
use crate::store::{Phase, block_key};

/// How far a node has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Before its first input, or reading back what it stored.
    Loading {
        /// Blocks read back.
        read: u32,
        /// Blocks to read back.
        all: u32,
    },
    /// Fetching a heavier chain.
    Syncing {
        /// Height of the best block.
        have: Height,
        /// Height of the goal, as far as headers are known.
        want: Height,
    },
    /// Taking part in the network.
    Ready,
}

impl Node {
    /// This node's identity.
    #[must_use]
    pub fn me(&self) -> PeerId {
        self.books.config.me
    }

    /// The chain's parameters.
    #[must_use]
    pub fn params(&self) -> &Arc<ChainParams> {
        &self.books.config.params
    }

    /// The best block and its height.
    #[must_use]
    pub fn tip(&self) -> (BlockId, Height) {
        self.books.index.tip()
    }

    /// All known blocks.
    #[must_use]
    pub fn tree(&self) -> &Tree<Work> {
        &self.books.index.tree
    }

    /// The header of a known block.
    #[must_use]
    pub fn header(&self, id: &BlockId) -> Option<BitcoinHeader> {
        self.books.index.header(id)
    }

    /// A block as it is sent and stored: the 80 bytes of its header, then its body.
    #[must_use]
    pub fn block(&self, id: &BlockId) -> Option<Arc<[u8]>> {
        self.books.index.block(id).cloned()
    }

    /// All blocks that are here, under the keys they are saved by: for a host whose storage was
    /// taken away and has to be written again.
    pub fn blocks(&self) -> impl Iterator<Item = (Key, Arc<[u8]>)> + '_ {
        let ids = self.tree().iter().map(|link| link.id);
        ids.filter_map(|id| Some((block_key(&id), self.block(&id)?)))
    }

    /// The body of a block, as its ledger reads it.
    #[must_use]
    pub fn body(&self, id: &BlockId) -> Option<&[u8]> {
        self.books.index.body(id)
    }

    /// The node that made a block, if its ledger can say.
    #[must_use]
    pub fn maker_of(&self, id: &BlockId) -> Option<PeerId> {
        self.books.ledger.maker(self.body(id)?)
    }

    /// The work of the whole chain that ends with a known block.
    #[must_use]
    pub fn work(&self, id: &BlockId) -> Option<Work> {
        self.books.index.work(id)
    }

    /// The block of the best chain at a height.
    #[must_use]
    pub fn best_at(&self, height: Height) -> Option<BlockId> {
        self.tree().ancestor(&self.tree().best(), height)
    }

    /// All coins that can still be spent after the best block.
    #[must_use]
    pub fn supply(&self) -> Amount {
        self.books.supply()
    }

    /// The digest of the ledger's state after a block, if the block was applied.
    #[must_use]
    pub fn state_root(&self, id: &BlockId) -> Option<[u8; 32]> {
        let index = &self.books.index;
        index
            .is_ready(id)
            .then(|| self.books.ledger.root(&self.books.state_at(id)))
    }

    /// The transactions that wait for a block here.
    #[must_use]
    pub fn mempool(&self) -> &Mempool {
        &self.pool.waiting
    }

    /// The least fee rate that is taken at this time.
    #[must_use]
    pub fn min_fee_rate(&self, now: Time) -> FeeRate {
        self.pool.waiting.min_rate(now)
    }

    /// The coins after the best block that these scripts own, if the ledger has any, and what waits that
    /// spends these coins, pays these scripts, or spends from what does: parents first.
    #[must_use]
    pub fn watch(&self, scripts: &[Script]) -> (Vec<Owned>, Vec<Arc<Pending>>) {
        let (ledger, tip) = (&self.books.ledger, self.tip().0);
        let coins = ledger.coins_of(&self.books.state_at(&tip), scripts);
        let owns = |at: &OutPoint| coins.binary_search_by(|coin| coin.at.cmp(at)).is_ok();
        let mut found: BTreeSet<Txid> = BTreeSet::new();
        let mut concerned = Vec::new();
        for tx in self.mempool().in_order() {
            let mut spends = tx.admission.spends.iter();
            if spends.any(|at| owns(at) || found.contains(&at.txid))
                || ledger.pays(&tx.bytes, scripts)
            {
                found.insert(tx.admission.txid);
                concerned.push(tx);
            }
        }
        (coins, concerned)
    }

    /// How far the node has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        match &self.phase {
            Phase::Asleep => Progress::Loading { read: 0, all: 0 },
            Phase::Loading(loader) => {
                let (read, all) = loader.progress();
                Progress::Loading { read, all }
            }
            Phase::Ready => match self.tables.sync {
                Some(sync) => Progress::Syncing {
                    have: self.tip().1,
                    want: self.books.index.height(&sync.goal).unwrap_or_default(),
                },
                None => Progress::Ready,
            },
        }
    }

    pub(crate) fn sheet(&self) -> Sheet {
        let number = |count: usize| Value::Number(count as u64);
        let (index, tables) = (&self.books.index, &self.tables);
        let ((tip, height), (links, blocks, states)) = (self.tip(), index.counts());
        let best_header = index.height(&index.tree.best_header()).unwrap_or_default();
        let progress = match self.progress() {
            Progress::Loading { .. } => "loading",
            Progress::Syncing { .. } => "syncing",
            Progress::Ready => "ready",
        };
        Sheet::new("node")
            .row("tip", Value::Block(tip))
            .row("height", Value::Number(height.0.into()))
            .row(
                "work",
                Value::Hex(alloc::format!("{:x}", index.tip_work().0)),
            )
            .row("supply", Value::Number(self.supply().to_sat()))
            .row("progress", Value::Word(progress))
            .row("best-header", Value::Number(best_header.0.into()))
            .row("headers", number(links))
            .row("unproven", number(index.tree.unready()))
            .row("blocks", number(blocks))
            .row("states", number(states))
            .row("waiting-bytes", Value::Number(index.waiting()))
            .row("transactions", number(self.pool.waiting.len()))
            .row("orphans", number(self.pool.orphans.len()))
            .row("peers", number(tables.peers.len()))
            .row("asked-headers", number(tables.asks.len()))
            .row("asked-bodies", number(tables.flights.len()))
            .row("goals", number(tables.goals.len()))
            .row("measured", number(tables.presyncs.len()))
            .row("from-the-future", number(tables.later.len()))
            .row("protocol", Value::Part(self.shell.inspect()))
            .row("bests", Value::Part(self.bests()))
    }

    /// What peers say their best blocks are.
    fn bests(&self) -> Sheet {
        let peers = self.tables.peers.iter();
        let bests: Vec<_> = peers
            .filter_map(|(id, peer)| Some((*id, peer.best?)))
            .collect();
        bests
            .into_iter()
            .fold(Sheet::new("bests"), |sheet, (peer, best)| {
                sheet
                    .row("peer", Value::Peer(peer))
                    .row("tip", Value::Block(best.id))
                    .row("height", Value::Number(best.height.0.into()))
            })
    }
}
