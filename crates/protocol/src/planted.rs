//! Bugs that a test-only build can switch on, by name, to see whether claims find them. Without the
//! feature `planted` none is compiled in. Who has a bug to plant asks [`is_planted`] where it would be.

#[cfg(feature = "planted")]
mod switch {
    extern crate std;

    use std::cell::Cell;

    std::thread_local! {
        static BUG: Cell<Option<&'static str>> = const { Cell::new(None) };
    }

    /// Switches on one bug in this thread, or none.
    pub fn plant(bug: Option<&'static str>) {
        BUG.with(|planted| planted.set(bug));
    }

    /// Whether this bug is switched on in this thread.
    #[must_use]
    pub fn is_planted(bug: &str) -> bool {
        BUG.with(|planted| planted.get() == Some(bug))
    }
}

#[cfg(feature = "planted")]
pub use switch::{is_planted, plant};

/// No bug is planted in this build.
#[cfg(not(feature = "planted"))]
#[must_use]
pub const fn is_planted(_: &str) -> bool {
    false
}
