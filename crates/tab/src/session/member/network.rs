//! This tab among the others: what it says of itself, what it hears, who reaches whom.

use std::collections::{BTreeMap, BTreeSet};

use chain::{BitcoinHeader, BlockId, Height, PeerId};
use node::{Node, Progress};
use protocol::envelope::{Envelope, Kind};
use protocol::{Channel as NodeChannel, Machine, Role};
use scenario::Assembled;
use wire::Happening;

use super::Member;
use crate::between::generation::Generation;
use crate::between::heartbeat::{Branch, Command, Heartbeat, MOST_HEADERS, NodeHeartbeat};
use crate::between::inbox::Said;
use crate::between::signed;
use crate::between::tabs::News;
use crate::between::tagged::Other;
use crate::cx::Cx;
use crate::door::{Channel, Effect, QueryId};
use crate::lasting::Lasting;
use crate::picture::slots;
use crate::planted::{Bug, is_planted};

/// Most heartbeats and commands looked at in one turn.
const MOST_SAID: usize = 8;
/// How long to wait for an answer about locks before asking again, in milliseconds.
const LOOK_MS: u64 = 5_000;

impl Member {
    /// Listens on the room's channel.
    pub(super) fn listen(&mut self, cx: &mut Cx<'_>, l: &Lasting) {
        cx.act(Effect::Listen(Channel::Room, l.names.channel(l.room.id())));
    }

    /// A message came on the room's channel; `None` if it was not bytes, or too long.
    pub fn hear(&mut self, cx: &Cx<'_>, l: &mut Lasting, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            return self.inbox.refuse();
        };
        let (me, nodes) = (l.me.id, &self.nodes);
        let mine = |id: &PeerId| *id == me || nodes.iter().any(|one| one.id == *id);
        self.inbox.hear(bytes, mine, &mut l.me.links, cx.ms());
    }

    /// Looks at heartbeats and commands, a few at a time: signatures are slow to verify.
    pub(super) fn hear_said(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        for _ in 0..MOST_SAID {
            let Some(said) = self.inbox.next_said() else {
                return;
            };
            let Said {
                kind,
                from,
                sequence,
                payload,
            } = said;
            let signed = signed::verify(from, l.room.id(), kind, sequence, &payload);
            let key = signed.map(|(key, _)| key);
            let unsigned = is_planted(Bug::UnsignedHeard).then(|| payload.get(signed::LEN..));
            let payload = signed.map(|(_, payload)| payload).or(unsigned.flatten());
            match (kind, payload) {
                (Kind::Heartbeat, Some(payload)) => {
                    self.hear_heartbeat(cx, l, from, sequence, payload);
                    if let Some(key) = key {
                        self.tabs.learn(&from, key);
                    }
                }
                (Kind::Command, Some(payload)) if self.tabs.counts(&from, sequence) => {
                    self.hear_command(cx, l, payload);
                }
                // A replay, or from a tab that has not shown its lock: it commands nobody.
                (Kind::Command, Some(_)) => {}
                _ => self.inbox.refuse(),
            }
        }
    }

    fn hear_heartbeat(
        &mut self,
        cx: &mut Cx<'_>,
        l: &mut Lasting,
        from: PeerId,
        sequence: u64,
        payload: &[u8],
    ) {
        let Ok(heartbeat) = Heartbeat::decode(payload, l.params.pow_limit) else {
            return self.inbox.refuse();
        };
        let generation = heartbeat.generation;
        let nodes = &self.nodes;
        let ours = |id: &PeerId| nodes.iter().any(|one| one.id == *id);
        let heard = self.tabs.hear(from, sequence, heartbeat, ours, cx.ms());
        if heard.look {
            self.look.hurry();
        }
        if heard.stranger || is_planted(Bug::HeartbeatStorm) {
            self.heartbeat.hurry();
        }
        self.moved = true;
        l.pace.change();
        self.announce(cx, l, heard.news);
        self.consider(cx, l, from, generation);
    }

    /// A person in another tab of this room commands this one.
    fn hear_command(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, payload: &[u8]) {
        match Command::decode(payload) {
            Some(Command { tab, .. }) if tab != l.me.id => {}
            Some(Command { node, online, .. }) => match node {
                Some(node) => drop(self.set_node_online(cx, l, &node, online)),
                None => self.set_online(cx, l, online),
            },
            None => self.inbox.refuse(),
        }
    }

    /// Cuts this tab off, or lets it join. Its nodes still reach each other.
    pub fn set_online(&mut self, cx: &Cx<'_>, l: &mut Lasting, online: bool) {
        if std::mem::replace(&mut l.online, online) != online {
            let label = l.label;
            l.note(cx, Happening::TabOnline { label, online });
            self.change();
        }
    }

    /// The same for a node of this tab. Returns whether there is such a node.
    pub fn set_node_online(
        &mut self,
        cx: &Cx<'_>,
        l: &mut Lasting,
        id: &PeerId,
        online: bool,
    ) -> bool {
        let Some(hosted) = self.hosted_mut(id) else {
            return false;
        };
        if std::mem::replace(&mut hosted.online, online) != online {
            let seat = hosted.identity.seat;
            l.note(cx, Happening::NodeOnline { seat, online });
            self.change();
        }
        true
    }

    /// Works out anew who reaches whom, if that may have changed.
    pub(super) fn look_after_peers(&mut self, cx: &Cx<'_>, l: &mut Lasting) {
        if !std::mem::take(&mut self.moved) {
            return;
        }
        let now = cx.ms();
        let far = if l.online {
            self.tabs.reachable(now, l.store.generation().current)
        } else {
            BTreeSet::new()
        };
        let joined = self.nodes.iter().filter(|one| one.online);
        let near: BTreeSet<PeerId> = joined.map(|one| one.id).collect();
        for one in &self.nodes {
            let mut up = BTreeSet::new();
            if one.online {
                up = near.union(&far).copied().collect();
                up.remove(&one.id);
            }
            self.host.set_peers(&one.id, up);
        }
        l.know_seats(self.tabs.nodes().map(|(_, node)| (node.id, node.seat)));
        let others: Vec<Other> = self.tabs.others().collect();
        l.me.links.meet(&l.me.secret, l.room.id(), &others);
        let tabs = self.tabs.alive().map(|(id, _)| (*id, *id));
        let nodes = self.tabs.nodes().map(|(tab, node)| (node.id, *tab));
        self.inbox.know(tabs.chain(nodes), now);
    }

    /// Looks at locks and sends heartbeats, as they come due.
    pub(super) fn look_after_room(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        let now = cx.ms();
        let waits = self.looking.is_some_and(|(_, asked)| now < asked + LOOK_MS);
        if self.look.take(now) && !waits {
            self.moved = true; // somebody may have fallen silent
            l.pace.change();
            let query = cx.query();
            self.looking = Some((query, now));
            cx.act(Effect::QueryLocks(query));
        }
        if self.heartbeat.take(now) {
            self.say_heartbeat(cx, l, false);
        }
    }

    /// The browser says which locks are held.
    pub fn see_locks(
        &mut self,
        cx: &Cx<'_>,
        l: &mut Lasting,
        query: QueryId,
        held: Option<Vec<String>>,
    ) {
        let Some((_, asked)) = self.looking.take_if(|(asked, _)| *asked == query) else {
            return;
        };
        let tab = |name: &String| l.names.tab_of_lock(l.room.id(), name);
        let held = match held {
            Some(held) => held.iter().filter_map(tab).collect(),
            None => self.tabs.talking(cx.ms()), // the browser refuses locks
        };
        let news = self.tabs.locked(&held, asked);
        if !news.is_empty() {
            self.moved = true;
            self.heartbeat.hurry();
        }
        self.announce(cx, l, news);
    }

    /// Logs news of other tabs.
    fn announce(&mut self, cx: &Cx<'_>, l: &mut Lasting, news: Vec<News>) {
        for news in news {
            let what = match news {
                News::Joined { label } => Happening::TabJoined { label },
                News::Left { label } => Happening::TabLeft { label },
                News::Online { label, online } => Happening::TabOnline { label, online },
                News::NodeOnline { seat, online } => Happening::NodeOnline { seat, online },
            };
            l.note(cx, what);
        }
    }

    /// Tells others that this tab leaves, so that they look at its lock at once.
    pub(super) fn say_goodbye(&mut self, cx: &mut Cx<'_>, l: &mut Lasting) {
        self.say_heartbeat(cx, l, true);
        cx.act(Effect::Deafen(Channel::Room));
    }

    pub(super) fn say_heartbeat(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, bye: bool) {
        let heartbeat = self.own_heartbeat(cx, l, bye);
        self.say(cx, l, Kind::Heartbeat, &heartbeat.encode());
    }

    /// Commands another tab.
    pub fn command(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, command: Command) {
        self.say(cx, l, Kind::Command, &command.encode());
    }

    fn say(&mut self, cx: &mut Cx<'_>, l: &mut Lasting, kind: Kind, payload: &[u8]) {
        l.sequence += 1;
        let (room, sequence) = (l.room.id(), l.sequence);
        let envelope = Envelope {
            kind,
            room,
            channel: NodeChannel::MAIN,
            sender: l.me.id,
            recipient: None,
            sequence,
            payload: signed::sign(&l.me.secret, room, kind, sequence, payload),
        };
        cx.act(Effect::Say(Channel::Room, envelope.encode()));
    }

    fn own_heartbeat(&self, cx: &Cx<'_>, l: &mut Lasting, bye: bool) -> Heartbeat {
        let mut branches = BTreeMap::new();
        let mut nodes = Vec::new();
        for one in &self.nodes {
            let Some(machine) = self.host.get(&one.id) else {
                continue;
            };
            let (glance, (sync, loading)) = (machine.glance(), progress(machine));
            if let Assembled::Forks(node) = machine {
                branches
                    .entry(glance.tip)
                    .or_insert_with(|| branch(node, glance.tip, glance.height));
            }
            let server = machine.slots().filter(|_| one.role == Role::Member);
            nodes.push(NodeHeartbeat {
                id: one.id,
                seat: one.identity.seat,
                online: one.online,
                height: glance.height.0,
                tip: glance.tip,
                work: glance.work,
                sync,
                loading,
                rows: server.map_or_else(Vec::new, slots::rows),
            });
        }
        // A leaving tab may have a reset under way that is not written: a goodbye tells of none.
        let generation = if bye {
            Generation::default()
        } else {
            self.generation_to_tell(l)
        };
        Heartbeat {
            label: l.label,
            bye,
            online: l.online,
            mining: l.mining.is_on(),
            hash_rate: l.mining.rate(cx.ms()),
            generation,
            nodes,
            branches: branches.into_values().collect(),
        }
    }
}

/// The last headers of a node's best chain.
fn branch(node: &Node, tip: BlockId, height: Height) -> Branch {
    let mut headers: Vec<BitcoinHeader> = Vec::with_capacity(MOST_HEADERS);
    let mut at = tip;
    while headers.len() < MOST_HEADERS {
        let Some(header) = node.header(&at) else {
            break;
        };
        at = header.prev;
        headers.push(header);
    }
    headers.reverse();
    let below = u32::try_from(headers.len().saturating_sub(1)).unwrap_or(0);
    Branch {
        height: height.0.saturating_sub(below),
        headers,
    }
}

/// This many of that many.
type Part = (u32, u32);

/// Heights that a node has and wants while it syncs; blocks read and all blocks while it loads, where
/// slots are decided without their numbers.
pub fn progress(machine: &Assembled) -> (Option<Part>, Option<Part>) {
    match machine {
        Assembled::Slots(replica) => (None, (!replica.glance().is_ready).then_some((0, 0))),
        Assembled::Forks(node) => match node.progress() {
            Progress::Loading { read, all } => (None, Some((read, all))),
            Progress::Syncing { have, want } => (Some((have.0, want.0)), None),
            Progress::Ready => (None, None),
        },
    }
}
