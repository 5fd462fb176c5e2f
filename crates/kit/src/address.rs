//! The address from its `#` on, which says what the page shows.

use wasm_bindgen::prelude::*;

use crate::window;

/// The address from `#` on, unescaped: mail and chat programs escape `?`, `=` and `&`, and no route
/// contains a percent sign itself.
pub fn hash() -> String {
    let raw = window().location().hash().unwrap_or_default();
    match js_sys::decode_uri_component(&raw) {
        Ok(plain) => plain.into(),
        Err(_) => raw,
    }
}

/// The path of a hash, without its `#`, and the query after its first `?` unless that is empty.
pub fn parts(hash: &str) -> (&str, Option<&str>) {
    let hash = hash.trim_start_matches('#');
    match hash.split_once('?') {
        Some((path, query)) => (path, Some(query).filter(|query| !query.is_empty())),
        None => (hash, None),
    }
}

/// Navigates to another hash, with a new history entry.
pub fn go(hash: &str) {
    let _ = window().location().set_hash(hash);
}

/// Writes a hash into the address bar without a new history entry, and without telling anybody.
pub fn replace(hash: &str) {
    if let Ok(history) = window().history() {
        let address = format!("#{hash}");
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// The full address of a hash of this page.
pub fn full(hash: &str) -> String {
    let href = window().location().href().unwrap_or_default();
    format!("{}#{hash}", href.split('#').next().unwrap_or_default())
}

/// A listener for changes of the address; dropping it removes the listener.
pub struct OnChange {
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

/// Calls `heard` whenever the address changes.
pub fn on_change(heard: impl Fn() + 'static) -> OnChange {
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |_| heard());
    let _ =
        window().add_event_listener_with_callback("hashchange", closure.as_ref().unchecked_ref());
    OnChange { closure }
}

impl Drop for OnChange {
    fn drop(&mut self) {
        let _ = window().remove_event_listener_with_callback(
            "hashchange",
            self.closure.as_ref().unchecked_ref(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_hash_has_a_path_and_perhaps_a_query() {
        assert_eq!(
            parts("#/try/hash?text=a?b"),
            ("/try/hash", Some("text=a?b"))
        );
        assert_eq!(parts("/live?"), ("/live", None));
        assert_eq!(parts("#"), ("", None));
        assert_eq!(parts("?a"), ("", Some("a")));
    }
}
