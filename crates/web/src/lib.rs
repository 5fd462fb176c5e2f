//! Does: shows Tabchain in a browser: the page, the engine worker that hosts nodes, the mining worker.
//! Never: decides what a node does, or keeps a truth of its own on the page.
//! Neighbours: every crate below; nothing stands above.

#![forbid(unsafe_code)]

pub mod stream;

/// The engine worker: hosts nodes and does the outside for them.
#[cfg(feature = "engine")]
pub mod engine;

/// The mining worker and what the engine tells it.
pub mod mining;

/// What people see, and `window.tabchain`.
#[cfg(feature = "page")]
pub mod page;
