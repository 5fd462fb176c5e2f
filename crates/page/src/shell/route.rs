//! Hash routes: `#/live?room=...` is the chain, `#/learn/pow` an article, `#/about` says what this
//! is.

use scenario::Room;
use wasm_bindgen::prelude::*;

use crate::bridge::Wanted;
use crate::learn::Topic;

/// What the address bar asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// The chain.
    Live,
    /// An article.
    Learn(Topic),
    /// The About page.
    About,
    /// Nothing that exists.
    Unknown,
}

impl Route {
    /// The route of an address, given from its `#` on.
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

/// Writes a room's link into the address bar without a new history entry, if the current route is
/// the chain.
pub fn show_room(link: &str) {
    if Route::now() == Route::Live
        && hash().trim_start_matches('#') != link
        && let Ok(history) = crate::window().history()
    {
        let address = format!("#{link}");
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// A listener for changes of the address; dropping it removes the listener.
pub struct OnChange {
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

/// Calls `heard` with the route, and the room if the address names one, whenever the address
/// changes.
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

/// Navigates to another hash, with a new history entry.
pub fn go(hash: &str) {
    let _ = crate::window().location().set_hash(hash);
}

/// The full address of a room.
pub fn address_of(link: &str) -> String {
    let href = crate::window().location().href().unwrap_or_default();
    format!("{}#{link}", href.split('#').next().unwrap_or_default())
}

/// The address from `#` on, unescaped: mail and chat programs escape `?`, `=` and `&`, and no route
/// contains a percent sign itself.
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
