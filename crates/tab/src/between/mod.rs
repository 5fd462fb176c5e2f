//! What tabs say to each other, and how much of it is listened to.

pub mod beacon;
pub mod bucket;
pub mod inbox;
pub mod tabs;
