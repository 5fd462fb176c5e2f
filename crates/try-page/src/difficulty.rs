//! Rules that move the target after hash power comes or goes.

mod model;
mod rules;
mod view;
mod words;

pub use self::view::DifficultyRoom;
