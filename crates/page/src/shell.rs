//! The frame around the rooms: header, routes, banners, dialogs, language, colours and preferences.
//! Rooms reach it only through [`door`].

mod about;
pub mod app;
mod dialogs;
pub mod door;
mod header;
mod model;
mod notices;
pub mod prefs;
mod presets;
mod program;
pub mod route;
pub mod words;
