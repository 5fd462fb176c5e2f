//! What a tab keeps while it joins, takes part, leaves and comes back.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chain::{BlockId, ChainParams, PeerId, SecretKey};
use node::Memo;
use protocol::{Event, Role, Shape, Values};
use scenario::{Assembled, Place, Room, Rules};
use wire::live::HeldUp;
use wire::{Happening, Picture};

use crate::asks::Waiting;
use crate::cx::{Cx, Me};
use crate::mining::Mining;
use crate::names::Names;
use crate::picture::log::Log;
use crate::picture::pace::Pace;
use crate::picture::tally::Tally;
use crate::picture::tree::Watched;
use crate::session::claim::Wanted;
use crate::session::seating::Seat;
use crate::session::taking::Under;
use crate::storage::DbError;
use crate::storage::room::RoomStore;
use crate::storage::writer::Writer;

/// Most seats remembered, so that blocks keep their miner's name.
const MOST_SEATS: usize = 4_096;
/// How long people are told that somebody else holds a lock, in milliseconds.
const HELD_UP_MS: u64 = 60_000;
/// How long people are told of a message of another version, in milliseconds.
const OTHER_VERSION_MS: u64 = 30_000;

/// The lasting part of a tab.
pub struct Lasting {
    pub names: Names,
    pub room: Room,
    /// What its nodes are made of.
    pub rules: Rules,
    /// Its seats, if it has any.
    pub sitting: Arc<[Seat]>,
    pub params: Arc<ChainParams>,
    /// Results of checks, shared by all nodes.
    pub memo: Memo,
    /// This tab's name.
    pub me: Me,
    /// Counts what this tab says under that name.
    pub sequence: u64,
    /// What people call this tab; 0 before it is known.
    pub label: u32,
    /// Whether identities can be kept.
    pub browser_db: Result<(), DbError>,
    pub store: RoomStore,
    pub writer: Writer,
    pub mining: Mining,
    pub log: Log,
    pub pace: Pace,
    /// The picture that the page has been sent.
    pub sent: Option<Picture>,
    /// Whether the tab is joined or cut off: its own switch.
    pub online: bool,
    /// The seat of every node ever heard of.
    pub seats: BTreeMap<PeerId, u32>,
    /// Whom each block pays, for blocks looked up so far.
    pub miners: RefCell<BTreeMap<BlockId, Option<PeerId>>>,
    pub tally: Tally,
    pub watched: Watched,
    /// Asks that wait until the nodes run.
    pub asks: VecDeque<Waiting>,
    /// Identities to live under: those asked for at the start, or held before leaving.
    pub wanted: Wanted,
    pub held_up: BTreeMap<HeldUp, u64>,
    pub other_version_until: u64,
    /// The generation, and what the node of a stolen identity had saved of it: its successor goes
    /// on from there.
    pub inheritance: Option<(u32, Values)>,
    /// The height that could be read when nodes started, and how many records could not.
    pub damaged: Option<(u32, u32)>,
}

impl Lasting {
    /// Writes a line of the log.
    pub fn note(&mut self, cx: &Cx<'_>, what: Happening) {
        self.log.write(cx.wall_ms(), what);
        self.pace.change();
    }

    /// Logs an event of a node.
    pub fn note_event(&mut self, cx: &Cx<'_>, seat: u32, event: Event, miner: Option<u32>) {
        self.note(cx, Happening::InNode { seat, event, miner });
    }

    /// Tells people that somebody else holds a lock.
    pub fn held_up(&mut self, cx: &Cx<'_>, what: Option<HeldUp>) {
        if let Some(what) = what {
            self.held_up.insert(what, cx.ms() + HELD_UP_MS);
            self.pace.change();
        }
    }

    /// A message of another version of Tabchain was heard.
    pub fn other_version(&mut self, cx: &Cx<'_>) {
        self.other_version_until = cx.ms() + OTHER_VERSION_MS;
        self.pace.change();
    }

    /// Remembers which nodes have which seats.
    pub fn know_seats(&mut self, seats: impl IntoIterator<Item = (PeerId, u32)>) {
        self.seats.extend(seats);
        while self.seats.len() > MOST_SEATS {
            self.seats.pop_first();
        }
    }

    /// Whether everything saved is written, as far as the database takes it.
    pub fn is_written(&self) -> bool {
        self.writer.writing_since().is_none() && !self.store.owes()
    }

    /// Whether slots are decided in this room; if not, blocks are mined.
    pub fn has_slots(&self) -> bool {
        self.rules.shape == Shape::Slots
    }

    /// What its nodes live under.
    pub fn under(&self) -> Under {
        if self.has_slots() {
            Under::Seats(self.sitting.clone(), self.store.is_kept())
        } else {
            Under::Identities(self.browser_db.clone())
        }
    }

    /// The seat of a node that counts in this room.
    pub fn seat_of(&self, id: &PeerId) -> Option<u32> {
        let place = self.sitting.iter().position(|seat| seat.id == *id)?;
        u32::try_from(place).ok()
    }

    /// What a node is for: where slots are decided, whoever has no seat is a client.
    pub fn role_of(&self, id: &PeerId) -> Role {
        if self.has_slots() && self.seat_of(id).is_none() {
            Role::Client
        } else {
            Role::Member
        }
    }

    /// A fresh machine for a node of this tab.
    pub fn assemble(&self, cx: &mut Cx<'_>, key: SecretKey, role: Role, seat: u32) -> Assembled {
        let place = Place {
            key,
            members: self.sitting.iter().map(|seat| seat.key).collect(),
            role,
            seat: chain::Seat(seat),
            seed: cx.number(),
            searches: self.mining.is_on(),
        };
        self.rules.assemble(&place, &self.memo)
    }

    /// Starts the count of found blocks over: whose blocks count may have changed.
    pub fn recount(&mut self) {
        self.tally = Tally::new(self.params.genesis_id());
    }
}
