//! This tab among the others: what it says of itself, what it hears, who can reach whom.

use std::collections::{BTreeMap, BTreeSet};

use chain::{BitcoinHeader, BlockId, Height, PeerId};
use node::{Node, Progress};
use protocol::envelope::{Envelope, Kind};
use protocol::{Channel as NodeChannel, Packet, To};
use wasm_bindgen_futures::spawn_local;

use super::{Engine, Handle, State};
use crate::engine::beat::Beat;
use crate::engine::between::beacon::{
    Beacon, Branch, Control, Generation, MOST_HEADERS, NodeBeacon,
};
use crate::engine::between::inbox::{Note, stamp};
use crate::engine::between::tabs::Tab;
use crate::engine::browser::channel::Channel;
use crate::engine::browser::clock::steady_ms;
use crate::stream::Happening;

/// A tab says at least this often that it lives, in milliseconds ...
const BEACON_EVERY: u64 = 1_000;
/// ... and at most this often.
const BEACON_GAP: u64 = 200;
/// How often locks are looked at, and how soon after a stranger was heard.
const LOCKS_EVERY: u64 = 1_000;
const LOCKS_GAP: u64 = 250;
/// Seats of nodes that are remembered, so that blocks keep their miner's name.
const MOST_SEATS: usize = 4_096;

/// What this tab does in its room without being asked.
pub struct Pulse {
    beacon: Beat,
    locks: Beat,
    sequence: u64,
    /// Who is reachable has to be worked out anew.
    moved: bool,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            beacon: Beat::new(BEACON_EVERY, BEACON_GAP),
            locks: Beat::new(LOCKS_EVERY, LOCKS_GAP),
            sequence: 0,
            moved: false,
        }
    }
}

impl Pulse {
    /// Something that other tabs should know has changed.
    pub fn change(&mut self) {
        self.beacon.hurry();
        self.moved = true;
    }

    fn stranger(&mut self) {
        self.beacon.hurry();
        self.locks.hurry();
    }
}

impl Engine {
    /// Listens on the room's channel. Without one this tab is alone, which it can be.
    pub(super) fn open_channel(&mut self) {
        let handle = self.handle.clone();
        let name = self.names.channel(self.room.id());
        self.channel = Channel::open(&name, move |bytes| {
            handle.act(|engine| engine.hear_bytes(bytes.as_deref()));
        })
        .ok();
    }

    fn hear_bytes(&mut self, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            return self.inbox.refuse();
        };
        let (me, host) = (self.me, &self.host);
        let mine = |sender: &PeerId| *sender == me || host.has(sender);
        self.inbox.hear(bytes, mine, steady_ms());
    }

    /// Looks at beacons and wishes; they are few and small.
    pub(super) fn hear_notes(&mut self) {
        while let Some(note) = self.inbox.next_note() {
            match note.kind {
                Kind::Beacon => self.hear_beacon(&note),
                Kind::Control => self.hear_wish(&note),
                Kind::Packet => {}
            }
            if self.state != State::Awake {
                return;
            }
        }
    }

    fn hear_beacon(&mut self, note: &Note) {
        let Ok(beacon) = Beacon::decode(&note.payload, self.params.pow_limit) else {
            return self.inbox.refuse();
        };
        let generation = beacon.generation;
        let residents = &self.residents;
        let ours = |id: &PeerId| residents.iter().any(|resident| resident.id == *id);
        let (stranger, news) = self.tabs.hear(note.from, beacon, ours, steady_ms());
        if stranger {
            self.network.stranger();
        }
        self.network.moved = true;
        self.pace.change();
        self.announce(news);
        self.adopt(generation);
    }

    /// Another tab has reset the room, or undone it.
    fn adopt(&mut self, generation: Generation) {
        let ours = self.storage.depot.generation();
        if generation <= ours {
            return;
        }
        self.storage.depot.set_generation(generation);
        if generation.current != ours.current {
            let reset = generation.undo.is_some();
            self.relive(Some(if reset {
                Happening::Reset
            } else {
                Happening::ResetUndone
            }));
        }
    }

    fn hear_wish(&mut self, note: &Note) {
        match Control::decode(&note.payload) {
            Some(Control::Tab { tab, online }) if tab == self.me => self.set_online(online),
            Some(Control::Node { node, online }) => drop(self.set_node_online(&node, online)),
            Some(Control::Tab { .. }) => {}
            None => self.inbox.refuse(),
        }
    }

    /// Cuts this tab off, or lets it join. Its nodes still reach each other.
    pub(super) fn set_online(&mut self, online: bool) {
        if self.online != online {
            self.online = online;
            self.note(
                None,
                Happening::TabOnline {
                    label: self.label,
                    online,
                },
            );
            self.network.change();
        }
    }

    /// The same for a node of this tab; whether there is one.
    pub(super) fn set_node_online(&mut self, id: &PeerId, online: bool) -> bool {
        let Some(resident) = self.resident_mut(id) else {
            return false;
        };
        if resident.online != online {
            resident.online = online;
            let seat = resident.identity.seat;
            self.note(None, Happening::NodeOnline { seat, online });
            self.network.change();
        }
        true
    }

    /// Works out who reaches whom, if that may have changed.
    pub(super) fn look_after_peers(&mut self) {
        if !std::mem::take(&mut self.network.moved) {
            return;
        }
        let now = steady_ms();
        let far = if self.online {
            self.tabs.reachable(now)
        } else {
            BTreeSet::new()
        };
        let joined = self.residents.iter().filter(|resident| resident.online);
        let near: BTreeSet<PeerId> = joined.map(|resident| resident.id).collect();
        for resident in &self.residents {
            let mut up = BTreeSet::new();
            if resident.online {
                up = near.union(&far).copied().collect();
                up.remove(&resident.id);
            }
            self.host.set_peers(&resident.id, up);
        }
        let seats = self.tabs.nodes().map(|(_, node)| (node.id, node.seat));
        self.seats.extend(seats);
        while self.seats.len() > MOST_SEATS {
            self.seats.pop_first();
        }
        let tabs = self.tabs.alive().map(|(id, _)| *id);
        let nodes = self.tabs.nodes().map(|(_, node)| node.id);
        self.inbox.know(tabs.chain(nodes).collect::<Vec<_>>(), now);
    }

    /// Beacons and locks, as they come due.
    pub(super) fn look_after_room(&mut self, now: u64) {
        if self.network.locks.take(now) {
            self.network.moved = true; // somebody may have fallen silent
            self.pace.change();
            self.ask_locks(now);
        }
        if self.network.beacon.take(now) {
            let beacon = self.beacon(false);
            self.post_note(Kind::Beacon, beacon.encode());
        }
    }

    fn ask_locks(&self, asked: u64) {
        let (handle, names, room) = (self.handle.clone(), self.names.clone(), self.room.id());
        let locks = self.locks.clone();
        spawn_local(async move {
            let held = locks.held().await;
            handle.act(|engine| {
                let held = match held {
                    Some(held) => held
                        .iter()
                        .filter_map(|name| names.tab_of_lock(room, name))
                        .collect(),
                    None => engine.tabs.talking(steady_ms()), // the browser refuses locks
                };
                engine.see_locks(&held, asked);
            });
        });
    }

    fn see_locks(&mut self, held: &BTreeSet<PeerId>, asked: u64) {
        let news = self.tabs.locked(held, asked);
        if !news.is_empty() {
            self.network.moved = true;
        }
        self.announce(news);
    }

    /// Leaves: others need not wait for the lock.
    pub(super) fn say_goodbye(&mut self) {
        let beacon = self.beacon(true);
        self.post_note(Kind::Beacon, beacon.encode());
    }

    /// Asks another tab for something.
    pub(super) fn ask_tab(&mut self, wish: Control) {
        self.post_note(Kind::Control, wish.encode());
    }

    fn post_note(&mut self, kind: Kind, payload: Vec<u8>) {
        let sequence = self.network.sequence;
        self.network.sequence += 1;
        let (sender, recipient) = (self.me, None);
        let envelope = Envelope {
            kind,
            room: self.room.id(),
            channel: NodeChannel::MAIN,
            sender,
            recipient,
            sequence,
            payload,
        };
        if let Some(channel) = &self.channel {
            channel.post(&envelope.encode());
        }
    }

    /// Carries a packet to nodes of other tabs; the host has checked that they can be reached.
    pub(super) fn cast(&mut self, from: PeerId, to: To, packet: &Packet) {
        let generation = self.storage.depot.generation().current;
        let room = self.room.id();
        // What is too large for an envelope is lost: no room allows such blocks.
        let Some(payload) = stamp(generation, packet) else {
            return;
        };
        let Some(resident) = self.resident_mut(&from) else {
            return;
        };
        let sequence = resident.sequence;
        resident.sequence += 1;
        let recipient = match to {
            To::All => None,
            To::Peer(peer) => Some(peer),
        };
        let (kind, channel, sender) = (Kind::Packet, packet.channel, from);
        let envelope = Envelope {
            kind,
            room,
            channel,
            sender,
            recipient,
            sequence,
            payload,
        };
        if let Some(channel) = &self.channel {
            channel.post(&envelope.encode());
        }
    }

    fn beacon(&self, bye: bool) -> Beacon {
        let mut branches = BTreeMap::new();
        let mut nodes = Vec::new();
        for resident in &self.residents {
            let Some(node) = self.host.get(&resident.id) else {
                continue;
            };
            let (tip, height) = node.tip();
            branches
                .entry(tip)
                .or_insert_with(|| branch(node, tip, height));
            let (sync, loading) = progress(node);
            let (id, seat, online) = (resident.id, resident.identity.seat, resident.online);
            let work = node.work(&tip).unwrap_or_default();
            let height = height.0;
            nodes.push(NodeBeacon {
                id,
                seat,
                online,
                height,
                tip,
                work,
                sync,
                loading,
            });
        }
        Beacon {
            label: self.label,
            bye,
            online: self.online,
            mining: self.mining.is_on(),
            hash_rate: self.mining.rate(),
            generation: self.storage.depot.generation(),
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

/// So many of so many.
type Part = (u32, u32);

/// Blocks that a node has and wants while it syncs, or has read and will read while it loads.
pub fn progress(node: &Node) -> (Option<Part>, Option<Part>) {
    match node.progress() {
        Progress::Loading { read, all } => (None, Some((read, all))),
        Progress::Syncing { have, want } => (Some((have.0, want.0)), None),
        Progress::Ready => (None, None),
    }
}

/// What is to become of the room's chain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It is put away.
    Reset,
    /// The one that was put away comes back.
    Undo,
}

/// Why the room's chain stays as it is.
pub enum NotRenewed {
    /// No reset can be undone.
    NothingToUndo,
    /// The tab has left the room meanwhile.
    Left,
}

impl Engine {
    /// Whether nobody here or in another tab has a block of the chain that counts; a node that
    /// still reads its own may have some.
    fn is_empty(&self) -> bool {
        let generation = self.storage.depot.generation().current;
        let here = self.nodes().map(|node| (node.tip().1.0, progress(node).1));
        let of_ours = |tab: &&Tab| tab.beacon.generation.current == generation;
        let tabs = self.tabs.alive().map(|(_, tab)| tab).filter(of_ours);
        let far = tabs.flat_map(|tab| &tab.beacon.nodes);
        let far = far.map(|node| (node.height, node.loading));
        here.chain(far).all(|node| node == (0, None))
    }
}

impl Handle {
    /// Resets the room in every tab, or undoes that.
    pub(super) async fn change_generation(&self, renewal: Renewal) -> Result<(), NotRenewed> {
        let begun = self.act(|engine| {
            let (names, locks) = (engine.names.clone(), engine.locks.clone());
            let seen = engine.storage.depot.generation();
            (names, locks, engine.room.id(), seen, engine.stay)
        });
        let (names, locks, room, seen, stay) = begun.ok_or(NotRenewed::Left)?;
        let _held = locks.wait(&names.generation_lock(room)).await;
        let db = self.act(|engine| engine.storage.depot.kept()).flatten();
        let stored = match db {
            Some(db) => crate::engine::storage::depot::read_generation(&db)
                .await
                .ok(),
            None => None,
        };
        let renewed = self.act(|engine| {
            if engine.stay != stay {
                return Err(NotRenewed::Left);
            }
            let ours = engine.storage.depot.generation();
            let now = ours.max(stored.unwrap_or_default().generation);
            let next = match renewal {
                // Another reset would put away nothing, and lose what the one before put away.
                Renewal::Reset if now.undo.is_some() && (now != seen || engine.is_empty()) => now,
                Renewal::Reset => now.reset(),
                Renewal::Undo => now.undone().ok_or(NotRenewed::NothingToUndo)?,
            };
            if next == ours {
                return Ok(());
            }
            engine.storage.depot.set_generation(next);
            engine.look_after_storage();
            engine.relive(Some(match renewal {
                Renewal::Reset => Happening::Reset,
                Renewal::Undo => Happening::ResetUndone,
            }));
            // Told only now, without nodes: theirs were tips of the other chain.
            let beacon = engine.beacon(false);
            engine.post_note(Kind::Beacon, beacon.encode());
            Ok(())
        });
        renewed.ok_or(NotRenewed::Left)??;
        self.written().await;
        Ok(())
    }
}
