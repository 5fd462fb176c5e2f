//! Does: keeps a run so that people can look around in it: play, seek, step back, act, branch, compare.
//! Never: reads a clock, touches a browser, or decides what happens in a run.
//! Neighbours: `sim` runs; whoever shows a run drives it, in slices that last as long as it likes.

#![forbid(unsafe_code)]

mod checkpoints;
mod recording;
mod tape;

pub use recording::Recording;
pub use tape::{Mark, Marked, Tape};
