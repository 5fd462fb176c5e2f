//! Bugs that `tab` plants in itself when asked, on this thread only: whether checkers find them.

use tab::planted::{Bug, plant};

/// All of them.
#[must_use]
pub fn all() -> &'static [Bug] {
    Bug::ALL
}

/// Does something on this thread while the bug is planted.
pub fn with<T>(bug: Bug, act: impl FnOnce() -> T) -> T {
    plant(Some(bug));
    let result = act();
    plant(None);
    result
}

/// Run by `swarm planted`, or by `cargo test --features planted -- --ignored`.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::run_seed;

    #[test]
    #[ignore = "takes minutes: `cargo xtask swarm planted`"]
    fn each_planted_bug_is_found_within_2000_seeds() {
        for bug in all() {
            let mut seeds = 0..2_000;
            let broken = |seed| with(*bug, || run_seed(seed)).violation.is_some();
            assert!(seeds.any(broken), "{bug:?}");
        }
    }
}
