//! Digests: how one bit of a text changes all of them, and how many tries it takes until one begins
//! with zeros.

mod model;
mod tries;
mod tries_view;
mod view;
mod words;

pub use self::view::HashRoom;
