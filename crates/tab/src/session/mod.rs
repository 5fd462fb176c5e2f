//! How a tab takes part in its room: it joins, is a member, leaves. Each of these states holds what
//! is valid only in it, so that nothing of a former session reaches the next.

pub mod adding;
pub mod claim;
pub mod joining;
pub mod member;
pub mod renewing;
pub mod seating;
pub mod starting;
pub mod taking;
pub mod wait;

use crate::door::LockId;

pub use self::joining::Joining;
pub use self::member::Member;

/// The session's state.
pub enum Session {
    /// Taking its name, its label and its identities.
    Joining(Box<Joining>),
    /// Taking part.
    Member(Box<Member>),
    /// Has said goodbye; what was saved is still being written.
    Leaving(Leaving),
    /// Has left, until the browser lets the page run again.
    Frozen,
}

/// What is given up once everything is written, so that whoever takes it next finds it all.
pub struct Leaving {
    /// Locks of the tab and of its identities.
    pub locks: Vec<LockId>,
    /// When to stop waiting for the write, in milliseconds.
    pub until: u64,
    /// Whether to join again at once.
    pub again: bool,
}
