//! The components, one a file.

pub mod about;
pub mod app;
pub mod chain;
pub mod copy;
pub mod detail;
pub mod dialogs;
pub mod header;
pub mod icon;
pub mod log;
pub mod mine;
pub mod notices;
pub mod peers;
pub mod power;
pub mod spark;
pub mod who;
