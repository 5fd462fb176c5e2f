//! Bugs that `tab` can plant in itself, for one thread: whether checkers find them.

use tab::planted::{Bug, plant};

use crate::run::{Violation, run};
use crate::script::Script;

/// All planted bugs.
#[must_use]
pub fn all() -> [Bug; Bug::ALL.len()] {
    Bug::ALL
}

/// Does something while the bug is planted on this thread.
pub fn with<T>(bug: Bug, act: impl FnOnce() -> T) -> T {
    plant(Some(bug));
    let result = act();
    plant(None);
    result
}

/// The violation that the bug causes in the run of a script: only of a claim that it can break, and
/// only if all claims hold without it.
#[must_use]
pub fn found(bug: Bug, script: &Script) -> Option<Violation> {
    let violation = with(bug, || run(script)).violation?;
    let fits = claims(bug).contains(&violation.claim);
    (fits && run(script).violation.is_none()).then_some(violation)
}

/// The claims that a bug can break.
#[must_use]
pub fn claims(bug: Bug) -> &'static [&'static str] {
    match bug {
        Bug::OldHeightsUnderNewGeneration
        | Bug::ResetOfEmptyChain
        | Bug::ResetOfUnseenChain
        | Bug::HeartbeatIsAnOrder => &["generations"],
        Bug::ToldBeforeWritten => &["generations", "agreement", "durability"],
        Bug::StartGoesOnAfterReset => &[
            "generations",
            "agreement",
            "durability",
            "identities",
            "volatile",
        ],
        Bug::BootBeforeWritten => &["durability", "volatile"],
        Bug::SentBeforeDurable | Bug::FormerWriteCounts => &["durability"],
        Bug::LeftBeforeWritten => &["durability", "identities"],
        Bug::MemoryLostAtFreeze => &["volatile"],
        Bug::SeatWithoutLock | Bug::GoesOnWhenStolen | Bug::ListBelieved => &["identities"],
        Bug::InboxWithoutBound => &["memory"],
        Bug::AskForgottenAtFreeze | Bug::AnsweredTwice => &["asks"],
        Bug::WholeBudget | Bug::FrozenTabMines | Bug::PowerFromTheFuture => &["budget"],
        Bug::GoodbyeBelieved => &["agreement", "switches"],
        Bug::UnsignedHeard | Bug::SaidAgainHeard => &["switches"],
        Bug::HeartbeatStorm => &["quiet", "spin"],
        Bug::PacketsOfAnotherChain => &["durability", "agreement", "quiet"],
        Bug::UntaggedHeard => &["blame"],
    }
}

/// Run with `cargo test --features planted -- --ignored`; `swarm planted` does the same.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::draw;

    #[test]
    #[ignore = "takes minutes: `cargo xtask swarm planted`"]
    fn each_planted_bug_is_found_within_2000_seeds() {
        for bug in all() {
            let mut seeds = 0..2_000;
            let broken = |seed| found(bug, &draw(seed)).is_some();
            assert!(seeds.any(broken), "{bug:?}");
        }
    }
}
