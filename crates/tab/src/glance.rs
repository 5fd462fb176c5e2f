//! What a checker sees of a tab after each step: enough to judge it, and cheap.

use chain::{BlockId, PeerId, Work};
use pool::Power;
use protocol::Machine;
use protocol::envelope::RoomId;

use crate::between::generation::Generation;
use crate::live::Live;
use crate::session::{Member, Session};

/// A look at a tab from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// How far it has come.
    pub stage: Stage,
    /// Its own name, once it has one.
    pub me: Option<PeerId>,
    /// Its room, once that is known.
    pub room: Option<RoomId>,
    /// Its nodes, running or being started.
    pub nodes: Vec<NodeGlance>,
    /// Which chain of the room counts, as far as it knows.
    pub generation: Generation,
    /// Whether what it saves goes to the database.
    pub kept: bool,
    /// Whether it is joined or cut off.
    pub online: bool,
    /// What its pool may use of the machine now.
    pub share: Option<Power>,
    /// Bytes of everything that others can make it hold: inbox, log, heartbeats.
    pub bytes: usize,
    /// Asks taken in and not answered yet; any renewal counts as one.
    pub asks: usize,
}

/// One node of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeGlance {
    /// Who it is.
    pub id: PeerId,
    /// Its seat in the browser.
    pub seat: u32,
    /// Counts its lives.
    pub incarnation: u64,
    /// Its own switch.
    pub online: bool,
    /// Its best block; all zeros until it is started.
    pub tip: BlockId,
    /// Height of that block.
    pub height: u32,
    /// Cumulative work of that block.
    pub work: Work,
    /// Whether it is yet to start, or still reading back what it saved.
    pub loading: bool,
}

/// How far a tab has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for the page, opening databases, finding its room.
    #[default]
    Opening,
    /// Taking locks and identities.
    Joining,
    /// Has them, and is starting its nodes.
    Starting,
    /// Taking part.
    In,
    /// Leaving: what was saved is still being written.
    Leaving,
    /// Has left, until the page is back.
    Frozen,
}

/// A look at a tab that knows its room.
pub(crate) fn glance(live: &Live) -> Glance {
    let (stage, member) = match &live.session {
        Session::Joining(_) => (Stage::Joining, None),
        Session::Member(member) if member.is_running() => (Stage::In, Some(member)),
        Session::Member(member) => (Stage::Starting, Some(member)),
        Session::Leaving(_) => (Stage::Leaving, None),
        Session::Frozen => (Stage::Frozen, None),
    };
    let l = &live.l;
    Glance {
        stage,
        me: Some(l.me.id),
        room: Some(l.room.id()),
        nodes: member.map_or_else(Vec::new, |member| nodes(member)),
        generation: l.store.generation(),
        kept: l.store.is_kept(),
        online: l.online,
        share: l.mining.share_now(),
        bytes: l.log.bytes() + member.map_or(0, |member| member.bytes()),
        asks: l.asks.len()
            + member.map_or(0, |member| {
                usize::from(member.is_adding())
                    + usize::from(member.is_renewing())
                    + member.submitted()
            }),
    }
}

fn nodes(member: &Member) -> Vec<NodeGlance> {
    let glance = |one: &crate::session::member::Hosted| {
        let machine = member.host.get(&one.id);
        let glance = machine.map_or_else(protocol::Glance::default, Machine::glance);
        NodeGlance {
            id: one.id,
            seat: one.identity.seat,
            incarnation: one.identity.incarnation,
            online: one.online,
            tip: glance.tip,
            height: glance.height.0,
            work: glance.work,
            loading: !glance.is_ready,
        }
    };
    member.nodes.iter().map(glance).collect()
}
