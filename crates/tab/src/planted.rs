//! Bugs from this tab's own history, and others like them, that a test-only build can switch on:
//! the simulated browsers must find each one. Without the feature `planted` none is compiled in.

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// The message that tells of a reset carries the old chain's heights under the new number.
    OldHeightsUnderNewGeneration,
    /// A reset of a chain that has just been reset puts the empty chain away.
    ResetOfEmptyChain,
    /// Other tabs are told of a reset before it is stored.
    ToldBeforeWritten,
    /// A heartbeat's generation is taken as an order.
    HeartbeatIsAnOrder,
    /// A start under way goes on with the old chain's nodes after a reset.
    StartGoesOnAfterReset,
    /// Nodes boot before what their former incarnation saved is written.
    BootBeforeWritten,
    /// Locks are given up before everything is written.
    LeftBeforeWritten,
    /// A tab in memory mode forgets its chain when it is frozen.
    MemoryLostAtFreeze,
    /// Messages leave before what they promise is durable.
    SentBeforeDurable,
    /// A seat is taken although another tab holds its lock.
    SeatWithoutLock,
    /// A tab whose lock was stolen goes on as if it still held it.
    GoesOnWhenStolen,
    /// A freeze neither answers an ask under way nor gives back its locks.
    AskForgottenAtFreeze,
    /// An ask that takes time is answered when it begins as well as when it is done.
    AnsweredTwice,
    /// A mining tab takes the whole budget, whoever else mines.
    WholeBudget,
    /// A frozen tab keeps its share and its workers.
    FrozenTabMines,
    /// A power setting dated in the future counts.
    PowerFromTheFuture,
    /// A goodbye is believed without looking at the lock.
    GoodbyeBelieved,
    /// Messages without a signature are heard.
    UnsignedHeard,
    /// Every heartbeat is answered at once.
    HeartbeatStorm,
    /// Packets of another generation are delivered.
    PacketsOfAnotherChain,
    /// A packet without the tag of its sender's tab is delivered.
    UntaggedHeard,
    /// Everything that arrives is kept, however much it is.
    InboxWithoutBound,
    /// Identities are taken as listed before their seats were waited for.
    ListBelieved,
    /// A second reset ignores which chain counted when it was asked for.
    ResetOfUnseenChain,
    /// A former session's writes make the first saves of the next count as durable.
    FormerWriteCounts,
    /// A replayed message of a tab counts again.
    SaidAgainHeard,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::OldHeightsUnderNewGeneration,
        Self::ResetOfEmptyChain,
        Self::ToldBeforeWritten,
        Self::HeartbeatIsAnOrder,
        Self::StartGoesOnAfterReset,
        Self::BootBeforeWritten,
        Self::LeftBeforeWritten,
        Self::MemoryLostAtFreeze,
        Self::SentBeforeDurable,
        Self::SeatWithoutLock,
        Self::GoesOnWhenStolen,
        Self::AskForgottenAtFreeze,
        Self::AnsweredTwice,
        Self::WholeBudget,
        Self::FrozenTabMines,
        Self::PowerFromTheFuture,
        Self::GoodbyeBelieved,
        Self::UnsignedHeard,
        Self::HeartbeatStorm,
        Self::PacketsOfAnotherChain,
        Self::UntaggedHeard,
        Self::InboxWithoutBound,
        Self::ListBelieved,
        Self::ResetOfUnseenChain,
        Self::FormerWriteCounts,
        Self::SaidAgainHeard,
    ];
}

#[cfg(feature = "planted")]
mod switch {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static BUG: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Switches on one bug in this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        BUG.with(|planted| planted.set(bug));
    }

    pub(crate) fn is_planted(bug: Bug) -> bool {
        BUG.with(|planted| planted.get() == Some(bug))
    }
}

#[cfg(feature = "planted")]
pub(crate) use switch::is_planted;
#[cfg(feature = "planted")]
pub use switch::plant;

/// No bug is planted in this build.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is_planted(_: Bug) -> bool {
    false
}
