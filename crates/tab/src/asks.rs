//! What the page and scripts ask for, each answered exactly once.

use std::collections::VecDeque;

use chain::PeerId;
use protocol::Role;
use wire::ask::{
    GetBlock, GetBlocks, GetCoins, PayTo, RemoveNode, SendTransaction, SetOnline, SetPower,
    StartMining,
};
use wire::{Answer, Ask, BlockKey, Failure, Happening, Power, Subject};

use crate::between::generation::Generation;
use crate::between::heartbeat::Command;
use crate::cx::{Cx, failure};
use crate::lasting::Lasting;
use crate::picture;
use crate::session::Member;
use crate::session::renewing::Renewal;

/// Most blocks in an answer.
const MOST_BLOCKS: u32 = 2_000;
/// Most asks that may wait.
pub const MOST_WAITING: usize = 256;

/// An ask that waits for the nodes to run.
pub struct Waiting {
    /// Its number.
    pub id: u32,
    /// What is asked.
    pub ask: Ask,
    /// Which chain counted when it was asked, if the tab knew.
    pub seen: Option<Generation>,
}

type Reply = Result<Answer, Failure>;

const DONE: Reply = Ok(Answer::Done(()));

/// The answer to an ask that came too late.
#[must_use]
pub fn left() -> Failure {
    failure("not-ready", "the tab has left its room")
}

/// Takes up the waiting asks in order. One that takes time holds up only its own kind.
pub fn take_up(cx: &mut Cx<'_>, l: &mut Lasting, member: &mut Member) {
    let mut later = VecDeque::new();
    while let Some(waiting) = l.asks.pop_front() {
        let Waiting { id, ask, seen } = waiting;
        // What counted when it was asked, or counts now if the tab did not know then.
        let asked = (Some(id), seen.unwrap_or_else(|| l.store.generation()));
        match ask {
            Ask::AddNode(_) if member.is_adding() => later.push_back(Waiting { id, ask, seen }),
            Ask::Reset(_) | Ask::UndoReset(_) if member.is_renewing() => {
                later.push_back(Waiting { id, ask, seen });
            }
            Ask::AddNode(_) => member.add(cx, l, id),
            Ask::Submit(submit) => member.submit(cx, l, id, &submit),
            Ask::SendTransaction(SendTransaction(tx)) => member.send_transaction(cx, id, tx),
            Ask::Reset(_) | Ask::UndoReset(_) | Ask::StartMining(_) if l.has_slots() => {
                let why = "blocks are not mined here, and the room's chain cannot be put away";
                cx.answer(id, Err(failure("wrong-room", why)));
            }
            Ask::Reset(_) => member.renew(cx, l, asked, Renewal::Reset),
            Ask::UndoReset(_) => member.renew(cx, l, asked, Renewal::Undo),
            ask => {
                let reply = answer(cx, l, member, ask);
                cx.answer(id, reply);
            }
        }
    }
    l.asks = later;
}

fn answer(cx: &mut Cx<'_>, l: &mut Lasting, member: &mut Member, ask: Ask) -> Reply {
    l.pace.change();
    match ask {
        Ask::GetStatus(_) => return Ok(Answer::Status(Box::new(picture::status(cx, l, member)))),
        Ask::StartMining(StartMining { power }) => {
            if let Some(power) = power {
                set_power(cx, l, power)?;
            }
            set_mining(cx, l, member, true);
        }
        Ask::StopMining(_) => set_mining(cx, l, member, false),
        Ask::SetPower(SetPower(power)) => set_power(cx, l, power)?,
        Ask::SetOnline(SetOnline { subject, online }) => {
            set_online(cx, l, member, subject, online)?;
        }
        Ask::RemoveNode(RemoveNode(node)) => remove(cx, l, member, &node)?,
        Ask::GetBlock(GetBlock(key)) => return block(l, member, key),
        Ask::GetBlocks(GetBlocks { from, to }) => {
            if from > to || to.0 - from.0 >= MOST_BLOCKS {
                return Err(failure("bad-argument", "1 to 2000 blocks at a time"));
            }
            return Ok(Answer::Blocks(picture::best_blocks(l, member, from, to)));
        }
        Ask::Export(_) => return Ok(Answer::Text(picture::export(member))),
        Ask::PayTo(PayTo(address)) => member.pay_to(l, address.as_deref())?,
        Ask::GetCoins(GetCoins(addresses)) => {
            return Ok(Answer::Coins(Box::new(member.coins(&addresses)?)));
        }
        Ask::GetMempool(_) => return Ok(Answer::Mempool(Box::new(member.mempool()?))),
        Ask::AddNode(_)
        | Ask::Reset(_)
        | Ask::UndoReset(_)
        | Ask::Submit(_)
        | Ask::SendTransaction(_) => {
            unreachable!("these take time and begin elsewhere")
        }
    }
    DONE
}

/// Somebody pressed Mine, or Stop.
pub fn set_mining(cx: &mut Cx<'_>, l: &mut Lasting, member: &mut Member, on: bool) {
    if l.mining.set_on(cx, on) {
        let what = if on {
            Happening::MiningStarted
        } else {
            Happening::MiningStopped
        };
        l.note(cx, what);
        member.set_search(on);
        member.change();
    }
}

fn set_power(cx: &mut Cx<'_>, l: &mut Lasting, power: Power) -> Result<(), Failure> {
    if !power.is_sane() {
        let message = "1 to 64 workers, 1 to 100 percent of the time";
        return Err(failure("bad-argument", message));
    }
    l.mining.set_power(cx, power);
    Ok(())
}

fn set_online(
    cx: &mut Cx<'_>,
    l: &mut Lasting,
    member: &mut Member,
    subject: Subject,
    online: bool,
) -> Result<(), Failure> {
    match subject {
        Subject::Here => member.set_online(cx, l, online),
        Subject::Tab(tab) if tab == l.me.id => member.set_online(cx, l, online),
        Subject::Tab(tab) if member.tabs.is_alive(&tab) => {
            let node = None;
            member.command(cx, l, Command { tab, node, online });
        }
        Subject::Tab(_) => return Err(failure("unknown-tab", "no such tab is in this room")),
        Subject::Node(node) => {
            if !member.set_node_online(cx, l, &node, online) {
                let found = member.tabs.nodes().find(|(_, other)| other.id == node);
                let Some(tab) = found.map(|(tab, _)| *tab) else {
                    return Err(failure("unknown-node", "no such node is in this room"));
                };
                let node = Some(node);
                member.command(cx, l, Command { tab, node, online });
            }
        }
    }
    Ok(())
}

fn remove(
    cx: &mut Cx<'_>,
    l: &mut Lasting,
    member: &mut Member,
    node: &PeerId,
) -> Result<(), Failure> {
    let hosted = member.hosted(node);
    if hosted.is_none_or(|one| one.role == Role::Client) {
        return Err(failure("unknown-node", "this tab has no such node"));
    }
    if member.nodes.len() == 1 && !l.has_slots() {
        return Err(failure("last-node", "a tab needs at least one node"));
    }
    member.remove(cx, l, node);
    Ok(())
}

fn block(l: &Lasting, member: &Member, key: BlockKey) -> Reply {
    let id = match key {
        BlockKey::Height(height) => member.first().and_then(|node| node.best_at(height)),
        BlockKey::Id(id) => Some(id),
    };
    let detail = id.and_then(|id| picture::block_detail(l, member, &id));
    let detail = detail.ok_or_else(|| failure("unknown-block", "no node here has this block"))?;
    Ok(Answer::Block(Box::new(detail)))
}
