//! What the page sees of the engine.

use std::collections::BTreeSet;

use chain::{BitcoinHeader, BlockId, Height, Past, PeerId, Tree, Work, required_bits};
use node::Node;

use super::Engine;
use super::network::progress;
use crate::engine::between::tabs::Tab;
use crate::engine::browser::clock::steady_ms;
use crate::engine::picture::detail::{self, expected_tries, hex_number};
use crate::engine::picture::window::{Forest, MOST_BLOCKS, window};
use crate::stream::{
    BlockDetail, BlockState, BlockView, Frame, NodeView, RoomView, StatusView, TabView, TargetView,
    TipView,
};

/// Log lines in a frame.
const MOST_LINES: usize = 96;
/// Blocks counted for each frame while the count of found blocks catches up.
const COUNTED: usize = 64;
/// Miners that are remembered: reading one off a block lifts a point onto the curve.
const MOST_MINERS: usize = 16_384;

/// A node as the window sees it.
struct Grown<'a> {
    engine: &'a Engine,
    node: &'a Node,
}

impl Forest for Grown<'_> {
    fn tree(&self) -> &Tree<Work> {
        self.node.tree()
    }

    fn header(&self, id: &BlockId) -> Option<BitcoinHeader> {
        self.node.header(id)
    }

    fn miner(&self, id: &BlockId) -> Option<u32> {
        self.engine.seat_of_miner(self.node, id)
    }
}

/// A node's best chain, for the rules.
struct BestChain<'a>(&'a Node);

impl Past for BestChain<'_> {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        self.0.header(&self.0.best_at(height)?)
    }

    fn tip_height(&self) -> Height {
        self.0.tip().1
    }
}

impl Engine {
    pub(super) fn frame(&mut self, number: u32) -> Frame {
        self.count_found();
        Frame {
            number,
            room: self.room_view(),
            tabs: self.tab_views(),
            nodes: self.node_views(),
            tree: self.tree_view(),
            tip: self.tip_view(),
            target: self.target_view(),
            mining: self.mining.view(self.tally.count()),
            log: self.diary.take(MOST_LINES),
            storage: self.storage.depot.view().clone(),
            undo_reset: self.storage.depot.generation().undo.is_some(),
            other_version: steady_ms() < self.other_version_until,
        }
    }

    pub(super) fn status(&self) -> StatusView {
        let reachable = self.tabs.reachable(steady_ms()).len();
        StatusView {
            room: self.room_view(),
            nodes: self.node_views(),
            tip: self.tip_view(),
            peers: if self.online {
                u32::try_from(reachable).unwrap_or(u32::MAX)
            } else {
                0
            },
            hash_rate: self.mining.rate(),
            mining: self.mining.is_on(),
            online: self.online,
        }
    }

    fn room_view(&self) -> RoomView {
        RoomView {
            name: self.room.name().into(),
            link: self.room.link(),
            spacing: self.room.spacing(),
            bits: self.room.bits().0,
            window: self.room.window(),
            halving: self.room.halving(),
        }
    }

    fn tab_views(&self) -> Vec<TabView> {
        let now = steady_ms();
        let me = TabView {
            id: format!("{:x}", self.me),
            label: self.label,
            me: true,
            online: self.online,
            mining: self.mining.is_on(),
            hash_rate: self.mining.rate(),
            silent: false,
        };
        let mut others: Vec<TabView> = self
            .tabs
            .alive()
            .map(|(id, tab)| other_tab(id, tab, now))
            .collect();
        others.sort_by(|a, b| (a.label, &a.id).cmp(&(b.label, &b.id)));
        std::iter::once(me).chain(others).collect()
    }

    fn node_views(&self) -> Vec<NodeView> {
        let me = format!("{:x}", self.me);
        let here = self.residents.iter().filter_map(|resident| {
            let node = self.host.get(&resident.id)?;
            let (sync, loading) = progress(node);
            let (id, tab) = (format!("{:x}", resident.id), me.clone());
            let (seat, online, tip) = (resident.identity.seat, resident.online, tip_of(node));
            Some(NodeView {
                id,
                seat,
                tab,
                here: true,
                online,
                tip,
                sync,
                loading,
            })
        });
        let mut others: Vec<(u32, NodeView)> = Vec::new();
        for (id, tab) in self.tabs.alive() {
            others.extend(tab.beacon.nodes.iter().map(|node| {
                let hash = node.tip.to_string();
                let tip = TipView {
                    height: node.height,
                    hash,
                    work: hex_number(node.work.0),
                };
                let view = NodeView {
                    id: format!("{:x}", node.id),
                    seat: node.seat,
                    tab: format!("{id:x}"),
                    here: false,
                    online: node.online,
                    tip,
                    sync: node.sync,
                    loading: node.loading,
                };
                (tab.beacon.label, view)
            }));
        }
        others.sort_by(|a, b| (a.0, &a.1.tab, a.1.seat).cmp(&(b.0, &b.1.tab, b.1.seat)));
        here.chain(others.into_iter().map(|(_, view)| view))
            .collect()
    }

    fn tip_view(&self) -> TipView {
        self.first().map_or_else(
            || TipView {
                height: 0,
                hash: self.params.genesis_id().to_string(),
                work: "0".into(),
            },
            tip_of,
        )
    }

    fn target_view(&self) -> TargetView {
        let genesis = self.params.genesis.header;
        let bits = self
            .first()
            .and_then(|node| required_bits(&BestChain(node), &self.params).ok());
        let bits = bits.unwrap_or(genesis.bits);
        let next = self.first().map_or(1, |node| node.tip().1.next().0);
        let window = self.params.window.max(1);
        TargetView {
            bits: bits.0,
            expected_tries: expected_tries(&BitcoinHeader { bits, ..genesis }),
            retarget_in: window - next % window,
        }
    }

    fn tree_view(&self) -> Vec<BlockView> {
        let forests: Vec<Grown<'_>> = self
            .nodes()
            .map(|node| Grown { engine: self, node })
            .collect();
        let forests: Vec<&Grown<'_>> = forests.iter().collect();
        let branches: Vec<_> = self.tabs.branches().collect();
        window(&forests, &self.all_tips(), &branches, MOST_BLOCKS)
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.residents
            .iter()
            .filter_map(|resident| self.host.get(&resident.id))
    }

    fn all_tips(&self) -> BTreeSet<BlockId> {
        let far = self.tabs.nodes().map(|(_, node)| node.tip);
        self.nodes().map(|node| node.tip().0).chain(far).collect()
    }

    fn count_found(&mut self) {
        let Some(id) = self.residents.first().map(|resident| resident.id) else {
            return;
        };
        let Some(node) = self.host.get(&id) else {
            return;
        };
        let mine = |block: &BlockId| {
            let miner = self.miner(node, block);
            miner.is_some_and(|miner| self.residents.iter().any(|resident| resident.id == miner))
        };
        let mut tally = self.tally;
        let done = tally.advance(node.tree(), mine, COUNTED);
        self.tally = tally;
        if !done {
            self.pace.change();
        }
    }

    /// Whom a block pays, remembered: blocks do not change their mind. A block whose body is not
    /// here yet may tell later.
    fn miner(&self, node: &Node, block: &BlockId) -> Option<PeerId> {
        if let Some(known) = self.miners.borrow().get(block) {
            return *known;
        }
        node.body(block)?;
        let miner = node.payee_of(block).map(|payee| payee.0.peer_id());
        let mut miners = self.miners.borrow_mut();
        if miners.len() >= MOST_MINERS {
            miners.clear();
        }
        miners.insert(*block, miner);
        miner
    }

    fn seat_of_miner(&self, node: &Node, block: &BlockId) -> Option<u32> {
        self.seats.get(&self.miner(node, block)?).copied()
    }

    /// Seat of the node that found a block, as a node here knows it.
    pub(super) fn miner_of(&self, node: &PeerId, block: &BlockId) -> Option<u32> {
        self.seat_of_miner(self.host.get(node)?, block)
    }

    /// A block explained, by whichever node here has it.
    pub(super) fn block_detail(&self, id: &BlockId) -> Option<BlockDetail> {
        let Some(node) = self.nodes().find(|node| node.tree().contains(id)) else {
            return self.unseen_detail(id);
        };
        let header = node.header(id)?;
        let view = self.block_view(node, id)?;
        let raw = node.block(id);
        let confirmations = (view.state == BlockState::Best)
            .then(|| {
                self.first()
                    .map(|first| first.tip().1.0.saturating_sub(view.height))
            })
            .flatten();
        let child = confirmations.and_then(|_| {
            let above = Height(view.height.checked_add(1)?);
            self.first()?.best_at(above)
        });
        let work = node.work(id);
        let detail = detail::detail(view, &header, raw.as_deref(), work, confirmations);
        Some(BlockDetail {
            child: child.map(|id| id.to_string()),
            ..detail
        })
    }

    /// A block of which only another tab has told.
    fn unseen_detail(&self, id: &BlockId) -> Option<BlockDetail> {
        let view = self
            .tree_view()
            .into_iter()
            .find(|block| block.hash == id.to_string())?;
        let header = self.tabs.branches().flat_map(|branch| &branch.headers);
        let header = *header.into_iter().find(|header| header.id() == *id)?;
        Some(detail::detail(view, &header, None, None, None))
    }

    fn block_view(&self, node: &Node, id: &BlockId) -> Option<BlockView> {
        let (link, header) = (node.tree().get(id)?, node.header(id)?);
        let best = self.first().and_then(|first| first.best_at(link.height));
        let tips = self.all_tips();
        let state = if best == Some(*id) {
            BlockState::Best
        } else if link.is_invalid() {
            BlockState::Invalid
        } else if tips.iter().any(|tip| node.tree().is_ancestor(id, tip)) {
            BlockState::Rival
        } else {
            BlockState::Stale
        };
        Some(BlockView {
            hash: id.to_string(),
            parent: header.prev.to_string(),
            height: link.height.0,
            time: header.time.0,
            bits: header.bits.0,
            miner: self.seat_of_miner(node, id),
            state,
        })
    }

    /// Blocks of the first node's best chain between two heights, both included.
    pub(super) fn best_blocks(&self, from: u32, to: u32) -> Vec<BlockView> {
        let Some(node) = self.first() else {
            return Vec::new();
        };
        let top = to.min(node.tip().1.0);
        let ids = (from..=top).filter_map(|height| node.best_at(Height(height)));
        ids.filter_map(|id| self.block_view(node, &id)).collect()
    }

    /// The whole best chain above the genesis block, which follows from the room's rules.
    pub(super) fn export(&self) -> String {
        let Some(node) = self.first() else {
            return String::new();
        };
        let top = node.tip().1.0;
        let blocks = (1..=top).filter_map(|height| node.block(&node.best_at(Height(height))?));
        blocks
            .map(|block| crate::engine::names::hex(&block) + "\n")
            .collect()
    }
}

fn tip_of(node: &Node) -> TipView {
    let (tip, height) = node.tip();
    let work = hex_number(node.work(&tip).unwrap_or_default().0);
    TipView {
        height: height.0,
        hash: tip.to_string(),
        work,
    }
}

fn other_tab(id: &PeerId, tab: &Tab, now: u64) -> TabView {
    TabView {
        id: format!("{id:x}"),
        label: tab.beacon.label,
        me: false,
        online: tab.beacon.online,
        mining: tab.beacon.mining,
        hash_rate: tab.beacon.hash_rate,
        silent: tab.is_silent(now),
    }
}
