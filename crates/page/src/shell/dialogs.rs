//! The dialogs.

mod crash;
mod reset;
mod room;
mod share;
pub mod words;

pub use self::crash::crash_dialog;
pub use self::reset::reset_dialog;
pub use self::room::room_dialog;
pub use self::share::ShareDialog;
