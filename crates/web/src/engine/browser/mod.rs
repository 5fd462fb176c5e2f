//! Thin adapters to the browser, one file a capability. They decide nothing.

pub mod channel;
pub mod clock;
pub mod locks;
pub mod page;
pub mod random;
pub mod timers;
