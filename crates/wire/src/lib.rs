//! Does: defines what crosses between threads: the page's asks, their answers, pictures, the log.
//! Never: decides, computes or touches a browser; ids and headers travel as bytes, not as text.
//! Neighbours: `tab` fills it in, `page` draws it; `engine` and `page` send it as `postcard` bytes.
//!
//! [`start`] is the handshake of a page and its engine, [`ask`] what can be asked, [`live`] the
//! picture of the room, [`slots`] its part where slots are decided, [`coins`] what a wallet asks for, [`log`] what happened. Each later section
//! of the page (the Lab) will add a module of its own.

#![forbid(unsafe_code)]

pub mod ask;
pub mod coins;
pub mod live;
pub mod log;
pub mod slots;
pub mod start;

pub use ask::{Answer, Ask, BlockKey, Failure, Question, Subject};
pub use live::{
    BlockDetail, BlockState, BlockView, Frame, MiningView, NodeView, Notice, Part, Picture,
    RoomView, StatusView, StorageView, TabView, TargetView, TipView, TransactionView,
};
pub use log::{Damage, Happening, LogEntry};
pub use pool::Power;
pub use slots::{
    DecidedView, FormView, RowView, SeatView, ServerView, SlotsView, ToldView, ValueView,
};
pub use start::{FromEngine, Start, ToEngine};

/// Bumped with every incompatible change to this crate or to a worker's protocol.
pub const VERSION: u32 = 8;
