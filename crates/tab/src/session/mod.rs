//! How a tab takes part in its room: it joins, is a member, leaves. What is only valid in one of these
//! states is held by it, so that nothing that belongs to a former session reaches the next.

pub mod adding;
pub mod claim;
pub mod joining;
pub mod member;
pub mod renewing;
pub mod starting;
pub mod wait;

use crate::door::LockId;

pub use self::joining::Joining;
pub use self::member::Member;

/// The session's state.
pub enum Session {
    /// Takes its name, its number and its identities.
    Joining(Box<Joining>),
    /// Takes part.
    Member(Box<Member>),
    /// Has said goodbye; what was saved is still being written.
    Leaving(Leaving),
    /// Frozen by the browser: has left.
    Frozen,
}

/// What is given up once everything is written: whoever takes it next finds it.
pub struct Leaving {
    /// Locks of the tab and of its identities.
    pub locks: Vec<LockId>,
    /// Written or not, in milliseconds.
    pub until: u64,
    /// Whether to join again at once.
    pub again: bool,
}
