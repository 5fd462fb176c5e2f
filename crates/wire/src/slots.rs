//! The picture of a room in which slots are decided: its servers by seat, the blocks that came of
//! decided slots, and what people can ask of it.

use chain::{BlockId, PeerId};
use serde::{Deserialize, Serialize};

/// What the page shows of such a room; empty in rooms where blocks are mined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsView {
    /// Every seat, in order.
    pub seats: Vec<SeatView>,
    /// The last blocks of this tab's first server, lowest first, at most 16.
    pub blocks: Vec<DecidedView>,
}

/// A seat of the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatView {
    /// Its number.
    pub seat: u32,
    /// Who runs it; `None` while nobody does.
    pub server: Option<ServerView>,
}

/// A server, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerView {
    /// [`crate::TabView::label`] of its tab.
    pub tab: u32,
    /// Whether it lives in this tab.
    pub here: bool,
    /// Whether others can reach it.
    pub online: bool,
    /// Its height.
    pub height: u32,
    /// What its protocol says of its state, most telling first.
    pub rows: Vec<RowView>,
}

/// One labelled value of a server's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowView {
    /// A stable name: lowercase letters, digits and hyphens.
    pub label: String,
    /// The value.
    pub value: ValueView,
}

/// What a row may hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ValueView {
    /// A count.
    Number(u64),
    /// A word from a fixed set, in the same characters as labels.
    Word(String),
    /// A node.
    Peer(PeerId),
    /// The node that has this seat.
    Seat(u32),
}

/// A block that came of a decided slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedView {
    /// Its id.
    pub id: BlockId,
    /// Its height.
    pub height: u32,
    /// The slot.
    pub slot: u64,
    /// When it was proposed, in Unix seconds.
    pub time: u64,
    /// The seat that proposed it.
    pub proposer: u32,
    /// What was asked for, in order, as far as it is shown: at most 4.
    pub requests: Vec<ToldView>,
    /// How many requests there are besides.
    pub more: u32,
}

/// A transaction or a receipt as its ledger tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldView {
    /// What it is, by the ledger's name for it.
    pub what: String,
    /// What else it says: text with what cannot be printed escaped, cut to a bounded length.
    pub values: Vec<String>,
}

/// A form that people can fill in to ask something of the room's ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormView {
    /// Its name.
    pub id: String,
    /// Its fields' names.
    pub fields: Vec<String>,
}
