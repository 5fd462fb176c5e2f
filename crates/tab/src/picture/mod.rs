//! What the page gets to see, made from what nodes, beacons and the pool say.

pub mod cap;
pub mod detail;
pub mod diary;
pub mod pace;
pub mod tally;
pub mod window;
