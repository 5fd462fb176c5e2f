//! The browser's clocks.

use crate::engine::clock::Reading;
use crate::mining::clock;

/// Both clocks now.
#[must_use]
pub fn reading() -> Reading {
    Reading {
        wall: (js_sys::Date::now() * 1_000.0) as u64,
        steady: (clock::now() * 1_000.0) as u64,
    }
}

/// Milliseconds since the worker began; never goes back.
#[must_use]
pub fn steady_ms() -> u64 {
    clock::now() as u64
}

/// Unix milliseconds.
#[must_use]
pub fn wall_ms() -> u64 {
    js_sys::Date::now() as u64
}
