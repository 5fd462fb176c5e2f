//! Subsidies that halve, and their sum up to the last satoshi.

mod model;
mod view;
mod words;

pub use self::view::SupplyRoom;
