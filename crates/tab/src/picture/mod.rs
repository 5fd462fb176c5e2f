//! What the page gets to see: made from what nodes, heartbeats and the pool say, and sent as the
//! parts that changed.

pub mod detail;
pub mod diff;
pub mod log;
mod notices;
pub mod pace;
pub mod slots;
pub mod tally;
pub mod tree;

use std::collections::BTreeSet;

use chain::{BitcoinHeader, BlockId, Height, Past, PeerId, Tree, Work, required_bits};
use node::Node;
use protocol::{Machine, Role};
use scenario::Assembled;
use wire::{
    BlockDetail, BlockState, BlockView, Frame, FromEngine, MiningView, NodeView, Picture, RoomView,
    StatusView, TabView, TargetView, TipView,
};

use self::detail::expected_tries;
use self::tree::{Forest, MOST_BLOCKS, MOST_HEIGHTS, window};
use crate::between::heartbeat::NodeHeartbeat;
use crate::between::tabs::Tab;
use crate::cx::Cx;
use crate::door::Effect;
use crate::lasting::Lasting;
use crate::names::hex;
use crate::session::Member;
use crate::session::member::progress;

/// Most log lines in a frame.
const MOST_LINES: usize = 64;
/// Most nodes in a picture: nobody can look at more, and frames stay small.
const MOST_NODES: usize = 128;
/// Most blocks counted per frame while the count of found blocks catches up.
const COUNTED: usize = 64;
/// Most miners remembered: reading one from a block costs lifting a point onto the curve.
const MOST_MINERS: usize = 16_384;

/// Sends a frame, if one is due.
pub fn show(cx: &mut Cx<'_>, l: &mut Lasting, member: &Member) {
    let Some(number) = l.pace.take(cx.ms()) else {
        return;
    };
    let found = count_found(l, member);
    // Whatever others say, branches that begin far above the picture are not remembered.
    let top = member.first().map_or(0, |node| node.tip().1.0);
    let most = top.saturating_add(MOST_HEIGHTS);
    for branch in member
        .tabs
        .branches()
        .filter(|branch| branch.height <= most)
    {
        l.watched.watch(branch);
    }
    let mining = l.mining.view(cx.ms(), found);
    let picture = picture(cx, l, member, mining);
    let parts = diff::parts(l.sent.as_ref(), &picture);
    l.sent = Some(picture);
    let log = l.log.take(MOST_LINES);
    if !l.log.is_empty() {
        l.pace.change();
    }
    if parts.is_empty() && log.is_empty() {
        return l.pace.skip();
    }
    let frame = Frame { number, parts, log };
    cx.act(Effect::Post(FromEngine::Frame(Box::new(frame))));
}

fn picture(cx: &Cx<'_>, l: &Lasting, member: &Member, mining: MiningView) -> Picture {
    let mut nodes = node_views(l, member);
    nodes.truncate(MOST_NODES);
    Picture {
        room: room_view(l),
        tabs: tab_views(cx, l, member, &mining),
        nodes,
        tree: tree_view(l, member),
        tip: tip_view(l, member),
        target: target_view(l, member),
        slots: slots::view(cx, l, member),
        mining,
        storage: l.store.view().clone(),
        notices: notices::notices(cx, l, member),
    }
}

/// The answer of `tabchain.status()`.
pub fn status(cx: &Cx<'_>, l: &mut Lasting, member: &Member) -> StatusView {
    let reachable = member.tabs.reachable(cx.ms(), l.store.generation().current);
    StatusView {
        room: room_view(l),
        nodes: node_views(l, member),
        tip: tip_view(l, member),
        peers: if l.online {
            u32::try_from(reachable.len()).unwrap_or(u32::MAX)
        } else {
            0
        },
        hash_rate: l.mining.rate(cx.ms()),
        mining: l.mining.is_on(),
        online: l.online,
    }
}

fn room_view(l: &Lasting) -> RoomView {
    RoomView {
        name: l.room.name().into(),
        link: l.room.link(),
        protocol: l.room.protocol().id.into(),
        slots: l.has_slots(),
        params: l
            .room
            .params()
            .map(|(spec, value)| (spec.name.into(), value))
            .collect(),
        forms: slots::forms(l),
    }
}

fn tab_views(cx: &Cx<'_>, l: &Lasting, member: &Member, mining: &MiningView) -> Vec<TabView> {
    let me = TabView {
        id: l.me.id,
        label: l.label,
        me: true,
        online: l.online,
        mining: mining.on,
        hash_rate: mining.rate,
        silent: false,
    };
    let others = member.tabs.alive();
    let mut others: Vec<TabView> = others
        .map(|(id, tab)| other_tab(id, tab, cx.ms()))
        .collect();
    others.sort_by_key(|tab| (tab.label, tab.id));
    std::iter::once(me).chain(others).collect()
}

fn other_tab(id: &PeerId, tab: &Tab, now: u64) -> TabView {
    TabView {
        id: *id,
        label: tab.heartbeat.label,
        me: false,
        online: tab.heartbeat.online,
        mining: tab.heartbeat.mining,
        hash_rate: tab.heartbeat.hash_rate,
        silent: tab.is_silent(now),
    }
}

fn node_views(l: &Lasting, member: &Member) -> Vec<NodeView> {
    let servers = member.nodes.iter().filter(|one| one.role == Role::Member);
    let here = servers.filter_map(|one| {
        let machine = member.host.get(&one.id)?;
        let (sync, loading) = progress(machine);
        Some(NodeView {
            id: one.id,
            seat: one.identity.seat,
            tab: l.me.id,
            here: true,
            online: one.online,
            tip: tip_of(machine),
            sync,
            loading,
        })
    });
    let is_server = |node: &&NodeHeartbeat| l.role_of(&node.id) == Role::Member;
    let mut others: Vec<(u32, NodeView)> = Vec::new();
    for (id, tab) in member.tabs.alive() {
        others.extend(tab.heartbeat.nodes.iter().filter(is_server).map(|node| {
            let view = NodeView {
                id: node.id,
                seat: node.seat,
                tab: *id,
                here: false,
                online: node.online,
                tip: TipView {
                    height: node.height,
                    id: node.tip,
                    work: node.work,
                },
                sync: node.sync,
                loading: node.loading,
            };
            (tab.heartbeat.label, view)
        }));
    }
    others.sort_by_key(|(label, node)| (*label, node.tab, node.seat));
    here.chain(others.into_iter().map(|(_, view)| view))
        .collect()
}

fn tip_of(machine: &Assembled) -> TipView {
    let glance = machine.glance();
    TipView {
        height: glance.height.0,
        id: glance.tip,
        work: glance.work,
    }
}

fn tip_view(l: &Lasting, member: &Member) -> TipView {
    let genesis = TipView {
        height: 0,
        id: l.params.genesis_id(),
        work: Work::default(),
    };
    member.first_machine().map_or(genesis, tip_of)
}

/// A node's best chain, as the rules see it.
struct BestChain<'a>(&'a Node);

impl Past for BestChain<'_> {
    fn header(&self, height: Height) -> Option<BitcoinHeader> {
        self.0.header(&self.0.best_at(height)?)
    }

    fn tip_height(&self) -> Height {
        self.0.tip().1
    }
}

fn target_view(l: &Lasting, member: &Member) -> TargetView {
    let genesis = l.params.genesis.header;
    let first = member.first();
    let bits = first.and_then(|node| required_bits(&BestChain(node), &l.params).ok());
    let bits = bits.unwrap_or(genesis.bits);
    let next = first.map_or(1, |node| node.tip().1.next().0);
    let window = l.params.window.max(1);
    TargetView {
        bits: bits.0,
        expected_tries: expected_tries(&BitcoinHeader { bits, ..genesis }),
        retarget_in: window - next % window,
        waiting: first.map_or(0, |node| {
            u32::try_from(node.mempool().len()).unwrap_or(u32::MAX)
        }),
    }
}

/// A node as the window sees it.
struct Grown<'a> {
    l: &'a Lasting,
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
        seat_of_miner(self.l, self.node, id)
    }
}

fn tree_view(l: &Lasting, member: &Member) -> Vec<BlockView> {
    let forests: Vec<Grown<'_>> = member.running().map(|node| Grown { l, node }).collect();
    let forests: Vec<&Grown<'_>> = forests.iter().collect();
    let branches: Vec<_> = member.tabs.branches().collect();
    window(
        &forests,
        &all_tips(member),
        &branches,
        &l.watched,
        MOST_BLOCKS,
    )
}

fn all_tips(member: &Member) -> BTreeSet<BlockId> {
    let far = member.tabs.nodes().map(|(_, node)| node.tip);
    member
        .running()
        .map(|node| node.tip().0)
        .chain(far)
        .collect()
}

fn count_found(l: &mut Lasting, member: &Member) -> u32 {
    if let Some(node) = member.first() {
        let mine = |block: &BlockId| {
            let miner = miner(l, node, block);
            miner.is_some_and(|miner| member.hosted(&miner).is_some())
        };
        let mut tally = l.tally;
        let done = tally.advance(node.tree(), mine, COUNTED);
        l.tally = tally;
        if !done {
            l.pace.change();
        }
    }
    l.tally.count()
}

/// The node that made a block. Remembered, because that never changes, but only once the block's body is
/// here.
fn miner(l: &Lasting, node: &Node, block: &BlockId) -> Option<PeerId> {
    if let Some(known) = l.miners.borrow().get(block) {
        return *known;
    }
    node.body(block)?;
    let miner = node.maker_of(block);
    let mut miners = l.miners.borrow_mut();
    if miners.len() >= MOST_MINERS {
        miners.clear();
    }
    miners.insert(*block, miner);
    miner
}

fn seat_of_miner(l: &Lasting, node: &Node, block: &BlockId) -> Option<u32> {
    l.seats.get(&miner(l, node, block)?).copied()
}

/// The seat of the node that found a block, as far as a node here can tell.
pub fn miner_of(l: &Lasting, member: &Member, node: &PeerId, block: &BlockId) -> Option<u32> {
    seat_of_miner(l, member.host.get(node)?.forks()?, block)
}

/// A block in detail, from whichever node here has it, or from what other tabs tell or told.
pub fn block_detail(l: &Lasting, member: &Member, id: &BlockId) -> Option<BlockDetail> {
    let Some(node) = member.running().find(|node| node.tree().contains(id)) else {
        let view = tree_view(l, member)
            .into_iter()
            .find(|block| block.id == *id)?;
        let told = member.tabs.branches().flat_map(|branch| &branch.headers);
        let header = told
            .chain(l.watched.header(id))
            .find(|header| header.id() == *id)?;
        return Some(detail::detail(view, header, None, None));
    };
    let view = block_view(l, member, node, &all_tips(member), id)?;
    let child = (view.state == BlockState::Best)
        .then(|| member.first()?.best_at(Height(view.height.checked_add(1)?)))
        .flatten();
    let raw = node.block(id);
    let detail = detail::detail(view, &node.header(id)?, raw.as_deref(), node.work(id));
    Some(BlockDetail { child, ..detail })
}

fn block_view(
    l: &Lasting,
    member: &Member,
    node: &Node,
    tips: &BTreeSet<BlockId>,
    id: &BlockId,
) -> Option<BlockView> {
    let (link, header) = (node.tree().get(id)?, node.header(id)?);
    let best = member.first().and_then(|first| first.best_at(link.height)) == Some(*id);
    let rival = || tips.iter().any(|tip| node.tree().is_ancestor(id, tip));
    Some(BlockView {
        id: *id,
        parent: header.prev,
        height: link.height.0,
        time: header.time.0,
        bits: header.bits.0,
        miner: seat_of_miner(l, node, id),
        state: tree::judge(best, link.is_invalid(), false, rival),
    })
}

/// Blocks of the first node's best chain between two heights, both included.
pub fn best_blocks(l: &Lasting, member: &Member, from: Height, to: Height) -> Vec<BlockView> {
    let Some(node) = member.first() else {
        return Vec::new();
    };
    let top = to.0.min(node.tip().1.0);
    let tips = all_tips(member);
    let ids = (from.0..=top).filter_map(|height| node.best_at(Height(height)));
    ids.filter_map(|id| block_view(l, member, node, &tips, &id))
        .collect()
}

/// The whole best chain above the genesis block, which follows from the room's rules.
pub fn export(member: &Member) -> String {
    let Some(node) = member.first() else {
        return String::new();
    };
    let top = node.tip().1.0;
    let blocks = (1..=top).filter_map(|height| node.block(&node.best_at(Height(height))?));
    blocks.map(|block| hex(&block) + "\n").collect()
}
