//! Keys and signatures: make, sign, verify, and alter one bit of anything.

mod model;
mod view;
mod words;

pub use self::view::KeysRoom;
