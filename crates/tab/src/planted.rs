//! Bugs of this tab's own history, and their like, that a test-only build can switch on: the simulated
//! browsers must find each of them. Without the feature `planted` none of this is compiled in.

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// The message that tells of a reset carries the old chain's heights under the new number.
    OldHeightsUnderNewGeneration,
    /// A reset of a chain that has just been reset puts the empty chain away.
    ResetOfEmptyChain,
    /// Other tabs are told of a reset before storage has it.
    ToldBeforeWritten,
    /// A heartbeat's generation is taken as an order.
    HeartbeatIsAnOrder,
    /// A start that was under way goes on with the old chain's nodes after a reset.
    StartGoesOnAfterReset,
    /// Nodes boot before what their former life saved is written.
    BootBeforeWritten,
    /// Locks are given up before everything is written.
    LeftBeforeWritten,
    /// A tab in memory mode forgets its chain when it is frozen.
    MemoryLostAtFreeze,
    /// Messages leave before what they promise is durable.
    SentBeforeDurable,
    /// A seat is taken though another tab holds its lock.
    SeatWithoutLock,
    /// A tab whose lock was stolen goes on as who it was.
    GoesOnWhenStolen,
    /// What an ask was doing goes on after a freeze, and the ask is not answered.
    AskForgottenAtFreeze,
    /// An ask that takes time is answered when it begins, too.
    AnsweredTwice,
    /// A mining tab takes the whole budget, whoever else mines.
    WholeBudget,
    /// A tab that is frozen keeps its share and its workers.
    FrozenTabMines,
    /// A power setting that is dated in the future counts.
    PowerFromTheFuture,
    /// A goodbye is believed without a look at the lock.
    GoodbyeBelieved,
    /// What has no signature is heard.
    UnsignedHeard,
    /// Every heartbeat is answered at once.
    HeartbeatStorm,
    /// Packets of a chain that was reset are delivered.
    PacketsOfAnotherChain,
    /// A packet without the tag of its sender's tab is delivered.
    UntaggedHeard,
    /// What arrives is kept, however much it is.
    InboxWithoutBound,
    /// Identities are taken as the list said before their seats were waited for.
    ListBelieved,
    /// A second reset does not look at what counted when it was asked for.
    ResetOfUnseenChain,
    /// Writes of a former session make the first saves of the next one count as durable.
    FormerWriteCounts,
    /// What a tab has signed counts again when somebody says it again.
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

    /// Switches a bug on in this thread, or all off.
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

/// Nothing is.
#[cfg(not(feature = "planted"))]
pub(crate) const fn is_planted(_: Bug) -> bool {
    false
}
