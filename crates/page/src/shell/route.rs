//! Hash routes: `#/live?room=...` is the chain, `#/learn/pow` an article, `#/try/hash?...` a room of the
//! program that [`program`](super::program) loads, `#/about` says what this is.

use kit::address;

use scenario::Room;

use crate::bridge::Wanted;
use crate::learn::Topic;

/// What the address bar asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The chain.
    Live,
    /// An article.
    Learn(Topic),
    /// A room to try something in; the program that draws it reads the rest of the address.
    Try,
    /// The About page.
    About,
    /// Nothing that exists.
    Unknown,
}

impl Route {
    /// The route of an address, given from its `#` on.
    pub fn of(hash: &str) -> Self {
        let (path, _) = address::parts(hash);
        match path {
            "" | "/" | "/live" => Self::Live,
            "/about" => Self::About,
            "/try" => Self::Try,
            _ if path.starts_with("/try/") => Self::Try,
            _ => {
                let topic = path.strip_prefix("/learn/").and_then(Topic::find);
                topic.map_or(Self::Unknown, Self::Learn)
            }
        }
    }

    /// The route of the address bar.
    pub fn now() -> Self {
        Self::of(&address::hash())
    }
}

/// The room that a hash names; `None` if it names none.
pub fn room_of(hash: &str) -> Option<Wanted> {
    let is_room = Route::of(hash) == Route::Live && address::parts(hash).1.is_some();
    is_room.then(|| Room::parse(hash.trim_start_matches('#')).map(Some))
}

/// The room that the address bar names.
pub fn room_of_address() -> Option<Wanted> {
    room_of(&address::hash())
}

/// Writes a room's link into the address bar without a new history entry, if the current route is
/// the chain.
pub fn show_room(link: &str) {
    if Route::now() == Route::Live && address::hash().trim_start_matches('#') != link {
        address::replace(link);
    }
}

/// Calls `heard` with the route, and the room if the address names one, whenever the address
/// changes.
pub fn on_change(heard: impl Fn(Route, Option<Wanted>) + 'static) -> address::OnChange {
    address::on_change(move || heard(Route::now(), room_of_address()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_told_apart() {
        assert_eq!(Route::of(""), Route::Live);
        assert_eq!(Route::of("#/live?room=a"), Route::Live);
        assert_eq!(Route::of("#/about"), Route::About);
        assert_eq!(Route::of("#/try"), Route::Try);
        assert_eq!(Route::of("#/try/hash?text=a"), Route::Try);
        assert_eq!(Route::of("#/tryst"), Route::Unknown);
        assert!(matches!(Route::of("#/learn/pow"), Route::Learn(_)));
        assert_eq!(Route::of("#/learn/"), Route::Unknown);
        assert_eq!(Route::of("#/learn/pow/more"), Route::Unknown);
        assert_eq!(Route::of("#/lab"), Route::Unknown);
        assert_eq!(Route::of("#javascript:alert(1)"), Route::Unknown);
    }

    #[test]
    fn rooms_are_read_from_live_links_only() {
        let link = "#/live?room=a&spacing=2&bits=1e00ffff&window=8&halving=100";
        let room = room_of(link).expect("a room's").expect("a good one");
        assert_eq!(room.map(|room| room.value("spacing")), Some(Some(2)));
        let bad = room_of("#/live?room=a").expect("a room's");
        assert_eq!(
            bad.map_err(|error| error.code()),
            Err("missing-spacing".into())
        );
        let long = room_of(&format!("{link}{}", "&a=1".repeat(10_000))).expect("a room's");
        assert_eq!(long.map_err(|error| error.code()), Err("too-long".into()));
        assert!(room_of("#/live?").is_none());
        assert!(room_of("#/live").is_none());
        assert!(room_of("#/about?room=a").is_none());
    }
}
