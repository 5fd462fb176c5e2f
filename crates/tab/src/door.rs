//! The door of a tab: what may come in, what goes out, and in what order.
//!
//! A host (the engine worker in a real browser, `swarm` in a simulated one) gives the tab one
//! [`Input`] after another and carries out the [`Effect`]s of each step in order. It decides
//! nothing. Its obligations:
//!
//! - Every [`Effect::Lock`] is answered by one [`LockAnswer`] ([`LockAnswer::Stolen`] may follow a
//!   grant), every [`Effect::Read`], [`Effect::Write`], [`Effect::Open`] and [`Effect::QueryLocks`]
//!   by one input with the same number: late, in any order among different numbers, or never, if
//!   the browser hangs.
//! - A request to a database that is not open is refused at once. After [`Effect::Close`] nothing
//!   more comes of that opening; earlier requests are still answered.
//! - After [`Effect::Unlock`] nothing more comes for that lock: if the browser still grants it, the
//!   host lets it go.
//! - An answer may come right after the step that asked, so a tab lets time pass before it asks
//!   again.
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
    /// A message came on a channel; `None` if it was not bytes, or longer than
    /// [`Channel::most_bytes`].
    Heard(Channel, Option<Vec<u8>>),
    /// What became of a lock.
    Lock(LockId, LockAnswer),
    /// The names of all locks held on this origin; `None` if the browser refuses to say.
    Locks(QueryId, Option<Vec<String>>),
    /// A database is open, or why it is not.
    Opened(DbId, Result<(), DbError>),
    /// An older connection keeps a database from being opened; an answer may follow.
    Blocked(DbId),
    /// The browser took an open database away, for this reason.
    Lost(DbId, String),
    /// Rows or values that were requested.
    Read(Ticket, Result<Rows, DbError>),
    /// A write is as durable as it was asked to be, or changed nothing.
    Written(Ticket, Result<(), DbError>),
    /// A mining worker says something.
    Worker(WorkerId, FromMiner),
    /// A mining worker ended on its own, or could not be started.
    WorkerDied(WorkerId),
    /// The answer to [`Effect::Calibrate`]: hashes per second of one worker at full duty.
    Calibrated(u64),
}

/// What a tab asks of its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Say this to the page.
    Post(FromEngine),
    /// Listen to the channel of this name from now on. Where the browser refuses, nobody is heard.
    Listen(Channel, String),
    /// Stop listening to it.
    Deafen(Channel),
    /// Say this to everybody else on a channel. Delivery is not confirmed.
    Say(Channel, Vec<u8>),
    /// Ask for a lock; answered by [`Input::Lock`].
    Lock {
        /// Chosen by the tab, never used twice.
        id: LockId,
        /// The lock's name.
        name: String,
        /// Whether to wait while somebody else holds it; if not, the answer is then
        /// [`LockAnswer::Taken`].
        wait: bool,
    },
    /// Let a lock go, or stop waiting for it.
    Unlock(LockId),
    /// Answered by [`Input::Locks`].
    QueryLocks(QueryId),
    /// Open a database, creating its stores if it is new; answered by [`Input::Opened`].
    Open {
        /// Which.
        db: DbId,
        /// Its name in the browser.
        name: String,
        /// The stores that it must have.
        stores: &'static [Store],
    },
    /// Close a database, even one that has yet to open.
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
    /// Make all of these changes or none; answered by [`Input::Written`].
    Write {
        /// Chosen by the tab, never used twice.
        id: Ticket,
        /// Where.
        db: DbId,
        /// What, in order.
        changes: Vec<Change>,
        /// How durable it must be before it counts as done.
        durability: Durability,
    },
    /// Start a mining worker under this number.
    Spawn(WorkerId),
    /// End a mining worker; nothing that it said may be delivered after this.
    Terminate(WorkerId),
    /// Post an order to a mining worker.
    Order(WorkerId, ToMiner),
    /// Measure for about this long how fast this machine hashes; answered by
    /// [`Input::Calibrated`].
    Calibrate {
        /// Milliseconds.
        ms: u32,
    },
}

/// The channels of a tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// The channel of its room.
    Room,
    /// The channel of all tabs of the browser, whatever their room: who mines, on what budget.
    Power,
}

impl Channel {
    /// Longer messages are not even copied.
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
    /// Somebody else holds it, and the tab did not want to wait.
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
    /// All rows of a store whose names start with this, by name.
    Range(Store, Name),
    /// The rows with these names, in the order given; missing ones are left out.
    Names(Store, Vec<Name>),
}

/// Names and their values.
pub type Rows = Vec<(Name, Vec<u8>)>;

/// When a tab wants its next turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// As soon as everybody else has been heard.
    Now,
    /// At this reading of the steady clock, in microseconds, or earlier.
    At(u64),
}
