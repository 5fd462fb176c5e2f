//! The door of a tab: what may come in, what goes out, and in which order.
//!
//! A host (the engine worker in a real browser, `swarm` in a simulated one) gives the tab one
//! [`Input`] after another and carries out the [`Effect`]s of each step in their order. It decides
//! nothing. What it must keep to:
//!
//! - Every [`Effect::Lock`] is answered by one [`LockAnswer`] ([`LockAnswer::Stolen`] may follow a
//!   grant), every [`Effect::Read`], [`Effect::Write`], [`Effect::Open`] and [`Effect::QueryLocks`]
//!   by one input of the same number: late, in any order between different numbers, or never, if
//!   the browser hangs.
//! - What a database that is not open is asked for is refused at once. After [`Effect::Close`] nothing
//!   more comes of that opening; what was asked before is still answered.
//! - After [`Effect::Unlock`] nothing more comes for that lock, even if the browser grants it later:
//!   the host then lets it go.
//! - An answer may come right after the step that asked. So a tab never asks again without letting
//!   time pass.
//! - Between two steps the host asks [`crate::Tab::due`] when to come back with [`Input::Turn`].

use pool::message::{FromMiner, ToMiner};
use pool::plan::WorkerId;
use wire::{FromEngine, ToEngine};

use crate::storage::{Change, DbError, Durability, Name, Store};

/// What a host tells a tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Do one piece of work, or what has come due.
    Turn,
    /// The page says something; its first message is `Start`.
    Page(ToEngine),
    /// A message came on a channel; `None` if it was not bytes or longer than
    /// [`Channel::most_bytes`].
    Heard(Channel, Option<Vec<u8>>),
    /// What became of a lock.
    Lock(LockId, LockAnswer),
    /// The names of all locks that are held on this origin; `None` if the browser refuses to say.
    Locks(QueryId, Option<Vec<String>>),
    /// A database is open, or why it is not.
    Opened(DbId, Result<(), DbError>),
    /// Somebody's older connection keeps a database from being opened; an answer may follow.
    Blocked(DbId),
    /// The browser took an open database away, and why.
    Lost(DbId, String),
    /// Rows or values that were asked for.
    Read(Ticket, Result<Rows, DbError>),
    /// A write is as durable as it was asked to be, or changed nothing.
    Written(Ticket, Result<(), DbError>),
    /// A mining worker says something.
    Worker(WorkerId, FromMiner),
    /// A mining worker ended by itself, or could not be started.
    WorkerDied(WorkerId),
    /// The answer to [`Effect::Calibrate`]: hashes a second of one worker at full duty.
    Calibrated(u64),
}

/// What a tab asks of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Say this to the page.
    Post(FromEngine),
    /// Hear what is said on a channel of this name from now on. Where the browser refuses, nobody
    /// is heard.
    Listen(Channel, String),
    /// Hear no more of it.
    Deafen(Channel),
    /// Say this to everybody else on a channel. Nobody confirms it.
    Say(Channel, Vec<u8>),
    /// Ask for a lock; answered by [`Input::Lock`].
    Lock {
        /// Chosen by the tab, never used twice.
        id: LockId,
        /// The lock's name.
        name: String,
        /// Whether to wait while somebody else holds it; if not, the answer is
        /// [`LockAnswer::Taken`].
        wait: bool,
    },
    /// Let a lock go, or stop waiting for it.
    Unlock(LockId),
    /// Answered by [`Input::Locks`].
    QueryLocks(QueryId),
    /// Open a database and make its stores if it is new; answered by [`Input::Opened`].
    Open {
        /// Which.
        db: DbId,
        /// Its name in the browser.
        name: String,
        /// The stores that it must have.
        stores: &'static [Store],
    },
    /// Close a database; also one that opens late.
    Close(DbId),
    /// Answered by [`Input::Read`].
    Read {
        /// Chosen by the tab, never used twice.
        id: Ticket,
        /// From where.
        db: DbId,
        /// What.
        query: Query,
    },
    /// Make all changes or none; answered by [`Input::Written`].
    Write {
        /// Chosen by the tab, never used twice.
        id: Ticket,
        /// Where.
        db: DbId,
        /// What, in this order.
        changes: Vec<Change>,
        /// How sure it must be before it counts as done.
        durability: Durability,
    },
    /// Start a mining worker under this number.
    Spawn(WorkerId),
    /// End a mining worker; nothing that it said may be delivered any more.
    Terminate(WorkerId),
    /// Post an order to a mining worker.
    Order(WorkerId, ToMiner),
    /// Measure for about so many milliseconds how fast this machine hashes; answered by
    /// [`Input::Calibrated`].
    Calibrate {
        /// Milliseconds.
        ms: u32,
    },
}

/// The channels of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Of its room.
    Room,
    /// Of all tabs of the browser, whatever their room: who mines, within which budget.
    Power,
}

impl Channel {
    /// A longer message is not even copied.
    #[must_use]
    pub const fn most_bytes(self) -> usize {
        match self {
            Self::Room => crate::between::inbox::MOST_BYTES,
            Self::Power => pool::budget::Announcement::LEN,
        }
    }
}

/// A lock that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LockId(pub u64);

/// What became of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockAnswer {
    /// It is held until [`Effect::Unlock`].
    Granted,
    /// Somebody else holds it, and it was not to be waited for.
    Taken,
    /// The browser refuses locks here.
    Refused,
    /// It was held, and another page took it away.
    Stolen,
}

/// A question about locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryId(pub u64);

/// A read or a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// The databases of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DbId {
    /// Identities, and the room used last.
    Browser,
    /// The room's chain.
    Room,
}

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// All rows of a store whose names start so, by name.
    Range(Store, Name),
    /// The values of these names, as rows in the order of the names; missing ones are left out.
    Names(Store, Vec<Name>),
}

/// Names and their values.
pub type Rows = Vec<(Name, Vec<u8>)>;

/// When a tab wants its next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// As soon as everybody else was heard.
    Now,
    /// At this reading of the steady clock, in microseconds, or earlier.
    At(u64),
}
