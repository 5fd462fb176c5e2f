//! Does: shows Tabchain in a browser: the page, the engine worker that hosts nodes, the mining worker.
//! Never: decides what a node does, or keeps a truth of its own on the page.
//! Neighbours: every crate below; nothing stands above.

#![forbid(unsafe_code)]

pub mod stream;

#[cfg(feature = "engine")]
pub mod engine;
pub mod mining;
#[cfg(feature = "page")]
pub mod page;
