//! What a tab keeps while it joins, takes part, leaves and comes back.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chain::{BlockId, ChainParams, PeerId};
use node::Memo;
use protocol::{Event, Values};
use scenario::Room;
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
use crate::storage::DbError;
use crate::storage::room::RoomStore;
use crate::storage::writer::Writer;

/// Seats of nodes that are remembered, so that blocks keep their miner's name.
const MOST_SEATS: usize = 4_096;
/// How long people are told that somebody held a lock, in milliseconds.
const HELD_UP_MS: u64 = 60_000;
/// How long a message of another version is spoken of, in milliseconds.
const OTHER_VERSION_MS: u64 = 30_000;

/// The lasting part of a tab.
pub struct Lasting {
    pub names: Names,
    pub room: Room,
    pub params: Arc<ChainParams>,
    /// Results of checks, which all nodes share.
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
    /// What the page has been sent.
    pub sent: Option<Picture>,
    /// Whether the tab is joined: its own switch.
    pub online: bool,
    /// Who sits where, of everybody who was ever heard of.
    pub seats: BTreeMap<PeerId, u32>,
    /// Whom blocks pay, as far as it was asked.
    pub miners: RefCell<BTreeMap<BlockId, Option<PeerId>>>,
    pub tally: Tally,
    pub watched: Watched,
    /// Asks that wait until the nodes run.
    pub asks: VecDeque<Waiting>,
    /// Identities to live under: those that were asked for at the start or had before a freeze.
    pub wanted: Wanted,
    pub held_up: BTreeMap<HeldUp, u64>,
    pub other_version_until: u64,
    /// What the node of an identity that was taken away had saved of which chain: its successor goes on
    /// with it.
    pub inheritance: Option<(u32, Values)>,
    /// Height that could be read, and records that could not, when nodes were started.
    pub damaged: Option<(u32, u32)>,
}

impl Lasting {
    /// Writes a line of the log.
    pub fn note(&mut self, cx: &Cx<'_>, what: Happening) {
        self.log.write(cx.wall_ms(), what);
        self.pace.change();
    }

    /// Writes down what a node tells.
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

    /// Remembers who sits where.
    pub fn know_seats(&mut self, seats: impl IntoIterator<Item = (PeerId, u32)>) {
        self.seats.extend(seats);
        while self.seats.len() > MOST_SEATS {
            self.seats.pop_first();
        }
    }

    /// Whether all that was saved is written, as far as the database takes it.
    pub fn is_written(&self) -> bool {
        self.writer.writing_since().is_none() && !self.store.owes()
    }

    /// The count of found blocks starts over: somebody came who may have found some before.
    pub fn recount(&mut self) {
        self.tally = Tally::new(self.params.genesis_id());
    }
}
