//! A copy of a chain: change anything, see what fails, and mend it with work.

mod mend;
mod model;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod words;

pub use self::view::TamperRoom;
