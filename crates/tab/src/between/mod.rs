//! What tabs say to each other, and how much of it they listen to.

pub mod bucket;
pub mod generation;
pub mod heartbeat;
pub mod hint;
pub mod inbox;
pub mod signed;
pub mod tabs;
pub mod tagged;
