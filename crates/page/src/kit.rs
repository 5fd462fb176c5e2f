//! The toolkit that every room draws with: languages, numbers, names and shapes of nodes, icons,
//! buttons, dialogs, bars and lines. It depends on no room and no engine.

pub mod copy;
pub mod form;
pub mod icon;
pub mod lang;
pub mod modal;
pub mod numbers;
pub mod progress;
#[cfg(test)]
pub mod samples;
pub mod seats;
pub mod spark;
pub mod who;
mod words;
