//! Hash routes: `#/live?room=...` is the chain, `#/learn/pow` something to read, `#/about` says what
//! this is.

use scenario::Room;
use wasm_bindgen::prelude::*;

use crate::bridge::Wanted;
use crate::learn::Topic;

/// What the address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The chain.
    Live,
    /// Something to read.
    Learn(Topic),
    /// About Tabchain.
    About,
    /// Nothing that there is.
    Unknown,
}

impl Route {
    /// The route of the part of an address from `#` on.
    pub fn of(hash: &str) -> Self {
        let path = hash
            .trim_start_matches('#')
            .split('?')
            .next()
            .unwrap_or_default();
        match path {
            "" | "/" | "/live" => Self::Live,
            "/about" => Self::About,
            _ => {
                let topic = path.strip_prefix("/learn/").and_then(Topic::find);
                topic.map_or(Self::Unknown, Self::Learn)
            }
        }
    }

    /// The route of the address bar.
    pub fn now() -> Self {
        Self::of(&hash())
    }
}

/// The room that a hash names; `None` if it names none.
pub fn room_of(hash: &str) -> Option<Wanted> {
    let link = hash.trim_start_matches('#');
    let (path, query) = link.split_once('?')?;
    (Route::of(path) == Route::Live && !query.is_empty()).then(|| Room::parse(link).map(Some))
}

/// The room that the address bar names.
pub fn room_of_address() -> Option<Wanted> {
    room_of(&hash())
}

/// Writes a room's link into the address bar without a new entry in the history, if the chain is
/// what is being looked at.
pub fn show_room(link: &str) {
    if Route::now() == Route::Live
        && hash().trim_start_matches('#') != link
        && let Ok(history) = crate::window().history()
    {
        let address = format!("#{link}");
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// A listener for a changed address; dropping it ends it.
pub struct OnChange {
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

/// Calls `heard` with the route, and the room if it names one, whenever the address bar changes.
pub fn on_change(heard: impl Fn(Route, Option<Wanted>) + 'static) -> OnChange {
    let closure =
        Closure::<dyn FnMut(web_sys::Event)>::new(move |_| heard(Route::now(), room_of_address()));
    let _ = crate::window()
        .add_event_listener_with_callback("hashchange", closure.as_ref().unchecked_ref());
    OnChange { closure }
}

impl Drop for OnChange {
    fn drop(&mut self) {
        let _ = crate::window().remove_event_listener_with_callback(
            "hashchange",
            self.closure.as_ref().unchecked_ref(),
        );
    }
}

/// Goes to another hash, with an entry in the history.
pub fn go(hash: &str) {
    let _ = crate::window().location().set_hash(hash);
}

/// The full address of a room.
pub fn address_of(link: &str) -> String {
    let href = crate::window().location().href().unwrap_or_default();
    format!("{}#{link}", href.split('#').next().unwrap_or_default())
}

/// What the address bar has from `#` on, unescaped: mail and chat programs escape `?`, `=` and `&`,
/// and no route has a percent sign of its own.
fn hash() -> String {
    let raw = crate::window().location().hash().unwrap_or_default();
    match js_sys::decode_uri_component(&raw) {
        Ok(plain) => plain.into(),
        Err(_) => raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_told_apart() {
        assert_eq!(Route::of(""), Route::Live);
        assert_eq!(Route::of("#/live?room=a"), Route::Live);
        assert_eq!(Route::of("#/about"), Route::About);
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
        assert_eq!(room.map(|room| room.spacing()), Some(2));
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
