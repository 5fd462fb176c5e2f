//! What the browser does to a tab: freezes it, keeps it in the back-forward cache, brings it back.

use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, PageTransitionEvent};

use super::{Bridge, Input};

/// Listens for as long as the page lives.
pub fn listen(bridge: &Bridge) {
    let window = crate::window();
    let document = window.document().expect("a page has a document");
    on(&document, "freeze", bridge, |_| Some(Input::Freeze));
    on(&document, "resume", bridge, |_| Some(Input::Resume));
    on(&window, "pagehide", bridge, |event| {
        is_persisted(event).then_some(Input::Freeze)
    });
    on(&window, "pageshow", bridge, |event| {
        is_persisted(event).then_some(Input::Resume)
    });
    on(&document, "visibilitychange", bridge, |_| Some(Input::Seen));
}

fn is_persisted(event: &web_sys::Event) -> bool {
    event
        .dyn_ref::<PageTransitionEvent>()
        .is_some_and(PageTransitionEvent::persisted)
}

fn on(
    target: &EventTarget,
    name: &str,
    bridge: &Bridge,
    input: fn(&web_sys::Event) -> Option<Input>,
) {
    let bridge = bridge.clone();
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event| {
        if let Some(input) = input(&event) {
            bridge.happen(input);
        }
    });
    // Adding a listener never fails, and it stays for as long as the page lives.
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}
