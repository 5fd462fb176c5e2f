//! Reports panics. A panic leaves this instance unusable: the page is told, terminates the worker
//! and starts another from what was saved.

use std::cell::RefCell;

use wire::FromEngine;

thread_local! {
    static ROOM: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Reports every panic to the page from now on.
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

/// Sets the room to name in a report.
pub fn remember_room(link: String) {
    ROOM.set(link);
}

/// What happened and where; contains no data of the nodes, and no key.
pub fn report(message: &str, place: &str) -> String {
    let room = ROOM.with(|room| room.try_borrow().map(|room| room.clone()));
    let room = room.unwrap_or_default();
    let (version, build) = (env!("CARGO_PKG_VERSION"), browser::files::build());
    format!("engine {version} ({build}) panicked at {place}: {message}\nroom: {room}")
}
