//! Does: names what crosses from one thread to another: the page's asks and their answers, pictures, log.
//! Never: decides, computes or touches a browser; ids and headers travel as bytes, not as texts.
//! Neighbours: `tab` fills it in, `page` draws it; `engine` and `page` carry it as `postcard` bytes.
//!
//! [`start`] is how a page and its engine meet, [`ask`] what can be asked, [`live`] the picture of the
//! room, [`log`] what happened. A later room of the page (the Lab, the wallet) brings a module of its
//! own.

#![forbid(unsafe_code)]

pub mod ask;
pub mod live;
pub mod log;
pub mod start;

pub use ask::{Answer, Ask, BlockKey, Failure, Question, Subject};
pub use live::{
    BlockDetail, BlockState, BlockView, Frame, MiningView, NodeView, Notice, Part, Picture,
    RoomView, StatusView, StorageView, TabView, TargetView, TipView, TransactionView,
};
pub use log::{Damage, Happening, LogEntry};
pub use pool::Power;
pub use start::{FromEngine, Start, ToEngine};

/// Changes with every incompatible change of this crate or of a worker's protocol.
pub const VERSION: u32 = 4;
