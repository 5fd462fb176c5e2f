//! A panic leaves this instance unusable: the page is told, ends the worker and starts another one
//! from what was saved.

use std::cell::RefCell;

use wire::FromEngine;

thread_local! {
    static ROOM: RefCell<String> = const { RefCell::new(String::new()) };
}

/// From now on a panic is told to the page.
pub fn watch() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("(no message)");
        let place = info
            .location()
            .map_or_else(String::new, ToString::to_string);
        let report = report(message, &place);
        crate::engine::post(&FromEngine::Panicked { report });
    }));
}

/// The room to name in a report.
pub fn remember_room(link: String) {
    ROOM.set(link);
}

/// What happened and where; nothing of what the nodes hold, and no key.
pub fn report(message: &str, place: &str) -> String {
    let room = ROOM.with(|room| room.try_borrow().map(|room| room.clone()));
    let room = room.unwrap_or_default();
    let (version, build) = (env!("CARGO_PKG_VERSION"), browser::files::build());
    format!("engine {version} ({build}) panicked at {place}: {message}\nroom: {room}")
}
