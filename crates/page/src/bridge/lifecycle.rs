//! What the browser does to a tab: freezes it, keeps it in the back-forward cache, brings it back,
//! changes its address.

use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, PageTransitionEvent};

use super::{Bridge, route};
use wire::ToEngine;

/// Listens as long as the page lives.
pub fn listen(bridge: &Bridge) {
    let window = super::super::window();
    let document = window.document().expect("a page has a document");
    on(&document, "freeze", bridge, |bridge, _| {
        bridge.send(&ToEngine::Freeze)
    });
    on(&document, "resume", bridge, |bridge, _| bridge.wake());
    on(&window, "pagehide", bridge, |bridge, event| {
        if is_persisted(&event) {
            bridge.send(&ToEngine::Freeze);
        }
    });
    on(&window, "pageshow", bridge, |bridge, event| {
        if is_persisted(&event) {
            bridge.wake();
        }
    });
    on(&document, "visibilitychange", bridge, |bridge, _| {
        bridge.0.unheard.set(0); // a hidden page's timers say nothing about the engine
    });
    on(&window, "hashchange", bridge, |bridge, _| {
        bridge.follow_address()
    });
}

impl Bridge {
    fn wake(&self) {
        self.0.unheard.set(0);
        self.send(&ToEngine::Resume);
    }

    /// Opens the room of the address bar, if that is another one than this.
    fn follow_address(&self) {
        let Some(wanted) = route::room_of_address() else {
            return;
        };
        if self.0.room.borrow().as_ref() != Some(&wanted) {
            self.open_room(Some(wanted));
        }
    }
}

fn is_persisted(event: &web_sys::Event) -> bool {
    event
        .dyn_ref::<PageTransitionEvent>()
        .is_some_and(PageTransitionEvent::persisted)
}

fn on(target: &EventTarget, name: &str, bridge: &Bridge, act: fn(&Bridge, web_sys::Event)) {
    let bridge = bridge.clone();
    let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event| act(&bridge, event));
    // These names are always allowed, and the listener is there as long as the page.
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}
